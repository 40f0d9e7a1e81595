import type { Consensus, Effect, LogRecord } from '#consensus'
import { defined } from '#lib/assert'
import { toRawHex } from '#lib/bytes'
import {
  DEFAULT_CONSENSUS_PARAMS,
  genesisVertices,
  sealVertex,
  VERTEX_VERSION,
  type VerifiedVertex,
  type VertexRef,
  vertexSigningBytes,
} from '#types'
import { type CoreModule, REAL_CORE } from '../sim/core.ts'
import { authorName, blockName, parseBlockName } from '../sim/dag.ts'
import { SimKeys, simAuthorities } from '../sim/keys.ts'
import {
  arrayAt,
  integerAt,
  isObject,
  type Json,
  type JsonObject,
  objectAt,
  ScenarioError,
  stakesAt,
  stringAt,
  stringsAt,
} from './scenario-file.ts'
import { type CaseResult, compared, failed } from './suite.ts'

const CHAIN_ID = 1071
const START_MS = 1_700_000_000_000
const LEADER_TIMEOUT_MS = 250
const SHORT_WAKE_MS = 10
const SHORT_WAKES_MAX = 20

/** Makes real vertices for block names; a block without given parents has every block of the round before that exists. */
class Cast {
  readonly keys = new SimKeys()
  readonly stakes: readonly number[]
  readonly authorities
  readonly byName = new Map<string, VerifiedVertex>()
  readonly #names = new Map<string, string>()

  constructor(core: CoreModule, stakes: readonly number[]) {
    this.stakes = stakes
    this.authorities = simAuthorities(this.keys, stakes)
    const genesis = genesisVertices({
      chainId: CHAIN_ID,
      epoch: 0,
      size: stakes.length,
      committeeDigest: core.createCommittee(this.authorities).digest,
      previousEpochRecord: new Uint8Array(32),
    })
    for (const vertex of genesis) this.note(`${authorName(vertex.author)}0`, vertex as VerifiedVertex)
  }

  note(name: string, vertex: VerifiedVertex): VerifiedVertex {
    this.byName.set(name, vertex)
    this.#names.set(toRawHex(vertex.digest), name)
    return vertex
  }

  nameOf(ref: VertexRef): string {
    return this.#names.get(toRawHex(ref.digest)) ?? `unknown ${ref.round}/${ref.author}`
  }

  sign(author: number, headerDigest: Uint8Array): Uint8Array {
    return this.keys.sign(
      defined(this.authorities[author], 'an authority').consensusKey,
      vertexSigningBytes(headerDigest),
    )
  }

  make(id: string, parents?: readonly string[], timestampMs = START_MS): VerifiedVertex {
    const known = this.byName.get(id)
    if (known !== undefined) return known
    const name = parseBlockName(id)
    if (!name) throw new ScenarioError(`"${id}" is not a block`)
    const refs = (parents ?? this.#allOf(name.round - 1, name.author)).map(parent => {
      const vertex = this.byName.get(parent) ?? this.make(parent)
      return { round: vertex.round, author: vertex.author, digest: vertex.digest }
    })
    const vertex = sealVertex(
      {
        version: VERTEX_VERSION,
        chainId: CHAIN_ID,
        epoch: 0,
        round: name.round,
        author: name.author,
        timestampMs: timestampMs + name.twin,
        parents: refs,
        commitVotes: [],
        execVotes: [],
        system: [],
        transactions: [],
      },
      digest => this.sign(name.author, digest),
    )
    return this.note(id, vertex as VerifiedVertex)
  }

  #allOf(round: number, author: number): string[] {
    const names = [...this.byName.keys()].filter(n => parseBlockName(n)?.round === round)
    const own = `${authorName(author)}${round}`
    if (!names.includes(own)) {
      this.make(own)
      names.push(own)
    }
    return [own, ...names.filter(n => n !== own && !n.includes('~')).sort()]
  }
}

