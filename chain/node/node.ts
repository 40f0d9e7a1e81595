import { join } from 'node:path'
import {
  type CheckpointCertificate,
  type Consensus,
  createConsensus,
  createVertexVerifier,
  decodeCertificate,
  type Input,
} from '#consensus'
import {
  createExecutionEngine,
  createForkConfigs,
  createPool,
  createRecoveryPool,
  type ExecutedCommit,
  genesisBlock,
} from '#evm'
import { fromHex, toHex } from '#lib/bytes'
import type { Clock, Log } from '#lib/env'
import { CodedError } from '#lib/errors'
import { createLibp2pNetwork } from '#p2p'
import { createRpcServer } from '#rpc'
import { openLevelStore } from '#storage'
import { type Block, type GenesisFile, type OrderedCommit, ZERO_DIGEST } from '#types'
import { blockTimeMs, createCertificateKeeper, createCheckpointVoter } from './checkpoints.ts'
import { committeeOfGenesis, ogpuConfigOf } from './committee.ts'
import type { NodeConfig } from './config.ts'
import { createConsensusDriver } from './consensus-driver.ts'
import { createConsensusLog } from './consensus-log.ts'
import { createDagView } from './dag-view.ts'
import { openDataDirectory } from './data-dir.ts'
import { createExecutionDriver, EXECUTION_LAG_HIGH } from './execution-driver.ts'
import { createFollower } from './follower.ts'
import { diskSpace, readinessChecks } from './health-checks.ts'
import { startHealthServer } from './health-server.ts'
import { openNodeKey, type ValidatorKeys } from './keys/index.ts'
import { createMetrics } from './metrics.ts'
import { createNodeMetrics } from './node-metrics.ts'
import { openSigningGuard } from './signing-guard.ts'
import { Timeline } from './timeline.ts'
import { createTransactionGossip } from './transaction-gossip.ts'
import { createValidatorLink } from './validator-link.ts'

export interface NodeOptions {
  readonly genesis: GenesisFile
  readonly config: NodeConfig
  /** The validator's keys; absent for a node that only follows. */
  readonly keys?: ValidatorKeys
  readonly version: string
  readonly log: Log
}

export interface RunningNode {
  readonly genesisHash: string
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly rpcUrl: string | undefined
  readonly wsUrl: string | undefined
  readonly healthUrl: string | undefined
  /** Resolves with the reason when the node cannot go on: storage failed, or an assumption broke. */
  readonly failed: Promise<unknown>
  /** Takes no more requests, finishes the running block, closes everything in order. */
  stop(): Promise<void>
}

/**
 * This version runs one epoch with the genesis committee (docs/gaps.md): no commit may end it, or the chain would stop
 * there. The same on every node, so it decides nothing differently anywhere.
 */
const EPOCH = 0
const EPOCH_WITHOUT_END_MS = 2 ** 52
/** How often the gauges are read off, and the free disk is looked at. */
const OBSERVE_MS = 1_000

