/** Where a block came from, as this chain's headers say it in `extraData`. */
export interface BlockOrigin {
  readonly epoch: number
  readonly commitIndex: number
  /** Milliseconds beyond the header's whole seconds, 0 to 999. */
  readonly milliseconds: number
  /** The block holds no transactions and marks the passing of time. */
  readonly heartbeat: boolean
}

const LENGTH = 18
const VERSION = 1
const FLAG_HEARTBEAT = 2

/**
 * `extraData` of a block: version u8, epoch u32, commit index u64, sub-index u16, milliseconds u16, flags u8, all
 * big-endian. Undefined for any other extra data (genesis, imported chains).
 */
export function decodeBlockOrigin(extraData: Buffer): BlockOrigin | undefined {
  if (extraData.length !== LENGTH || extraData[0] !== VERSION) return undefined
  const commitIndex = extraData.readBigUInt64BE(5)
  const milliseconds = extraData.readUInt16BE(15)
  if (commitIndex > Number.MAX_SAFE_INTEGER || milliseconds > 999) return undefined
  return {
    epoch: extraData.readUInt32BE(1),
    commitIndex: Number(commitIndex),
    milliseconds,
    heartbeat: (extraData.readUInt8(17) & FLAG_HEARTBEAT) !== 0,
  }
}
