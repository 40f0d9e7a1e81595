import { assert, defined } from '#lib/assert'
import { afterPrefix, KEY_PREFIX, type Store, storeKey, u48 } from '#storage'
import { type BlockHeader, type BlockNumber, encodeBlock } from '#types'
import { readBlock, readHeader } from './chain-store.ts'
import { encodeHeadChunk, SNAPSHOT_CHUNK_BYTES, SNAPSHOT_HEADERS, StateChunkWriter } from './snapshot-format.ts'
import { readPosition } from './store-meta.ts'

/** The chunks of a snapshot of the head as it was when this was opened. */
export interface SnapshotSource {
  readonly header: BlockHeader
  /** The first one is the head chunk; the rest is the flat state in order. Read it to the end or `return` it. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>
}

/**
 * Opens the state of the head for a snapshot. It is fixed when this returns, without a copy: an iterator of the store
 * sees the store as it was at its beginning. Call it between two writes. Undefined where too few blocks are kept.
 * Snapshots with another size of chunks are other snapshots: only tests change it.
 */
export function openSnapshotSource(store: Store, chunkBytes = SNAPSHOT_CHUNK_BYTES): SnapshotSource | undefined {
  const { head, base } = defined(readPosition(store), 'a chain store has a position')
  const block = defined(readBlock(store, head), 'the head is stored')
  const first = Math.max(0, head - SNAPSHOT_HEADERS)
  if (first > 0 && first < base - SNAPSHOT_HEADERS) return undefined
  const headers: BlockHeader[] = []
  for (let number: BlockNumber = first; number < head; number++) {
    const header = readHeader(store, number)
    if (header === undefined) return undefined
    headers.push(header)
  }
  const receipts = defined(store.get(storeKey(KEY_PREFIX.receipts, u48(head))), 'the receipts of the head are stored')
  const headChunk = encodeHeadChunk(encodeBlock(block), receipts, headers)
  assert(KEY_PREFIX.account < KEY_PREFIX.slot && KEY_PREFIX.slot < KEY_PREFIX.code, 'state records are neighbours')
  const range = { from: storeKey(KEY_PREFIX.account), to: afterPrefix(storeKey(KEY_PREFIX.code)) }
  const records = store.scan(range)[Symbol.asyncIterator]()
  // Asked for here and now: this is the instant that the iterator shows.
  const opened = records.next()
  opened.catch(() => {})
  return { header: block.header, chunks: chunksOf(headChunk, chunkBytes, records, opened) }
}

async function* chunksOf(
  headChunk: Uint8Array,
  chunkBytes: number,
  records: AsyncIterator<readonly [Uint8Array, Uint8Array]>,
  opened: Promise<IteratorResult<readonly [Uint8Array, Uint8Array]>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield headChunk
    const writer = new StateChunkWriter(chunkBytes)
    for (let next = await opened; next.done !== true; next = await records.next()) {
      const [key, value] = next.value
      const full = writer.add(key, value)
      if (full !== undefined) yield full
    }
    const rest = writer.end()
    if (rest !== undefined) yield rest
  } finally {
    await records.return?.()
  }
}
