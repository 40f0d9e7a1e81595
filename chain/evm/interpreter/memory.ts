/** More than this is not kept for the next frame. */
const KEPT_BYTES = 64 * 1_024

/** What offsets and lengths are cut to: costs more than any gas. */
export const BYTES_MAX = 2 ** 32

/** Byte-addressed memory of one frame; grows in words and is paid for before it grows. */
export class Memory {
  bytes = new Uint8Array(1_024)
  view = new DataView(this.bytes.buffer)
  /** Size in bytes as MSIZE reports it. */
  size = 0

  /** Makes it empty again, for another frame. */
  reset(): void {
    if (this.bytes.length > KEPT_BYTES) {
      this.bytes = new Uint8Array(1_024)
      this.view = new DataView(this.bytes.buffer)
    } else this.bytes.fill(0, 0, this.size)
    this.size = 0
  }

  /** Gas for reaching `end` bytes (Yellow Paper, C_mem), on top of what was paid. */
  costOf(end: number): number {
    if (end <= this.size) return 0
    const words = Math.ceil(end / 32)
    const paid = this.size / 32
    return 3 * (words - paid) + Math.floor((words * words) / 512) - Math.floor((paid * paid) / 512)
  }

  /** {@link costOf} for the `length` bytes from `offset` on; nothing for no bytes, more than any gas beyond 4 GiB. */
  costAt(offset: number, length: number): number {
    if (length === 0) return 0
    const end = offset + length
    return end > BYTES_MAX ? Number.POSITIVE_INFINITY : this.costOf(end)
  }

  /** {@link grow} for the same. */
  growAt(offset: number, length: number): void {
    if (length > 0) this.grow(offset + length)
  }

  /** Grows to `end` bytes, which were paid for. */
  grow(end: number): void {
    if (end <= this.size) return
    this.size = Math.ceil(end / 32) * 32
    if (this.size <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.size, this.bytes.length * 2))
    larger.set(this.bytes)
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  /** A copy of a range that was grown to. */
  read(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, offset + length)
  }

  /** Copies `source` from `from` on, with zeros behind its end. */
  write(offset: number, source: Uint8Array, from: number, length: number): void {
    if (length === 0) return
    const available = from >= source.length ? 0 : Math.min(length, source.length - from)
    if (available > 0) this.bytes.set(source.subarray(from, from + available), offset)
    if (available < length) this.bytes.fill(0, offset + available, offset + length)
  }
}
