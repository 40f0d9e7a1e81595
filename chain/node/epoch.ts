import {
  type CheckpointCertificate,
  type Consensus,
  createConsensus,
  createVertexVerifier,
  decodeCertificate,
  type Input,
} from '#consensus'
import type { CommitExecutionEngine, ExecutedCommit } from '#evm'
import { equalBytes } from '#lib/bytes'
import type { Clock, Log } from '#lib/env'
import type { Network, PeerId } from '#p2p'
import {
  type Authority,
  type AuthorityIndex,
  blockTimeMs,
  type Epoch,
  type OrderedCommit,
  type VerifiedVertex,
  type Vertex,
} from '#types'
import { createCheckpointVoter } from './checkpoints.ts'
import { createConsensusDriver } from './consensus-driver.ts'
import type { ConsensusLog } from './consensus-log.ts'
import { createDagView, type DagView } from './dag-view.ts'
import type { EpochGuards } from './epoch-guards.ts'
import type { EpochSetup } from './epoch-store.ts'
import { createFollower } from './follower.ts'
import type { ValidatorKeys } from './keys/index.ts'
import { peekGasLimit } from './payload-gas.ts'
import type { Timeline } from './timeline.ts'
import { createValidatorLink, type ValidatorLink } from './validator-link.ts'

/** A validator that has seen no commit for so long asks for them: the epoch may be over for the others. */
const STALLED_MS = 2_000
/** A node that is streamed to asks for commits as well when it is further behind than this. */
const COMMITS_BEHIND_MAX = 10

/** Why a vertex may not carry these bytes as a transaction; undefined when it may. */
export type TransactionCheck = (raw: Uint8Array) => string | undefined

/** What the parts that live across epochs hear of the running ones. */
export interface EpochEvents {
  takePayload(room: { readonly transactions: number; readonly bytes: number }): readonly Uint8Array[]
  onCommit(ordered: OrderedCommit): Promise<void>
  onCertificate(certificate: CheckpointCertificate): Promise<void>
  onAlarm(code: string, fatal: boolean): void
  onPublished(vertex: VerifiedVertex, seconds: number): void
  /** These were accepted and stored, parents first. */
  onAccepted(vertices: readonly Vertex[]): void
  /** Another node streams its vertices to this one. */
  onFeed(from: PeerId): void
  isFed(): boolean
  onRequeue(transactions: readonly Uint8Array[]): void
  onFailure(error: unknown): void
}

export interface EpochOptions {
  readonly setup: EpochSetup
  readonly chainId: number
  /** Highest protocol version that this program knows. */
  readonly protocolVersion: number
  readonly blockGasLimit: number
  /** Static check of a transaction in a vertex, by the rules of this epoch's protocol version. */
  readonly checkTransaction: TransactionCheck
  readonly keys: ValidatorKeys | undefined
  /** Present when there are keys. */
  readonly guards: EpochGuards | undefined
  readonly consensusLog: ConsensusLog
  readonly engine: CommitExecutionEngine
  readonly network: Network
  readonly timeline: Timeline
  readonly clock: Clock
  readonly log: Log
  readonly events: EpochEvents
  /** False once a later epoch runs: then no payload is taken. */
  readonly isCurrent: () => boolean
  /** A validator was seen in a later epoch. */
  readonly isBehind: () => boolean
  readonly authoritiesOf: (epoch: Epoch) => readonly Authority[]
}

/** The consensus of one epoch: core, log, link, driver, guard and checkpoint votes. Everything else outlives it. */
export interface EpochInstance {
  readonly setup: EpochSetup
  /** Absent when this node only follows the epoch. */
  readonly own: AuthorityIndex | undefined
  readonly core: Consensus
  readonly link: ValidatorLink
  readonly dag: DagView
  /** Milliseconds; absent before the first commit of this run. */
  lastCommitMs(): number | undefined
  start(): void
  submit(input: Input): boolean
  payloadArrived(): void
  /** One of this epoch's commits was executed. */
  onExecuted(ordered: OrderedCommit, executed: ExecutedCommit, nowMs: number): void
  stop(): Promise<void>
}

