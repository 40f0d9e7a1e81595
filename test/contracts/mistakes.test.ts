/**
 * Whoever makes a plain mistake is told a word. Every function of every contract is called by a stranger with nothing, with
 * numbers as large as they come, and with addresses and ids that nobody knows: no answer may be a panic or an empty revert.
 */
import { describe, expect, test } from 'vitest'
import { artifactOf } from '#contracts'
import { fromHex, type Hex } from '#lib/bytes'
import { createTestChain, type Handle, lower, OGPU, only, reasonOf, type TestChain } from './harness.ts'
import { enrol, publishSource, publishTask, register, stage, work } from './market-life.ts'

interface Param {
  readonly type: string
  readonly internalType?: string
  readonly components?: readonly Param[]
}

interface Entry {
  readonly type: string
  readonly name?: string
  readonly stateMutability?: string
  readonly inputs?: readonly Param[]
}

type Kind = 'nothing' | 'too much' | 'unknown' | 'itself'
const KINDS: readonly Kind[] = ['nothing', 'too much', 'unknown', 'itself']

/** A value of a type, of a kind; enums are in their range, as another value is no mistake of a client's user. */
function argumentOf(param: Param, kind: Kind, self: Hex, stranger: Hex): unknown {
  const { type, internalType = '', components = [] } = param
  if (type.endsWith(']')) return []
  if (type === 'tuple') return components.map(part => argumentOf(part, kind, self, stranger))
  if (internalType.startsWith('enum ')) return 0
  if (type === 'address') {
    return { nothing: `0x${'00'.repeat(20)}`, 'too much': `0x${'ff'.repeat(20)}`, unknown: stranger, itself: self }[
      kind
    ]
  }
  if (type === 'bool') return kind === 'too much'
  if (type === 'string') return kind === 'too much' ? 'x'.repeat(9_000) : ''
  if (type === 'bytes') return kind === 'too much' ? `0x${'ff'.repeat(9_000)}` : '0x'
  const bytes = /^bytes(\d+)$/.exec(type)?.[1]
  if (bytes !== undefined)
    return `0x${(kind === 'nothing' ? '00' : kind === 'unknown' ? '17' : 'ff').repeat(Number(bytes))}`
  const bits = BigInt(/^uint(\d+)$/.exec(type)?.[1] ?? 0)
  if (bits === 0n) throw new Error(`no value of type ${type}`)
  return kind === 'too much' ? 2n ** bits - 1n : kind === 'unknown' ? 3n : 0n
}

/**
 * Answers that are meant: what published clients rely on (the end of a list, read one by one or in pages, docs/contracts.md,
 * "Pages") with our lists alike, and a view of OpenZeppelin's votes.
 */
const MEANT: readonly string[] = [
  'Nexus.clients: empty',
  'Nexus.sources: empty',
  'Nexus.sourcesOf: empty',
  'Nexus.getSources: Panic(50)',
  'ProgramRegistry.programs: Panic(50)',
  'AuditManager.auditors: Panic(50)',
  'Routing.candidates: Panic(50)',
  'WrappedOgpu.checkpoints: Panic(50)',
]

const LABELS = [
  ['manager', 'Manager'],
  ['nexus', 'Nexus'],
  ['controller', 'Controller'],
  ['terminal', 'Terminal'],
  ['vault', 'Vault'],
  ['programRegistry', 'ProgramRegistry'],
  ['policyRegistry', 'PolicyRegistry'],
  ['proofManager', 'ProofManager'],
  ['auditManager', 'AuditManager'],
  ['stakeRouter', 'StakeRouter'],
  ['reputation', 'Reputation'],
  ['routing', 'Routing'],
  ['priceOracle', 'PriceOracle'],
  ['dataRegistry', 'DataRegistry'],
  ['checkpoints', 'Checkpoints'],
  ['receiptBatches', 'ReceiptBatches'],
  ['wrappedOgpu', 'WrappedOgpu'],
  ['orc20Factory', 'Orc20Factory'],
  ['faucet', 'Faucet'],
  ['staking', 'Staking'],
  ['feeCollector', 'FeeCollector'],
] as const

