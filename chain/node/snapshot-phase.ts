import { type CommitExecutionEngine, createExecutionEngine, genesisBlock, type RecoveryPool } from '#evm'
import { toHex } from '#lib/bytes'
import type { Log } from '#lib/env'
import type { Metrics } from '#lib/metrics'
import type { Network } from '#p2p'
import { createRpcServer, type RpcBackend } from '#rpc'
import { createMemoryStore, type Store } from '#storage'
import type { GenesisFile } from '#types'
import type { NodeConfig } from './config.ts'
import { peersToKeep } from './epochs.ts'
import { startHealthServer } from './health-server.ts'
import { type SnapshotProgress, syncFromSnapshot } from './snapshot-sync.ts'

/** The groups that make sense before there is a state: the rest is refused as unknown until the node has one. */
const APIS = ['eth', 'net', 'web3', 'rpc']

export interface SnapshotPhaseOptions {
  readonly genesis: GenesisFile
  readonly config: NodeConfig
  readonly version: string
  readonly chainStore: Store
  readonly consensusStore: Store
  /** Is started here. */
  readonly network: Network
  readonly recovery: RecoveryPool
  readonly metrics: Metrics
  readonly log: Log
  readonly signal?: AbortSignal
}

/**
 * What a node does before it has a state: fetches a snapshot, and meanwhile answers JSON-RPC with the genesis block and how
 * far it is (`eth_syncing`), and health with "not ready". When it resolves, the stores are those of a node that was
 * stopped at the snapshot's block. CodedError `sync stopped` after `signal`.
 */
export async function runSnapshotPhase(options: SnapshotPhaseOptions): Promise<void> {
  const { genesis, config, network, recovery, log, signal } = options
  let progress: SnapshotProgress = { phase: 'searching', height: 0, chunksDone: 0, chunks: 0 }
  const engine = await createExecutionEngine({ genesis, store: createMemoryStore(), recovery })
  const rpc = config.rpc.enabled ? await startRpc(engine, options, () => progress) : undefined
  const health = config.health.enabled
    ? await startHealthServer({
        host: config.health.host,
        port: config.health.port,
        source: {
          live: () => [{ name: 'snapshot', ok: true }],
          ready: () => [{ name: 'snapshot', ok: false, detail: describe(progress) }],
          status: () => ({
            version: options.version,
            chainId: genesis.config.chainId,
            genesisHash: toHex(genesisBlock(genesis).hash),
            peers: network.peers().length,
            syncing: progress,
          }),
          metrics: () => options.metrics,
        },
        log,
      }).catch(async (error: unknown) => {
        await rpc?.close()
        throw error
      })
    : undefined
  let told = ''
  try {
    await network.start()
    await syncFromSnapshot({
      genesis,
      chainStore: options.chainStore,
      consensusStore: options.consensusStore,
      network,
      recovery,
      log: log.child('snapshot'),
      connect(setup) {
        network.setCommittee(new Map(setup.peers.map((peer, index) => [peer, index])))
        network.keep(peersToKeep(setup, config.p2p.peers, network.self))
      },
      onProgress(now) {
        progress = now
        if (now.phase === told) return
        told = now.phase
        log.info('syncing from a snapshot', { ...now })
      },
      ...(signal === undefined ? {} : { signal }),
    })
  } finally {
    await rpc?.close()
    await health?.close()
    await engine.close()
  }
}

function describe({ phase, height, chunksDone, chunks }: SnapshotProgress): string {
  return height === 0 ? phase : `${phase} the state of block ${height}: ${chunksDone} of ${chunks} parts`
}

/** JSON-RPC on the chain's first block; transactions are refused as something to try again later. */
function startRpc(engine: CommitExecutionEngine, options: SnapshotPhaseOptions, progress: () => SnapshotProgress) {
  const { config, network, version, log } = options
  const { rpc } = config
  const backend: RpcBackend = {
    clientVersion: `ogpu/v${version}/${process.platform}-${process.arch}/node${process.versions.node}`,
    chain: engine.chain,
    calls: engine.calls,
    pool: {
      add: async raw =>
        raw.map(() => ({
          kind: 'rejected',
          message: 'the node is syncing: it takes no transactions yet',
          retryable: true,
        })),
      get: () => undefined,
      nextNonce: async address => {
        const state = await engine.chain.stateAt(0)
        return (await state.account(address))?.nonce ?? 0n
      },
      content: () => ({ pending: new Map(), queued: new Map() }),
      status: () => ({ pending: 0, queued: 0 }),
      onAdded: () => () => {},
    },
    network: { peerCount: () => network.peers().length, listening: () => true },
    syncing: () => ({ startingBlock: 0, currentBlock: 0, highestBlock: progress().height }),
  }
  const namesOf = (list: readonly string[]) => (list.includes('*') ? ('*' as const) : list)
  return createRpcServer({
    backend,
    host: rpc.host,
    port: rpc.port,
    namespaces: APIS.filter(name => rpc.apis.includes(name) || name === 'rpc'),
    limits: { batchItemsMax: rpc.batchMax, connectionsMax: rpc.connectionsMax },
    corsOrigins: namesOf(rpc.cors),
    hosts: namesOf(rpc.hosts),
    log,
  })
}
