import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  type Consensus,
  type ConsensusOptions,
  createCommittee,
  createConsensus,
  createVertexVerifier,
  type Effect,
  type Input,
  type LogRecord,
  type VertexVerifier,
} from '#consensus'
import { defined } from '#lib/assert'
import {
  type Authority,
  type ConsensusParams,
  DEFAULT_CONSENSUS_PARAMS,
  type OrderedCommit,
  type VerifiedVertex,
  vertexSigningBytes,
} from '#types'

export const CHAIN_ID = 200_820_172_034
export const EPOCH_START_MS = 1_700_000_000_000

export interface TestValidator {
  readonly authority: Authority
  readonly consensusKey: KeyObject
  readonly checkpointKey: KeyObject
}

function keyPair(): { readonly privateKey: KeyObject; readonly raw: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  return { privateKey, raw: new Uint8Array(Buffer.from(defined(x, 'an Ed25519 key has x'), 'base64url')) }
}

export function makeValidators(stakes: readonly number[]): readonly TestValidator[] {
  return stakes.map((stake, index) => {
    const [consensus, network, checkpoint] = [keyPair(), keyPair(), keyPair()] as const
    const operator = new Uint8Array(20)
    operator[0] = index >> 8
    operator[1] = index & 255
    return {
      authority: {
        index,
        operator,
        consensusKey: consensus.raw,
        networkKey: network.raw,
        checkpointKey: checkpoint.raw,
        stake,
      },
      consensusKey: consensus.privateKey,
      checkpointKey: checkpoint.privateKey,
    }
  })
}

export function optionsFor(
  validators: readonly TestValidator[],
  own: number | undefined,
  params: Partial<ConsensusParams> = {},
): ConsensusOptions {
  return {
    chainId: CHAIN_ID,
    epoch: 0,
    authorities: validators.map(validator => validator.authority),
    epochSeed: new Uint8Array(32).fill(7),
    epochStartMs: EPOCH_START_MS,
    previousEpochRecord: new Uint8Array(32),
    params: { ...DEFAULT_CONSENSUS_PARAMS, ...params },
    ...(own === undefined ? {} : { own: { index: own, signer: signerOf(defined(validators[own], 'a validator')) } }),
    trustLog: true,
  }
}

export function signerOf(validator: TestValidator) {
  return {
    sign: (_round: number, headerDigest: Uint8Array) =>
      new Uint8Array(sign(null, vertexSigningBytes(headerDigest), validator.consensusKey)),
  }
}

export function verifierFor(options: ConsensusOptions): VertexVerifier {
  return createVertexVerifier({ ...options, committee: createCommittee(options.authorities) })
}

/** One node: its core and what a driver would keep. */
export class TestNode {
  core: Consensus
  readonly log: LogRecord[] = []
  readonly commits: OrderedCommit[] = []
  readonly published: VerifiedVertex[] = []
  readonly effects: Effect[] = []
  readonly inbox: Input[] = []
  wakeAtMs: number | undefined
  up = true
  options: ConsensusOptions

  constructor(options: ConsensusOptions) {
    this.options = options
    this.core = createConsensus(options)
  }

  alarms(): readonly string[] {
    return this.effects.flatMap(effect => (effect.kind === 'alarm' ? [effect.code] : []))
  }
}

/** Cores with real signatures in one process: messages take `delayMs`, time jumps from event to event. */
export class Cluster {
  readonly nodes: readonly TestNode[]
  readonly verifier: VertexVerifier
  readonly delayMs: number
  nowMs = EPOCH_START_MS
  /** Decides whether a message passes; tests cut links with it. */
  passes: (from: number, to: number) => boolean = () => true
  #events: { readonly atMs: number; readonly seq: number; readonly node: number; readonly input: Input }[] = []
  #seq = 0

  constructor(validators: readonly TestValidator[], params: Partial<ConsensusParams> = {}, delayMs = 20) {
    this.delayMs = delayMs
    this.nodes = validators.map((_, index) => new TestNode(optionsFor(validators, index, params)))
    this.verifier = verifierFor(optionsFor(validators, undefined, params))
  }

  node(index: number): TestNode {
    return defined(this.nodes[index], 'a node of the cluster')
  }

  start(): void {
    for (const index of this.nodes.keys()) this.feed(index, { kind: 'start', nowMs: this.nowMs })
  }

  /** Runs until `untilMs` after the start of the epoch. */
  run(untilMs: number): void {
    const end = EPOCH_START_MS + untilMs
    for (;;) {
      const next = this.#nextAt()
      if (next === undefined || next > end) break
      this.nowMs = Math.max(this.nowMs, next)
      const due = this.#events.filter(event => event.atMs <= this.nowMs).sort((a, b) => a.seq - b.seq)
      this.#events = this.#events.filter(event => event.atMs > this.nowMs)
      for (const event of due) if (this.node(event.node).up) this.feed(event.node, event.input)
      for (const [index, node] of this.nodes.entries())
        if (node.up && node.wakeAtMs !== undefined && node.wakeAtMs <= this.nowMs) {
          node.wakeAtMs = undefined
          this.feed(index, { kind: 'tick', nowMs: this.nowMs })
        }
    }
    this.nowMs = end
  }

