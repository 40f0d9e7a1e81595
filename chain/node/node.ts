import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Consensus } from '#consensus'
import { createRecoveryPool, genesisBlock, migrateStore } from '#evm'
import { toHex } from '#lib/bytes'
import { tuneCollector } from '#lib/collector'
import type { Clock, Log } from '#lib/env'
import { createMetrics } from '#lib/metrics'
import { createLibp2pNetwork } from '#p2p'
import { openChainStore, openLevelStore } from '#storage'
import { type GenesisFile, PROTOCOL_VERSION } from '#types'
import type { NodeConfig } from './config.ts'
import { openDataDirectory } from './data-dir.ts'
import { peersToKeep } from './epochs.ts'
import { EXECUTION_LAG_HIGH } from './execution-driver.ts'
import { folderBytes } from './folder-size.ts'
import { COMMITS_BEHIND_MAX, diskSpace, readinessChecks } from './health-checks.ts'
import { startHealthServer } from './health-server.ts'
import { openNodeKey, type ValidatorKeys } from './keys/index.ts'
import { createNodeParts } from './node-parts.ts'
import { startRpcListeners } from './rpc-listeners.ts'
import { runSnapshotPhase } from './snapshot-phase.ts'
import { clearSnapshot, isSnapshotWanted } from './snapshot-sync.ts'
import { createWriteBehind } from './write-behind.ts'

/** From so many cores on the state tries have a thread of their own (docs/execution.md has the figures). */
const TRIE_THREAD_CORES_MIN = 2

export interface NodeOptions {
  readonly genesis: GenesisFile
  readonly config: NodeConfig
  /** The validator's keys; absent for a node that only follows. */
  readonly keys?: ValidatorKeys
  readonly version: string
  readonly log: Log
  /** How far the node's clock is ahead of the machine's, for tests of skewed clocks. Default 0. */
  readonly clockOffsetMs?: number
  /** The newest protocol version that the program says it knows, for tests of upgrades. Default: the one it does know. */
  readonly protocolVersion?: number
  /** Ends a start that takes long: the fetching of a snapshot (CodedError `sync stopped`). */
  readonly signal?: AbortSignal
}

export interface RunningNode {
  readonly genesisHash: string
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly rpcUrl: string | undefined
  readonly wsUrl: string | undefined
  /** The operator's listener, where one is configured. */
  readonly adminUrl: string | undefined
  readonly healthUrl: string | undefined
  /** Resolves with the reason when the node cannot go on: storage failed, or an assumption broke. */
  readonly failed: Promise<unknown>
  /** Takes no more requests, finishes the running block, closes everything in order. */
  stop(): Promise<void>
}

/** How often the gauges are read off, and the free disk is looked at. */
const OBSERVE_MS = 1_000
/** How often the folders of the data directory are measured. */
const MEASURE_MS = 60_000

