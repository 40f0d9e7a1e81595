import type { Log as Logger } from '#lib/env'
import type { BlockNumber } from '#types'
import type { ChainView } from './chain-reader.ts'
import type { Fork } from './forks.ts'
import type { BlockHashes, createMachine, Machine } from './machine.ts'
import type { FlatState } from './state/flat-state.ts'

/** What a machine of one's own may have of its own. */
export interface OwnMachine {
  readonly blockHashes?: BlockHashes
  readonly customOpcodes?: NonNullable<Parameters<typeof createMachine>[2]>
}

/** What read-only execution needs of a chain: its state, and machines to run on it. */
export interface ExecutionView extends ChainView {
  readonly flat: Pick<FlatState, 'published' | 'complete'>
  readonly log: Logger
  forkAt(number: BlockNumber, timestamp: bigint): Fork
  /** A machine of the caller's own; `blockHash` tells it the hashes of blocks, unless the caller does. */
  newMachine(fork: Fork, own?: OwnMachine): Promise<Machine>
  /** Hash of a block up to the head; zero for none. */
  readonly blockHash: BlockHashes
}
