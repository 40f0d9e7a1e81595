/**
 * A JSON-RPC listener in a process of its own for the bench: `door` ends a transaction's way where the pool would take it
 * (before its sender is recovered), `pool` goes through the real pool with its recovery threads. No consensus behind it.
 */
import { createExecutionEngine, createPool, createRecoveryPool } from '#evm'
import { keccak256 } from '#lib/hash'
import { createRpcServer } from '#rpc'
import { createMemoryStore } from '#storage'
import type { GenesisFile } from '#types'

process.once('message', async (plan: { readonly kind: 'door' | 'pool'; readonly genesis: GenesisFile }) => {
  const recovery = createRecoveryPool({ workers: 1 })
  const engine = await createExecutionEngine({ genesis: plan.genesis, store: createMemoryStore(), recovery })
  const pool = createPool({ chain: engine.chain, recovery, clock: { now: () => Date.now() } })
  const door: typeof pool = {
    ...pool,
    add: async raws => raws.map(raw => ({ kind: 'added' as const, hash: keccak256(raw) })),
  }
  const server = await createRpcServer({
    backend: {
      clientVersion: 'bench',
      chain: engine.chain,
      calls: engine.calls,
      pool: plan.kind === 'door' ? door : pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
    },
  })
  process.send?.({ url: server.url })
})
process.once('disconnect', () => process.exit(0))
