import type { Cursor, DagVertex, DecideResult, Leaders } from '#consensus'
import { defined } from '#lib/assert'
import { utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import type { VertexRef } from '#types'
import { type CoreModule, REAL_CORE } from '../sim/core.ts'
import { parseBlockName } from '../sim/dag.ts'
import type { ModelBlock, ModelSlot } from '../sim/reference.ts'
import type { CommitterUnderTest, ConsensusUnderTest, DecidedSlot } from './implementation.ts'

/** The name of a block as a reference: twins of a slot sort in the order of their numbers. */
function refOfName(id: string): VertexRef {
  const name = defined(parseBlockName(id), `"${id}" is a block`)
  const digest = sha256(utf8(`scenario/${id}`))
  digest[0] = name.twin
  return { round: name.round, author: name.author, digest }
}

function vertexOf(block: ModelBlock): DagVertex & { readonly id: string } {
  return {
    ...refOfName(block.id),
    id: block.id,
    parents: block.parents.map(refOfName),
    timestampMs: block.timestampMs ?? 0,
  }
}

type NamedVertex = ReturnType<typeof vertexOf>

function named(result: DecideResult<NamedVertex>): {
  sequence: readonly DecidedSlot[]
  firstUndecided: ModelSlot | null
} {
  if (result.conflict !== undefined) throw new Error('the committer found two certified leaders in one slot')
  return {
    sequence: result.decided.map(d =>
      d.kind === 'commit'
        ? { slot: d.slot, status: 'commit', block: d.leader.vertex.id }
        : { slot: d.slot, status: 'skip' },
    ),
    firstUndecided: result.firstUndecided ?? null,
  }
}

function slotOf(decided: { round: number; author: number }): ModelSlot {
  return { round: decided.round, author: decided.author }
}

function cursorOf(leaders: Leaders, slot: ModelSlot | null): Cursor | undefined {
  return slot === null ? undefined : { round: slot.round, rank: Math.max(0, leaders(slot.round).indexOf(slot.author)) }
}

/**
 * The real committer fed through the real vertex manager, so that blocks may come in any order. `plain` takes the
 * function `decide` instead of the incremental `Committer`.
 */
function createCommitter(
  core: CoreModule,
  stakes: readonly number[],
  leaders: Leaders,
  plain: boolean,
): CommitterUnderTest {
  const committee = core.stakesOf(stakes)
  const dag = new core.Dag<NamedVertex>(committee)
  const committer = new core.Committer(dag, committee, leaders)
  const manager = new core.VertexManager<NamedVertex>({
    dag,
    maxRoundLookahead: 1_000,
    accept: vertex => {
      committer.accept(dag.insert(vertex))
    },
    sizeOf: () => 100,
  })
  return {
    accept(block) {
      const vertex = vertexOf(block)
      // Genesis is below the first round that a manager takes.
      if (vertex.round === 0) committer.accept(dag.insert(vertex))
      else manager.add(vertex, undefined, 0, 0)
    },
    decide(lastDecided) {
      const cursor = cursorOf(leaders, lastDecided)
      if (plain) return strip(named(core.decide(dag, cursor, leaders, committee)))
      const at = committer.cursor
      if (cursor !== undefined && (at === undefined || cursor.round !== at.round || cursor.rank !== at.rank))
        committer.advance(cursor)
      return strip(named(committer.decide()))
    },
  }
}

function strip(result: ReturnType<typeof named>): ReturnType<typeof named> {
  return {
    sequence: result.sequence.map(d => ({ ...d, slot: slotOf(d.slot) })),
    firstUndecided: result.firstUndecided === null ? null : slotOf(result.firstUndecided),
  }
}

/** `chain/consensus` behind the interface that scenario groups use. */
export function realUnderTest(plain = false, core: CoreModule = REAL_CORE): ConsensusUnderTest {
  return {
    committer: (stakes, leaders) => createCommitter(core, stakes, leaders, plain),
    linearize(stakes, gcDepth, blocks, leaders) {
      const dag = new core.Dag<NamedVertex>(core.stakesOf(stakes))
      for (const block of blocks) dag.insert(vertexOf(block))
      let gcRound = 0
      return leaders.map(id => {
        const leader = defined(dag.get(refOfName(id)), `leader ${id} is in the DAG`)
        const subDag = core.linearize(dag, leader, gcRound, 'author')
        const used = subDag.gcRound
        gcRound = core.gcRoundAfter(leader.vertex.round, gcDepth)
        if (gcRound > 0) dag.collect(gcRound)
        return {
          leader: id,
          gcRoundUsed: used,
          blocks: subDag.entries.map(e => e.vertex.id),
          excluded: subDag.entries.filter((_, i) => subDag.executes[i] === false).map(e => e.vertex.id),
        }
      })
    },
    thresholdClock(stakes, startRound) {
      const clock = new core.ThresholdClock(core.stakesOf(stakes), startRound)
      return block => clock.accept(block)
    },
    commitVoteMonitor(stakes) {
      const monitor = new core.CommitVoteMonitor(core.stakesOf(stakes))
      return { vote: (author, index) => monitor.observe(author, index), quorumIndex: () => monitor.quorumIndex }
    },
    medianTimestamp: values => core.medianTimestamp(values.map(([timestampMs, stake]) => ({ timestampMs, stake }))),
  }
}
