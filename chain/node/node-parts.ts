import {
  type CommitExecutionEngine,
  createExecutionEngine,
  createPool,
  createTransactionCheck,
  type ExecutedCommit,
  loadPrecompiles,
  type RecoveryPool,
  type TransactionPool,
} from '#evm'
import type { Clock, Log, MetricsRegistry } from '#lib/env'
import type { Network } from '#p2p'
import type { Store } from '#storage'
import type { Block, GenesisFile, OrderedCommit } from '#types'
import { createCertificateKeeper } from './checkpoints.ts'
import { ogpuConfigOf } from './committee.ts'
import { ensureEpochRecords } from './epoch-records.ts'
import { createEpochStore } from './epoch-store.ts'
import { createEpochs, type Epochs, peersToKeep } from './epochs.ts'
import { createExecutionDriver, type ExecutionDriver } from './execution-driver.ts'
import { createFeed } from './feed.ts'
import { createInclusionHold } from './inclusion-hold.ts'
import type { ValidatorKeys } from './keys/index.ts'
import { createNodeMetrics, type NodeMetrics } from './node-metrics.ts'
import { openSnapshotFolder } from './snapshot-folder.ts'
import { createSnapshotMaker, type SnapshotMaker } from './snapshot-maker.ts'
import { serveSnapshots } from './snapshot-server.ts'
import { Timeline } from './timeline.ts'
import { createTransactionGossip } from './transaction-gossip.ts'

export interface NodePartsOptions {
  readonly genesis: GenesisFile
  /** The validator's keys; absent for a node that only follows. */
  readonly keys: ValidatorKeys | undefined
  readonly chainStore: Store
  /** Where `chainStore` lies when it is a shared LevelDB: the tries then have a thread of their own. */
  readonly chainDirectory?: string
  readonly consensusStore: Store
  /** Not started yet; the caller stops it. */
  readonly network: Network
  readonly recovery: RecoveryPool
  readonly registry: MetricsRegistry
  readonly signingGuardPath: string
  readonly historyBlocks: number | undefined
  readonly bodyBlocks?: number | undefined
  /** Multiaddrs with peer id that the operator wants kept. */
  readonly keptPeers: readonly string[]
  /** Highest protocol version that is known; default: what this program was built with. */
  readonly protocolVersion?: number
  /** Where snapshots for others lie, and how often one is made (milliseconds of commit time; 0 makes none). */
  readonly snapshots?: {
    readonly path: string
    readonly intervalMs: number
    readonly keep: number
    readonly chunkBytes?: number
  }
  readonly clock: Clock
  readonly log: Log
  /** Storage failed or an assumption broke: the node must stop. */
  readonly onFailure: (error: unknown) => void
}

/** A node without disks, sockets and ports: what a test can build in one process as often as it likes. */
export interface NodeParts {
  readonly engine: CommitExecutionEngine
  readonly pool: TransactionPool
  readonly epochs: Epochs
  readonly execution: ExecutionDriver
  readonly metrics: NodeMetrics
  /** Starts the network and then consensus. */
  start(): Promise<void>
  /** Stops everything but the network and the stores. */
  stop(): Promise<void>
}

