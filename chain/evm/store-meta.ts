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
  /**
   * First block whose body is offered, apart from the genesis: above 0 in a store that began with a snapshot or prunes.
   */
  readonly base: BlockNumber
  /** First block whose state is offered. */
  readonly states: BlockNumber
  /** How far records are gone; between this and what is offered they are on their way out. */
  readonly deleted: {
    /** Reverse diffs of blocks up to this one. */
    readonly statesDeleted: BlockNumber
    /** Bodies of blocks before this one, but for the genesis. */
    readonly bodiesDeleted: BlockNumber
  }
}

const META = {
  schema: utf8('schema'),
  genesis: utf8('genesis'),
  head: utf8('head'),
  executed: utf8('executed'),
  finalized: utf8('finalized'),
  base: utf8('base'),
  kept: utf8('kept'),
  snapshot: utf8('snapshot'),
  migrated: utf8('migrated'),
  repair: utf8('repair'),
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
  if (store.get(metaKey('repair')) !== undefined) {
    throw new CodedError('store damaged', 'a repair of the store was interrupted: ./ogpu db repair goes on with it')
  }
  const finalized = store.get(metaKey('finalized'))
  const baseBytes = store.get(metaKey('base'))
  const base = baseBytes === undefined ? 0 : read('base', 6, baseBytes, reader => readU48(reader.bytes(6)))
  const kept = store.get(metaKey('kept'))
  return {
    schema,
    genesisHash: read('genesis', 32, store.get(metaKey('genesis')), reader => reader.bytes(32).slice()),
    head: read('head', 6, store.get(metaKey('head')), reader => readU48(reader.bytes(6))),
    executed: read('executed', 12, store.get(metaKey('executed')), reader => ({
      epoch: reader.u32(),
      index: reader.u64(),
    })),
    finalized: finalized === undefined ? 0 : read('finalized', 6, finalized, reader => readU48(reader.bytes(6))),
    base,
    // A store that never pruned keeps all it has, from its first block on.
    ...(kept === undefined
      ? { states: base, deleted: { statesDeleted: base, bodiesDeleted: base } }
      : read('kept', 18, kept, reader => ({
          states: readU48(reader.bytes(6)),
          deleted: { statesDeleted: readU48(reader.bytes(6)), bodiesDeleted: readU48(reader.bytes(6)) },
        }))),
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

/** What a store offers, and how far older records are deleted. */
export function keptOperations({
  base,
  states,
  deleted,
}: Pick<StorePosition, 'base' | 'states' | 'deleted'>): StoreOperation[] {
  return [
    { key: metaKey('base'), value: u48(base) },
    { key: metaKey('kept'), value: concat(u48(states), u48(deleted.statesDeleted), u48(deleted.bodiesDeleted)) },
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