/** Builds the consensus of one epoch from its log; `start` lets it act. CodedError like `createConsensus`. */
export async function createEpochInstance(options: EpochOptions): Promise<EpochInstance> {
  const { setup, chainId, keys, consensusLog, engine, network, timeline, clock, log, events, checkTransaction } =
    options
  const { epoch, committee, epochSeed, epochStartMs, previousEpochRecord, params, peers } = setup
  const own = ownIndex(setup, keys)
  const guard = own === undefined ? undefined : options.guards?.open(epoch, epochStartMs)
  const last = engine.lastExecuted()
  const executed = last.epoch > epoch ? Number.POSITIVE_INFINITY : last.epoch === epoch ? last.index : 0

  const core: Consensus = createConsensus({
    chainId,
    epoch,
    authorities: committee.authorities,
    epochSeed,
    epochStartMs,
    previousEpochRecord,
    params,
    protocolVersion: options.protocolVersion,
    ...(own === undefined || guard === undefined
      ? {}
      : {
          own: {
            index: own,
            signer: guard,
            ...(guard.lastSignedRound === undefined ? {} : { lastSignedRound: guard.lastSignedRound }),
          },
        }),
    log: await consensusLog.replayFrom(Math.min(executed, 2 ** 40)),
    payloadGas: { gasOf: peekGasLimit, blockGasLimit: options.blockGasLimit },
    // Without the guard's record nobody knows what this key has signed: the other validators are asked first.
    trustLog: guard === undefined || !guard.isNew,
    ...(Number.isFinite(executed) ? { redeliverFrom: executed + 1 } : {}),
  })
  const link = createValidatorLink({
    network,
    peers,
    own,
    epoch,
    verifier: createVertexVerifier({ chainId, epoch, committee, params, previousEpochRecord, checkTransaction }),
    openRounds() {
      const { gcRound, round, highestAcceptedRound } = core.status()
      return { above: gcRound, upTo: Math.max(round, highestAcceptedRound) + params.maxRoundLookahead }
    },
    consensusLog,
    clock,
    log: log.child('link'),
  })
  const dag = createDagView({
    core,
    authorities: committee.authorities,
    names: setup.names,
    peerIds: peers,
    isUp: link.isUp,
    quorum: committee.quorum,
    consensusLog,
    timeline,
    heights: () => ({ head: engine.chain.head().header.number, finalized: engine.chain.finalized() }),
    certificateAt: height => {
      const bytes = engine.certificate(height)
      const decoded = bytes === undefined ? undefined : decodeCertificate(bytes)
      return decoded?.kind === 'accept' ? decoded.value : undefined
    },
    authoritiesOf: options.authoritiesOf,
  })
  await dag.restore()

  const vote =
    keys === undefined || own === undefined
      ? () => []
      : createCheckpointVoter({
          chainId,
          epoch,
          intervalMs: params.checkpointIntervalMs,
          key: keys.checkpoint,
          headTimeMs: blockTimeMs(engine.chain.head()),
        })
  // The pool refuses at its door what fails the check. Should one ever get past it, a vertex with it would be invalid for all.
  const carried = (transactions: readonly Uint8Array[]) =>
    transactions.filter(raw => {
      const fault = checkTransaction(raw)
      if (fault !== undefined) log.error('a transaction that no vertex may carry was left out', { fault })
      return fault === undefined
    })
  const startedMs = clock.now()
  let lastCommitMs: number | undefined
  const driver = createConsensusDriver({
    core,
    consensusLog,
    port: link,
    clock,
    log: log.child('consensus'),
    takePayload: room => (options.isCurrent() ? carried(events.takePayload(room)) : []),
    async onCommit(ordered) {
      lastCommitMs = clock.now()
      dag.onOrdered(ordered, lastCommitMs)
      await events.onCommit(ordered)
    },
    onCertificate: certificate => events.onCertificate(certificate),
    onAlarm: (code, fatal) => events.onAlarm(code, fatal),
    beforePublish: async vertex => guard?.record(vertex.round, vertex.headerDigest),
    onPublished: (vertex, seconds) => events.onPublished(vertex, seconds),
    onRequeue: transactions => events.onRequeue(transactions),
    onStored(records) {
      const nowMs = clock.now()
      events.onAccepted(records.flatMap(record => (record.kind === 'vertex' ? [record.vertex] : [])))
      for (const record of records) {
        if (record.kind !== 'vertex') continue
        dag.onVertex(record.vertex, record.own, nowMs)
        if (!record.own) engine.prepare(record.vertex.transactions)
      }
    },
    onFailure: error => events.onFailure(error),
  })
  const isStalled = () => clock.now() - (lastCommitMs ?? startedMs) > STALLED_MS
  let follower: { stop(): void } | undefined

  return {
    setup,
    own,
    core,
    link,
    dag,
    lastCommitMs: () => lastCommitMs,
    start() {
      link.start(input => driver.submit(input))
      driver.start()
      const isNeeded = () => {
        const { ended, quorumCommitIndex, lastCommitIndex } = core.status()
        if (ended || options.isBehind() || isStalled()) return !ended
        if (own !== undefined) return false
        return !events.isFed() || quorumCommitIndex > lastCommitIndex + COMMITS_BEHIND_MAX
      }
      follower = createFollower({ core, link, peers: peers.length, params, isNeeded })
    },
    submit: input => driver.submit(input),
    payloadArrived: () => driver.payloadArrived(),
    onExecuted(ordered, done, nowMs) {
      dag.onExecuted(ordered, done, nowMs)
      for (const input of vote(done, nowMs)) driver.submit(input)
    },
    async stop() {
      follower?.stop()
      await driver.stop()
      guard?.close()
    },
  }
}

/** Where these keys sit in the committee; undefined when they do not. */
export function ownIndex(setup: EpochSetup, keys: ValidatorKeys | undefined): AuthorityIndex | undefined {
  if (keys === undefined) return undefined
  const index = setup.committee.authorities.findIndex(({ consensusKey }) =>
    equalBytes(consensusKey, keys.consensus.publicKey),
  )
  return index < 0 ? undefined : index
}
