import { blockName, parseBlockName, topologicalShuffle } from '../sim/dag.ts'
import { Random } from '../sim/prng.ts'
import type { ModelBlock, ModelDag, ModelSlot } from '../sim/reference.ts'
import { quorumOf } from '../sim/reference.ts'
import { readDag, readLeaders } from './dag-case.ts'
import type { ConsensusUnderTest, DecidedSlot } from './implementation.ts'
import {
  arrayAt,
  integerAt,
  type Json,
  type JsonObject,
  objectAt,
  ScenarioError,
  stakesAt,
  stringAt,
  stringsAt,
} from './scenario-file.ts'
import { type CaseResult, compared, failed } from './suite.ts'

/** Random orders of acceptance that a case with valid blocks is repeated in. */
const ORDERS = 8

function slotAt(value: Json | undefined, where: string): ModelSlot | null {
  if (value === null || value === undefined) return null
  const name = parseBlockName(stringAt(value, where))
  if (!name) throw new ScenarioError(`${where}: a slot such as "D3" expected`)
  return { round: name.round, author: name.author }
}

function slotName(slot: ModelSlot | null): string | null {
  return slot === null ? null : blockName({ ...slot, twin: 0 })
}

function decided(result: { sequence: readonly DecidedSlot[]; firstUndecided: ModelSlot | null }): unknown {
  return {
    sequence: result.sequence.map(d => `${slotName(d.slot)} ${d.status}${d.block === undefined ? '' : ` ${d.block}`}`),
    firstUndecided: slotName(result.firstUndecided),
  }
}

function expectedDecisions(expect: JsonObject, where: string): unknown {
  const sequence = arrayAt(expect.sequence, `${where}.sequence`).map((item, i) => {
    const entry = objectAt(item, `${where}.sequence[${i}]`)
    const status = stringAt(entry.status, `${where}.sequence[${i}].status`).toLowerCase()
    return `${stringAt(entry.slot, where)} ${status}${status === 'commit' ? ` ${stringAt(entry.block, where)}` : ''}`
  })
  return { sequence, firstUndecided: expect.firstUndecided ?? null }
}

/** Section 2.10 to 2.12: each stage feeds the DAG up to a round and compares the decided prefix. */
export function* runCommitterCase(impl: ConsensusUnderTest, id: string, body: JsonObject): Generator<CaseResult> {
  const stakes = stakesAt(body, id)
  if (body.quorum !== undefined && quorumOf(stakes) !== integerAt(body.quorum, `${id}.quorum`))
    throw new ScenarioError(`${id}: quorum does not follow from the stakes`)
  const dag = readDag(body.dag, stakes.length, `${id}.dag`)
  const leaders = readLeaders(body.leaders, `${id}.leaders`)
  const random = new Random(id, 'orders')
  for (const [i, item] of arrayAt(body.stages, `${id}.stages`).entries()) {
    const stage = objectAt(item, `${id}.stages[${i}]`)
    const maxRound = integerAt(stage.maxRound, `${id}.stages[${i}].maxRound`)
    const lastDecided = slotAt(stage.lastDecided, `${id}.stages[${i}].lastDecided`)
    const want = expectedDecisions(objectAt(stage.expect, `${id}.stages[${i}].expect`), `${id}.stages[${i}]`)
    const view: ModelDag = new Map([...dag].filter(([, block]) => block.round <= maxRound))
    const orders: { name: string; blocks: readonly ModelBlock[] }[] = [
      { name: 'in file order', blocks: [...view.values()] },
    ]
    if (body.blocksValid === true) {
      for (let k = 1; k <= ORDERS; k++) orders.push({ name: `order ${k}`, blocks: topologicalShuffle(random, view) })
    }
    for (const order of orders) {
      const committer = impl.committer(stakes, leaders, [...dag.values()])
      for (const block of order.blocks) committer.accept(block)
      yield compared(id, want, decided(committer.decide(lastDecided)), `stage ${i + 1}, ${order.name}`)
      yield compared(id, want, decided(committer.decide(lastDecided)), `stage ${i + 1}, ${order.name}, asked again`)
      if (lastDecided === null) {
        yield compared(
          id,
          want,
          decided(decideAfterEach(impl, stakes, leaders, [...dag.values()], order.blocks)),
          `stage ${i + 1}, ${order.name}, decided after each block`,
        )
      }
    }
  }
}

/** Decides after every accepted block and joins the outputs: the cursor moves over skips as well as commits. */
function decideAfterEach(
  impl: ConsensusUnderTest,
  stakes: readonly number[],
  leaders: (round: number) => readonly number[],
  all: readonly ModelBlock[],
  blocks: readonly ModelBlock[],
): { sequence: readonly DecidedSlot[]; firstUndecided: ModelSlot | null } {
  const committer = impl.committer(stakes, leaders, all)
  const sequence: DecidedSlot[] = []
  let last: ModelSlot | null = null
  let firstUndecided: ModelSlot | null = null
  for (const block of blocks) {
    committer.accept(block)
    const result: ReturnType<typeof committer.decide> = committer.decide(last)
    sequence.push(...result.sequence)
    last = result.sequence.at(-1)?.slot ?? last
    firstUndecided = result.firstUndecided
  }
  return { sequence, firstUndecided }
}

