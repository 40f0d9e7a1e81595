import * as consensus from '#consensus'
import { messageOf } from '#lib/errors'
import * as types from '#types'
import { REAL_CORE } from './core.ts'
import { basePlan, type Plan } from './plan.ts'
import { Random } from './prng.ts'
import { runPlan } from './run.ts'

export interface FuzzResult {
  readonly inputs: number
  readonly accepted: number
  readonly failures: readonly string[]
}

/** A decoder must answer any bytes with a value or a refusal, never with an exception of another kind. */
interface Target {
  readonly name: string
  /** True when the bytes were taken. Throws for what must not happen. */
  readonly feed: (bytes: Uint8Array) => boolean
}

/** What decodes has exactly one encoding: the bytes that came in. */
function sameBytes(a: Uint8Array, b: Uint8Array): void {
  if (Buffer.compare(a, b) !== 0) throw new Error('decodes, but encodes to other bytes')
}

function targets(): Target[] {
  const list: Target[] = [
    {
      name: 'vertex',
      feed: bytes => {
        const decoded = types.decodeVertex(bytes)
        if (decoded.kind !== 'accept') return false
        const again = types.sealVertex(decoded.value, () => decoded.value.signature)
        if (Buffer.compare(again.payloadRoot, decoded.value.payloadRoot) === 0) sameBytes(again.bytes, bytes)
        return true
      },
    },
    {
      name: 'commit',
      feed: bytes => {
        const decoded = types.decodeCommit(bytes)
        if (decoded.kind !== 'accept') return false
        sameBytes(types.encodeCommit(decoded.value), bytes)
        return true
      },
    },
  ]
  // Every other decoder of the two doors: a function `decodeX` with one argument and a verdict or a value as its answer.
  const known = new Set(['decodeVertex', 'decodeCommit'])
  for (const door of [types, consensus] as readonly Record<string, unknown>[]) {
    for (const [name, candidate] of Object.entries(door)) {
      if (!/^decode[A-Z]/.test(name) || known.has(name) || typeof candidate !== 'function' || candidate.length !== 1)
        continue
      known.add(name)
      list.push({ name, feed: bytes => feedAny(candidate as (bytes: Uint8Array) => unknown, bytes) })
    }
  }
  return list
}

/** Refusals are verdicts, or errors of the decoding kinds. */
const REFUSALS = new Set(['DecodeError', 'CodedError', 'RlpError', 'TransactionError'])

function feedAny(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    const result = decode(bytes)
    return typeof result !== 'object' || result === null || !('kind' in result) || result.kind === 'accept'
  } catch (error) {
    if (error instanceof Error && REFUSALS.has(error.name)) return false
    throw error
  }
}

/** Real encodings to start from: vertices and commits of a short run. */
function corpus(): Uint8Array[] {
  const plan: Plan = basePlan('fuzz/corpus', 4, {
    durationMs: 2_000,
    workload: { everyMs: 50, bytes: 60, doublePpm: 0 },
  })
  const { world } = runPlan(plan, { core: REAL_CORE })
  const samples: Uint8Array[] = []
  for (const node of world.nodes) {
    for (const record of node.disk.log.slice(-60)) {
      if (record.kind === 'vertex') samples.push(record.vertex.bytes)
      if (record.kind === 'commit') samples.push(types.encodeCommit(record.commit))
    }
  }
  return samples
}

function mutate(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  const source = random.pick(samples)
  const bytes = source.slice()
  switch (random.below(8)) {
    case 0:
      return random.bytes(random.below(600))
    case 1:
      return bytes.slice(0, random.below(bytes.length + 1))
    case 2:
      return new Uint8Array([...bytes, ...random.bytes(random.between(1, 40))])
    case 3: {
      const other = random.pick(samples)
      const cut = random.below(bytes.length)
      return new Uint8Array([...bytes.subarray(0, cut), ...other.subarray(Math.min(cut, other.length))])
    }
    case 4: {
      // Lengths and counts at their limits.
      const at = random.below(Math.max(1, bytes.length - 4))
      bytes.fill(random.pick([0, 0xff, 0x7f, 0x80]), at, at + random.between(1, 4))
      return bytes
    }
    default: {
      for (let flips = random.between(1, 6); flips > 0; flips--) {
        const at = random.below(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      }
      return bytes
    }
  }
}

/** Feeds decoders, and between them runs short clusters with rubbish-sending members, until the time is over. */
export function fuzz(seed: string, durationMs: number, report: (line: string) => void): FuzzResult {
  const random = new Random(seed, 'fuzz')
  const samples = corpus()
  const list = targets()
  const failures: string[] = []
  let inputs = 0
  let accepted = 0
  const start = Date.now()
  let said = start
  report(`fuzz: seed ${seed}, ${list.map(t => t.name).join(', ')}, and clusters with hostile members`)
  for (let round = 0; Date.now() - start < durationMs && failures.length < 100; round++) {
    for (let k = 0; k < 2_000; k++) {
      const bytes = mutate(random, samples)
      for (const target of list) {
        inputs += 1
        try {
          if (target.feed(bytes)) accepted += 1
        } catch (error) {
          failures.push(`${target.name}: ${messageOf(error)} on 0x${Buffer.from(bytes).toString('hex').slice(0, 400)}`)
        }
      }
    }
    const strategy = ['garbage', 'far-future', 'liar', 'equivocator', 'replayer', 'chain-bomb'][round % 6] ?? 'garbage'
    const plan = basePlan(`fuzz/${seed}/${round}`, 4, {
      durationMs: 1_500,
      params: { minRoundDelayMs: 10, leaderTimeoutMs: 200, gcDepth: 5 },
      faults: [{ kind: 'byzantine', node: round % 4, strategy }],
    })
    const { violation } = runPlan(plan, { core: REAL_CORE })
    if (violation !== undefined) failures.push(`cluster ${plan.seed} with ${strategy}: ${violation.message}`)
    if (Date.now() - said > 15_000) {
      said = Date.now()
      report(`… ${inputs} inputs, ${round + 1} clusters, ${failures.length} failures`)
    }
  }
  return { inputs, accepted, failures }
}
