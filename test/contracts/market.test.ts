/** The market through the published ABI files only: no function or event of ours beside them is used here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contractsOf } from '@ogpu/sdk'
import { Interface, type InterfaceAbi } from 'ethers'
import { describe, expect, test } from 'vitest'
import { artifactOf } from '#contracts'
import { fromHex, type Hex, toHex, utf8 } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createTestChain, type Handle, lower, OGPU, only, Reverted, reasonOf, type TestChain } from './harness.ts'
import { RESULT_URL, type SourceTerms, sourceParams } from './market-life.ts'

const ABIS = new Map<string, InterfaceAbi>()
function abiOf(name: string): InterfaceAbi {
  let abi = ABIS.get(name)
  if (abi === undefined) {
    abi = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'abis', `${name}Abi.json`), 'utf8'))
    ABIS.set(name, abi as InterfaceAbi)
  }
  return abi as InterfaceAbi
}

/** What the tests below used of the published ABIs; the last test compares it with all that there is. */
const used = { functions: new Set<string>(), events: new Set<string>(), reasons: new Set<string>() }

function noteReason(name: string, reason: string): void {
  const word = reason.split('(')[0] as string
  used.reasons.add(word).add(`${name} ${word}`)
}

/** Notes every call, every log decoded with the published ABI of the contract that made it, and every refusal. */
function watched(name: string, handle: Handle, nameOf: (address: Hex) => string | undefined): Handle {
  const noted = async <T>(method: string, action: () => Promise<T>): Promise<T> => {
    const fragment = handle.abi.getFunction(method)
    if (fragment !== null) used.functions.add(`${name} ${fragment.format('sighash')}`)
    try {
      return await action()
    } catch (error) {
      if (error instanceof Reverted) noteReason(name, error.reason)
      throw error
    }
  }
  return {
    ...handle,
    async send(from, method, args, value) {
      const sent = await noted(method, () => handle.send(from, method, args, value))
      for (const { address, name: event } of sent.events) {
        const emitter = nameOf(address)
        if (emitter !== undefined) used.events.add(`${emitter} ${event}`)
      }
      return sent
    },
    read: (method, ...args) => noted(method, () => handle.read(method, ...args)),
  }
}

interface Market {
  readonly chain: TestChain
  readonly nexus: Handle
  readonly controller: Handle
  readonly terminal: Handle
  readonly vault: Handle
  readonly manager: Handle
  at(name: string, address: Hex): Handle
  readonly client: Hex
  readonly master: Hex
  readonly provider: Hex
  readonly stranger: Hex
  source(terms?: SourceTerms): Promise<Handle>
  task(source: Handle, payment?: bigint, lifetime?: bigint): Promise<Handle>
  response(of: string, task: Handle): Promise<Handle>
  pairUp(provider: Hex, master: Hex, stake?: bigint): Promise<void>
}

async function openMarket(chainId = 1071): Promise<Market> {
  const chain = await createTestChain({ chainId })
  const a = contractsOf(chainId)
  const names = new Map<Hex, string>()
  const face = (name: string, address: Hex) => {
    names.set(address, name)
    return watched(name, chain.at(name, address, abiOf(name)), emitter => names.get(emitter))
  }
  const nexus = face('Nexus', a.nexus)
  const controller = face('Controller', a.controller)
  const terminal = face('Terminal', a.terminal)
  const vault = face('Vault', a.vault)
  const client = chain.person('client')
  const master = chain.person('master')
  const provider = chain.person('provider')
  const market: Market = {
    chain,
    nexus,
    controller,
    terminal,
    vault,
    manager: face('Manager', a.manager),
    at: face,
    client,
    master,
    provider,
    stranger: chain.person('stranger'),
    async source(terms = {}) {
      const sent = await nexus.send(client, 'publishSource', [sourceParams(client, terms)])
      return face('Source', lower(only(sent, 'SourcePublished').args.source))
    },
    async task(source, payment = 2n * OGPU, lifetime = 1_000n) {
      const params = [source.address, '{"url":"config"}', chain.now() + lifetime, payment]
      const sent = await controller.send(client, 'publishTask', [params])
      const event = only(sent, 'TaskPublished')
      expect(event.address).toBe(nexus.address)
      return face('Task', lower(event.args.task))
    },
    async response(of, task) {
      return face('Response', lower(await task.read('responseOf', of)))
    },
    async pairUp(who, owner, stake = 10n * OGPU) {
      await terminal.send(owner, 'announceProvider', [who, stake], stake)
      await terminal.send(who, 'announceMaster', [owner])
    },
  }
  await market.pairUp(provider, master)
  await vault.send(client, 'deposit', [client], 100n * OGPU)
  return market
}

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason
    throw error
  }
  return 'no revert'
}

const hashText = (text: string): Hex => toHex(keccak256(utf8(text)))

const answer = (task: Handle, provider: Hex, url = RESULT_URL, payment = 2n * OGPU) => [
  [task.address, provider, url, payment],
]

