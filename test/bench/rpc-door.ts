/**
 * JSON-RPC in a process of its own for the bench, on its thread as in a node: `door` ends a transaction's way where the
 * pool would take it (on the node's thread, before its sender is recovered), `pool` goes through the real pool with its
 * recovery threads. No consensus behind it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createExecutionEngine, createPool, createRecoveryPool } from '#evm'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import { keccak256 } from '#lib/hash'
import { startRpcThread } from '#node'
import { openChainStore } from '#storage'
import type { GenesisFile } from '#types'

process.once('message', async (plan: { readonly kind: 'door' | 'pool'; readonly genesis: GenesisFile }) => {
  const { genesis } = plan
  const storePath = mkdtempSync(join(tmpdir(), 'ogpu-door-'))
  process.once('disconnect', () => {
    rmSync(storePath, { recursive: true, force: true })
    process.exit(0)
  })
  const recovery = createRecoveryPool({ workers: 1 })
  const store = await openChainStore(storePath, { isShared: true })
  const engine = await createExecutionEngine({ genesis, store, recovery })
  const pool = createPool({ chain: engine.chain, recovery, clock: { now: () => Date.now() } })
  const door: typeof pool = {
    ...pool,
    add: async raws => raws.map(raw => ({ kind: 'added' as const, hash: keccak256(raw) })),
  }
  const thread = await startRpcThread({
    live: {
      pool: plan.kind === 'door' ? door : pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
    },
    blocks: engine.chain,
    chain: { genesis, storePath, written: store.written, historyBlocks: undefined },
    clientVersion: 'bench',
    workers: 1,
    servers: [{ name: '' }],
    log: silentLog,
  })
  process.send?.({ url: defined(thread.servers[0], 'one server was asked for').url })
})
