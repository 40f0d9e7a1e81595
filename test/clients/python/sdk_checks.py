"""The published Python SDK, as pip installs it, against a network: `python sdk_checks.py RPC_URL FOLDER KEY KEY KEY`.

The three keys are of accounts with at least 500 coins. What only the provider app does on the public network (answers,
machine data) goes through the SDK's own TxExecutor and ABIs.
"""

import asyncio
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.exceptions import ContractPanicError

import pin_service
from checks import check, equal, fails

rpc_url, folder, *keys = sys.argv[1:]
os.chdir(folder)
gateway = pin_service.start(Path(folder))

import ogpu
from ogpu import ChainConfig, ChainId, agent, client, events
from ogpu.client import ImageEnvironments, SourceInfo, TaskInfo, TaskInput
from ogpu.events._filters import get_nexus_contract
from ogpu.events._async_web3 import get_async_web3
from ogpu.protocol import Master, Provider, Response, Source, Task, TxExecutor, controller, load_contract, nexus, terminal, vault
from ogpu.protocol.controller import extract_task_address
from ogpu.protocol.nexus import extract_source_address
from ogpu.types import DeliveryMethod, Environment, ResponseStatus, SourceParams, SourceStatus, TaskParams, TaskStatus
from ogpu.types import errors

COIN = 10**18
THE_ORDER = "0x306Dc3fF30254675B209D916475094401aCC4a1E"
owner, master, worker = (Account.from_key(key) for key in keys)
stranger, scheduler = Account.create(), Account.create()
os.environ["CLIENT_PRIVATE_KEY"] = keys[0]


class Known:
    """What later checks need of earlier ones."""

    manual: Source
    first: Source
    tasks: list[Task]
    asked: Task
    answers: list[str]
    workers: list[LocalAccount]
    filters: dict[str, object] = {}
    entries: dict[str, list] = {}
    claimable_at: float


def send_coins(to: str, amount: int) -> None:
    web3 = ogpu.chain.WEB3()
    transaction = {
        "from": owner.address,
        "to": to,
        "value": amount,
        "gas": 21_000,
        "nonce": web3.eth.get_transaction_count(owner.address, "pending"),
        "maxFeePerGas": web3.eth.gas_price * 2,
        "maxPriorityFeePerGas": web3.eth.max_priority_fee,
        "chainId": web3.eth.chain_id,
    }
    signed = owner.sign_transaction(transaction)
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(signed.raw_transaction))
    equal(receipt["status"], 1)


