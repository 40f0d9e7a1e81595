import { concat, equalBytes, toHex, utf8 } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { KEY_PREFIX, readU48, SCHEMA_VERSION, type Store, type StoreOperation, u48 } from '#storage'
import type { BlockNumber, CommitIndex, Digest, Epoch } from '#types'

/** Position in the sequence of commits. */
export interface Executed {
  readonly epoch: Epoch
  readonly index: CommitIndex
}

/** The singletons of a chain store. */
export interface StorePosition {
  readonly schema: number
  readonly genesisHash: Digest
  readonly head: BlockNumber
  readonly executed: Executed
  readonly finalized: BlockNumber
  /** First block that is kept, apart from the genesis: above 0 in a store that began with a snapshot. */
  readonly base: BlockNumber
}

const META = {
  schema: utf8('schema'),
  genesis: utf8('genesis'),
  head: utf8('head'),
  executed: utf8('executed'),
  finalized: utf8('finalized'),
  base: utf8('base'),
  snapshot: utf8('snapshot'),
  migrated: utf8('migrated'),
} as const

export function metaKey(name: keyof typeof META): Uint8Array {
  return concat(Uint8Array.of(KEY_PREFIX.meta), META[name])
}

/**
 * Where a chain store stands; undefined for an empty one. Throws CodedError `wrong schema` for another layout and `store
 * damaged` when a singleton is missing or has the wrong length.
 */
export function readPosition(store: Store): StorePosition | undefined {
  const bytes = store.get(metaKey('schema'))
  if (bytes === undefined) return undefined
  const schema = read('schema', 4, bytes, reader => reader.u32())
  if (schema !== SCHEMA_VERSION) {
    const advice =
      schema < SCHEMA_VERSION
        ? './ogpu db migrate, or a start of the node, brings it up to date'
        : 'a newer version wrote it, so use that one'
    throw new CodedError('wrong schema', `the store has layout ${schema}, this program ${SCHEMA_VERSION}: ${advice}`, {
      data: { found: schema, wanted: SCHEMA_VERSION },
    })
  }
  const finalized = store.get(metaKey('finalized'))
  const base = store.get(metaKey('base'))
  return {
    schema,
    genesisHash: read('genesis', 32, store.get(metaKey('genesis')), reader => reader.bytes(32).slice()),
    head: read('head', 6, store.get(metaKey('head')), reader => readU48(reader.bytes(6))),
    executed: read('executed', 12, store.get(metaKey('executed')), reader => ({
      epoch: reader.u32(),
      index: reader.u64(),
    })),
    finalized: finalized === undefined ? 0 : read('finalized', 6, finalized, reader => readU48(reader.bytes(6))),
    base: base === undefined ? 0 : read('base', 6, base, reader => readU48(reader.bytes(6))),
  }
}

/** Throws CodedError `wrong genesis` when the store belongs to another network. */
export function requireGenesis(position: StorePosition, genesisHash: Digest): void {
  if (equalBytes(position.genesisHash, genesisHash)) return
  const stored = toHex(position.genesisHash)
  const configured = toHex(genesisHash)
  throw new CodedError(
    'wrong genesis',
    `the store belongs to the network with genesis ${stored}, not to ${configured}`,
    {
      data: { stored, configured },
    },
  )
}

export function positionOperations(head: BlockNumber, executed: Executed): StoreOperation[] {
  return [
    { key: metaKey('head'), value: u48(head) },
    { key: metaKey('executed'), value: new Writer(12).u32(executed.epoch).u64(executed.index).finish() },
  ]
}

function read<T>(name: string, length: number, bytes: Uint8Array | undefined, decode: (reader: Reader) => T): T {
  const damaged = (why: string, cause?: unknown) =>
    new CodedError('store damaged', `the store's record "${name}" ${why}`, { data: { name }, cause })
  if (bytes === undefined) throw damaged('is missing')
  if (bytes.length !== length) throw damaged(`has ${bytes.length} bytes instead of ${length}`)
  try {
    return decode(new Reader(bytes))
  } catch (error) {
    if (error instanceof DecodeError) throw damaged(error.message, error)
    throw error
  }
}