describe.each([1071, 200820172034])('the market on chain %i', chainId => {
  test('a first-response task is paid in one step and every view agrees', async () => {
    const m = await openMarket(chainId)
    const source = await m.source()
    const registered = await m.nexus.send(m.provider, 'register', [source.address, m.provider, 2])
    expect(only(registered, 'Registered').args).toMatchObject({ registrantId: 1n, preferredEnvironment: 2n })
    const task = await m.task(source)
    expect(await m.vault.read('frozenPayment', m.client)).toBe(2n * OGPU)
    const attempted = await m.nexus.send(m.provider, 'attempt', [task.address, m.provider, OGPU])
    expect(only(attempted, 'Attempted').args.suggestedPayment).toBe(OGPU)
    expect(await task.read('getStatus')).toBe(1n)

    const sent = await m.nexus.send(m.provider, 'submitResponse', answer(task, m.provider))
    for (const event of sent.events.filter(e => e.name.endsWith('Changed') || e.name === 'ResponseSubmitted')) {
      expect(event.address).toBe(m.nexus.address)
    }
    expect(only(sent, 'TaskStatusChanged').args.status).toBe(5n)
    expect(only(sent, 'ResponseStatusChanged').args.status).toBe(1n)
    const response = await m.response(m.provider, task)
    expect(lower(only(sent, 'ResponseSubmitted').args.response)).toBe(response.address)
    expect(await task.read('status')).toBe(5n)
    expect(lower(await task.read('winningProvider'))).toBe(m.provider)
    expect(await response.read('confirmedFinal')).toBe(true)
    expect(await response.read('status')).toBe(1n)
    expect(await response.read('getStatus')).toBe(1n)
    expect(await response.read('responseTimestamp')).toBe(m.chain.now())
    const params = await response.read<{ task: string; data: string; payment: bigint }>('getResponseParams')
    expect([lower(params.task), params.data, params.payment]).toEqual([task.address, RESULT_URL, 2n * OGPU])
    expect((await response.read<string[]>('responseParams'))[2]).toBe(RESULT_URL)
    expect(await m.vault.read('totalEarningsOf', m.provider)).toBe(2n * OGPU)
    expect(await m.vault.read('balanceOf', m.master)).toBe(2n * OGPU)
    expect(await m.vault.read('getBalanceOf', m.master)).toBe(2n * OGPU)
    expect(await m.vault.read('frozenPayment', m.client)).toBe(0n)
    expect(await refusal(m.controller.send(m.client, 'confirmResponse', [response.address]))).toBe('AlreadyConfirmed')
    expect(await refusal(m.nexus.send(m.provider, 'attempt', [task.address, m.provider, 0]))).toBe('AlreadyFinalized')
    expect(await refusal(m.controller.send(m.client, 'cancelTask', [task.address]))).toBe('AlreadyFinalized')
  })
})

describe('sources', () => {
  test('are listed, updated and inactivated by their client only', async () => {
    const m = await openMarket()
    const source = await m.source({ minPayment: 5n })
    expect(await m.nexus.read('getSourceCount')).toBe(1n)
    expect(lower(await m.nexus.read('sources', 0))).toBe(source.address)
    expect(lower(await m.nexus.read('sourcesOf', m.client, 0))).toBe(source.address)
    expect(lower(await m.nexus.read('clients', 0))).toBe(m.client)
    expect([...(await m.nexus.read<string[]>('getSources', 0, 0))].map(lower)).toEqual([source.address])
    expect(await m.nexus.read('sourceId', source.address)).toBe(1n)
    expect(await m.nexus.read('getSourceId', source.address)).toBe(1n)
    expect(await m.nexus.read('activeSourceCountOf', m.client)).toBe(1n)
    expect(await m.nexus.read('getActiveSourceCount', m.client)).toBe(1n)
    expect(lower(await source.read('getClient'))).toBe(m.client)
    expect(lower(await source.read('nexus'))).toBe(m.nexus.address)
    expect(lower(await source.read('owner'))).toBe(m.nexus.address)

    const changed = sourceParams(m.client, { minPayment: 7n })
    expect(await refusal(m.nexus.send(m.stranger, 'updateSource', [source.address, changed]))).toBe('NotOwner')
    const sent = await m.nexus.send(m.client, 'updateSource', [source.address, changed])
    expect((only(sent, 'SourceUpdated').args.sourceParams as { minPayment: bigint }).minPayment).toBe(7n)
    const params = await source.read<{ minPayment: bigint; lastUpdateTime: bigint }>('getSourceParams')
    expect([params.minPayment, params.lastUpdateTime]).toEqual([7n, m.chain.now()])
    expect((await source.read<{ minPayment: bigint }>('sourceParams')).minPayment).toBe(7n)

    expect(await refusal(m.nexus.send(m.stranger, 'inactivateSource', [source.address]))).toBe('NotOwner')
    const gone = await m.nexus.send(m.client, 'inactivateSource', [source.address])
    expect(only(gone, 'SourceStatusChanged').args.status).toBe(1n)
    expect(await source.read('status')).toBe(1n)
    expect(await source.read('getStatus')).toBe(1n)
    expect(await m.nexus.read('activeSourceCountOf', m.client)).toBe(0n)
    expect(await refusal(m.task(source))).toBe('SourceInactive')
    expect(await refusal(m.nexus.send(m.provider, 'register', [source.address, m.provider, 1]))).toBe('SourceInactive')
    expect(await refusal(m.nexus.send(m.client, 'updateSource', [source.address, changed]))).toBe('SourceInactive')
    expect(await refusal(source.send(m.client, 'setStatus', [0]))).toBe('SourceInactive')
  })

  test('can be inactivated by the client on the source itself, and by no stranger', async () => {
    const m = await openMarket()
    const source = await m.source()
    expect(await refusal(source.send(m.stranger, 'setStatus', [1]))).toContain('NotOwner')
    expect(only(await source.send(m.client, 'setStatus', [1]), 'SourceStatusChanged').address).toBe(m.nexus.address)
    expect(await m.nexus.read('activeSourceCountOf', m.client)).toBe(0n)
  })

  test('refuse a foreign client and impossible terms', async () => {
    const m = await openMarket()
    const params = sourceParams(m.client)
    expect(await refusal(m.nexus.send(m.stranger, 'publishSource', [params]))).toBe('NotOwner')
    expect(await refusal(m.source({ environments: 8 }))).toBe('BadEnvironment')
    await m.terminal.send(m.client, 'setAgent', [m.stranger, true])
    await m.nexus.send(m.stranger, 'publishSource', [params])
  })

  test('register providers with stake for each source and give freed places to others', async () => {
    const m = await openMarket()
    const sources = [await m.source(), await m.source(), await m.source({ minAvailableLockup: 11n * OGPU })]
    const [first, second, third] = sources as [Handle, Handle, Handle]
    const other = m.chain.person('other')
    const poor = m.chain.person('poor')
    await m.pairUp(other, m.chain.person('other master'), OGPU)
    await m.pairUp(poor, m.chain.person('poor master'), OGPU - 1n)
    const join = (source: Handle, who: Hex, environment = 1, by = who) =>
      m.nexus.send(by, 'register', [source.address, who, environment])
    expect(await refusal(join(first, poor))).toBe('NotEligible')
    expect(await refusal(join(first, m.stranger))).toBe('NotProvider')
    expect(await refusal(join(first, m.provider, 1, m.stranger))).toBe('NotProvider')
    expect(await refusal(join(first, m.provider, 3))).toBe('BadEnvironment')
    expect(await refusal(join(third, m.provider))).toBe('InsufficientLockup')
    await join(first, m.provider, 1, m.master)
    await join(first, other)
    expect(await refusal(join(second, other))).toBe('InsufficientLockup')
    expect(await refusal(join(first, other))).toBe('InsufficientLockup')
    expect(await refusal(join(first, m.provider))).toBe('AlreadyRegistered')
    expect(await first.read('getRegistrantCount')).toBe(2n)
    expect(await first.read('getRegistrantId', other)).toBe(2n)
    await m.nexus.send(m.provider, 'unregister', [first.address, m.provider])
    expect([...(await first.read<string[]>('getRegistrants', 0, 0))].map(lower)).toEqual([other])
    expect(await first.read('registrantId', other)).toBe(1n)
    expect(lower(await first.read('registrants', 0))).toBe(other)
    expect(await first.read('registrantId', m.provider)).toBe(0n)
    expect(await first.read('preferredEnvironmentOf', m.provider)).toBe(0n)
    expect(await refusal(m.nexus.send(m.stranger, 'unregister', [first.address, other]))).toBe('NotProvider')
    await m.terminal.send(m.master, 'setAgent', [m.stranger, true])
    await join(first, m.provider, 4, m.stranger)
    expect(await first.read('preferredEnvironmentOf', m.provider)).toBe(4n)
  })
})

