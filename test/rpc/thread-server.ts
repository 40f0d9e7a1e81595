import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import type { LiveBackend, RpcLimits } from '#rpc'
import { startRpcThread } from '../../chain/node/rpc-listener-host.ts'
import { genesisFile } from '../evm/fixtures.ts'
import { callRpc, openDiskChain, postJson } from './disk-chain.ts'

export interface ThreadServerOptions {
  readonly workers?: number
  readonly limits?: Partial<RpcLimits>
  readonly live?: Partial<LiveBackend>
  readonly entry?: URL
}

export type ThreadServer = Awaited<ReturnType<typeof startThreadServer>>

/** A chain on a disk, with JSON-RPC on a thread of its own as a node has it. */
export async function startThreadServer(options: ThreadServerOptions = {}) {
  const chain = await openDiskChain(genesisFile({ users: 10 }))
  const { engine, pool } = chain
  const thread = await startRpcThread({
    live: {
      pool,
      network: { peerCount: () => 3, listening: () => true },
      syncing: () => undefined,
      ...options.live,
    },
    blocks: engine.chain,
    chain: chain.place,
    clientVersion: 'ogpu/test',
    workers: options.workers ?? 0,
    yields: false,
    servers: [{ name: '', limits: { callTimeoutMs: 60_000, ...options.limits } }],
    log: silentLog,
    ...(options.entry === undefined ? {} : { entry: options.entry }),
  })
  const { url, wsUrl } = defined(thread.servers[0], 'one server was asked for')
  return {
    thread,
    pool,
    engine,
    url,
    wsUrl,
    post: (body: unknown) => postJson(url, body),
    rpc: (method: string, ...params: unknown[]) => callRpc(url, method, params),
    /** Makes one commit of what the pool has. */
    produce: () => chain.produce(pool.take({ transactions: 1_000, bytes: 1 << 22 })),
    async close() {
      await thread.close()
      await chain.close()
    },
  }
}
