import {
  auditManagerAbi,
  controllerAbi,
  nexusAbi,
  proofManagerAbi,
  reputationAbi,
  terminalAbi,
  vaultAbi,
} from '@ogpu/sdk/abi'
import { Interface } from 'ethers'
import type { FakeNode, TransactionPlan } from './fake-node.ts'

export const MARKET = {
  Nexus: '0x2b0cc6058313801d5feb184a539e3a0c5a87a6a1',
  Controller: '0x8661f4b9c30e07a04d795a192478dfd905625a1d',
  Terminal: '0xaebc7b712d38fc4d841f0732c21b8774339869d3',
  Vault: '0xa5c582254aa313528898311362bc698b041580cc',
  ProofManager: '0x4f47505500000000000000000000000000000042',
  AuditManager: '0x4f47505500000000000000000000000000000043',
  Reputation: '0x4f47505500000000000000000000000000000045',
} as const

const nexus = new Interface(nexusAbi)
const controller = new Interface(controllerAbi)
const terminal = new Interface(terminalAbi)
const vault = new Interface(vaultAbi)
const proofManager = new Interface(proofManagerAbi)
const auditManager = new Interface(auditManagerAbi)
const reputation = new Interface(reputationAbi)
const erc20 = new Interface([
  'function transfer(address to, uint256 amount)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
])
const erc721 = new Interface(['event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)'])
const erc1155 = new Interface([
  'event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)',
])

const ZERO = `0x${'0'.repeat(40)}`
const COIN = 10n ** 18n

function log(abi: Interface, address: string, event: string, args: readonly unknown[]) {
  const { topics, data } = abi.encodeEventLog(event, args)
  return { address, topics, data }
}

/** Makes an ERC-20 known to the node: its metadata answers. */
export function putToken(node: FakeNode, token: string, name: string, symbol: string, decimals = 18): void {
  node.setView(token, 'name() view returns (string)', () => [name])
  node.setView(token, 'symbol() view returns (string)', () => [symbol])
  node.setView(token, 'decimals() view returns (uint8)', () => [decimals])
  node.setView(token, 'totalSupply() view returns (uint256)', () => [1_000_000n * 10n ** BigInt(decimals)])
}

export function tokenTransfer(token: string, from: string, to: string, amount: bigint): TransactionPlan {
  return {
    from: from === ZERO ? to : from,
    to: token,
    input: erc20.encodeFunctionData('transfer', [to, amount]),
    logs: [log(erc20, token, 'Transfer', [from, to, amount])],
  }
}

export function nftTransfer(token: string, from: string, to: string, id: bigint): TransactionPlan {
  return { from: to, to: token, input: '0x6a627842', logs: [log(erc721, token, 'Transfer', [from, to, id])] }
}

export function batchTransfer(
  token: string,
  from: string,
  to: string,
  ids: bigint[],
  amounts: bigint[],
): TransactionPlan {
  return {
    from: to,
    to: token,
    input: '0x12345678',
    logs: [log(erc1155, token, 'TransferBatch', [to, from, to, ids, amounts])],
  }
}

export interface TaskView {
  readonly address: string
  readonly source: string
  readonly config: string
  readonly expiry: bigint
  readonly payment: bigint
  status: number
  winner: string
}

/** A market as its contracts would show it: transactions with the right events, and views that agree with them. */
export class DemoMarket {
  readonly node: FakeNode
  readonly tasks = new Map<string, TaskView>()
  readonly #earnings = new Map<string, bigint>()
  #count = 0