describe('tasks', () => {
  test('need an active source, money, a payment over the minimum and an expiry in range', async () => {
    const m = await openMarket()
    const source = await m.source({ minPayment: OGPU, maxExpiryDuration: 100n })
    expect(await refusal(m.task(source, 101n * OGPU, 50n))).toBe('InsufficientBalance')
    expect(await refusal(m.task(source, OGPU - 1n, 50n))).toBe('PaymentTooSmall')
    expect(await refusal(m.task(source, OGPU, 101n))).toBe('ExpiryOutOfRange')
    expect(await refusal(m.task(source, OGPU, 0n))).toBe('ExpiryOutOfRange')
    const task = await m.task(source, OGPU, 100n)
    expect(await source.read('getTaskCount')).toBe(1n)
    expect(lower(await source.read('tasks', 0))).toBe(task.address)
    expect([...(await source.read<string[]>('getTasks', 0, 0))].map(lower)).toEqual([task.address])
    expect(await task.read('getPayment')).toBe(OGPU)
    expect(await task.read('getExpiryTime')).toBe(m.chain.now() + 100n)
    expect(lower(await task.read('getSource'))).toBe(source.address)
    expect(await task.read('getDeliveryMethod')).toBe(1n)
    expect(await task.read('deliveryMethod')).toBe(1n)
    const params = await task.read<{ config: string; payment: bigint }>('taskParams')
    expect([params.config, params.payment]).toEqual(['{"url":"config"}', OGPU])
    expect(lower(await task.read('owner'))).toBe(m.nexus.address)
  })

  test('are cancelled by their client while new, with the money back', async () => {
    const m = await openMarket()
    const source = await m.source()
    const task = await m.task(source)
    expect(await refusal(m.controller.send(m.stranger, 'cancelTask', [task.address]))).toBe('NotOwner')
    const sent = await m.controller.send(m.client, 'cancelTask', [task.address])
    expect(only(sent, 'TaskStatusChanged').args.status).toBe(3n)
    expect(await m.vault.read('balanceOf', m.client)).toBe(100n * OGPU)
    expect(await m.vault.read('frozenPayment', m.client)).toBe(0n)
    expect(await refusal(m.controller.send(m.client, 'cancelTask', [task.address]))).toBe('AlreadyFinalized')
    await m.nexus.send(m.provider, 'register', [source.address, m.provider, 1])
    const running = await m.task(source)
    await m.nexus.send(m.provider, 'attempt', [running.address, m.provider, 0])
    expect(await refusal(m.controller.send(m.client, 'cancelTask', [running.address]))).toBe('AlreadyFinalized')
  })

  test('expire at an attempt that comes too late, and anybody gets the escrow back to the client', async () => {
    const m = await openMarket()
    const source = await m.source()
    await m.nexus.send(m.provider, 'register', [source.address, m.provider, 1])
    const late = await m.task(source)
    const tried = await m.task(source)
    await m.nexus.send(m.provider, 'attempt', [tried.address, m.provider, 0])
    expect(await refusal(m.vault.send(m.stranger, 'forceReleasePayment', [m.client, late.address]))).toBe('TaskRunning')
    m.chain.pass(1_001)
    const sent = await m.nexus.send(m.provider, 'attempt', [late.address, m.provider, 0])
    expect(only(sent, 'TaskStatusChanged').args.status).toBe(4n)
    expect(await late.read('status')).toBe(4n)
    expect(await refusal(m.nexus.send(m.provider, 'attempt', [late.address, m.provider, 0]))).toBe('Expired')
    expect(await refusal(m.nexus.send(m.provider, 'submitResponse', answer(tried, m.provider)))).toBe('Expired')
    // Ours beside the published surface: the escrow of an attempted task needs nobody's goodwill.
    await m.chain.contract('nexus').send(m.stranger, 'expireTask', [tried.address])
    expect(await m.vault.read('balanceOf', m.client)).toBe(100n * OGPU)
    await m.vault.send(m.stranger, 'forceReleasePayment', [m.client, late.address])
    expect(await m.vault.read('balanceOf', m.client)).toBe(100n * OGPU)
  })

  test('record attempts in order and refuse strangers, doubles and answers without an attempt', async () => {
    const m = await openMarket()
    const source = await m.source({ manual: true })
    const others = ['second', 'third'].map(name => m.chain.person(name))
    for (const other of others) {
      await m.pairUp(other, m.chain.person(`${other} master`))
      await m.nexus.send(other, 'register', [source.address, other, 1])
    }
    const task = await m.task(source)
    const attempt = (who: Hex, by = who) => m.nexus.send(by, 'attempt', [task.address, who, 0])
    expect(await refusal(attempt(m.provider))).toBe('NotEligible')
    expect(await refusal(attempt(m.stranger))).toBe('NotProvider')
    await m.nexus.send(m.provider, 'register', [source.address, m.provider, 1])
    expect(await refusal(m.nexus.send(m.provider, 'submitResponse', answer(task, m.provider)))).toBe('NotAttempted')
    await attempt(m.provider)
    expect(await refusal(attempt(m.provider))).toBe('AlreadyAttempted')
    m.chain.pass(5)
    for (const other of others) await attempt(other)
    const all = [m.provider, ...others]
    expect(await task.read('getAttemptCount')).toBe(3n)
    expect([...(await task.read<string[]>('getAttempters', 0, 2))].map(lower)).toEqual(all)
    const times = await task.read<bigint[]>('getAttemptTimestamps', 0, 2)
    expect(times[1]).toBe((times[0] as bigint) + 5n)
    expect(await task.read('attemptTimestamps', 2)).toBe(times[2])
    expect(lower(await task.read('attempters', 2))).toBe(others[1])
    expect(await task.read('attempterId', m.provider)).toBe(1n)
    expect(await task.read('getAttempterId', others[1])).toBe(3n)
    expect(await refusal(task.read('attempters', 3))).toBe('Panic(50)')
    await m.nexus.send(others[0] as Hex, 'submitResponse', answer(task, others[0] as Hex))
    const responses = [...(await task.read<string[]>('getResponsesOf', 0, 2))].map(lower)
    expect(responses.map(address => BigInt(address) > 0n)).toEqual([false, true, false])
    expect(lower(await task.read('responseOf', others[0]))).toBe(responses[1])
  })
})

