import type { Hex } from '#lib/bytes'
import { createRpcServer, createRpcWorkers, type RpcLimits } from '#rpc'
import { genesisFile } from '../evm/fixtures.ts'
import { callRpc, openDiskChain } from './disk-chain.ts'

/** Multiplies points of a curve until the gas is used up: many seconds. */
export const SLOW: Hex = '0x0000000000000000000000000000000000051000'
const SLOW_CODE: Hex = '0x60015f5260026020525f196040525b60405f60605f60075afa50600e56'
/** Returns slot 0, or stores its call data there. */
export const CELL: Hex = '0x000000000000000000000000000000000000ce11'
const CELL_CODE: Hex = '0x36600c575f545f5260205ff35b5f355f5500'

export interface WorkerServerOptions {
  readonly count?: number
  readonly queueMax?: number
  readonly entry?: URL
  readonly limits?: Partial<RpcLimits>
}

export type WorkerServer = Awaited<ReturnType<typeof startWorkerServer>>

/** A chain on a disk, and a listener whose heavy methods run in threads that read it. */
export async function startWorkerServer(options: WorkerServerOptions = {}) {
  const chain = await openDiskChain(
    genesisFile({
      alloc: {
        [SLOW]: { code: SLOW_CODE, balance: '0x0' },
        [CELL]: { code: CELL_CODE, balance: '0x0' },
      },
    }),
  )
  const workers = createRpcWorkers({
    entry: options.entry ?? new URL('../../chain/node/rpc-worker.ts', import.meta.url),
    data: { ...chain.place, yields: false },
    count: options.count ?? 2,
    ...(options.queueMax === undefined ? {} : { queueMax: options.queueMax }),
  })
  const refuse = () => Promise.reject(new Error('here'))
  const server = await createRpcServer({
    backend: {
      clientVersion: 'ogpu/test',
      chain: chain.engine.chain,
      // Nothing of this thread may be needed for what is heavy.
      calls: { call: refuse, estimateGas: refuse, sequence: refuse },
      pool: chain.pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
      workers,
    },
    limits: { callTimeoutMs: 300, ...options.limits },
  })
  return {
    server,
    workers,
    rpc: (method: string, ...params: unknown[]) => callRpc(server.url, method, params),
    produce: (raw: Uint8Array) => chain.produce([raw]),
    async close() {
      await server.close()
      await workers.close()
      await chain.close()
    },
  }
}