def source_info(name: str, method: DeliveryMethod, **terms: int) -> SourceInfo:
    return SourceInfo(
        name=name,
        description="made by a check",
        logoUrl="https://example.org/logo.png",
        imageEnvs=ImageEnvironments(cpu="https://example.org/cpu.yml", nvidia="https://example.org/gpu.yml"),
        minPayment=terms.get("payment", COIN // 100),
        minAvailableLockup=terms.get("lockup", 0),
        maxExpiryDuration=86_400,
        deliveryMethod=method,
    )


def plain_task(source: Source, number: int, signer: LocalAccount = owner) -> Task:
    """A task whose link is at hand already: no upload."""
    params = TaskParams(
        source=source.address,
        config=f"https://example.org/task/{number}",
        expiryTime=int(time.time()) + 3_600,
        payment=COIN // 100,
    )
    return Task(extract_task_address(controller.publish_task(params, signer=signer)))


def collect() -> None:
    """Nodes forget a filter that nobody asks for five minutes."""
    for name, event_filter in Known.filters.items():
        Known.entries[name] += event_filter.get_new_entries()


def as_provider(contract: str, function: str, arguments: tuple, signer: LocalAccount) -> object:
    return TxExecutor(load_contract(contract), function, arguments, signer=signer).execute()


def answer(task: Task, signer: LocalAccount, link: str, payment: int = COIN // 100) -> None:
    as_provider("NexusAbi", "submitResponse", ((task.address, signer.address, link, payment),), signer)


# ---------------------------------------------------------------- network and vault


@check("takes the network's address, refuses one where nobody answers")
def _() -> None:
    ChainConfig.set_chain(ChainId.OGPU_MAINNET)
    ChainConfig.set_rpc(rpc_url)
    fails(errors.InvalidRpcUrlError, lambda: ChainConfig.set_rpc("http://127.0.0.1:9"))
    equal(ChainConfig.get_rpc(), rpc_url)
    equal(ogpu.chain.WEB3().eth.chain_id, ChainId.OGPU_MAINNET.value)
    for account in (stranger, scheduler):
        send_coins(account.address, 40 * COIN)


@check("watches events: the filters that its watchers make are taken")
def _() -> None:
    contract = load_contract("NexusAbi")
    names = ["TaskPublished", "Attempted", "ResponseSubmitted", "ResponseStatusChanged", "TaskStatusChanged", "Registered"]
    Known.filters = {name: contract.events[name].create_filter(from_block="latest") for name in names}
    Known.entries = {name: [] for name in names}
    collect()


@check("deposits, locks, unbonds, thinks again and withdraws, with typed errors")
def _() -> None:
    before = vault.get_balance_of(owner.address)
    vault.deposit(owner.address, 50 * COIN, signer=owner)
    equal(vault.get_balance_of(owner.address), before + 50 * COIN)
    fails(errors.InsufficientBalanceError, lambda: vault.withdraw(10**9 * COIN, signer=owner))
    fails(errors.InsufficientBalanceError, lambda: vault.lock(10**9 * COIN, signer=owner))
    vault.lock(5 * COIN, signer=owner)
    equal(vault.get_lockup_of(owner.address), 5 * COIN)
    fails(errors.InsufficientLockupError, lambda: vault.unbond(6 * COIN, signer=owner))
    vault.unbond(2 * COIN, signer=owner)
    vault.cancel_unbonding(signer=owner)
    equal((vault.get_lockup_of(owner.address), vault.get_unbonding_of(owner.address)), (5 * COIN, 0))
    vault.unbond(4 * COIN, signer=owner)
    fails(errors.UnbondingPeriodNotElapsedError, lambda: vault.claim(signer=owner))
    Known.claimable_at = vault.get_unbonding_timestamp(owner.address)
    assert 0 < Known.claimable_at - time.time() <= vault.get_unbonding_period()
    vault.withdraw(3 * COIN, signer=owner)
    equal(vault.get_balance_of(owner.address), before + 42 * COIN)
    equal((vault.get_frozen_payment(owner.address), vault.get_sanction_of(owner.address)), (0, 0))
    equal((vault.is_eligible(owner.address), vault.is_whitelisted(owner.address)), (True, False))
    assert vault.get_min_lockup_per_source() > 0


# ---------------------------------------------------------------- sources


@check("publishes a source whose metadata it uploads, and reads all of it back")
def _() -> None:
    Known.manual = client.publish_source(source_info("manual", DeliveryMethod.MANUAL_CONFIRMATION))
    source = Source.load(Known.manual.address)
    equal((source.get_status(), source.get_client()), (SourceStatus.ACTIVE, owner.address))
    equal(source.get_metadata()["name"], "manual")
    params = source.get_params()
    equal(params.imageEnvironments, int(Environment.CPU | Environment.NVIDIA))
    equal((params.minPayment, params.maxExpiryDuration), (COIN // 100, 86_400))
    snapshot = source.snapshot()
    equal((snapshot.task_count, snapshot.registrant_count, snapshot.params), (0, 0, params))


@check("publishes a source by its link and updates it")
def _() -> None:
    params = SourceParams(
        client=owner.address,
        imageMetadataUrl="https://example.org/first.json",
        imageEnvironments=1,
        minPayment=0,
        minAvailableLockup=0,
        maxExpiryDuration=3_600,
        privacyEnabled=False,
        optionalParamsUrl="",
        deliveryMethod=DeliveryMethod.FIRST_RESPONSE.value,
    )
    Known.first = Source(extract_source_address(nexus.publish_source(params, signer=owner)))
    client.update_source(Known.first, source_info("first", DeliveryMethod.FIRST_RESPONSE))
    equal(Known.first.get_params().minPayment, COIN // 100)
    equal(Known.first.get_metadata()["name"], "first")
    fails(errors.NotSourceOwnerError, lambda: Known.first.set_params(params, signer=stranger))
    fails(errors.NotSourceOwnerError, lambda: Known.first.inactivate(signer=stranger))


@check("inactivates sources, each way, and publishes nothing on them afterwards")
def _() -> None:
    one = client.publish_source(source_info("one", DeliveryMethod.FIRST_RESPONSE))
    two = client.publish_source(source_info("two", DeliveryMethod.FIRST_RESPONSE))
    client.inactivate_source(one)
    two.set_status(SourceStatus.INACTIVE, signer=owner)
    for source in (one, two):
        equal(source.get_status(), SourceStatus.INACTIVE)
        fails(errors.SourceInactiveError, lambda source=source: plain_task(source, 0))
    fails(errors.NotSourceOwnerError, lambda: Known.first.set_status(SourceStatus.INACTIVE, signer=stranger))


@check("finds no contract where there is none")
def _() -> None:
    nobody = Account.create().address
    fails(errors.SourceNotFoundError, lambda: Source.load(nobody))
    fails(errors.TaskNotFoundError, lambda: Task.load(nobody))
    fails(errors.ResponseNotFoundError, lambda: Response.load(nobody))
    fails(errors.ProviderNotFoundError, lambda: Provider.load(nobody))
    fails(errors.MasterNotFoundError, lambda: Master.load(nobody))


@check("lists of a new source and of a new task are empty")
def _() -> None:
    equal((Known.manual.get_tasks(), Known.manual.get_registrants()), ([], []))
    task = plain_task(Known.first, 0)
    equal((task.get_attempters(), task.get_attempt_timestamps(), task.get_responses()), ([], [], []))
    equal((task.get_confirmed_response(), task.get_winning_provider()), (None, None))


# ---------------------------------------------------------------- tasks


@check("publishes tasks with an uploaded input, and says why it cannot")
def _() -> None:
    info = TaskInfo(
        source=Known.manual.address,
        config=TaskInput(function_name="predict", data={"text": "hello"}, priority="high"),
        expiryTime=int(time.time()) + 3_600,
        payment=2 * COIN,
    )
    frozen = vault.get_frozen_payment(owner.address)
    Known.asked = client.publish_task(info, total_timeout=60)
    equal(vault.get_frozen_payment(owner.address), frozen + 2 * COIN)
    equal(Known.asked.get_metadata(), {"function_name": "predict", "data": {"text": "hello"}, "priority": "high"})
    equal((Known.asked.get_source(), Known.asked.get_status()), (Known.manual, TaskStatus.NEW))
    snapshot = Task.load(Known.asked.address).snapshot()
    equal((snapshot.payment, snapshot.expiry_time), (2 * COIN, info.expiryTime))
    equal((snapshot.delivery_method, snapshot.attempt_count), (DeliveryMethod.MANUAL_CONFIRMATION, 0))
    fails(errors.InsufficientBalanceError, lambda: client.publish_task(info, private_key=stranger))
    cheap = TaskParams(source=Known.manual.address, config="", expiryTime=info.expiryTime, payment=1)
    fails(errors.TxRevertError, lambda: controller.publish_task(cheap, signer=owner), "PaymentTooSmall")


@check("cancels a task before anybody tried it, and only then")
def _() -> None:
    task = plain_task(Known.manual, 1)
    fails(errors.NotTaskOwnerError, lambda: task.cancel(signer=stranger))
    balance = vault.get_balance_of(owner.address)
    client.cancel_task(task)
    equal((task.get_status(), vault.get_balance_of(owner.address)), (TaskStatus.CANCELED, balance + COIN // 100))
    fails(errors.TaskAlreadyFinalizedError, lambda: task.cancel(signer=owner))


@check("publishes 99 tasks from eight threads with one key; all of a source's 101 tasks are listed, in order")
def _() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: plain_task(Known.manual, number), range(2, 101)))
    collect()
    equal(Known.manual.get_task_count(), 101)
    tasks = Known.manual.get_tasks()
    equal((len(tasks), tasks[0]), (101, Known.asked))
    equal(set(made) <= set(tasks), True)
    contract = load_contract("SourceAbi", Known.manual.address)
    for number in (0, 1, 99, 100):
        equal(contract.functions.tasks(number).call(), tasks[number].address)
    equal(Known.manual.get_tasks(0, 100), tasks[:100])
    equal(Known.manual.get_tasks(99), tasks[99:])
    equal(Known.manual.get_tasks(40, 60), tasks[40:60])
    equal(Known.manual.get_tasks(5, 5), [])
    fails(ContractPanicError, lambda: Known.manual.get_tasks(0, 102), "Panic error 0x32")


# ---------------------------------------------------------------- providers


def pair(provider: LocalAccount, by: LocalAccount) -> None:
    Master(by.address).announce_provider(provider.address, 5 * COIN, signer=by)
    Provider(provider.address).announce_master(by.address, signer=provider)


@check("pairs a provider with its master")
def _() -> None:
    fails(errors.NotProviderError, lambda: nexus.register(Known.manual.address, worker.address, 1, signer=worker))
    pair(worker, master)
    one, its = Provider.load(worker.address), Master.load(master.address)
    equal((one.get_master(), its.get_provider()), (master.address, worker.address))
    equal((terminal.is_provider(worker.address), terminal.is_master(master.address)), (True, True))
    equal((one.get_lockup(), one.is_eligible()), (5 * COIN, True))
    fails(errors.NotMasterError, lambda: Master(stranger.address).remove_provider(worker.address, signer=stranger))


@check("publishes what the provider app tells about its machine, and reads it")
def _() -> None:
    as_provider("TerminalAbi", "setBaseData", ("https://example.org/base",), worker)
    as_provider("TerminalAbi", "setLiveData", ("https://example.org/live",), worker)
    one = Provider(worker.address)
    one.set_default_agent_disabled(True, signer=worker)
    snapshot = one.snapshot()
    equal((snapshot.base_data, snapshot.live_data), ("https://example.org/base", "https://example.org/live"))
    equal((snapshot.default_agent_disabled, snapshot.is_provider), (True, True))
    equal(Master(master.address).snapshot().provider, worker.address)
    one.set_default_agent_disabled(False, signer=worker)
    equal(terminal.is_default_agent_disabled(worker.address), False)


@check("registers and unregisters, itself and through an agent of the master")
def _() -> None:
    one = Provider(worker.address)
    one.register_to(Known.manual.address, Environment.CPU.value, signer=worker)
    equal(Known.manual.get_registrants(), [worker.address])
    equal(Known.manual.get_registrant_id(worker.address), 1)
    equal(Known.manual.get_preferred_environment_of(worker.address), Environment.CPU)
    one.unregister_from(Known.manual.address, signer=worker)
    equal((Known.manual.get_registrants(), Known.manual.get_registrant_id(worker.address)), ([], 0))
    register = lambda: agent.register_to(Known.first.address, worker.address, Environment.NVIDIA.value, private_key=scheduler)
    fails(errors.NotProviderError, register)
    Master(master.address).set_agent(scheduler.address, True, signer=master)
    equal(terminal.is_agent_of(master.address, scheduler.address), True)
    register()
    equal(Known.first.get_registrants(), [worker.address])
    agent.unregister_from(Known.first.address, worker.address, private_key=scheduler)
    register()
    Master(master.address).remove_container(worker.address, Known.first.address, signer=master)
    rich = client.publish_source(source_info("rich", DeliveryMethod.FIRST_RESPONSE, lockup=10**6 * COIN))
    fails(errors.InsufficientLockupError, lambda: one.register_to(rich.address, 1, signer=worker))
    rich.inactivate(signer=owner)
    fails(errors.SourceInactiveError, lambda: one.register_to(rich.address, 1, signer=worker))


@check("stakes and earns in the vault through the provider's own methods")
def _() -> None:
    one = Provider(worker.address)
    collect()
    one.deposit_to_vault(3 * COIN, signer=worker)
    one.stake(2 * COIN, signer=worker)
    equal((one.get_balance(), one.get_lockup()), (COIN, 7 * COIN))
    one.unstake(COIN, signer=worker)
    equal(one.get_unbonding(), COIN)
    one.cancel_unbonding(signer=worker)
    one.withdraw_from_vault(COIN, signer=worker)
    equal((one.get_balance(), one.get_lockup(), one.get_sanction()), (0, 7 * COIN, 0))


# ---------------------------------------------------------------- attempts and answers


@check("three providers attempt one task; attempters, times and answers are listed whole and in parts")
def _() -> None:
    others = [Account.create(), Account.create()]
    Known.workers = [worker, *others]
    for other in others:
        send_coins(other.address, COIN)
        pair(other, master)
    for each in Known.workers:
        fails(errors.NotEligibleError, lambda each=each: nexus.attempt(Known.asked.address, each.address, 0, signer=each))
        nexus.register(Known.manual.address, each.address, 1, signer=each)
    addresses = [each.address for each in Known.workers]
    equal(Known.manual.get_registrants(), addresses)
    equal(Known.manual.get_registrants(1, 3), addresses[1:])
    Provider(worker.address).attempt(Known.asked.address, COIN, signer=worker)
    equal(Known.asked.get_status(), TaskStatus.ATTEMPTED)
    fails(errors.TaskAlreadyFinalizedError, lambda: client.cancel_task(Known.asked))
    for other in others:
        nexus.attempt(Known.asked.address, other.address, COIN // 2, signer=other)
    equal(Known.asked.get_attempt_count(), 3)
    equal(Known.asked.get_attempters(), addresses)
    equal(Known.asked.get_attempters(0, 1), addresses[:1])
    equal(Known.asked.get_attempters(1), addresses[1:])
    equal(Known.asked.get_attempter_id(others[1].address), 3)
    times = Known.asked.get_attempt_timestamps()
    equal((len(times), times == sorted(times)), (3, True))
    assert abs(times[0] - time.time()) < 60
    fails(ContractPanicError, lambda: Known.asked.get_attempters(0, 4), "Panic error 0x32")


@check("the client confirms one of two answers by hand")
def _() -> None:
    collect()
    links = [ogpu.publish_to_ipfs({"label": label}, filename="response.json") for label in ("cat", "dog")]
    answer(Known.asked, Known.workers[1], links[0], COIN)
    answer(Known.asked, Known.workers[2], links[1], COIN)
    equal(Known.asked.get_status(), TaskStatus.RESPONDED)
    responses = Known.asked.get_responses()
    equal([each.fetch_data() for each in responses], [{"label": "cat"}, {"label": "dog"}])
    equal(client.get_task_responses(Known.asked.address), responses)
    equal(Known.asked.get_response_of(worker.address), None)
    equal(Known.asked.get_response_of(Known.workers[2].address), responses[1])
    equal(Known.asked.is_already_submitted(ogpu.chain.WEB3().keccak(text=links[0])), True)
    equal((Known.asked.get_confirmed_response(), Known.asked.get_winning_provider()), (None, None))
    fails(errors.NotTaskOwnerError, lambda: responses[1].confirm(signer=stranger))
    earned = vault.get_total_earnings_of(Known.workers[2].address)
    client.confirm_response(responses[1].address)
    equal((Known.asked.get_status(), Known.asked.get_winning_provider()), (TaskStatus.FINALIZED, Known.workers[2].address))
    equal(Known.asked.get_confirmed_response(), responses[1])
    snapshot = Response.load(responses[1].address).snapshot()
    equal((snapshot.status, snapshot.confirmed, snapshot.data), (ResponseStatus.CONFIRMED, True, links[1]))
    equal(responses[1].get_task(), Known.asked)
    equal(vault.get_total_earnings_of(Known.workers[2].address), earned + COIN)
    fails(errors.ResponseAlreadyConfirmedError, lambda: responses[1].confirm(signer=owner))
    fails(errors.TaskAlreadyFinalizedError, lambda: responses[0].confirm(signer=owner))
    Known.answers = [each.address for each in responses]


@check("the first answer wins and is paid at once")
def _() -> None:
    task = plain_task(Known.first, 200)
    agent.attempt(task.address, worker.address, COIN // 100, private_key=scheduler)
    equal(task.get_attempters(), [worker.address])
    earned, held = vault.get_total_earnings_of(worker.address), Master(master.address).get_balance()
    answer(task, worker, "https://example.org/result/1")
    equal((task.get_status(), task.get_winning_provider()), (TaskStatus.FINALIZED, worker.address))
    equal(task.get_confirmed_response().get_status(), ResponseStatus.CONFIRMED)
    equal(vault.get_total_earnings_of(worker.address), earned + COIN // 100)
    equal(Master(master.address).get_balance(), held + COIN // 100)
    fails(errors.ResponseAlreadyConfirmedError, lambda: client.confirm_response(task.get_responses()[0].address))
    fails(errors.TaskAlreadyFinalizedError, lambda: nexus.attempt(task.address, worker.address, 0, signer=worker))


@check("the client's agent publishes and confirms for it; a revoked agent does not")
def _() -> None:
    client.set_agent(scheduler.address, True)
    frozen = vault.get_frozen_payment(owner.address)
    task = plain_task(Known.manual, 201, scheduler)
    equal(vault.get_frozen_payment(owner.address), frozen + COIN // 100)
    nexus.attempt(task.address, worker.address, 0, signer=worker)
    answer(task, worker, "https://example.org/result/2")
    controller.confirm_response(task.get_responses()[0].address, signer=scheduler)
    equal(task.get_status(), TaskStatus.FINALIZED)
    terminal.revoke_agent(scheduler.address, signer=owner)
    equal(terminal.is_agent_of(owner.address, scheduler.address), False)
    fails(errors.InsufficientBalanceError, lambda: plain_task(Known.manual, 202, scheduler))


@check("a task that is too late ends at the next attempt, and its payment comes back")
def _() -> None:
    collect()
    late = []
    for number in (300, 301):
        params = TaskParams(
            source=Known.manual.address,
            config=f"https://example.org/task/{number}",
            expiryTime=int(time.time()) + 6,
            payment=COIN,
        )
        late.append(Task(extract_task_address(controller.publish_task(params, signer=owner))))
    untouched, begun = late
    nexus.attempt(begun.address, worker.address, 0, signer=worker)
    balance = vault.get_balance_of(owner.address)
    while ogpu.chain.WEB3().eth.get_block("latest")["timestamp"] <= begun.get_expiry_time():
        send_coins(stranger.address, 1)
        time.sleep(0.5)
    fails(errors.TaskExpiredError, lambda: answer(begun, worker, "https://example.org/result/3"))
    for task in late:
        nexus.attempt(task.address, Known.workers[1].address, 0, signer=Known.workers[1])
        equal(task.get_status(), TaskStatus.EXPIRED)
    equal(vault.get_balance_of(owner.address), balance + 2 * COIN)
    fails(errors.TaskExpiredError, lambda: nexus.attempt(untouched.address, worker.address, 0, signer=worker))
    past = TaskInfo(source=Known.manual.address, config=TaskInput("f", {}), expiryTime=1, payment=COIN)
    fails(errors.TaskExpiredError, lambda: client.publish_task(past))


# ---------------------------------------------------------------- events, nonces, the end


@check("events arrive decoded, each from the Nexus")
def _() -> None:
    collect()
    entries = Known.entries
    of = lambda name, field, value: [each["args"] for each in entries[name] if each["args"][field] == value]
    published = [each["task"] for each in of("TaskPublished", "source", Known.manual.address)]
    equal(published, [each.address for each in Known.manual.get_tasks()])
    attempted = of("Attempted", "task", Known.asked.address)
    equal([(each["provider"], each["suggestedPayment"]) for each in attempted], list(zip(Known.asked.get_attempters(), [COIN, COIN // 2, COIN // 2])))
    equal([each["response"] for each in of("ResponseSubmitted", "task", Known.asked.address)], Known.answers)
    equal([each["status"] for each in of("ResponseStatusChanged", "response", Known.answers[1])], [1])
    equal([each["status"] for each in of("TaskStatusChanged", "task", Known.asked.address)], [1, 2, 5])
    registered = of("Registered", "source", Known.manual.address)
    equal([each["provider"] for each in registered], [worker.address, *(each.address for each in Known.workers)])
    equal(registered[-1]["registrantId"], 3)
    equal({each["address"] for name in entries for each in entries[name]}, {ChainConfig.get_contract_address("NEXUS")})


@check("the async part of the SDK reads and filters, too; its watchers name a parameter that its own web3 does not know")
def _() -> None:
    async def first_of(watched: object) -> object:
        async for event in watched:
            return event

    async def watch() -> None:
        watching = asyncio.create_task(first_of(events.watch_task_published(Known.first.address, poll_interval=0.1)))
        done, _ = await asyncio.wait([watching], timeout=2)
        if watching in done:
            # The SDK's own defect: the error comes before any request for events. Once it is mended, they have to arrive.
            assert isinstance(watching.exception(), TypeError) and "fromBlock" in str(watching.exception())
            return
        task = await asyncio.to_thread(plain_task, Known.first, 401)
        equal((await asyncio.wait_for(watching, 20)).task, task.address)

    async def follow() -> None:
        web3 = await get_async_web3()
        contract = await get_nexus_contract(web3)
        start = await web3.eth.block_number
        event_filter = await contract.events.TaskPublished.create_filter(from_block=start)
        task = await asyncio.to_thread(plain_task, Known.first, 400)
        for _ in range(200):
            if task.address in [each["args"]["task"] for each in await event_filter.get_new_entries()]:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the event did not arrive")

    asyncio.run(watch())
    asyncio.run(follow())


@check("nonce tools tell what the node tells")
def _() -> None:
    info = ogpu.get_nonce_info(private_key=keys[0])
    equal((info["address"], info["has_pending"]), (owner.address, False))
    equal(ogpu.fix_nonce(private_key=keys[0]), info["mined_nonce"])
    ogpu.reset_nonce_cache(private_key=keys[0])
    ogpu.clear_all_nonce_caches()
    equal(ogpu.get_nonce_info(private_key=keys[0])["cached_nonce"], None)


@check("a master lets its provider go")
def _() -> None:
    gone = Known.workers[2]
    Master(master.address).remove_provider(gone.address, signer=master)
    equal((Provider(gone.address).get_master(), terminal.is_provider(gone.address)), ("0x" + "0" * 40, False))
    fails(errors.NotProviderError, lambda: nexus.register(Known.first.address, gone.address, 1, signer=gone))


@check("claims what was unbonded once its time has come, and takes it home")
def _() -> None:
    balance = vault.get_balance_of(owner.address)
    while ogpu.chain.WEB3().eth.get_block("latest")["timestamp"] < Known.claimable_at:
        send_coins(stranger.address, 1)
        time.sleep(0.5)
    vault.claim(signer=owner)
    equal((vault.get_balance_of(owner.address), vault.get_unbonding_of(owner.address)), (balance + 4 * COIN, 0))
    vault.withdraw(balance + 4 * COIN, signer=owner)
    equal(vault.get_balance_of(owner.address), 0)
