import { createPool, createRecoveryPool, ETHEREUM_FEES, eip1559BaseFee, type ImportedChain } from '#evm'
import { defined } from '#lib/assert'
import { type Log, silentLog } from '#lib/env'
import { startRpcThread } from '#node'
import type { GenesisFile } from '#types'

export interface ServeImportedOptions {
  readonly imported: ImportedChain
  readonly genesis: GenesisFile
  /** Where the chain's store lies, which this process has open as a shared one. */
  readonly storePath: string
  /** Its count of writes. */
  readonly written: Int32Array
  readonly clientVersion: string
  readonly host?: string
  /** 0 takes a free one. */
  readonly port?: number
  readonly log?: Log
}

export interface ServedChain {
  readonly url: string
  readonly wsUrl: string
  close(): Promise<void>
}

/**
 * Serves an imported chain over the JSON-RPC of a node, on threads of its own. Its pool takes transactions, but nothing
 * puts them into blocks. Closing it leaves the chain open.
 */
export async function serveImported(options: ServeImportedOptions): Promise<ServedChain> {
  const { imported, genesis, storePath, written, host, port = 0 } = options
  const recovery = createRecoveryPool({ workers: 0 })
  const pool = createPool({
    chain: imported.chain,
    recovery,
    clock: { now: () => Date.now() },
    params: { minBaseFeePerGas: ETHEREUM_FEES.minBaseFeePerGas },
    nextBaseFee: header => eip1559BaseFee(header, ETHEREUM_FEES),
  })
  const thread = await startRpcThread({
    live: {
      pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
    },
    blocks: imported.chain,
    chain: { genesis, storePath, written, historyBlocks: undefined },
    clientVersion: options.clientVersion,
    workers: 1,
    yields: false,
    servers: [{ name: '', port, ...(host === undefined ? {} : { host }) }],
    log: options.log ?? silentLog,
  })
  const { url, wsUrl } = defined(thread.servers[0], 'one server was asked for')
  return {
    url,
    wsUrl,
    async close() {
      await thread.close()
      await recovery.close()
    },
  }
}
