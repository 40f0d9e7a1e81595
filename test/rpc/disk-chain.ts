import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createExecutionEngine, createPool, createRecoveryPool } from '#evm'
import { openChainStore } from '#storage'
import type { GenesisFile } from '#types'
import { commitOf, GENESIS_MS } from '../evm/fixtures.ts'

export type DiskChain = Awaited<ReturnType<typeof openDiskChain>>

/** A chain on a disk that other threads may read, and its pool. */
export async function openDiskChain(genesis: GenesisFile) {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-rpc-'))
  const store = await openChainStore(directory, { isShared: true })
  const recovery = createRecoveryPool({ workers: 0 })
  const engine = await createExecutionEngine({ genesis, store, recovery })
  const pool = createPool({ chain: engine.chain, recovery, clock: { now: () => Date.now() } })
  engine.chain.onBlock(executed => pool.onBlock(executed))
  let index = 0
  return {
    engine,
    pool,
    /** Where threads find it. */
    place: { genesis, storePath: directory, written: store.written, historyBlocks: undefined },
    /** Makes one commit, 100 ms after the one before. */
    async produce(raws: readonly Uint8Array[]) {
      index += 1
      return engine.execute(commitOf(index, [raws], { timestampMs: GENESIS_MS + index * 100 }))
    },
    async close() {
      await engine.close()
      await recovery.close()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** Posts a body to JSON-RPC and returns what it answers. */
export async function postJson(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
}

/** Calls one method. */
export async function callRpc(url: string, method: string, params: readonly unknown[]): Promise<Answer> {
  return (await postJson(url, { jsonrpc: '2.0', id: 1, method, params })) as Answer
}
