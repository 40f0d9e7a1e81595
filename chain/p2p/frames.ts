import { CodedError } from '#lib/errors'

/** A frame is a 32-bit big-endian length and so many bytes. */
export function encodeFrame(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + body.length)
  new DataView(frame.buffer).setUint32(0, body.length)
  frame.set(body, 4)
  return frame
}

/**
 * Cuts a byte stream into frames. It holds only bytes that really arrived: a length prefix above `bytesMax` is refused
 * before anything is allocated for it. Frames are pulled, so that a reader can stop in the middle of a chunk.
 */
export class FrameDecoder {
  readonly #bytesMax: number
  #chunks: Uint8Array[] = []
  #offset = 0
  #size = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that wait for the rest of their frame, or to be pulled. */
  get buffered(): number {
    return this.#size
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  /** The next whole frame, in bytes of its own. CodedError `frame too large`: the stream is beyond repair then. */
  next(): Uint8Array | undefined {
    if (this.#size < 4) return undefined
    const length = this.#peekLength()
    if (length > this.#bytesMax) {
      throw new CodedError('frame too large', `a frame of ${length} bytes is above the limit of ${this.#bytesMax}`, {
        data: { length, bytesMax: this.#bytesMax },
      })
    }
    if (this.#size < 4 + length) return undefined
    this.#take(4)
    return this.#take(length)
  }

  #peekLength(): number {
    let length = 0
    let index = 0
    let offset = this.#offset
    for (let i = 0; i < 4; i++) {
      let chunk = this.#chunks[index] as Uint8Array
      while (offset === chunk.length) {
        index += 1
        offset = 0
        chunk = this.#chunks[index] as Uint8Array
      }
      length = length * 256 + (chunk[offset++] as number)
    }
    return length
  }

  #take(length: number): Uint8Array {
    const taken = new Uint8Array(length)
    let filled = 0
    let used = 0
    while (filled < length) {
      const chunk = this.#chunks[used] as Uint8Array
      const part = chunk.subarray(this.#offset, this.#offset + length - filled)
      taken.set(part, filled)
      filled += part.length
      this.#offset += part.length
      if (this.#offset === chunk.length) {
        used += 1
        this.#offset = 0
      }
    }
    if (used > 0) this.#chunks.splice(0, used)
    this.#size -= length
    return taken
  }
}