  constructor(node: FakeNode) {
    this.node = node
    const { setView } = { setView: node.setView.bind(node) }
    setView(MARKET.Vault, 'balanceOf(address) view returns (uint256)', () => [3n * COIN])
    setView(MARKET.Vault, 'lockupOf(address) view returns (uint256)', () => [25n * COIN])
    setView(MARKET.Vault, 'sanctionOf(address) view returns (uint256)', () => [0n])
    setView(MARKET.Vault, 'totalEarningsOf(address) view returns (uint256)', account => [
      this.#earnings.get(String(account).toLowerCase()) ?? 0n,
    ])
    setView(MARKET.Terminal, 'masterOf(address) view returns (address)', () => [node.address('master')])
    setView(MARKET.Terminal, 'baseDataOf(address) view returns (string)', () => ['{"gpu":"H200","vram":141}'])
    setView(MARKET.Terminal, 'liveDataOf(address) view returns (string)', () => ['{"load":0.4}'])
  }

  publishSource(client: string, imageUrl: string, delivery = 1): { source: string; plan: TransactionPlan } {
    const source = this.node.address(`source ${this.#count++}`)
    const params = [client, imageUrl, 3, COIN / 100n, 0n, 86_400n, false, '', delivery, 1n]
    const tuple =
      '(address client, string imageMetadataUrl, uint8 imageEnvironments, uint256 minPayment, uint256 minAvailableLockup, uint256 maxExpiryDuration, bool privacyEnabled, string optionalParamsUrl, uint8 deliveryMethod, uint256 lastUpdateTime)'
    this.node.setView(source, `getSourceParams() view returns (${tuple})`, () => [params])
    this.node.setView(source, 'getStatus() view returns (uint8)', () => [0])
    this.node.setView(source, 'getRegistrantCount() view returns (uint256)', () => [2n])
    const plan = {
      from: client,
      to: MARKET.Nexus,
      input: nexus.encodeFunctionData('publishSource', [params]),
      logs: [log(nexus, MARKET.Nexus, 'SourcePublished', [source])],
    }
    return { source, plan }
  }

  register(source: string, provider: string): TransactionPlan {
    return {
      from: provider,
      to: MARKET.Nexus,
      input: nexus.encodeFunctionData('register', [source, provider, 2]),
      logs: [log(nexus, MARKET.Nexus, 'Registered', [provider, 1n, source, 2])],
    }
  }

  announce(provider: string): TransactionPlan {
    return {
      from: provider,
      to: MARKET.Terminal,
      input: terminal.encodeFunctionData('announceMaster', [this.node.address('master')]),
      logs: [
        log(terminal, MARKET.Terminal, 'MasterAnnounced', [provider, this.node.address('master')]),
        log(vault, MARKET.Vault, 'Locked', [provider, 25n * COIN]),
      ],
    }
  }

  publishTask(
    client: string,
    source: string,
    config: string,
    payment: bigint,
  ): { task: string; plan: TransactionPlan } {
    const task = this.node.address(`task ${this.#count++}`)
    const expiry = BigInt(Number(this.node.blocks.at(-1)?.timestamp) + 600)
    const view: TaskView = { address: task, source, config, expiry, payment, status: 0, winner: ZERO }
    this.tasks.set(task, view)
    this.node.setView(
      task,
      'taskParams() view returns (address source, string config, uint256 expiryTime, uint256 payment)',
      () => [source, config, expiry, payment],
    )
    this.node.setView(task, 'getDeliveryMethod() view returns (uint8)', () => [1])
    this.node.setView(task, 'getStatus() view returns (uint8)', () => [view.status])
    this.node.setView(task, 'winningProvider() view returns (address)', () => [view.winner])
    const plan = {
      from: client,
      to: MARKET.Controller,
      input: controller.encodeFunctionData('publishTask', [[source, config, expiry, payment]]),
      logs: [
        log(vault, MARKET.Vault, 'PaymentFrozen', [client, task, payment]),
        log(nexus, MARKET.Nexus, 'TaskPublished', [task, source]),
      ],
    }
    return { task, plan }
  }

  attempt(task: string, provider: string): TransactionPlan {
    const view = this.#task(task)
    view.status = 1
    return {
      from: provider,
      to: MARKET.Nexus,
      input: nexus.encodeFunctionData('attempt', [task, provider, view.payment]),
      logs: [log(nexus, MARKET.Nexus, 'Attempted', [task, provider, view.payment])],
    }
  }

