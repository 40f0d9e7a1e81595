import { createForkConfigs, createPool, createRecoveryPool, eip1559BaseFee, type ImportedChain } from '#evm'
import { createRpcServer, type RpcServer } from '#rpc'
import type { BlockHeader, GenesisFile } from '#types'

export interface ServeImportedOptions {
  readonly imported: ImportedChain
  readonly genesis: GenesisFile
  readonly clientVersion: string
  readonly host?: string
  /** 0 takes a free one. */
  readonly port?: number
}

/**
 * Serves an imported chain over the JSON-RPC server of a node. Its pool takes transactions, but nothing puts them into
 * blocks. Closing it leaves the chain open.
 */
export async function serveImported(options: ServeImportedOptions): Promise<RpcServer> {
  const { imported, genesis } = options
  const recovery = createRecoveryPool({ workers: 0 })
  // Ethereum's own fee market, not the one of our commits.
  const rules = { elasticity: 2n, minBaseFeePerGas: 0n }
  const nextBaseFee = (header: BlockHeader) => eip1559BaseFee(header, rules)
  const pool = createPool({
    chain: imported.chain,
    recovery,
    clock: { now: () => Date.now() },
    params: { minBaseFeePerGas: rules.minBaseFeePerGas },
    nextBaseFee,
  })
  const server = await createRpcServer({
    backend: {
      clientVersion: options.clientVersion,
      chain: imported.chain,
      calls: imported.calls,
      traces: imported.traces,
      simulations: imported.simulations,
      pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
      forks: createForkConfigs(genesis),
      nextBaseFee,
    },
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
  })
  return {
    ...server,
    async close() {
      await server.close()
      await recovery.close()
    },
  }
}
