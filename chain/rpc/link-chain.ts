import type { ChainReader, ExecutedBlock, ReadEngine } from '#evm'
import type { BlockNumber } from '#types'
import { CELL, type LinkCells } from './link.ts'

export interface LinkChain {
  readonly chain: ChainReader
  /** Moves to the present when the node's thread has made new blocks; costs nothing otherwise. */
  readonly refresh: () => void
  /** Catches up with another thread that has seen block `head`. */
  readonly reach: (head: BlockNumber) => void
  /** The same, and tells the listeners of `chain` about each new block, which can be read by then. */
  readonly announce: () => void
}

/** The chain as a listener on another thread than the node's reads it: from the store, and as new as the node itself. */
export function createLinkChain(engine: ReadEngine, cells: LinkCells): LinkChain {
  const listeners = new Set<(executed: ExecutedBlock) => void>()
  const headNumber = () => engine.chain.headHeader().number
  let moves = 0
  let announced = headNumber()

  function refresh(): void {
    const now = Atomics.load(cells, CELL.moves)
    if (now === moves) return
    moves = now
    engine.renew()
  }

  return {
    chain: {
      ...engine.chain,
      onBlock(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    refresh,
    reach(head) {
      if (head > headNumber()) engine.renew()
    },
    announce() {
      refresh()
      const head = headNumber()
      while (announced < head) {
        announced += 1
        // Without a listener nothing is read.
        const executed = listeners.size === 0 ? undefined : engine.executed(announced)
        if (executed !== undefined) for (const listener of [...listeners]) listener(executed)
      }
    },
  }
}