describe('manual confirmation', () => {
  async function responded() {
    const m = await openMarket()
    const source = await m.source({ manual: true })
    const rival = m.chain.person('rival')
    await m.pairUp(rival, m.chain.person('rival master'))
    const task = await m.task(source)
    for (const who of [m.provider, rival]) {
      await m.nexus.send(who, 'register', [source.address, who, 1])
      await m.nexus.send(who, 'attempt', [task.address, who, 0])
    }
    const sent = await m.nexus.send(m.provider, 'submitResponse', answer(task, m.provider, 'https://a', OGPU))
    expect(only(sent, 'TaskStatusChanged').args.status).toBe(2n)
    return { m, task, rival, source }
  }

  test('pays the bid of the chosen response and refunds the rest', async () => {
    const { m, task, rival } = await responded()
    const submit = (url: string) => m.nexus.send(rival, 'submitResponse', answer(task, rival, url, OGPU / 2n))
    expect(await refusal(submit('https://a'))).toBe('AlreadySubmitted')
    await submit('https://b')
    expect(await refusal(submit('https://c'))).toBe('AlreadyResponded')
    const chosen = await m.response(rival, task)
    const left = await m.response(m.provider, task)
    expect(await chosen.read('status')).toBe(0n)
    expect(await refusal(m.controller.send(m.stranger, 'confirmResponse', [chosen.address]))).toBe('NotOwner')
    for (const foreign of [m.stranger, m.vault.address, task.address]) {
      expect(await refusal(m.controller.send(m.client, 'confirmResponse', [foreign]))).toBe('UnknownResponse')
    }
    const sent = await m.controller.send(m.client, 'confirmResponse', [chosen.address])
    expect(only(sent, 'ResponseStatusChanged').args.status).toBe(1n)
    expect(only(sent, 'TaskStatusChanged').args.status).toBe(5n)
    expect(lower(await task.read('winningProvider'))).toBe(rival)
    expect(await chosen.read('confirmedFinal')).toBe(true)
    expect(await left.read('confirmedFinal')).toBe(false)
    expect(await m.vault.read('totalEarningsOf', rival)).toBe(OGPU / 2n)
    expect(await m.vault.read('balanceOf', m.client)).toBe(100n * OGPU - OGPU / 2n)
    expect(await refusal(m.controller.send(m.client, 'confirmResponse', [chosen.address]))).toBe('AlreadyConfirmed')
    expect(await refusal(m.controller.send(m.client, 'confirmResponse', [left.address]))).toBe('AlreadyFinalized')
  })

  test('may be done by an agent of the client, and by time when the client stays silent', async () => {
    const { m, task } = await responded()
    const response = await m.response(m.provider, task)
    await m.chain.attempt(async () => {
      await m.terminal.send(m.client, 'setAgent', [m.stranger, true])
      await m.controller.send(m.stranger, 'confirmResponse', [response.address])
    })
    const ours = m.chain.contract('controller')
    m.chain.pass(1_001)
    expect(await refusal(ours.send(m.stranger, 'settleSilent', [task.address]))).toBe('TaskRunning')
    expect(await refusal(m.chain.contract('nexus').send(m.stranger, 'expireTask', [task.address]))).toBe('TaskRunning')
    m.chain.pass(86_400)
    await ours.send(m.stranger, 'settleSilent', [task.address])
    expect(await m.vault.read('totalEarningsOf', m.provider)).toBe(OGPU)
  })
})