/** Answers without a word, and how many there were at all. */
function answers(chain: TestChain, handle: Handle, name: string, known: Known) {
  const silent = new Set<string>()
  const meant = new Set<string>()
  let refused = 0
  const stranger = chain.person('stranger')
  const ask = (entry: Entry, from: Hex, args: readonly unknown[]) => {
    const method = `${entry.name}(${(entry.inputs ?? []).map(signature).join(',')})`
    const data = fromHex(handle.abi.encodeFunctionData(method, args))
    const result = chain.machine.undo(() => chain.machine.call(from, handle.address, data))
    if (result.ok) return
    refused += 1
    const reason = reasonOf(result)
    if (!/^(empty$|Panic|0x)/.test(reason)) return
    const row = `${name}.${entry.name}: ${reason}`
    if (MEANT.includes(row)) meant.add(row)
    else silent.add(row)
  }
  for (const entry of artifactOf(name).abi as readonly Entry[]) {
    if (entry.type !== 'function') continue
    const inputs = entry.inputs ?? []
    for (const kind of KINDS)
      ask(
        entry,
        stranger,
        inputs.map(param => argumentOf(param, kind, handle.address, stranger)),
      )
    if (!inputs.some(({ type }) => type.startsWith('address') || type.startsWith('tuple'))) continue
    for (const first of known.things) {
      for (const from of known.people) {
        let place = 0
        const address = () => (place++ === 0 ? first : from)
        for (const kind of ['nothing', 'too much'] as const) {
          place = 0
          ask(
            entry,
            from,
            inputs.map(param => knownOf(param, kind, address)),
          )
        }
      }
    }
  }
  return { silent: [...silent], meant: [...meant], refused }
}

/** As {@link argumentOf}, with addresses that mean something. */
function knownOf(param: Param, kind: Kind, address: () => Hex): unknown {
  if (param.type === 'address') return address()
  if (param.type === 'tuple') return (param.components ?? []).map(part => knownOf(part, kind, address))
  return argumentOf(param, kind, '0x', '0x')
}

interface Known {
  /** Source, plain and policy task in several states, response. */
  readonly things: readonly Hex[]
  readonly people: readonly Hex[]
}

/** Work of every kind, at every stage. */
async function busy(chain: TestChain): Promise<Known> {
  const set = await stage(chain, 2, { redundancy: 2, quorum: 2, auditors: 1, auditQuorum: 1, auditRateBps: 10_000 })
  await enrol(chain, chain.person('auditor'))
  const [provider] = set.providers
  const things: Hex[] = []
  const plain = await publishSource(chain, set.client, { manual: true })
  await register(chain, plain, provider as Hex)
  for (let i = 0; i < 2; i++) things.push(await publishTask(chain, set.client, plain, OGPU))
  const nexus = chain.contract('nexus')
  await nexus.send(provider as Hex, 'attempt', [things[1], provider, 1n])
  const sent = await nexus.send(provider as Hex, 'submitResponse', [[things[1], provider, 'url', OGPU]])
  const response = lower(only(sent, 'ResponseSubmitted').args.response)
  const fresh = await publishTask(chain, set.client, set.source, 9n * OGPU)
  const revealed = await publishTask(chain, set.client, set.source, 9n * OGPU)
  await work(chain, revealed, set.providers, ['a', 'a'])
  return {
    things: [plain, set.source, ...things, response, fresh, revealed, provider as Hex],
    people: [chain.person('stranger'), set.client, provider as Hex],
  }
}

function signature(param: Param): string {
  return param.type.startsWith('tuple')
    ? `(${(param.components ?? []).map(signature).join(',')})${param.type.slice(5)}`
    : param.type
}

describe('mistakes', () => {
  test('of callers are told in a word, whatever the contract', async () => {
    const chain = await createTestChain()
    const known = await busy(chain)
    const found = LABELS.map(([key, name]) => answers(chain, chain.contract(key), name, known))
    expect(found.flatMap(({ silent }) => silent)).toEqual([])
    // It did ask, and was refused: a check of nothing finds nothing.
    const refused = found.reduce((sum, each) => sum + each.refused, 0)
    expect(refused).toBeGreaterThan(2_000)
  })

  test('that are meant to have no word are those that are listed', async () => {
    const chain = await createTestChain()
    const found = LABELS.map(([key, name]) => answers(chain, chain.contract(key), name, { things: [], people: [] }))
    expect(found.flatMap(({ meant }) => meant).sort()).toEqual(
      [...MEANT].filter(row => row !== 'Routing.candidates: Panic(50)').sort(),
    )
  })
})
