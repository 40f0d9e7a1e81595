import { createReadEngine, ETHEREUM_FEES, eip1559BaseFee, type ReadEngine } from '#evm'
import type { ReadBackend } from '#rpc'
import { openChainReader, type StoreReader } from '#storage'
import type { GenesisFile } from '#types'

/** What a thread needs to read a chain that another thread of this process writes. */
export interface ChainPlace {
  readonly genesis: GenesisFile
  readonly storePath: string
  /** The writer's count of its writes (`DiskStore`). */
  readonly written: Int32Array
  readonly historyBlocks: number | undefined
}

/** Opens a chain for the methods that only read it. CodedErrors as `openChainReader`, and `store damaged`. */
export async function openReadBackend(place: ChainPlace): Promise<{
  readonly store: StoreReader
  readonly engine: ReadEngine
  readonly backend: ReadBackend
}> {
  const { genesis, storePath, written, historyBlocks } = place
  const store = await openChainReader(storePath, written)
  const engine = createReadEngine({ genesis, store, ...(historyBlocks === undefined ? {} : { historyBlocks }) })
  const { chain, calls, traces, simulations, inspections, builder } = engine
  const isOurs = genesis.config.ogpu !== undefined
  return {
    store,
    engine,
    backend: {
      ...{ chain, calls, traces, simulations, inspections },
      ...(builder === undefined ? {} : { builder }),
      ...(isOurs ? {} : { nextBaseFee: header => eip1559BaseFee(header, ETHEREUM_FEES) }),
    },
  }
}