describe('pairing', () => {
  test('needs both sides, in any order, and ends by the master', async () => {
    const m = await openMarket()
    const provider = m.chain.person('new provider')
    const owner = m.chain.person('new master')
    const announce = (by: Hex, amount: bigint, value: bigint) =>
      m.terminal.send(by, 'announceProvider', [provider, amount], value)
    expect(await refusal(announce(owner, 2n, 1n))).toBe('AmountMismatch')
    only(await m.terminal.send(provider, 'announceMaster', [owner]), 'MasterAnnounced')
    expect(await m.terminal.read('isProvider', provider)).toBe(false)
    await announce(m.stranger, 0n, 0n)
    expect(await m.terminal.read('isProvider', provider)).toBe(false)
    only(await announce(owner, 3n, 3n), 'ProviderAnnounced')
    expect(await m.vault.read('lockupOf', provider)).toBe(3n)
    expect(await m.vault.read('getLockupOf', provider)).toBe(3n)
    expect(await m.terminal.read('isProvider', provider)).toBe(true)
    expect(await m.terminal.read('isMaster', owner)).toBe(true)
    expect(await m.terminal.read('getIsMaster', owner)).toBe(true)
    expect(lower(await m.terminal.read('masterOf', provider))).toBe(owner)
    expect(lower(await m.terminal.read('getMasterOf', provider))).toBe(owner)
    expect(lower(await m.terminal.read('providerOf', owner))).toBe(provider)
    expect(await m.manager.read('hasRole', await m.manager.read('PROVIDER'), provider)).toBe(true)
    expect(await refusal(announce(m.stranger, 0n, 0n))).toBe('AlreadyPaired')
    expect(await refusal(m.terminal.send(provider, 'announceMaster', [m.stranger]))).toBe('AlreadyPaired')
    expect(await refusal(m.terminal.send(m.stranger, 'removeProvider', [provider]))).toBe('NotMaster')
    expect(await refusal(m.terminal.send(m.stranger, 'removeContainer', [provider, m.stranger]))).toBe('NotMaster')
    only(await m.terminal.send(owner, 'removeContainer', [provider, m.stranger]), 'RemoveContainer')
    only(await m.terminal.send(owner, 'removeProvider', [provider]), 'ProviderRemoved')
    expect(await m.terminal.read('isProvider', provider)).toBe(false)
    expect(await m.terminal.read('isMaster', owner)).toBe(false)
    expect(await m.manager.read('hasRole', await m.manager.read('PROVIDER'), provider)).toBe(false)
    await m.terminal.send(provider, 'announceMaster', [m.stranger])
    expect(lower(await m.terminal.read('masterOf', provider))).toBe(m.stranger)
  })

  test('keeps agents, data URLs and the default agent', async () => {
    const m = await openMarket()
    expect(only(await m.terminal.send(m.master, 'setAgent', [m.stranger, true]), 'AgentSet').args.value).toBe(true)
    expect(await m.terminal.read('isAgentOf', m.master, m.stranger)).toBe(true)
    expect(await m.terminal.read('getIsAgentOf', m.master, m.stranger)).toBe(true)
    only(await m.terminal.send(m.provider, 'setBaseData', ['https://base']), 'BaseDataUpdated')
    only(await m.terminal.send(m.provider, 'setLiveData', ['https://live']), 'LiveDataUpdated')
    expect(await m.terminal.read('baseDataOf', m.provider)).toBe('https://base')
    expect(await m.terminal.read('liveDataOf', m.provider)).toBe('https://live')
    expect(await refusal(m.terminal.send(m.stranger, 'setBaseData', ['x']))).toBe('NotProvider')
    expect(await refusal(m.terminal.send(m.stranger, 'setLiveData', ['x']))).toBe('NotProvider')
    const off = only(await m.terminal.send(m.provider, 'setDefaultAgentDisabled', [true]), 'DefaultAgentDisabled')
    expect(lower(off.args.master)).toBe(m.master)
    expect(await m.terminal.read('defaultAgentDisabled', m.provider)).toBe(true)
  })

  test('lets the default agent act until master or provider opts out', async () => {
    const order = '0x306dc3ff30254675b209d916475094401acc4a1e'
    const chain = await createTestChain({ market: { defaultAgent: order } })
    const terminal = chain.contract('terminal')
    const [provider, owner] = [chain.person('p'), chain.person('m')]
    await terminal.send(owner, 'announceProvider', [provider, 0])
    await terminal.send(provider, 'announceMaster', [owner])
    expect(await terminal.read('canActFor', provider, order)).toBe(true)
    await terminal.send(owner, 'setDefaultAgentDisabled', [true])
    expect(await terminal.read('canActFor', provider, order)).toBe(false)
  })
})