/** The state that a scenario starts in, as the log that a validator in it would have. */
function startLog(cast: Cast, own: number, start: JsonObject, events: readonly JsonObject[], id: string): LogRecord[] {
  if (start.amnesia === true) return []
  const round = integerAt(start.round, `${id}.start.round`)
  const created = integerAt(start.created, `${id}.start.created`)
  const given = start.dag === undefined ? {} : objectAt(start.dag, `${id}.start.dag`)
  const highest = Math.max(round, created)
  const delivered = new Set(
    events.flatMap(e =>
      typeof e.block === 'string' ? [e.block] : Array.isArray(e.blocks) ? (e.blocks as string[]) : [],
    ),
  )
  const listed = new Set(Object.keys(given).map(name => parseBlockName(name)?.round))
  const absent = absentLeader(start, highest, own, events, delivered)
  for (let r = 1; r <= highest; r++) {
    const full = r < highest || (r === highest && created < round && r < round)
    for (let author = 0; author < cast.stakes.length; author++) {
      const name = blockName({ author, round: r, twin: 0 })
      const isOwn = author === own
      if (isOwn ? r > created : !full || absent === name) continue
      // A round that the start lists holds what is listed, and what that refers to.
      if (delivered.has(name) || listed.has(r)) continue
      const parents = given[name]
      if (parents === undefined && r === highest && !isOwn && start.dag !== undefined) continue
      cast.make(name, Array.isArray(parents) ? (parents as readonly string[]) : undefined)
    }
    for (const [name, parents] of Object.entries(given)) {
      if (parseBlockName(name)?.round !== r) continue
      cast.make(name, parents === '*' || parents === null ? undefined : stringsAt(parents, `${id}.start.dag.${name}`))
    }
  }
  return [...cast.byName.values()]
    .filter(v => v.round > 0)
    .sort((a, b) => a.round - b.round || a.author - b.author)
    .map(vertex => ({ kind: 'vertex', vertex, own: vertex.author === own }))
}

/**
 * A validator that is in a round without its own block of it is waiting for a leader, so the leader of the round before
 * is not among what it holds (unless the parents of an expected block name it).
 */
function absentLeader(
  start: JsonObject,
  round: number,
  own: number,
  events: readonly JsonObject[],
  delivered: ReadonlySet<string>,
): string | undefined {
  if (start.restart === true || start.created === start.round || round < 2 || start.dag !== undefined) return undefined
  const expected = events.flatMap(e =>
    isObject(e.expectCreate) && Array.isArray(e.expectCreate.parents) ? (e.expectCreate.parents as string[]) : [],
  )
  if (expected.length === 0) return undefined
  const held = new Set(expected)
  for (const parent of expected) {
    const name = parseBlockName(parent)
    if (name === undefined || name.round !== round - 1) return undefined
  }
  const validators = Math.max(...[...held, ...delivered].map(n => (parseBlockName(n)?.author ?? 0) + 1))
  for (let author = 0; author < validators; author++) {
    const name = blockName({ author, round: round - 1, twin: 0 })
    if (author !== own && !held.has(name) && !delivered.has(name)) return name
  }
  return undefined
}

/** Section 2.6, 2.19 and 2.20 through the real core: what it publishes after each event. */
export function* runPacemakerCase(id: string, body: JsonObject, module: CoreModule = REAL_CORE): Generator<CaseResult> {
  const stakes = stakesAt(body, id)
  const ownName = parseBlockName(`${stringAt(body.own, `${id}.own`)}0`)
  if (!ownName) throw new ScenarioError(`${id}.own: an authority letter expected`)
  const own = ownName.author
  const cast = new Cast(module, stakes)
  const start = body.start === undefined ? { round: 1, created: 0 } : objectAt(body.start, `${id}.start`)
  const events = arrayAt(body.events, `${id}.events`).map((e, i) => objectAt(e, `${id}.events[${i}]`))
  const log = startLog(cast, own, start, events, id)
  const inLog = new Set(log.flatMap(r => (r.kind === 'vertex' ? [toRawHex(r.vertex.digest)] : [])))
  const core = module.createConsensus({
    chainId: CHAIN_ID,
    epoch: 0,
    authorities: cast.authorities,
    epochSeed: new Uint8Array(32),
    epochStartMs: START_MS,
    previousEpochRecord: new Uint8Array(32),
    params: {
      ...DEFAULT_CONSENSUS_PARAMS,
      minRoundDelayMs: 0,
      leaderTimeoutMs: LEADER_TIMEOUT_MS,
      leaderTimeoutMaxMs: LEADER_TIMEOUT_MS,
    },
    own: { index: own, signer: { sign: (_round, digest) => cast.sign(own, digest) } },
    log,
    trustLog: start.amnesia !== true,
    leaderSchedule: module.createRoundRobin(stakes.length),
  })
  const run = new Run(cast, own, core, inLog)
  run.step({ kind: 'start', nowMs: run.nowMs })
  const atStart = [...run.created]
  const resent = [...run.resent]
  for (const [i, event] of events.entries()) {
    const before = run.created.length
    const kind = stringAt(event.do, `${id}.events[${i}].do`)
    perform(run, kind, event, id)
    const made = kind === 'start' ? atStart : run.created.slice(before)
    yield* check(run, made, resent, event, id, `event ${i + 1}, ${kind}`)
  }
}

