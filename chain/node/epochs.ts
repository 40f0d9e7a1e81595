import { carriesVersionSupport, type EpochRecord, encodeCertifiedRecord, nextProtocolVersion } from '#consensus'
import type { CommitExecutionEngine, ExecutedCommit } from '#evm'
import { defined } from '#lib/assert'
import type { Hex } from '#lib/bytes'
import type { Clock, Log } from '#lib/env'
import { CodedError } from '#lib/errors'
import { reachFailPoint } from '#lib/fail-point'
import type { Network, PeerId } from '#p2p'
import type { DagReader } from '#rpc'
import type { Store } from '#storage'
import {
  type BlockHeader,
  blockTimeMs,
  type CommitIndex,
  decodeBlockOrigin,
  type Epoch,
  type GenesisFile,
  type OrderedCommit,
  PROTOCOL_VERSION,
  type Vertex,
} from '#types'
import { ogpuConfigOf } from './committee.ts'
import { createConsensusLog } from './consensus-log.ts'
import { createEpochInstance, type EpochEvents, type EpochInstance, ownIndex, type TransactionCheck } from './epoch.ts'
import { createEpochGuards } from './epoch-guards.ts'
import { startEpochRouter } from './epoch-router.ts'
import { createEpochSignatures } from './epoch-signatures.ts'
import { createEpochStore, type EndedEpoch, type EpochSetup } from './epoch-store.ts'
import type { ValidatorKeys } from './keys/index.ts'
import { createLogPruner } from './log-pruner.ts'
import { readNextCommittee } from './next-committee.ts'
import type { Timeline } from './timeline.ts'

/** How often it is looked whether the epoch before may stop, and how long it goes on when it may. */
const CLOSE_CHECK_MS = 500
const LINGER_MS = 2_000
/** How long a validator's vertex of a later epoch counts as a sign that this one is over. */
const LATER_SEEN_MS = 5_000

export interface EpochsOptions {
  readonly genesis: GenesisFile
  readonly consensusStore: Store
  readonly engine: CommitExecutionEngine
  readonly network: Network
  readonly keys: ValidatorKeys | undefined
  /** The static check of transactions in vertices, for the epochs of a protocol version. */
  readonly transactionCheck: (protocolVersion: number) => TransactionCheck
  readonly signingGuardPath: string
  readonly timeline: Timeline
  readonly clock: Clock
  readonly log: Log
  readonly events: EpochEvents
  /** Commits that stay in the log; absent: all. */
  readonly keptCommits?: number | undefined
  /** The configured peers to keep besides the validators. */
  readonly keptPeers: readonly string[]
  /** Highest protocol version that this program knows; default: what it was built with. */
  readonly protocolVersion?: number
}

/** The epochs of a node: which one runs, how the next one comes about, and what the others still need of the last. */
export interface Epochs {
  current(): EpochInstance
  /** What is fixed in an epoch that began here, or begins next. */
  setupOf(epoch: Epoch): EpochSetup
  /** How an epoch ended, with the signatures that are known (`decodeCertifiedRecord`). */
  record(epoch: Epoch): Uint8Array | undefined
  /** The current epoch's DAG for RPC; subscribers stay over a change. */
  readonly dag: DagReader
  start(): void
  payloadArrived(): void
  /** A commit was executed. After an epoch's last one, the next epoch runs when this resolves. */
  onExecuted(ordered: OrderedCommit, executed: ExecutedCommit, nowMs: number): Promise<void>
  stop(): Promise<void>
}

/**
 * Finds the epoch that this node is in (from what it has executed) and builds it. CodedErrors `not a validator` (only
 * where the committee is fixed), `epoch record missing`, `store corrupt`, and those of {@link createEpochInstance}.
 */