/**
 * The composition root: opens the data directory, builds every part, connects them and starts them from the inside out.
 * Reads top to bottom as a wiring diagram. Everything that `stop` has to undo is pushed on `closers` as it is opened.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { genesis, config, keys, log, version } = options
  const { clockOffsetMs = 0 } = options
  tuneCollector()
  const clock: Clock = { now: () => Date.now() + clockOffsetMs }
  const closers: (() => Promise<void> | void)[] = []
  const close = async () => {
    for (const undo of closers.splice(0).reverse()) await undo()
  }
  let fail: (reason: unknown) => void = () => {}
  const failed = new Promise<unknown>(resolve => {
    fail = resolve
  })

  try {
    const { chainId } = genesis.config
    const genesisHash = genesisBlock(genesis).hash

    // Disk
    const directory = openDataDirectory({ path: config.dataDir, chainId, genesisHash })
    closers.push(() => directory.close())
    const cacheBytes = (config.store.cacheMib * 1024 * 1024) / 2
    const chainDirectory = join(directory.storePath, 'chain')
    const chainStore = await openChainStore(chainDirectory, { cacheBytes, isShared: true })
    closers.push(() => chainStore.close())
    await migrateStore(chainStore, {
      onProgress: (done, total) => log.info('bringing the store up to date', { done, total }),
    })
    const consensusStore = createWriteBehind(
      await openLevelStore(join(directory.storePath, 'consensus'), { cacheBytes }),
    )
    closers.push(() => consensusStore.close())

    // Network
    const keptPeers = [...config.p2p.peers]
    const metrics = createMetrics({ build: { version }, processMetrics: true })
    const network = createLibp2pNetwork({
      networkKeySeed: (keys?.network ?? openNodeKey(directory.nodeKeyPath)).seed,
      genesisHash,
      agent: `ogpu/${version}`,
      listen: config.p2p.listen,
      announce: config.p2p.announce,
      discovery: { bootstrap: config.p2p.bootnodes, mdns: config.p2p.mdns, dht: config.p2p.dht },
      limits: { strangersMax: config.p2p.strangersMax },
      log: log.child('p2p'),
      metrics: metrics.registry,
    })

    // Execution and consensus
    const recovery = createRecoveryPool({ workers: config.verifyWorkers })
    closers.push(() => recovery.close())
    if (isSnapshotWanted(chainStore) && config.sync === 'snapshot') {
      const stopNetwork = closers.push(() => network.stop())
      await runSnapshotPhase({
        genesis,
        config,
        version,
        chainStore,
        consensusStore,
        network,
        recovery,
        metrics,
        log,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      })
      closers.splice(stopNetwork - 1, 1)
    } else await clearSnapshot(chainStore, recovery)
    const parts = await createNodeParts({
      genesis,
      keys,
      chainStore,
      ...(availableParallelism() >= TRIE_THREAD_CORES_MIN ? { chainDirectory } : {}),
      consensusStore,
      network,
      recovery,
      registry: metrics.registry,
      signingGuardPath: directory.signingGuardPath,
      historyBlocks: config.store.historyBlocks,
      bodyBlocks: config.store.bodyBlocks,
      keptPeers,
      snapshots: { path: directory.snapshotsPath, ...config.snapshot },
      ...(options.protocolVersion === undefined ? {} : { protocolVersion: options.protocolVersion }),
      clock,
      log,
      onFailure: fail,
    })
    closers.push(() => parts.stop())
    const { engine, pool, epochs, execution, metrics: nodeMetrics } = parts
    closers.push(() => network.stop())
    await parts.start()

    const rpc = await startRpcListeners({
      clientVersion: `ogpu/v${version}/${process.platform}-${process.arch}/node${process.versions.node}`,
      blocks: engine.chain,
      live: {
        pool,
        network: { peerCount: () => network.peers().length, listening: () => true },
        syncing: () => syncState(epochs.current().core, execution.lag(), engine.chain.headHeader().number),
        dag: epochs.dag,
        admin: {
          id: network.self,
          dataDir: directory.path,
          genesisHash,
          addresses: () => network.addresses(),
          peers: () => network.peers(),
          addPeer(address) {
            keptPeers.push(address)
            network.keep(peersToKeep(epochs.current().setup, keptPeers, network.self))
          },
        },
      },
      config: config.rpc,
      chain: {
        genesis,
        storePath: chainDirectory,
        written: chainStore.written,
        historyBlocks: config.store.historyBlocks,
      },
      adminSecretPath: directory.adminSecretPath,
      metrics: metrics.registry,
      log,
    })
    closers.push(() => rpc.close())

    let diskFreeBytes: number | undefined
    const readiness = () => {
      const { core, own, link, setup, lastCommitMs } = epochs.current()
      const status = core.status()
      return readinessChecks({
        validatorsConnected: setup.peers.filter((_, index) => index !== own && link.isUp(index)).length,
        validatorsOther: setup.peers.length - (own === undefined ? 0 : 1),
        peers: network.peers().length,
        syncing: status.syncing,
        commitIndex: status.lastCommitIndex,
        quorumCommitIndex: status.quorumCommitIndex,
        lastCommitAtMs: lastCommitMs(),
        executionQueue: execution.lag(),
        executionQueueMax: EXECUTION_LAG_HIGH,
        halted: status.halted,
        diskFreeBytes,
        nowMs: clock.now(),
      })
    }
    const observe = async () => {
      nodeMetrics.status(epochs.current().core.status())
      nodeMetrics.queues(0, execution.lag())
      nodeMetrics.versions(epochs.current().setup.protocolVersion, options.protocolVersion ?? PROTOCOL_VERSION)
      for (const check of readiness()) nodeMetrics.ready(check.name, check.ok)
      const disk = await diskSpace(directory.path)
      if (disk !== undefined) nodeMetrics.disk(disk.freeBytes, disk.totalBytes)
      diskFreeBytes = disk?.freeBytes
    }
    const measure = async () => {
      const { storePath, snapshotsPath } = directory
      nodeMetrics.stored('chain', await folderBytes(join(storePath, 'chain')))
      nodeMetrics.stored('consensus', await folderBytes(join(storePath, 'consensus')))
      nodeMetrics.stored('snapshots', await folderBytes(snapshotsPath))
    }
    void measure()
    const measurer = setInterval(() => void measure(), MEASURE_MS)
    closers.push(() => clearInterval(measurer))
    await observe()
    const observer = setInterval(() => void observe(), OBSERVE_MS)
    closers.push(() => clearInterval(observer))

    const health = config.health.enabled
      ? await startHealthServer({
          host: config.health.host,
          port: config.health.port,
          source: {
            live: () => [{ name: 'consensus', ok: !epochs.current().core.status().halted }],
            ready: readiness,
            status: () => ({
              version,
              chainId,
              genesisHash: toHex(genesisHash),
              ...epochs.dag.status(),
              peers: network.peers().length,
            }),
            metrics: () => ({
              contentType: metrics.contentType,
              text: async () => (await Promise.all([metrics.text(), rpc.metricsText()])).join('\n'),
            }),
          },
          log,
        })
      : undefined
    closers.push(() => health?.close())

    const { own, setup } = epochs.current()
    log.info('node started', {
      chainId,
      genesisHash: toHex(genesisHash),
      epoch: setup.epoch,
      role: own === undefined ? 'follower' : setup.names[own],
    })
    return {
      genesisHash: toHex(genesisHash),
      peerId: network.self,
      addresses: network.addresses(),
      rpcUrl: rpc.url,
      wsUrl: rpc.wsUrl,
      adminUrl: rpc.adminUrl,
      healthUrl: health?.url,
      failed,
      stop: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * A node counts as catching up while it fetches ranges of commits, or has many to execute. How many blocks the others are
 * ahead is known in commits only; most make one block, and some none.
 */
function syncState(core: Consensus, executing: number, head: number) {
  const { syncing, quorumCommitIndex, lastCommitIndex } = core.status()
  const behind = Math.max(0, quorumCommitIndex - lastCommitIndex) + executing
  if (!syncing && behind <= COMMITS_BEHIND_MAX) return undefined
  return { startingBlock: 0, currentBlock: head, highestBlock: head + behind }
}