/**
 * The composition root: opens the data directory, builds every part, connects them and starts them from the inside out.
 * Reads top to bottom as a wiring diagram. Everything that `stop` has to undo is pushed on `closers` as it is opened.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { genesis, config, keys, log, version } = options
  const clock: Clock = { now: () => Date.now() }
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
    const { consensus, epochSeed } = ogpuConfigOf(genesis)
    const params = { ...consensus, epochDurationMs: EPOCH_WITHOUT_END_MS }
    const { committee, names, peers, addresses } = committeeOfGenesis(genesis)
    const genesisHash = genesisBlock(genesis).hash
    const own = ownIndex(
      committee.authorities.map(authority => toHex(authority.consensusKey)),
      keys,
    )

    // Disk
    const directory = openDataDirectory({ path: config.dataDir, chainId, genesisHash })
    closers.push(() => directory.close())
    const cacheBytes = (config.store.cacheMib * 1024 * 1024) / 2
    const chainStore = await openLevelStore(join(directory.storePath, 'chain'), { cacheBytes })
    closers.push(() => chainStore.close())
    const consensusStore = await openLevelStore(join(directory.storePath, 'consensus'), { cacheBytes })
    closers.push(() => consensusStore.close())
    const consensusLog = createConsensusLog(consensusStore, EPOCH)
    const guard =
      keys === undefined
        ? undefined
        : openSigningGuard({ path: directory.signingGuardPath, chainId, epoch: EPOCH, key: keys.consensus })
    closers.push(() => guard?.close())

    // Execution
    const metrics = createMetrics({ build: { version }, processMetrics: true })
    const nodeMetrics = createNodeMetrics(metrics.registry)
    const recovery = createRecoveryPool({ workers: config.verifyWorkers })
    closers.push(() => recovery.close())
    const { historyBlocks } = config.store
    const engine = await createExecutionEngine({
      genesis,
      store: chainStore,
      recovery,
      log: log.child('evm'),
      ...(historyBlocks === undefined ? {} : { historyBlocks }),
    })
    closers.push(() => engine.close())
    const pool = createPool({
      chain: engine.chain,
      recovery,
      clock,
      params: { gossipHoldMs: 500 },
      log: log.child('pool'),
      metrics: metrics.registry,
    })
    const timeline = new Timeline()

    // Consensus
    const core: Consensus = createConsensus({
      chainId,
      epoch: EPOCH,
      authorities: committee.authorities,
      epochSeed: fromHex(epochSeed),
      epochStartMs: Number(genesis.timestamp) * 1_000,
      previousEpochRecord: ZERO_DIGEST,
      params,
      ...(own === undefined || guard === undefined
        ? {}
        : {
            own: {
              index: own,
              signer: guard,
              ...(guard.lastSignedRound === undefined ? {} : { lastSignedRound: guard.lastSignedRound }),
            },
          }),
      log: await consensusLog.replayFrom(engine.lastExecuted().index),
      // Without the guard's record nobody knows what this key has signed: the other validators are asked first.
      trustLog: guard === undefined || !guard.isNew,
      redeliverFrom: engine.lastExecuted().index + 1,
    })

    // Network
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
    network.setCommittee(new Map(peers.map((peer, index) => [peer, index])))
    const link = createValidatorLink({
      network,
      peers,
      own,
      epoch: EPOCH,
      params,
      verifier: createVertexVerifier({ chainId, epoch: EPOCH, committee, params, previousEpochRecord: ZERO_DIGEST }),
      consensusLog,
      highestRound: () => core.status().highestAcceptedRound,
      highestRoundOf: author => dag.highestRoundOf(author),
      clock,
      log: log.child('link'),
    })

    // Views
    const certificateAt = (height: number): CheckpointCertificate | undefined => {
      const bytes = engine.certificate(height)
      const decoded = bytes === undefined ? undefined : decodeCertificate(bytes)
      return decoded?.kind === 'accept' ? decoded.value : undefined
    }
    const dag = createDagView({
      core,
      authorities: committee.authorities,
      names,
      peerIds: peers,
      isUp: link.isUp,
      quorum: committee.quorum,
      consensusLog,
      timeline,
      heights: () => ({ head: engine.chain.head().header.number, finalized: engine.chain.finalized() }),
      certificateAt,
    })
    await dag.restore()

    // Drivers
    const vote =
      keys === undefined || own === undefined
        ? () => []
        : createCheckpointVoter({
            chainId,
            epoch: EPOCH,
            intervalMs: params.checkpointIntervalMs,
            key: keys.checkpoint,
            headTimeMs: blockTimeMs(engine.chain.head()),
          })
    const certificates = createCertificateKeeper({
      engine,
      onMarked: height => dag.onCertified(height, engine.chain, clock.now()),
    })
    let lastCommitMs: number | undefined
    const execution = createExecutionDriver({
      engine,
      clock,
      log: log.child('execution'),
      onExecuted(ordered: OrderedCommit, executed: ExecutedCommit, startedMs: number) {
        const nowMs = clock.now()
        for (const block of executed.blocks) pool.onBlock(block)
        dag.onExecuted(ordered.commit.index, executed, nowMs)
        for (const { block } of executed.blocks) nodeMetrics.executed(sizeOf(block), (nowMs - startedMs) / 1_000)
        for (const input of vote(executed, nowMs)) driver.submit(input)
        return certificates.onExecuted()
      },
      onBackpressure: on => driver.submit({ kind: 'backpressure', on, nowMs: clock.now() }),
      onFailure: fail,
    })
    const driver = createConsensusDriver({
      core,
      consensusLog,
      port: link,
      clock,
      log: log.child('consensus'),
      takePayload: room => pool.take(room),
      async onCommit(ordered) {
        lastCommitMs = clock.now()
        nodeMetrics.committed(ordered, lastCommitMs)
        dag.onOrdered(ordered, lastCommitMs)
        await execution.enqueue(ordered)
      },
      onCertificate(certificate) {
        nodeMetrics.certified(certificate.height)
        return certificates.add(certificate)
      },
      onAlarm: (code, fatal) => nodeMetrics.alarm(code, fatal),
      beforePublish: vertex => guard?.record(vertex.round, vertex.headerDigest),
      onPublished: (vertex, seconds) => nodeMetrics.proposed(vertex.transactions.length, seconds),
      onRequeue: transactions => pool.putBack(transactions),
      onStored(records) {
        const nowMs = clock.now()
        for (const record of records) if (record.kind === 'vertex') dag.onVertex(record.vertex, record.own, nowMs)
      },
      onFailure: fail,
    })
    const submit = (input: Input) => driver.submit(input)
    const unsubscribe = pool.onAdded(transaction => {
      timeline.mark(transaction.hash, 'receivedMs', clock.now())
      driver.payloadArrived()
    })
    closers.push(unsubscribe)

    // Start, from the inside out
    closers.push(() => execution.stop())
    closers.push(() => driver.stop())
    link.start(submit)
    await network.start()
    closers.push(() => network.stop())
    network.keep(keptPeers(peers, addresses, config.p2p.peers, network.self))
    driver.start()
    const gossip = createTransactionGossip({ network, pool, publishes: own === undefined, log: log.child('gossip') })
    closers.push(() => gossip.stop())
    if (own === undefined) {
      const follower = createFollower({ core, link, peers: peers.length, params })
      closers.push(() => follower.stop())
    }

    const rpc = config.rpc.enabled
      ? await createRpcServer({
          backend: {
            clientVersion: `ogpu/v${version}/${process.platform}-${process.arch}/node${process.versions.node}`,
            chain: engine.chain,
            calls: engine.calls,
            traces: engine.traces,
            simulations: engine.simulations,
            forks: createForkConfigs(genesis),
            pool,
            network: { peerCount: () => network.peers().length, listening: () => true },
            syncing: () => syncState(core, engine.chain.head().header.number),
            dag,
            metrics: metrics.registry,
          },
          host: config.rpc.host,
          port: config.rpc.port,
          namespaces: config.rpc.apis,
          limits: { batchItemsMax: config.rpc.batchMax, connectionsMax: config.rpc.connectionsMax },
          corsOrigins: namesOf(config.rpc.cors),
          hosts: namesOf(config.rpc.hosts),
          log,
        })
      : undefined
    closers.push(() => rpc?.close())

    let diskFreeBytes: number | undefined
    const readiness = () => {
      const status = core.status()
      return readinessChecks({
        validatorsConnected: peers.filter((_, index) => index !== own && link.isUp(index)).length,
        validatorsOther: peers.length - (own === undefined ? 0 : 1),
        peers: network.peers().length,
        syncing: status.syncing,
        commitIndex: status.lastCommitIndex,
        quorumCommitIndex: status.quorumCommitIndex,
        lastCommitAtMs: lastCommitMs,
        executionQueue: execution.lag(),
        executionQueueMax: EXECUTION_LAG_HIGH,
        halted: status.halted,
        diskFreeBytes,
        nowMs: clock.now(),
      })
    }
    const observe = async () => {
      nodeMetrics.status(core.status())
      nodeMetrics.queues(0, execution.lag())
      for (const check of readiness()) nodeMetrics.ready(check.name, check.ok)
      const disk = await diskSpace(directory.path)
      if (disk !== undefined) nodeMetrics.disk(disk.freeBytes, disk.totalBytes)
      diskFreeBytes = disk?.freeBytes
    }
    await observe()
    const observer = setInterval(() => void observe(), OBSERVE_MS)
    closers.push(() => clearInterval(observer))

    const health = config.health.enabled
      ? await startHealthServer({
          host: config.health.host,
          port: config.health.port,
          source: {
            live: () => [{ name: 'consensus', ok: !core.status().halted }],
            ready: readiness,
            status: () => ({
              version,
              chainId,
              genesisHash: toHex(genesisHash),
              ...dag.status(),
              peers: network.peers().length,
            }),
            metrics: () => metrics,
          },
          log,
        })
      : undefined
    closers.push(() => health?.close())

    log.info('node started', {
      chainId,
      genesisHash: toHex(genesisHash),
      role: own === undefined ? 'follower' : names[own],
    })
    return {
      genesisHash: toHex(genesisHash),
      peerId: network.self,
      addresses: network.addresses(),
      rpcUrl: rpc?.url,
      wsUrl: rpc?.wsUrl,
      healthUrl: health?.url,
      failed,
      stop: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function sizeOf({ header, transactions }: Block) {
  return { height: header.number, transactions: transactions.length, gasUsed: header.gasUsed }
}

function ownIndex(consensusKeys: readonly string[], keys: ValidatorKeys | undefined): number | undefined {
  if (keys === undefined) return undefined
  const index = consensusKeys.indexOf(toHex(keys.consensus.publicKey))
  if (index >= 0) return index
  throw new CodedError(
    'not a validator',
    "these keys are of no validator in the network's committee; start without --validator to follow it",
  )
}

/** A list of one `*` means everybody. */
function namesOf(list: readonly string[]): '*' | readonly string[] {
  return list.includes('*') ? '*' : list
}

/** Validators at the addresses that the genesis or the configuration names. */
function keptPeers(
  peers: readonly string[],
  addresses: readonly (readonly string[])[],
  configured: readonly string[],
  self: string,
): { readonly id: string; readonly addresses: readonly string[] }[] {
  const kept = new Map<string, string[]>()
  for (const [index, peer] of peers.entries()) kept.set(peer, [...(addresses[index] ?? [])])
  for (const address of configured) {
    const id = address.split('/p2p/').at(-1) as string
    kept.set(id, [...(kept.get(id) ?? []), address])
  }
  return [...kept]
    .filter(([id, known]) => id !== self && known.length > 0)
    .map(([id, known]) => ({ id, addresses: known }))
}

function syncState(core: Consensus, head: number) {
  const { syncing } = core.status()
  return syncing ? { startingBlock: 0, currentBlock: head, highestBlock: head } : undefined
}
