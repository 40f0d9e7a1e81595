import { DecodeError, Reader, Writer } from '#lib/codec'
import type { CommitIndex, Epoch } from './ids.ts'

/** Where a block of our chain came from: the contents of its `extraData`. */
export interface BlockOrigin {
  readonly epoch: Epoch
  readonly commitIndex: CommitIndex
  /** Position among the blocks of the same commit, from 0. */
  readonly subIndex: number
  /** Milliseconds of the commit's time beyond the header's whole seconds, 0 to 999. */
  readonly milliseconds: number
  /** The commit closed its epoch. */
  readonly endsEpoch: boolean
  /** The block holds no transactions and marks the passing of time. */
  readonly heartbeat: boolean
}

const LAYOUT_VERSION = 1
const FLAG_ENDS_EPOCH = 1
const FLAG_HEARTBEAT = 2

/** `extraData` of a block: version u8, epoch u32, commit index u64, sub-index u16, ms u16, flags u8 (18 bytes). */
export function encodeBlockOrigin(origin: BlockOrigin): Uint8Array {
  return new Writer(18)
    .u8(LAYOUT_VERSION)
    .u32(origin.epoch)
    .u64(origin.commitIndex)
    .u16(origin.subIndex)
    .u16(origin.milliseconds)
    .u8((origin.endsEpoch ? FLAG_ENDS_EPOCH : 0) | (origin.heartbeat ? FLAG_HEARTBEAT : 0))
    .finish()
}

/** Inverse of {@link encodeBlockOrigin}; undefined for the extra data of any other block (genesis, imported). */
export function decodeBlockOrigin(extraData: Uint8Array): BlockOrigin | undefined {
  try {
    const reader = new Reader(extraData)
    if (reader.u8() !== LAYOUT_VERSION) return undefined
    const epoch = reader.u32()
    const commitIndex = reader.u64()
    const subIndex = reader.u16()
    const milliseconds = reader.u16()
    const flags = reader.u8()
    reader.end()
    if (milliseconds > 999 || flags > 3) return undefined
    return {
      epoch,
      commitIndex,
      subIndex,
      milliseconds,
      endsEpoch: (flags & FLAG_ENDS_EPOCH) !== 0,
      heartbeat: (flags & FLAG_HEARTBEAT) !== 0,
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