  #nextAt(): number | undefined {
    let next: number | undefined
    for (const event of this.#events) if (next === undefined || event.atMs < next) next = event.atMs
    for (const node of this.nodes)
      if (node.up && node.wakeAtMs !== undefined && (next === undefined || node.wakeAtMs < next)) next = node.wakeAtMs
    return next
  }

  feed(index: number, input: Input): readonly Effect[] {
    const node = this.node(index)
    const effects = node.core.step({ ...input, nowMs: this.nowMs })
    for (const effect of effects) this.#perform(index, node, effect)
    return effects
  }

  #perform(index: number, node: TestNode, effect: Effect): void {
    node.effects.push(effect)
    switch (effect.kind) {
      case 'persist':
        node.log.push(...effect.records)
        return
      case 'publish': {
        node.published.push(effect.vertex)
        const checked = this.verifier.verify(effect.vertex.bytes)
        if (checked.kind !== 'accept') throw new Error(`published an invalid vertex: ${checked.reason}`)
        for (const to of this.nodes.keys()) if (to !== index) this.send(index, to, [checked.value])
        return
      }
      case 'fetch': {
        const [first] = effect.to
        if (first === undefined || !this.node(first).up) return
        const held = effect.refs.flatMap(ref => this.stored(first, ref.digest))
        if (held.length > 0) this.send(first, index, held)
        return
      }
      case 'push':
        this.send(
          index,
          effect.to,
          effect.vertices.flatMap(ref => this.stored(index, ref.digest)),
        )
        return
      case 'syncCommits': {
        const [first] = effect.to
        if (first === undefined) return
        this.answerRange(first, index, effect.from, effect.upTo)
        return
      }
      case 'askOwnLast':
        for (const [from, peer] of this.nodes.entries()) {
          if (from === index || !peer.up) continue
          const ownRound = Math.max(
            0,
            ...this.vertices(from)
              .filter(v => v.author === index)
              .map(v => v.round),
          )
          const highestRound = peer.core.status().highestAcceptedRound
          this.post(from, index, { kind: 'ownLast', from, highestRound, ownRound, nowMs: 0 })
        }
        return
      case 'wake':
        node.wakeAtMs = effect.atMs
        return
      case 'commit':
        node.commits.push(effect.ordered)
        return
      default:
        return
    }
  }

  vertices(index: number): readonly VerifiedVertex[] {
    return this.node(index).log.flatMap(record => (record.kind === 'vertex' ? [record.vertex as VerifiedVertex] : []))
  }

  stored(index: number, digest: Uint8Array): readonly VerifiedVertex[] {
    return this.vertices(index).filter(vertex => Buffer.compare(vertex.digest, digest) === 0)
  }

  answerRange(from: number, to: number, first: number, upTo: number): void {
    const log = this.node(from).log
    let last: Extract<LogRecord, { kind: 'certifiers' }> | undefined
    for (const record of log)
      if (record.kind === 'certifiers' && record.index >= first && record.index <= upTo)
        if (last === undefined || record.index > last.index) last = record
    if (last === undefined) return
    const end = last.index
    const commits = log.flatMap(record =>
      record.kind === 'commit' && record.commit.index >= first && record.commit.index <= end ? [record.commit] : [],
    )
    const vertices = commits.flatMap(commit => commit.vertices.flatMap(ref => this.stored(from, ref.digest)))
    const certifiers = last.vertices.flatMap(ref => this.stored(from, ref.digest))
    this.post(from, to, { kind: 'commits', commits, vertices, certifiers, from, nowMs: 0 })
  }

  send(from: number, to: number, vertices: readonly VerifiedVertex[]): void {
    this.post(from, to, { kind: 'vertices', vertices, from, nowMs: 0 })
  }

  post(from: number, to: number, input: Input): void {
    if (!this.passes(from, to)) return
    this.#events.push({ atMs: this.nowMs + this.delayMs, seq: this.#seq++, node: to, input })
  }

  /** Stops a node; what it did not persist is gone. */
  crash(index: number): void {
    const node = this.node(index)
    node.up = false
    node.wakeAtMs = undefined
  }

  /** Starts it again from its log, or from nothing. */
  restart(index: number, change: Partial<ConsensusOptions> = {}): TestNode {
    const node = this.node(index)
    node.up = true
    node.options = { ...node.options, log: node.log, ...change }
    node.core = createConsensus(node.options)
    this.feed(index, { kind: 'start', nowMs: this.nowMs })
    return node
  }
}