class Run {
  readonly cast: Cast
  readonly own: number
  readonly core: Consensus
  readonly created: VerifiedVertex[] = []
  readonly resent: VerifiedVertex[] = []
  readonly #inLog: ReadonlySet<string>
  #wakeMs = Number.POSITIVE_INFINITY
  nowMs = START_MS + 1_000

  constructor(cast: Cast, own: number, core: Consensus, inLog: ReadonlySet<string>) {
    this.cast = cast
    this.own = own
    this.core = core
    this.#inLog = inLog
  }

  step(input: Parameters<Consensus['step']>[0]): void {
    this.#take(this.core.step(input))
    // Pauses of some milliseconds between own blocks are the implementation's; only the leader timeout is an event here.
    for (let wakes = 0; this.#wakeMs <= this.nowMs + SHORT_WAKE_MS && wakes < SHORT_WAKES_MAX; wakes++) {
      this.nowMs = Math.max(this.nowMs, this.#wakeMs)
      this.#wakeMs = Number.POSITIVE_INFINITY
      this.#take(this.core.step({ kind: 'tick', nowMs: this.nowMs }))
    }
  }

  #take(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'wake') this.#wakeMs = Math.min(this.#wakeMs, effect.atMs)
      if (effect.kind !== 'publish') continue
      const { vertex } = effect
      if (this.#inLog.has(toRawHex(vertex.digest))) this.resent.push(vertex)
      else {
        this.cast.note(blockName({ author: vertex.author, round: vertex.round, twin: 0 }), vertex)
        this.created.push(vertex)
      }
    }
  }
}

function perform(run: Run, kind: string, event: JsonObject, id: string): void {
  const { cast } = run
  switch (kind) {
    case 'start':
      return
    case 'accept': {
      const parents = event.parents === undefined ? undefined : stringsAt(event.parents, `${id}.parents`)
      const vertex = cast.make(stringAt(event.block, `${id}.block`), parents)
      run.step({ kind: 'vertices', vertices: [vertex], from: vertex.author, nowMs: run.nowMs })
      return
    }
    case 'acceptAll': {
      const vertices: VerifiedVertex[] = []
      for (const name of stringsAt(event.blocks, `${id}.blocks`)) {
        const parsed = parseBlockName(name)
        if (!parsed) throw new ScenarioError(`${id}: "${name}" is not a block`)
        vertices.push(cast.make(name, withoutOwn(cast, parsed.author, parsed.round, run.own)))
      }
      run.step({ kind: 'vertices', vertices, nowMs: run.nowMs })
      return
    }
    case 'leaderTimeout':
      run.nowMs += LEADER_TIMEOUT_MS
      run.step({ kind: 'tick', nowMs: run.nowMs })
      return
    case 'ownLastBlockReply': {
      const from = parseBlockName(`${stringAt(event.from, `${id}.from`)}0`)
      if (!from) throw new ScenarioError(`${id}.from: an authority letter expected`)
      const highestRound = integerAt(event.highestAcceptedRound, `${id}.highestAcceptedRound`)
      // A reply counts once its claim is proven: the history up to the claimed round arrives with it.
      const vertices = history(run, highestRound)
      for (let k = 0; k < vertices.length; k += 40)
        run.step({ kind: 'vertices', vertices: vertices.slice(k, k + 40), from: from.author, nowMs: run.nowMs })
      run.step({
        kind: 'ownLast',
        from: from.author,
        highestRound,
        ownRound: integerAt(event.ownRound, `${id}.ownRound`),
        nowMs: run.nowMs,
      })
      return
    }
    default:
      throw new ScenarioError(`${id}: unknown event "${kind}"`)
  }
}

