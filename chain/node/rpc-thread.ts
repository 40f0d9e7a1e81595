/** A thread that answers heavy JSON-RPC requests: the chain's store opened for reading, and the methods that only read. */
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

/** Consensus and execution go first: about a tenth of their share where they want the same core. */
const NICE = 10

const { genesis, storePath, historyBlocks } = workerData as RpcWorkerData
const store = await openChainReader(storePath)
const engine = createReadEngine({ genesis, store, ...(historyBlocks === undefined ? {} : { historyBlocks }) })
// From here on; a thread that starts at low priority would take seconds on a busy machine. On Linux this is about the
// calling thread only.
try {
  if (process.platform === 'linux') setPriority(0, NICE)
} catch {
  // A container may forbid it; requests are answered all the same.
}
serveRequests({
  port: defined(parentPort, 'this module runs in a thread'),
  backend: engine,
  renew: () => engine.renew(),
  release: () => store.release(),
  log: silentLog,
})
