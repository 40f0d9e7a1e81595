/** Finds events again after any pause: block ranges from a durable cursor to the head, handled before the cursor moves. */
import { join } from 'node:path'
import { readIfPresent, writeDurably } from './durable.ts'

/** Blocks per `eth_getLogs`. */
const RANGE_BLOCKS = 2_000

/** The next blocks to look at, both ends included; undefined when there is nothing new. */
export function nextRange(
  cursor: number,
  head: number,
  blocksMax = RANGE_BLOCKS,
): { readonly from: number; readonly to: number } | undefined {
  if (head <= cursor) return undefined
  return { from: cursor + 1, to: Math.min(head, cursor + blocksMax) }
}

export interface Watcher {
  /** Looks at everything up to `head`. When `handle` throws, the same blocks come again next time. */
  advance(head: number, handle: (from: number, to: number) => Promise<void>): Promise<void>
  readonly cursor: number
}

/**
 * A watcher whose position is kept in `dir/cursor.json`. Blocks of this chain are final, so nothing is ever looked at
 * twice for a reorganisation.
 *
 * @param startBlock first block to look at when there is no cursor yet
 */
export async function openWatcher(dir: string, startBlock: number): Promise<Watcher> {
  const saved = await readIfPresent(join(dir, 'cursor.json'))
  let cursor = startBlock - 1
  if (saved !== undefined) {
    const value = (JSON.parse(new TextDecoder().decode(saved)) as { block?: unknown }).block
    if (Number.isSafeInteger(value)) cursor = value as number
  }
  return {
    get cursor() {
      return cursor
    },
    async advance(head, handle) {
      for (let range = nextRange(cursor, head); range !== undefined; range = nextRange(cursor, head)) {
        await handle(range.from, range.to)
        await writeDurably(dir, 'cursor.json', JSON.stringify({ block: range.to }))
        cursor = range.to
      }
    },
  }
}
