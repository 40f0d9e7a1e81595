/** A thread that answers heavy JSON-RPC requests: the chain's store opened for reading, and the methods that only read. */
import { enableCompileCache } from 'node:module'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { createReadEngine } from '#evm'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import { serveRequests } from '#rpc'
import { openChainReader } from '#storage'
import type { GenesisFile } from '#types'

/** What the thread is told when it starts. */
export interface RpcWorkerData {
  readonly genesis: GenesisFile
  readonly storePath: string
  readonly historyBlocks: number | undefined
}

/** Consensus and execution go first: this is the least priority of Linux, and holds for this thread only. */
const NICE = 19

enableCompileCache()
try {
  if (process.platform === 'linux') setPriority(0, NICE)
} catch {
  // A container may forbid it; requests are answered all the same.
}
const { genesis, storePath, historyBlocks } = workerData as RpcWorkerData
const store = await openChainReader(storePath)
const engine = createReadEngine({ genesis, store, ...(historyBlocks === undefined ? {} : { historyBlocks }) })
serveRequests({
  port: defined(parentPort, 'this module runs in a thread'),
  backend: engine,
  renew: () => engine.renew(),
  release: () => store.release(),
  log: silentLog,
})