describe('the vault', () => {
  test('moves own money between balance, lockup and unbonding, and out', async () => {
    const m = await openMarket()
    const me = m.chain.person('saver')
    const call = (method: string, args: readonly unknown[] = [], value = 0n) => m.vault.send(me, method, args, value)
    expect(only(await call('deposit', [me], 10n), 'Deposited').args.amount).toBe(10n)
    expect(await refusal(call('lock', [11n]))).toBe('InsufficientBalance')
    only(await call('lock', [6n]), 'Locked')
    expect(await refusal(call('unbond', [7n]))).toBe('InsufficientLockup')
    only(await call('unbond', [4n]), 'Unbonded')
    const matures = await m.vault.read<bigint>('unbondingTimestamp', me)
    expect(matures).toBe(m.chain.now() + (await m.vault.read<bigint>('UNBONDING_PERIOD')))
    expect(await refusal(call('claim'))).toBe('UnbondingNotElapsed')
    only(await call('cancelUnbonding'), 'UnbondingCanceled')
    expect(await refusal(call('cancelUnbonding'))).toBe('NothingUnbonding')
    await call('unbond', [1n])
    m.chain.pass(30)
    await call('unbond', [2n])
    m.chain.pass(31)
    expect(await refusal(call('claim'))).toBe('UnbondingNotElapsed')
    m.chain.pass(30)
    expect(await m.vault.read('unbondingOf', me)).toBe(3n)
    only(await call('claim'), 'Claimed')
    expect(await refusal(call('claim'))).toBe('NothingUnbonding')
    expect(await m.vault.read('balanceOf', me)).toBe(7n)
    expect(await refusal(call('withdraw', [8n]))).toBe('InsufficientBalance')
    const before = m.chain.machine.balanceOf(me)
    only(await call('withdraw', [5n]), 'Withdrawn')
    await call('emergencyExit', [me])
    expect(m.chain.machine.balanceOf(me)).toBe(before + 7n)
    expect(await refusal(m.vault.send(m.stranger, 'emergencyExit', [me]))).toBe('NotAuthorized')
  })

  test('lets nobody from outside touch escrow, stake or parameters', async () => {
    const m = await openMarket()
    const source = await m.source()
    const task = await m.task(source)
    const calls: readonly (readonly [Handle, string, readonly unknown[]])[] = [
      [m.vault, 'freezePayment', [m.client, m.stranger, 1]],
      [m.vault, 'releasePayment', [m.client, task.address]],
      [m.vault, 'processPayment', [m.client, m.stranger, task.address, 1]],
      [m.vault, 'sanction', [m.provider, 1]],
      [m.vault, 'waive', [m.provider, 1]],
      [m.vault, 'withdrawSanctionOf', [m.provider]],
      [m.vault, 'setMaxUnbondingPeriod', [1]],
      [m.vault, 'setMinLockupPerSource', [1]],
      [m.vault, 'setTerminal', [m.stranger]],
      [m.vault, 'setWhitelist', [m.stranger, true]],
      [m.nexus, 'emitTaskPublished', [task.address, source.address]],
      [m.nexus, 'setTaskStatus', [task.address, 3]],
      [m.nexus, 'setSourceStatus', [source.address, 1]],
      [m.nexus, 'setResponseStatus', [task.address, 1]],
    ]
    for (const [contract, method, args] of calls) {
      expect([method, await refusal(contract.send(m.stranger, method, args))]).toEqual([method, 'NotAuthorized'])
    }
    const owned: readonly (readonly [Handle, string, readonly unknown[]])[] = [
      [m.nexus, 'setManager', [m.stranger]],
      [m.nexus, 'setTerminal', [m.stranger]],
      [m.nexus, 'setVault', [m.stranger]],
      [m.nexus, 'transferOwnership', [m.stranger]],
      [m.nexus, 'renounceOwnership', []],
      [m.controller, 'setNexus', [m.stranger]],
      [m.controller, 'setTerminal', [m.stranger]],
      [m.controller, 'setVault', [m.stranger]],
      [m.controller, 'transferOwnership', [m.stranger]],
      [m.controller, 'renounceOwnership', []],
      [m.terminal, 'setManager', [m.stranger]],
      [m.terminal, 'setVault', [m.stranger]],
      [m.terminal, 'transferOwnership', [m.stranger]],
      [m.terminal, 'renounceOwnership', []],
      [source, 'register', [m.provider, 1]],
      [source, 'unregister', [m.provider]],
      [source, 'publishTask', [task.address]],
      [source, 'setSourceParams', [sourceParams(m.stranger)]],
      [source, 'transferOwnership', [m.stranger]],
      [source, 'renounceOwnership', []],
      [task, 'attempt', [m.provider]],
      [task, 'submitResponse', [m.stranger, m.provider]],
      [task, 'setStatus', [5]],
      [task, 'transferOwnership', [m.stranger]],
      [task, 'renounceOwnership', []],
    ]
    for (const [contract, method, args] of owned) {
      const reason = await refusal(contract.send(m.stranger, method, args))
      expect([method, reason.split('(')[0]]).toEqual([method, 'OwnableUnauthorizedAccount'])
    }
    const response = m.at('Response', contractsOf(1071).responseImplementation)
    for (const method of ['confirm', 'renounceOwnership']) {
      expect(await refusal(response.send(m.stranger, method))).toContain('OwnableUnauthorizedAccount')
    }
    expect(await refusal(response.send(m.stranger, 'setStatus', [1]))).toContain('OwnableUnauthorizedAccount')
    expect(await refusal(response.send(m.nexus.address, 'transferOwnership', [m.stranger]))).toContain(
      'OwnableInvalidOwner',
    )
  })

  test('serves governance: parameters, whitelist, sanctions by a judge and their waiver', async () => {
    const m = await openMarket()
    const a = contractsOf(1071)
    const rule = (method: string, args: readonly unknown[]) => m.vault.send(a.timelock, method, args)
    await rule('setMinLockupPerSource', [5n])
    await rule('setMaxUnbondingPeriod', [77n])
    await rule('setWhitelist', [m.stranger, true])
    await rule('setTerminal', [a.terminal])
    expect(await m.vault.read('MIN_LOCKUP_PER_SOURCE')).toBe(5n)
    expect(await m.vault.read('UNBONDING_PERIOD')).toBe(77n)
    expect(await m.vault.read('isWhitelisted', m.stranger)).toBe(true)
    expect(await m.vault.read('isEligible', m.stranger)).toBe(true)
    expect(await refusal(rule('setMaxUnbondingPeriod', [61n * 86_400n]))).toBe('PeriodTooLong')
    const judge = (method: string, args: readonly unknown[]) => m.vault.send(a.stakeRouter, method, args)
    expect(await refusal(judge('sanction', [m.provider, 11n * OGPU]))).toBe('InsufficientLockup')
    only(await judge('sanction', [m.provider, 4n * OGPU]), 'Sanctioned')
    expect(await m.vault.read('sanctionOf', m.provider)).toBe(4n * OGPU)
    expect(await m.vault.read('sanctionedAmount')).toBe(4n * OGPU)
    only(await judge('waive', [m.provider, OGPU]), 'Waived')
    expect(await m.vault.read('lockupOf', m.provider)).toBe(7n * OGPU)
    await judge('withdrawSanctionOf', [m.provider])
    expect(await m.vault.read('sanctionedAmount')).toBe(0n)
    for (const [contract, keys] of [
      [m.vault, ['manager', 'nexus', 'terminal']],
      [m.nexus, ['manager', 'terminal', 'vault']],
      [m.controller, ['nexus', 'terminal', 'vault']],
      [m.terminal, ['manager', 'vault']],
    ] as const) {
      for (const key of keys) expect(lower(await contract.read(key))).toBe(a[key])
    }
    for (const contract of [m.nexus, m.controller, m.terminal]) {
      expect(lower(await contract.read('owner'))).toBe(a.timelock)
      expect(await refusal(contract.send(a.timelock, 'setVault', [m.stranger]))).toBe('NotContract')
      await contract.send(a.timelock, 'setVault', [a.vault])
      only(await contract.send(a.timelock, 'transferOwnership', [a.governor]), 'OwnershipTransferred')
    }
    expect(await m.terminal.read('PROVIDER')).toBe(await m.nexus.read('PROVIDER'))
  })
})

