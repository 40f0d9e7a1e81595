/** The real engine with the real genesis contracts behind real JSON-RPC; only consensus is left out. */
import { createExecutionEngine, createPool, createRecoveryPool } from '#evm'
import { devAccounts, devnetGenesis } from '#genesis'
import { createRpcServer } from '#rpc'
import { createMemoryStore } from '#storage'
import { commitOf } from '../evm/fixtures.ts'

export interface Devnet {
  readonly url: string
  /** Keys of funded accounts. */
  readonly keys: readonly string[]
  /** The next blocks are made this often. */
  readonly blockMs: number
  stop(): Promise<void>
}

/** A chain that makes a block every `blockMs`, empty or not. */
export async function startDevnet(blockMs = 50): Promise<Devnet> {
  const genesis = await devnetGenesis({ execution: { heartbeatMs: 1 } })
  const recovery = createRecoveryPool({ workers: 0 })
  const engine = await createExecutionEngine({ genesis, store: createMemoryStore(), recovery })
  const pool = createPool({ chain: engine.chain, recovery, clock: { now: () => Date.now() } })
  engine.chain.onBlock(executed => pool.onBlock(executed))
  const server = await createRpcServer({
    backend: {
      clientVersion: 'ogpu/v0.0.0/test',
      chain: engine.chain,
      calls: engine.calls,
      pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
    },
  })
  let running = true
  const loop = async (): Promise<void> => {
    const genesisMs = Number(genesis.timestamp) * 1000
    for (let index = 1; running; index++) {
      const raw = pool.take({ transactions: 512, bytes: 1 << 20 })
      await engine.execute(commitOf(index, [raw], { timestampMs: genesisMs + index * 50 }))
      await new Promise(resolve => setTimeout(resolve, blockMs))
    }
  }
  const busy = loop()
  return {
    url: server.url,
    keys: devAccounts(10).map(account => account.privateKey),
    blockMs,
    async stop() {
      running = false
      await busy
      await server.close()
      await engine.close()
      await recovery.close()
    },
  }
}