  respond(task: string, provider: string, data: string): TransactionPlan {
    const view = this.#task(task)
    view.status = 5
    view.winner = provider
    this.#earnings.set(provider, (this.#earnings.get(provider) ?? 0n) + view.payment)
    const response = this.node.address(`response ${this.#count++}`)
    this.node.setView(
      response,
      'responseParams() view returns (address task, address provider, string data, uint256 payment)',
      () => [task, provider, data, view.payment],
    )
    this.node.setView(response, 'getStatus() view returns (uint8)', () => [1])
    this.node.setView(response, 'confirmedFinal() view returns (bool)', () => [true])
    return {
      from: provider,
      to: MARKET.Nexus,
      input: nexus.encodeFunctionData('submitResponse', [[task, provider, data, view.payment]]),
      logs: [
        log(nexus, MARKET.Nexus, 'ResponseSubmitted', [response, task]),
        log(nexus, MARKET.Nexus, 'ResponseStatusChanged', [response, 1]),
        log(nexus, MARKET.Nexus, 'TaskStatusChanged', [task, 5]),
      ],
    }
  }

  /** A verified task: two providers and an auditor; the second provider's result is wrong. */
  verify(task: string, honest: string, liar: string, auditor: string): readonly TransactionPlan[] {
    const { address } = { address: MARKET.ProofManager }
    const digest = (name: string) => this.node.digest(`${task} ${name}`)
    const proof = (from: string, ...events: readonly (readonly [string, readonly unknown[]])[]): TransactionPlan => ({
      from,
      to: address,
      input: '0xaabbccdd',
      logs: events.map(([event, args]) => log(proofManager, address, event, args)),
    })
    const reveal = (provider: string, root: string) =>
      proof(provider, [
        'Revealed',
        [task, provider, digest(root), digest(`trace ${root}`), digest('blob'), `https://example.org/${root}`],
      ])
    const view = this.#task(task)
    view.status = 5
    view.winner = honest
    return [
      proof(honest, ['Accepted', [task, honest, 0n, COIN]]),
      proof(liar, ['Accepted', [task, liar, 1n, COIN]], ['Assigned', [task, 2n, 99n]]),
      proof(honest, ['Committed', [task, honest, digest('seal honest')]]),
      proof(liar, ['Committed', [task, liar, digest('seal liar')]], ['RevealOpened', [task, 2n, 120n]]),
      reveal(honest, 'right'),
      reveal(liar, 'wrong'),
      proof(honest, ['RevealClosed', [task, 130n]], ['Drawn', [task, true, digest('seed')]]),
      {
        from: auditor,
        to: MARKET.AuditManager,
        input: '0xaabbccee',
        logs: [
          log(auditManager, MARKET.AuditManager, 'AuditDrawn', [task, auditor, 0n, 150n]),
          log(auditManager, MARKET.AuditManager, 'AuditCommitted', [task, auditor, digest('seal audit')]),
          log(auditManager, MARKET.AuditManager, 'AuditRevealed', [task, auditor, digest('right'), digest('report')]),
          log(auditManager, MARKET.AuditManager, 'AuditResolved', [task, 0n, true, digest('right')]),
          log(auditManager, MARKET.AuditManager, 'AuditorPaid', [task, auditor, COIN / 50n]),
        ],
      },
      {
        ...proof(
          honest,
          ['WindowOpened', [task, digest('right'), 160n]],
          ['SeatSettled', [task, honest, 4, view.payment, 0n]],
          ['SeatSettled', [task, liar, 5, 0n, COIN]],
          ['Finalized', [task, honest, digest('right'), view.payment, 0n]],
        ),
      },
      {
        from: honest,
        to: MARKET.Reputation,
        input: '0xaabbccff',
        logs: [
          log(reputation, MARKET.Reputation, 'ReputationChanged', [honest, 0, 0, 9_120n, 41n]),
          log(reputation, MARKET.Reputation, 'ReputationChanged', [liar, 0, 2, 1_730n, 12n]),
        ],
      },
    ]
  }