/** Section 2.13 and the payload rule of 2.16. */
export function* runLinearizerCase(impl: ConsensusUnderTest, id: string, body: JsonObject): Generator<CaseResult> {
  const stakes = stakesAt(body, id)
  const dag = readDag(body.dag, stakes.length, `${id}.dag`)
  const gcDepth = integerAt(body.gcDepth, `${id}.gcDepth`)
  const leaders = stringsAt(body.committedLeaders, `${id}.committedLeaders`)
  const random = new Random(id, 'orders')
  const orders = [[...dag.values()]]
  for (let k = 0; k < ORDERS; k++) orders.push(topologicalShuffle(random, dag))
  for (const [k, blocks] of orders.entries()) {
    const variant = k === 0 ? 'in file order' : `order ${k}`
    const got = impl.linearize(stakes, gcDepth, blocks, leaders)
    const want = arrayAt(body.expectSubDags, `${id}.expectSubDags`).map((item, i) => {
      const entry = objectAt(item, `${id}.expectSubDags[${i}]`)
      return {
        leader: stringAt(entry.leader, id),
        gcRoundUsed: entry.gcRoundUsed === undefined ? got[i]?.gcRoundUsed : integerAt(entry.gcRoundUsed, id),
        blocks: byRound(stringsAt(entry.blocks, `${id}.expectSubDags[${i}].blocks`)),
      }
    })
    yield compared(
      id,
      want,
      got.map(s => ({ leader: s.leader, gcRoundUsed: s.gcRoundUsed, blocks: byRound(s.blocks) })),
      variant,
    )
    for (const sub of got) {
      const rounds = sub.blocks.map(b => parseBlockName(b)?.round ?? -1)
      if (rounds.some((r, i) => i > 0 && r < (rounds[i - 1] ?? 0)) || sub.blocks.at(-1) !== sub.leader)
        yield failed(id, 'rounds ascend and the leader is last', sub.blocks.join(' '), variant)
    }
    if (body.payloadExcluded !== undefined) {
      const wanted = stringsAt(body.payloadExcluded, `${id}.payloadExcluded`)
      const order = got.flatMap(s => s.blocks)
      yield compared(id, excludedIn(order, wanted), [...got.flatMap(s => s.excluded)].sort(), `${variant}, payload`)
    }
  }
}

/**
 * The file's list of excluded twins holds for its order inside a round (by author, then name). Where both twins of a
 * slot stand in one sub-DAG another deterministic order excludes the other one; the slot stays the same.
 */
function excludedIn(order: readonly string[], wanted: readonly string[]): string[] {
  const slots = new Set<string>()
  const excluded: string[] = []
  for (const id of order) {
    const slot = id.replace(/~.*/, '')
    if (slots.has(slot)) excluded.push(id)
    slots.add(slot)
  }
  const slotsOf = (ids: readonly string[]) =>
    ids
      .map(id => id.replace(/~.*/, ''))
      .sort()
      .join()
  return slotsOf(excluded) === slotsOf(wanted) ? excluded.sort() : [...wanted].sort()
}

/** Blocks as sets per round: the order inside a round is an implementation's choice. */
function byRound(blocks: readonly string[]): string[][] {
  const rounds = new Map<number, string[]>()
  for (const id of blocks) {
    const round = parseBlockName(id)?.round ?? -1
    rounds.set(round, [...(rounds.get(round) ?? []), id])
  }
  return [...rounds].map(([, ids]) => ids.sort())
}

/** Section 2.5. */
export function* runThresholdClockCase(impl: ConsensusUnderTest, id: string, body: JsonObject): Generator<CaseResult> {
  const clock = impl.thresholdClock(stakesAt(body, id), integerAt(body.startRound, `${id}.startRound`))
  const wanted: string[] = []
  const got: string[] = []
  for (const [i, item] of arrayAt(body.events, `${id}.events`).entries()) {
    const event = objectAt(item, `${id}.events[${i}]`)
    const text = stringAt(event.accept, `${id}.events[${i}].accept`)
    const name = parseBlockName(text)
    if (!name) throw new ScenarioError(`${id}: "${text}" is not a block`)
    const round = clock(name)
    wanted.push(`${text}→${integerAt(event.expectRound, `${id}.events[${i}].expectRound`)}`)
    got.push(`${text}→${round}`)
  }
  yield compared(id, wanted, got)
}

/** Section 2.18: the quorum commit index. */
export function* runCommitVoteCase(impl: ConsensusUnderTest, id: string, body: JsonObject): Generator<CaseResult> {
  const monitor = impl.commitVoteMonitor(stakesAt(body, id))
  const wanted: number[] = []
  const got: number[] = []
  for (const [i, item] of arrayAt(body.steps, `${id}.steps`).entries()) {
    const step = objectAt(item, `${id}.steps[${i}]`)
    for (const [letter, indices] of Object.entries(objectAt(step.votes, `${id}.steps[${i}].votes`))) {
      const name = parseBlockName(`${letter}0`)
      if (!name) throw new ScenarioError(`${id}: "${letter}" is not an authority`)
      for (const index of Array.isArray(indices) ? arrayAt(indices, id) : [indices])
        monitor.vote(name.author, integerAt(index, id))
    }
    wanted.push(integerAt(step.expectQuorumIndex, `${id}.steps[${i}].expectQuorumIndex`))
    got.push(monitor.quorumIndex())
  }
  yield compared(id, wanted, got)
}

/** Section 2.15. */
export function* runMedianCase(impl: ConsensusUnderTest, id: string, body: JsonObject): Generator<CaseResult> {
  const values = arrayAt(body.timestampsAndStakes, `${id}.timestampsAndStakes`).map((pair, i) => {
    const [timestampMs, stake] = arrayAt(pair, `${id}.timestampsAndStakes[${i}]`)
    return [integerAt(timestampMs, id), integerAt(stake, id)] as const
  })
  yield compared(id, integerAt(body.expect, `${id}.expect`), impl.medianTimestamp(values))
  yield compared(id, integerAt(body.expect, `${id}.expect`), impl.medianTimestamp([...values].reverse()), 'reversed')
}