describe('roles', () => {
  test('of controllers and judges are sealed: not even the timelock can give or take them', async () => {
    const m = await openMarket()
    const a = contractsOf(1071)
    for (const name of ['CONTROLLER', 'JUDGE']) {
      const role = await m.manager.read<string>(name)
      for (const method of ['grantRole', 'revokeRole']) {
        expect(await refusal(m.manager.send(a.timelock, method, [role, m.stranger]))).toContain(
          'AccessControlUnauthorizedAccount',
        )
      }
    }
    expect(await m.manager.read('getRoleAdmin', await m.manager.read('CONTROLLER'))).not.toBe(
      await m.manager.read('DEFAULT_ADMIN_ROLE'),
    )
    expect(await m.nexus.read('checkController', a.controller)).toBe(true)
    expect(await m.nexus.read('checkController', a.timelock)).toBe(false)
    expect(await m.nexus.read('CONTROLLER')).toBe(await m.manager.read('CONTROLLER'))
    expect(await m.manager.read('supportsInterface', '0x01ffc9a7')).toBe(true)
    const admin = await m.manager.read<string>('DEFAULT_ADMIN_ROLE')
    only(await m.manager.send(a.timelock, 'grantRole', [admin, m.stranger]), 'RoleGranted')
    expect(await refusal(m.manager.send(m.stranger, 'renounceRole', [admin, m.client]))).toContain(
      'AccessControlBadConfirmation',
    )
    only(await m.manager.send(m.stranger, 'renounceRole', [admin, m.stranger]), 'RoleRevoked')
  })

  test('of a controller allow only what the lifecycle allows', async () => {
    const m = await openMarket()
    const a = contractsOf(1071)
    const source = await m.source({ manual: true })
    await m.nexus.send(m.provider, 'register', [source.address, m.provider, 1])
    const task = await m.task(source)
    const set = (status: number) => m.nexus.send(a.controller, 'setTaskStatus', [task.address, status])
    for (const status of [0, 1, 2, 4, 5]) expect(await refusal(set(status))).toBe('BadTransition')
    await m.nexus.send(m.provider, 'attempt', [task.address, m.provider, 0])
    expect(await refusal(set(3))).toBe('BadTransition')
    await m.nexus.send(m.provider, 'submitResponse', answer(task, m.provider))
    const response = await m.response(m.provider, task)
    const setResponse = (status: number) => m.nexus.send(a.controller, 'setResponseStatus', [response.address, status])
    expect(await refusal(setResponse(1))).toBe('BadTransition')
    only(await setResponse(0), 'ResponseStatusChanged')
    await m.controller.send(m.client, 'confirmResponse', [response.address])
    expect(await refusal(setResponse(0))).toBe('AlreadyConfirmed')
    expect(
      only(await m.nexus.send(a.controller, 'setSourceStatus', [source.address, 1]), 'SourceStatusChanged').name,
    ).toBe('SourceStatusChanged')
  })
})

test('an address without code, or with foreign code, is no task, source or response', async () => {
  const m = await openMarket()
  const source = await m.source()
  for (const address of [m.stranger, m.vault.address, source.address]) {
    const face = m.chain.at('Task', address as Hex, abiOf('Task'))
    if (address !== source.address) await expect(face.read('getStatus')).rejects.toThrow()
    expect(await refusal(m.nexus.send(m.provider, 'attempt', [address, m.provider, 0]))).toBe('UnknownTask')
    expect(await refusal(m.nexus.send(m.provider, 'submitResponse', answer(face, m.provider)))).toBe('UnknownTask')
    expect(await refusal(m.controller.send(m.client, 'cancelTask', [address]))).toBe('UnknownTask')
  }
  const params = [m.stranger, 'x', m.chain.now() + 10n, 0]
  expect(await refusal(m.controller.send(m.client, 'publishTask', [params]))).toBe('UnknownSource')
  expect(await refusal(m.nexus.send(m.provider, 'register', [m.stranger, m.provider, 1]))).toBe('UnknownSource')
})

/** Creates a contract with the published constructor; the result's events are noted as its own. */
function construct(m: Market, name: string, args: readonly unknown[], value = 0n): string {
  const abi = new Interface(abiOf(name))
  const { bytecode } = artifactOf(name)
  const made = m.chain.machine.create(m.stranger, fromHex(`${bytecode}${abi.encodeDeploy(args).slice(2)}`), value)
  if (!made.ok) {
    noteReason(name, reasonOf(made))
    return reasonOf(made)
  }
  for (const { topics } of made.logs) {
    const event = abi.getEvent(toHex(topics[0] as Uint8Array))
    if (event !== null) used.events.add(`${name} ${event.name}`)
  }
  used.functions.add(`${name} constructor`)
  return 'made'
}

test('the published constructors take the published arguments, and no coins', async () => {
  const m = await openMarket()
  const zero = `0x${'0'.repeat(40)}`
  const [source, task, response] = [sourceParams(m.client), [zero, '', 0, 0], [zero, zero, '', 0]]
  expect(construct(m, 'Manager', [])).toBe('made')
  expect(construct(m, 'Nexus', [zero, zero, zero])).toBe('made')
  expect(construct(m, 'Controller', [zero, zero, zero])).toBe('made')
  expect(construct(m, 'Terminal', [zero, zero])).toBe('made')
  expect(construct(m, 'Vault', [zero, zero, zero])).toBe('made')
  expect(construct(m, 'Source', [source])).toBe('made')
  expect(construct(m, 'Task', [task, 1, m.nexus.address])).toBe('made')
  expect(construct(m, 'Response', [response])).toBe('made')
  expect(construct(m, 'Source', [source], 1n)).toBe('NoValue')
  expect(construct(m, 'Task', [task, 1, m.nexus.address], 1n)).toBe('NoValue')
  expect(construct(m, 'Response', [response], 1n)).toBe('NoValue')
})

