/**
 * Cost of the consensus core alone: all validators in one process, shared vertex objects, no signatures, random delays
 * of 40 to 120 ms, every arrival a step of its own unless two fall on one millisecond.
 *
 * `node test/bench/consensus-core.ts [validators=100] [rounds=60]`
 */
import { type Consensus, createConsensus, type Effect } from '#consensus'
import { sha256 } from '#lib/hash'
import { type Authority, DEFAULT_CONSENSUS_PARAMS, type VerifiedVertex } from '#types'

const START_MS = 1_700_000_000_000
const size = Number(process.argv[2] ?? 100)
const rounds = Number(process.argv[3] ?? 60)

const authorities: readonly Authority[] = Array.from({ length: size }, (_, index) => {
  const [consensusKey, networkKey, checkpointKey] = [1, 2, 3].map(use => sha256(Uint8Array.of(use, index >> 8, index)))
  const operator = new Uint8Array(20)
  new DataView(operator.buffer).setUint32(0, index)
  return { index, operator, consensusKey, networkKey, checkpointKey, stake: 1 } as Authority
})

const cores: readonly Consensus[] = authorities.map(({ index }) =>
  createConsensus({
    chainId: 1,
    epoch: 0,
    authorities,
    epochSeed: new Uint8Array(32),
    epochStartMs: START_MS,
    previousEpochRecord: new Uint8Array(32),
    params: DEFAULT_CONSENSUS_PARAMS,
    own: { index, signer: { sign: (_, digest) => new Uint8Array([...digest, ...digest]) } },
    trustLog: true,
  }),
)

/** What arrives by millisecond and validator; an empty list is a wake. */
const due = new Map<number, Map<number, VerifiedVertex[]>>()
let state = 12_345
let accepted = 0
let commits = 0
let steps = 0
let newest = 0

function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

function at(ms: number, to: number): VerifiedVertex[] {
  let arrivals = due.get(ms)
  if (arrivals === undefined) {
    arrivals = new Map()
    due.set(ms, arrivals)
  }
  let batch = arrivals.get(to)
  if (batch === undefined) {
    batch = []
    arrivals.set(to, batch)
  }
  return batch
}

function perform(from: number, effects: readonly Effect[], nowMs: number): void {
  for (const effect of effects) {
    if (effect.kind === 'persist') for (const record of effect.records) accepted += record.kind === 'vertex' ? 1 : 0
    else if (effect.kind === 'commit') commits++
    else if (effect.kind === 'wake') at(Math.max(effect.atMs, nowMs + 1), from)
    else if (effect.kind === 'publish') {
      newest = Math.max(newest, effect.vertex.round)
      for (let to = 0; to < size; to++) if (to !== from) at(nowMs + 40 + random(80), to).push(effect.vertex)
    }
  }
}

const before = process.cpuUsage()
for (const [index, core] of cores.entries()) perform(index, core.step({ kind: 'start', nowMs: START_MS }), START_MS)
for (let nowMs = START_MS; newest < rounds; nowMs++) {
  const arrivals = due.get(nowMs)
  if (arrivals === undefined) continue
  due.delete(nowMs)
  for (const [to, vertices] of arrivals) {
    const input =
      vertices.length === 0 ? ({ kind: 'tick', nowMs } as const) : ({ kind: 'vertices', vertices, nowMs } as const)
    steps++
    const core = cores[to]
    if (core !== undefined) perform(to, core.step(input), nowMs)
  }
}
// Processor time, so that other work on the machine does not count.
const used = process.cpuUsage(before)
const seconds = (used.user + used.system) / 1e6
const perVertexUs = ((seconds * 1e6) / accepted).toFixed(1)
process.stdout.write(
  `consensus/accept validators=${size} rounds=${rounds}: ${perVertexUs} us per vertex, ${Math.round(accepted / seconds)} vertices/s, ` +
    `${commits / size} commits each, ${steps} steps, ${seconds.toFixed(1)} s, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB\n`,
)
