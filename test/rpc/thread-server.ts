import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createExecutionEngine, createPool, createRecoveryPool } from '#evm'
import { silentLog } from '#lib/env'
import type { LiveBackend, RpcLimits } from '#rpc'
import { openChainStore } from '#storage'
import { startRpcThread } from '../../chain/node/rpc-listener-host.ts'
import { commitOf, GENESIS_MS, genesisFile } from '../evm/fixtures.ts'

export interface ThreadServerOptions {
  readonly workers?: number
  readonly limits?: Partial<RpcLimits>
  readonly live?: Partial<LiveBackend>
  readonly entry?: URL
}

export type ThreadServer = Awaited<ReturnType<typeof startThreadServer>>

export interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** A chain on a disk, with JSON-RPC on a thread of its own as a node has it. */
export async function startThreadServer(options: ThreadServerOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-thread-'))
  const genesis = genesisFile({ users: 10 })
  const store = await openChainStore(directory, { isShared: true })
  const recovery = createRecoveryPool({ workers: 0 })
  const engine = await createExecutionEngine({ genesis, store, recovery })
  const pool = createPool({ chain: engine.chain, recovery, clock: { now: () => Date.now() } })
  engine.chain.onBlock(executed => pool.onBlock(executed))
  const thread = await startRpcThread({
    live: {
      pool,
      network: { peerCount: () => 3, listening: () => true },
      syncing: () => undefined,
      ...options.live,
    },
    blocks: engine.chain,
    chain: { genesis, storePath: directory, historyBlocks: undefined },
    clientVersion: 'ogpu/test',
    workers: options.workers ?? 0,
    yields: false,
    servers: [{ name: '', limits: { callTimeoutMs: 60_000, ...options.limits } }],
    log: silentLog,
    ...(options.entry === undefined ? {} : { entry: options.entry }),
  })
  const [server] = thread.servers
  const url = String(server?.url)
  let index = 0
  const post = async (body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
  }
  return {
    thread,
    pool,
    engine,
    url,
    wsUrl: String(server?.wsUrl),
    post,
    rpc: async (method: string, ...params: unknown[]) =>
      (await post({ jsonrpc: '2.0', id: 1, method, params })) as Answer,
    /** Makes one commit of what the pool has. */
    async produce() {
      index += 1
      const raws = pool.take({ transactions: 1_000, bytes: 1 << 22 })
      return engine.execute(commitOf(index, [raws], { timestampMs: GENESIS_MS + index * 100 }))
    },
    async close() {
      await thread.close()
      await engine.close()
      await recovery.close()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