/** Parents by everybody but the one who waits: "none of them references" its later blocks. */
function withoutOwn(cast: Cast, author: number, round: number, own: number): string[] | undefined {
  if (round < 2) return undefined
  const names = cast.stakes
    .map((_, a) => (a === own && round > 2 ? undefined : blockName({ author: a, round: round - 1, twin: 0 })))
    .filter(n => n !== undefined && cast.byName.has(n))
  const previous = blockName({ author, round: round - 1, twin: 0 })
  return [previous, ...names.filter(n => n !== undefined && n !== previous)] as string[]
}

/** The blocks of everybody else up to a round, fully connected among themselves. */
function history(run: Run, upTo: number): VerifiedVertex[] {
  const { cast, own } = run
  const vertices: VerifiedVertex[] = []
  for (let round = 1; round <= upTo; round++) {
    for (let author = 0; author < cast.stakes.length; author++) {
      if (author === own) continue
      const name = blockName({ author, round, twin: 0 })
      const parents = withoutOwn(cast, author, round, own)
      vertices.push(cast.make(name, round === 2 ? parents?.filter(p => parseBlockName(p)?.author !== own) : parents))
    }
  }
  return vertices
}

function* check(
  run: Run,
  made: readonly VerifiedVertex[],
  resent: readonly VerifiedVertex[],
  event: JsonObject,
  id: string,
  variant: string,
): Generator<CaseResult> {
  const describe = (v: VerifiedVertex) => blockName({ author: v.author, round: v.round, twin: 0 })
  const expected: Json | undefined = event.expectCreate
  if (expected === null) yield compared(id, [], made.map(describe), variant)
  else if (expected !== undefined) {
    const want = objectAt(expected, `${id}.expectCreate`)
    const [first] = made
    const parents = want.parents === undefined ? undefined : stringsAt(want.parents, `${id}.expectCreate.parents`)
    yield compared(
      id,
      { id: want.id ?? null, own: parents?.[0], parents: parents === undefined ? undefined : [...parents].sort() },
      {
        id: first === undefined ? null : describe(first),
        own: first?.parents[0] === undefined || parents === undefined ? undefined : run.cast.nameOf(first.parents[0]),
        parents:
          first === undefined || parents === undefined ? undefined : first.parents.map(p => run.cast.nameOf(p)).sort(),
      },
      variant,
    )
  } else if (
    event.expectCreateInOrder === undefined &&
    event.expectFirstProposedRoundGreaterThan === undefined &&
    made.length > 0 &&
    event.do === 'accept'
  )
    yield failed(id, 'nothing is created', made.map(describe).join(' '), variant)
  if (event.expectCreateInOrder !== undefined)
    yield compared(id, event.expectCreateInOrder, run.created.map(describe), variant)
  if (event.expectResend !== undefined)
    yield compared(
      id,
      [event.expectResend],
      resent.map(v => run.cast.nameOf(v)),
      variant,
    )
  if (event.expectFirstProposedRoundGreaterThan !== undefined) {
    const floor = integerAt(event.expectFirstProposedRoundGreaterThan, `${id}.expectFirstProposedRoundGreaterThan`)
    yield* checkFloor(run, floor, id, variant)
  }
}

/** The others go on for some rounds; the first own block must come, and above the floor. */
function* checkFloor(run: Run, floor: number, id: string, variant: string): Generator<CaseResult> {
  for (let round = floor - 2; round <= floor + 6 && run.created.length === 0; round++) {
    const vertices = history(run, round).filter(v => v.round === round)
    run.nowMs += LEADER_TIMEOUT_MS + 1
    run.step({ kind: 'vertices', vertices, nowMs: run.nowMs })
    run.step({ kind: 'tick', nowMs: run.nowMs })
  }
  const [first] = run.created
  if (first !== undefined && first.round > floor) yield { id, passed: true, variant }
  else yield failed(id, `a first round above ${floor}`, first === undefined ? 'no block' : String(first.round), variant)
}