  cancel(task: string, client: string): TransactionPlan {
    this.#task(task).status = 3
    return {
      from: client,
      to: MARKET.Controller,
      input: controller.encodeFunctionData('cancelTask', [task]),
      logs: [log(nexus, MARKET.Nexus, 'TaskStatusChanged', [task, 3])],
    }
  }

  #task(task: string): TaskView {
    const view = this.tasks.get(task)
    if (view === undefined) throw new Error(`no task ${task}`)
    return view
  }
}

/** A chain with some of everything: coins, three kinds of tokens, failures, creations, and a busy market. */
export function fillDemoChain(node: FakeNode, blocks: number): DemoMarket {
  const market = new DemoMarket(node)
  const people = Array.from({ length: 9 }, (_, index) => node.address(`person ${index}`))
  const providers = Array.from({ length: 4 }, (_, index) => node.address(`provider ${index}`))
  const person = (index: number) => people[index % people.length] as string
  const provider = (index: number) => providers[index % providers.length] as string
  for (const [index, address] of [...people, ...providers].entries())
    node.balances.set(address, BigInt(index + 1) * 1234n * 10n ** 15n)
  const token = node.address('usd token')
  const art = node.address('art token')
  const items = node.address('items token')
  putToken(node, token, 'Compute Dollar', 'CUSD', 6)
  putToken(node, art, 'Rendered Frames', 'FRAME', 0)
  const sources = [0, 1].map(index => market.publishSource(person(index), `https://example.org/source-${index}.json`))
  const source = (index: number) => (sources[index % 2] as { source: string }).source
  node.addBlock([
    { from: person(0), input: '0x60806040', creates: token, gasUsed: 1_200_000 },
    tokenTransfer(token, ZERO, person(0), 1_000_000_000_000n),
    ...sources.map(({ plan }) => plan),
    ...providers.map(address => market.announce(address)),
  ])
  node.addBlock(
    providers.flatMap(address => [market.register(source(0), address), market.register(source(1), address)]),
  )
  const open: string[] = []
  while (node.head < blocks) {
    const n = node.head
    const plans: TransactionPlan[] = [
      { from: person(n), to: person(n + 1), value: (BigInt(n % 17) * COIN) / 10n },
      tokenTransfer(token, person(0), person(n + 2), BigInt(1_000_000 + 31 * n)),
    ]
    if (n % 3 === 0) plans.push(nftTransfer(art, ZERO, person(n), BigInt(n)))
    if (n % 7 === 0) plans.push(batchTransfer(items, ZERO, person(n), [1n, 2n], [5n, BigInt(n)]))
    if (n % 5 === 0)
      plans.push({
        from: person(n + 3),
        to: MARKET.Vault,
        input: vault.encodeFunctionData('withdraw', [COIN]),
        failed: true,
      })
    const task = open.shift()
    if (task !== undefined) {
      const status = market.tasks.get(task)?.status
      if (status === 0 && n % 11 === 0) plans.push(market.cancel(task, person(n)))
      else if (status === 0) {
        plans.push(market.attempt(task, provider(n)))
        open.push(task)
      } else if (status === 1) plans.push(market.respond(task, provider(n), `https://example.org/result-${n}.json`))
    }
    if (n % 2 === 0) {
      const config = `{"function_name":"generate","data":{"prompt":"block ${n}"}}`
      const published = market.publishTask(person(n), source(n >> 1), config, (BigInt(n % 9) + 1n) * (COIN / 10n))
      open.push(published.task)
      plans.push(published.plan)
    }
    if (n % 40 === 39) {
      const { task: verified, plan } = market.publishTask(
        person(n),
        source(0),
        `{"program":"language-id","n":${n}}`,
        COIN,
      )
      plans.push(plan, ...market.verify(verified, provider(0), provider(3), person(8)))
    }
    node.addBlock(plans)
  }
  return market
}