export async function createEpochs(options: EpochsOptions): Promise<Epochs> {
  const { genesis, consensusStore, engine, network, keys, clock, log, events } = options
  const { chainId } = genesis.config
  const { stakingContract } = ogpuConfigOf(genesis)
  const knownVersion = options.protocolVersion ?? PROTOCOL_VERSION
  const store = createEpochStore(consensusStore, genesis)
  const guards =
    keys === undefined
      ? undefined
      : createEpochGuards({ path: options.signingGuardPath, chainId, key: keys.consensus, nowMs: clock.now() })
  const signatures = createEpochSignatures({
    chainId,
    network,
    store,
    key: keys?.checkpoint,
    log: log.child('epoch'),
    onDiffering: () => events.onAlarm('epoch ended differently', false),
    onFailure: events.onFailure,
  })
  const listeners = new Set<(commit: Readonly<Record<string, unknown>>) => void>()
  let laterSeenMs = Number.NEGATIVE_INFINITY
  let started = false
  let previous: EpochInstance | undefined
  let previousClosedMs: number | undefined

  const logOf = (epoch: Epoch) => createConsensusLog(consensusStore, epoch)
  const pruner =
    options.keptCommits === undefined
      ? undefined
      : createLogPruner({
          store: consensusStore,
          keptCommits: options.keptCommits,
          commitsOf: epoch => store.get(epoch)?.record.lastCommitIndex,
          onFailure: events.onFailure,
        })

  async function build(setup: EpochSetup): Promise<EpochInstance> {
    requireVersion(setup)
    const { epoch } = setup
    const instance = await createEpochInstance({
      setup,
      chainId,
      protocolVersion: knownVersion,
      blockGasLimit: Number(ogpuConfigOf(genesis).execution.blockGasLimit),
      checkTransaction: options.transactionCheck(setup.protocolVersion),
      keys,
      guards,
      consensusLog: logOf(epoch),
      engine,
      network,
      timeline: options.timeline,
      clock,
      log,
      events,
      isCurrent: () => current.setup.epoch === epoch,
      isBehind: () => current.setup.epoch === epoch && clock.now() - laterSeenMs < LATER_SEEN_MS,
      authoritiesOf: of => store.setupOf(of).committee.authorities,
    })
    instance.dag.onCommit(commit => {
      for (const listener of listeners) listener(commit)
    })
    return instance
  }

  /** The version that a quorum is ready for, by the vertices of the epoch's last commits. */
  async function versionAfter(setup: EpochSetup, last: CommitIndex): Promise<number> {
    const consensusLog = logOf(setup.epoch)
    const vertices: Vertex[] = []
    // A node that began with a snapshot has the commits of at least one window.
    const first = Math.max(1, last - setup.params.scheduleWindowCommits + 1)
    for (let index = first; index <= last; index++) {
      const commit = defined(consensusLog.commit(index), 'an epoch ends with its last commits in the log')
      for (const ref of commit.vertices) {
        if (!carriesVersionSupport(ref.round)) continue
        vertices.push(defined(consensusLog.vertex(ref), 'vertices of a commit are in the log'))
      }
    }
    return nextProtocolVersion(setup.protocolVersion, setup.committee, vertices)
  }

  /** A node that does not know the rules of an epoch must not take part in it, nor follow it. */
  function requireVersion({ epoch, protocolVersion }: EpochSetup): void {
    if (protocolVersion <= knownVersion) return
    throw new CodedError(
      'protocol version unknown',
      `epoch ${epoch} runs protocol version ${protocolVersion}, and this program knows versions up to ${knownVersion}. ` +
        `Install a release that knows version ${protocolVersion} and start it on the same data directory: it goes on ` +
        'where this one stopped.',
      { data: { epoch, protocolVersion, knownVersion } },
    )
  }

  /** The epoch's record: a pure function of its last block and the state after it. */
  async function endingOf(setup: EpochSetup): Promise<EndedEpoch> {
    const { header, hash } = engine.chain.head()
    const origin = defined(originOf(header), 'an epoch ends with a block of its last commit')
    const next = await readNextCommittee({
      calls: engine.calls,
      block: header.number,
      staking: defined<Hex>(stakingContract, 'only networks with a staking contract end an epoch'),
      current: {
        authorities: setup.committee.authorities,
        addresses: setup.addresses,
        epochSeed: setup.epochSeed,
        epochDurationMs: setup.params.epochDurationMs,
      },
    })
    if (next.alarm !== undefined) {
      log.error('the next committee is not what was elected', { epoch: setup.epoch, alarm: next.alarm })
      events.onAlarm('next committee unusable', false)
    }
    const record: EpochRecord = {
      epoch: setup.epoch,
      lastCommitIndex: origin.commitIndex,
      lastCommitDigest: defined(header.parentBeaconBlockRoot, 'a block of a commit names it'),
      lastBlockNumber: header.number,
      lastBlockHash: hash,
      nextAuthorities: next.authorities,
      nextEpochSeed: next.epochSeed,
      nextEpochStartMs: blockTimeMs(engine.chain.head()),
      nextEpochDurationMs: next.epochDurationMs,
      nextProtocolVersion: await versionAfter(setup, origin.commitIndex),
      previousRecordDigest: setup.previousEpochRecord,
    }
    return { record, signatures: [], addresses: next.addresses }
  }

  /** Stores and signs how an epoch ended; the setup of the next one. */
  async function end(setup: EpochSetup): Promise<EpochSetup> {
    reachFailPoint('epoch-before-record')
    await signatures.collect(setup, store.get(setup.epoch) ?? (await endingOf(setup)))
    reachFailPoint('epoch-record-stored')
    return store.setupOf(setup.epoch + 1)
  }

  /** Validators of the epoch and of the one before, which may still have to be helped. */
  function connect(setup: EpochSetup): void {
    const members = new Map(setup.peers.map((peer, index) => [peer, index]))
    const former = setup.epoch === 0 ? [] : store.setupOf(setup.epoch - 1).peers
    for (const peer of former) if (!members.has(peer)) members.set(peer, members.size)
    network.setCommittee(members)
    network.keep(peersToKeep(setup, options.keptPeers, network.self))
  }

  async function leave(instance: EpochInstance | undefined): Promise<void> {
    if (instance === undefined) return
    log.info('epoch closed', { epoch: instance.setup.epoch })
    await instance.stop()
  }

  async function switchTo(setup: EpochSetup): Promise<void> {
    const next = await build(setup)
    const oldest = previous
    previous = current
    previousClosedMs = undefined
    current = next
    connect(setup)
    next.start()
    reachFailPoint('epoch-switched')
    log.info('epoch started', {
      epoch: setup.epoch,
      members: setup.committee.size,
      role: next.own === undefined ? 'follower' : setup.names[next.own],
    })
    await leave(oldest)
  }

  function closePrevious(): void {
    if (previous === undefined) return
    const nowMs = clock.now()
    if (previous.core.status().closed) previousClosedMs ??= nowMs
    if (previousClosedMs === undefined || nowMs - previousClosedMs < LINGER_MS) return
    const closed = previous
    previous = undefined
    leave(closed).catch(error => events.onFailure(error))
  }

  async function firstInstances(): Promise<EpochInstance> {
    const { epoch } = engine.lastExecuted()
    const origin = originOf(engine.chain.head().header)
    const setup = store.setupOf(epoch)
    if (stakingContract === undefined && keys !== undefined && ownIndex(setup, keys) === undefined) {
      throw new CodedError(
        'not a validator',
        "these keys are of no validator in the network's committee; start without --validator to follow it",
      )
    }
    const hasEnded = origin?.endsEpoch === true && origin.epoch === epoch
    const now = hasEnded ? await end(setup) : setup
    if (now.epoch > 0) {
      const before = store.setupOf(now.epoch - 1)
      const ended = defined(store.get(before.epoch), 'the setup of an epoch comes from the record before')
      await signatures.collect(before, ended)
      // The others may need our last vertices of it to get to its end.
      const instance = ownIndex(before, keys) === undefined ? undefined : await build(before)
      if (instance?.core.status().closed === true) await instance.stop()
      else previous = instance
    }
    return build(now)
  }

  let current = await firstInstances()
  const closing = setInterval(closePrevious, CLOSE_CHECK_MS)

  startEpochRouter({
    network,
    instance: epoch => [current, previous].find(instance => instance?.setup.epoch === epoch),
    current: () => current,
    logOf,
    commitSyncBatch: current.setup.params.commitSyncBatch,
    answerRecord: request => signatures.answer(request),
    onFeed: from => events.onFeed(from),
    onLater: () => {
      laterSeenMs = clock.now()
    },
  })
  connect(current.setup)

  return {
    current: () => current,
    setupOf: epoch => store.setupOf(epoch),
    record(epoch) {
      const ended = store.get(epoch)
      return ended === undefined ? undefined : encodeCertifiedRecord(ended)
    },
    dag: {
      status: () => current.dag.status(),
      validators: () => current.dag.validators(),
      rounds: (from, to) => current.dag.rounds(from, to),
      commit: index => current.dag.commit(index),
      vertex: async digest => (await current.dag.vertex(digest)) ?? (await previous?.dag.vertex(digest)),
      certificate: height => current.dag.certificate(height),
      timeline: hash => current.dag.timeline(hash),
      onCommit(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    start() {
      started = true
      previous?.start()
      current.start()
    },
    payloadArrived: () => current.payloadArrived(),
    async onExecuted(ordered, executed, nowMs) {
      const { epoch, endsEpoch } = ordered.commit
      const instance = [current, previous].find(one => one?.setup.epoch === epoch)
      instance?.onExecuted(ordered, executed, nowMs)
      pruner?.onExecuted(epoch, ordered.commit.index)
      if (endsEpoch && instance === current) await switchTo(await end(current.setup))
    },
    async stop() {
      clearInterval(closing)
      signatures.stop()
      await pruner?.stop()
      if (!started) return
      started = false
      await previous?.stop()
      await current.stop()
    },
  }
}

const originOf = (header: BlockHeader) => decodeBlockOrigin(header.extraData)

/** Validators at the addresses that the genesis, the contract or the configuration names. */
export function peersToKeep(
  { peers, addresses }: EpochSetup,
  configured: readonly string[],
  self: PeerId,
): { readonly id: PeerId; readonly addresses: readonly string[] }[] {
  const kept = new Map<PeerId, string[]>()
  for (const [index, peer] of peers.entries()) kept.set(peer, [...(addresses[index] ?? [])])
  for (const address of configured) {
    const id = address.split('/p2p/').at(-1) as string
    kept.set(id, [...(kept.get(id) ?? []), address])
  }
  return [...kept]
    .filter(([id, known]) => id !== self && known.length > 0)
    .map(([id, known]) => ({ id, addresses: known }))
}