test('what is seldom refused is refused in one word as well', async () => {
  const m = await openMarket()
  const a = contractsOf(1071)
  const source = await m.source()
  const task = await m.task(source)
  const long = 'x'.repeat(10_000)
  const told = async (contract: Handle, from: Hex, method: string, args: readonly unknown[], value = 0n) =>
    (await refusal(contract.send(from, method, args, value))).split('(')[0]
  // Sources and tasks.
  const params = sourceParams(m.client)
  expect(await told(m.nexus, m.client, 'updateSource', [source.address, sourceParams(m.master)])).toBe('ClientFixed')
  const wordy = params.map((field, i) => (i === 1 ? long : field))
  expect(await told(m.nexus, m.client, 'publishSource', [wordy])).toBe('TextTooLong')
  const terms = (config: string, payment: bigint) => [[source.address, config, m.chain.now() + 10n, payment]]
  expect(await told(m.controller, m.client, 'publishTask', terms(long, 1n))).toBe('TextTooLong')
  expect(await told(m.controller, m.client, 'publishTask', terms('x', 2n ** 96n))).toBe('PaymentTooLarge')
  await m.controller.send(m.client, 'cancelTask', [task.address])
  expect(await told(m.nexus, m.provider, 'attempt', [task.address, m.provider, 0])).toBe('AlreadyFinalized')
  expect(await told(source, m.nexus.address, 'unregister', [m.stranger])).toBe('NotRegistered')
  expect(await told(m.nexus, m.provider, 'unregister', [source.address, m.provider])).toBe('NotRegistered')
  // People.
  expect(await told(m.terminal, m.master, 'announceProvider', [m.master, 0])).toBe('BadPairing')
  expect(await told(m.terminal, m.provider, 'setBaseData', [long])).toBe('TextTooLong')
  // The vault, by those who may.
  const open = await m.task(source)
  const control = (method: string, args: readonly unknown[]) => told(m.vault, a.controller, method, args)
  expect(await control('freezePayment', [m.client, open.address, 1])).toBe('AlreadyFrozen')
  expect(await control('releasePayment', [m.stranger, open.address])).toBe('WrongClient')
  expect(await control('processPayment', [m.client, m.provider, open.address, 9n * OGPU])).toBe('PaymentTooLarge')
  expect(await told(m.vault, a.stakeRouter, 'waive', [m.provider, 1])).toBe('SanctionTooSmall')
  const deaf: Hex = '0x00000000000000000000000000000000000dea00'
  m.chain.machine.setCode(deaf, Uint8Array.of(0xfe))
  await m.vault.send(m.client, 'deposit', [deaf], 5n)
  expect(await told(m.vault, deaf, 'withdraw', [5])).toBe('TransferFailed')
  const zero = `0x${'0'.repeat(40)}`
  expect(await told(m.vault, m.client, 'deposit', [zero])).toBe('ZeroAccount')
  // Owners.
  for (const contract of [m.nexus, m.controller, m.terminal]) {
    expect(await told(contract, a.timelock, 'transferOwnership', [zero])).toBe('OwnableInvalidOwner')
  }
  await m.nexus.send(m.provider, 'register', [source.address, m.provider, 1])
  await m.nexus.send(m.provider, 'attempt', [open.address, m.provider, 0])
  expect(await open.read('isAlreadySubmitted', hashText(RESULT_URL))).toBe(false)
  await m.nexus.send(m.provider, 'submitResponse', answer(open, m.provider))
  expect(await open.read('isAlreadySubmitted', hashText(RESULT_URL))).toBe(true)
  const response = await m.response(m.provider, open)
  for (const contract of [source, open, response]) {
    expect(lower(await contract.read('owner'))).toBe(m.nexus.address)
    expect(await told(contract, m.nexus.address, 'transferOwnership', [m.stranger])).toBe('OwnableInvalidOwner')
    expect(await told(contract, m.nexus.address, 'renounceOwnership', [])).toBe('OwnableInvalidOwner')
    const word = contract === source ? 'NotOwner' : 'OwnableUnauthorizedAccount'
    expect(await told(contract, m.stranger, 'setStatus', [0])).toBe(word)
  }
  expect(await told(response, m.nexus.address, 'confirm', [])).toBe('AlreadyConfirmed')
  expect(await told(response, m.nexus.address, 'setStatus', [0])).toBe('AlreadyConfirmed')
})

/** Words of refusals that need something beside the published ABIs, and the file whose tests show them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  PolicyTask: 'proof',
  PlainTask: 'governance',
  NoticeRunning: 'governance',
  Initialized: 'governance',
  PeriodTooLong: 'governance',
}

test('all of the published ABIs was used above: every function, event, error and revert word', () => {
  const missing: string[] = []
  for (const name of ['Manager', 'Nexus', 'Controller', 'Terminal', 'Vault', 'Source', 'Task', 'Response']) {
    const abi = new Interface(abiOf(name))
    abi.forEachFunction(f => {
      if (!used.functions.has(`${name} ${f.format('sighash')}`)) missing.push(`${name}: function ${f.name}`)
    })
    if (!used.functions.has(`${name} constructor`)) missing.push(`${name}: constructor`)
    abi.forEachEvent(e => {
      if (!used.events.has(`${name} ${e.name}`)) missing.push(`${name}: event ${e.name}`)
    })
    abi.forEachError(e => {
      if (!used.reasons.has(`${name} ${e.name}`)) missing.push(`${name}: error ${e.name}`)
    })
    const source = readFileSync(
      join(import.meta.dirname, '..', '..', 'contracts', 'src', 'market', `${name}.sol`),
      'utf8',
    )
    for (const [, word] of source.matchAll(/"([A-Z][A-Za-z]+)"/g)) {
      if (!used.reasons.has(word as string) && ELSEWHERE[word as string] === undefined) missing.push(`${name}: ${word}`)
    }
  }
  expect([...new Set(missing)]).toEqual([])
  for (const [word, file] of Object.entries(ELSEWHERE)) {
    expect([word, readFileSync(join(import.meta.dirname, `${file}.test.ts`), 'utf8').includes(word)]).toEqual([
      word,
      true,
    ])
  }
})