/** Builds execution, pool and consensus over the given stores and network, and connects them. */
export async function createNodeParts(options: NodePartsOptions): Promise<NodeParts> {
  const { genesis, recovery, registry, network, historyBlocks, bodyBlocks, clock, log } = options
  const metrics = createNodeMetrics(registry)
  await loadPrecompiles()
  const engine = await createExecutionEngine({
    genesis,
    store: options.chainStore,
    ...(options.chainDirectory === undefined ? {} : { trieWorker: { directory: options.chainDirectory } }),
    recovery,
    log: log.child('evm'),
    ...(historyBlocks === undefined ? {} : { historyBlocks }),
    ...(bodyBlocks === undefined ? {} : { bodyBlocks }),
  })
  const pool = createPool({
    chain: engine.chain,
    recovery,
    clock,
    params: { gossipHoldMs: createInclusionHold(() => epochs.current()) },
    log: log.child('pool'),
    metrics: registry,
  })
  const timeline = new Timeline(engine.chain.finalized())
  const certificates = createCertificateKeeper({
    engine,
    onMarked: height => timeline.certified(height, clock.now()),
  })

  await ensureEpochRecords({
    network,
    store: createEpochStore(options.consensusStore, genesis),
    chainId: genesis.config.chainId,
    epoch: engine.lastExecuted().epoch,
    connect: setup => network.keep(peersToKeep(setup, options.keptPeers, network.self)),
    log: log.child('epoch'),
  }).catch(async (error: unknown) => {
    await engine.close()
    throw error
  })
  const epochs = await createEpochs({
    genesis,
    consensusStore: options.consensusStore,
    engine,
    network,
    keys: options.keys,
    transactionCheck: protocolVersion => createTransactionCheck({ genesis, protocolVersion, decode: recovery.decode }),
    signingGuardPath: options.signingGuardPath,
    timeline,
    clock,
    log,
    keptPeers: options.keptPeers,
    keptCommits: bodyBlocks,
    ...(options.protocolVersion === undefined ? {} : { protocolVersion: options.protocolVersion }),
    events: {
      takePayload: room => pool.take(room),
      async onCommit(ordered) {
        metrics.committed(ordered, clock.now())
        await execution.enqueue(ordered)
      },
      onCertificate(certificate) {
        metrics.certified(certificate.height)
        return certificates.add(certificate)
      },
      onAccepted: vertices => feed.publish(vertices),
      onFeed: from => feed.heard(from),
      isFed: () => feed.isLive(),
      onAlarm: (code, fatal) => metrics.alarm(code, fatal),
      onPublished: (vertex, seconds) => metrics.proposed(vertex.transactions.length, seconds),
      onRequeue: transactions => pool.putBack(transactions),
      onFailure: options.onFailure,
    },
  }).catch(async (error: unknown) => {
    await engine.close()
    throw error
  })
  const execution = createExecutionDriver({
    engine,
    clock,
    log: log.child('execution'),
    async onExecuted(ordered: OrderedCommit, executed: ExecutedCommit, startedMs: number) {
      const nowMs = clock.now()
      for (const block of executed.blocks) pool.onBlock(block)
      for (const { block } of executed.blocks) metrics.executed(sizeOf(block), (nowMs - startedMs) / 1_000)
      await certificates.onExecuted()
      await epochs.onExecuted(ordered, executed, nowMs)
    },
    onBackpressure: on => epochs.current().submit({ kind: 'backpressure', on, nowMs: clock.now() }),
    onFailure: options.onFailure,
  })
  const feed = createFeed({
    network,
    clock,
    log: log.child('feed'),
    isFollower: () => epochs.current().own === undefined,
    isPreferred: peer => epochs.current().setup.peers.includes(peer),
  })
  const snapshots = startSnapshots(options, engine)
  const unsubscribe = pool.onAdded(transaction => {
    timeline.received(transaction.hash, clock.now())
    epochs.payloadArrived()
  })
  let gossip: { stop(): void } | undefined

  return {
    engine,
    pool,
    epochs,
    execution,
    metrics,
    async start() {
      await network.start()
      epochs.start()
      const publishes = () => epochs.current().own === undefined
      gossip = createTransactionGossip({ network, pool, publishes, log: log.child('gossip') })
    },
    async stop() {
      gossip?.stop()
      unsubscribe()
      await execution.stop()
      feed.stop()
      await snapshots?.stop()
      await epochs.stop()
      await engine.close()
    },
  }
}

/** Serves the snapshots that are there, and makes new ones where that is wanted. */
function startSnapshots(
  { snapshots, network, genesis, chainStore, log }: NodePartsOptions,
  engine: CommitExecutionEngine,
): SnapshotMaker | undefined {
  if (snapshots === undefined) return undefined
  const folder = openSnapshotFolder(snapshots.path)
  serveSnapshots({ network, folder })
  const { intervalMs, keep, chunkBytes } = snapshots
  if (intervalMs === 0) return undefined
  const { checkpointIntervalMs } = ogpuConfigOf(genesis).consensus
  return createSnapshotMaker({
    folder,
    chainStore,
    engine,
    intervalMs,
    checkpointIntervalMs,
    keep,
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    log: log.child('snapshot'),
  })
}

function sizeOf({ header, transactions }: Block) {
  return { height: header.number, transactions: transactions.length, gasUsed: header.gasUsed }
}
