/** Strict fixed-width big-endian encoding. A reader never allocates more than the bytes that it was given. */
import { accept, reject, type Verdict } from '#lib/verdict'

export class DecodeError extends Error {
  override name = 'DecodeError'
}

/** What `read` makes of bytes from outside; a {@link DecodeError} in it says that they are malformed. */
export function decoding<T>(read: () => T): Verdict<T, 'malformed'> {
  try {
    return accept(read())
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed', error.message)
    throw error
  }
}

/** Appends fixed-width integers and bytes to a growing buffer. */
export class Writer {
  #buffer: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity)
    this.#view = new DataView(this.#buffer.buffer)
  }

  #reserve(bytes: number): number {
    const offset = this.#length
    this.#length += bytes
    if (this.#length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#buffer.length * 2))
      grown.set(this.#buffer)
      this.#buffer = grown
      this.#view = new DataView(grown.buffer)
    }
    return offset
  }

  u8(value: number): this {
    const offset = this.#reserve(1)
    this.#view.setUint8(offset, value)
    return this
  }

  u16(value: number): this {
    const offset = this.#reserve(2)
    this.#view.setUint16(offset, value)
    return this
  }

  u32(value: number): this {
    const offset = this.#reserve(4)
    this.#view.setUint32(offset, value)
    return this
  }

  /** A safe integer (below 2^53) in eight bytes. */
  u64(value: number): this {
    const offset = this.#reserve(8)
    this.#view.setUint32(offset, Math.floor(value / 2 ** 32))
    this.#view.setUint32(offset + 4, value >>> 0)
    return this
  }

  bytes(value: Uint8Array): this {
    const offset = this.#reserve(value.length)
    this.#buffer.set(value, offset)
    return this
  }

  get length(): number {
    return this.#length
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length)
  }
}

/** Reads what a {@link Writer} wrote; every method throws {@link DecodeError} when bytes are missing. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #take(bytes: number): number {
    const offset = this.#offset
    if (offset + bytes > this.#bytes.length)
      throw new DecodeError(`${bytes} bytes wanted at ${offset} of ${this.#bytes.length}`)
    this.#offset += bytes
    return offset
  }

  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  /** Eight bytes as a safe integer; larger values are a {@link DecodeError}. */
  u64(): number {
    const offset = this.#take(8)
    const value = this.#view.getUint32(offset) * 2 ** 32 + this.#view.getUint32(offset + 4)
    if (!Number.isSafeInteger(value)) throw new DecodeError('integer above 2^53')
    return value
  }

  /** A view (no copy) of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const offset = this.#take(length)
    return this.#bytes.subarray(offset, offset + length)
  }

  /** Throws {@link DecodeError} when bytes are left over: an encoding has exactly one form. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeError(`${this.remaining} bytes too many`)
  }
}
