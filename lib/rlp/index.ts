/**
 * Recursive Length Prefix (Ethereum Yellow Paper, appendix B), strict: every value has exactly one encoding, and bytes
 * in any other form are refused. Decoding never copies and never allocates more than the input suggests.
 */
import { DecodeError } from '#lib/codec'

export type RlpItem = Uint8Array | readonly RlpItem[]

/** Deepest nesting that {@link decodeRlp} follows; headers, transactions and receipts need at most 5. */
const DEPTH_MAX = 64

/** Encodes bytes and nested lists of bytes. */
export function encodeRlp(item: RlpItem): Uint8Array {
  const output = new Uint8Array(encodedLength(item))
  write(item, output, 0)
  return output
}

/** Length in bytes of the encoding of `item`. */
export function encodedLength(item: RlpItem): number {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && (item[0] as number) < 0x80) return 1
    return headLength(item.length) + item.length
  }
  const payload = payloadLength(item)
  return headLength(payload) + payload
}

/** The bytes that precede a list whose items take `payload` bytes together. */
export function listHead(payload: number): Uint8Array {
  const head = new Uint8Array(headLength(payload))
  writeHead(payload, 0xc0, head, 0)
  return head
}

/** Minimal big-endian bytes of a non-negative integer: zero is no bytes (Yellow Paper, BE). */
export function uintToRlp(value: bigint | number): Uint8Array {
  if (value === 0n || value === 0) return new Uint8Array(0)
  if (value <= Number.MAX_SAFE_INTEGER) return safeToRlp(Number(value))
  const text = value.toString(16)
  const length = (text.length + 1) >> 1
  const bytes = new Uint8Array(length)
  for (let i = length - 1, end = text.length; i >= 0; i--, end -= 2) {
    bytes[i] = Number.parseInt(text.slice(Math.max(0, end - 2), end), 16)
  }
  return bytes
}

function safeToRlp(value: number): Uint8Array {
  let length = 1
  for (let rest = value; rest >= 256; rest = Math.floor(rest / 256)) length += 1
  const bytes = new Uint8Array(length)
  for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest & 0xff
  return bytes
}

/** Decodes one item that fills `bytes` exactly; {@link DecodeError} for anything that is not the canonical form. */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const reader = new RlpReader(bytes)
  const item = reader.item()
  reader.end()
  return item
}

function payloadLength(items: readonly RlpItem[]): number {
  let length = 0
  for (const item of items) length += encodedLength(item)
  return length
}

function headLength(payload: number): number {
  if (payload < 56) return 1
  if (payload < 0x100) return 2
  if (payload < 0x1_0000) return 3
  return payload < 0x100_0000 ? 4 : 5
}

function writeHead(payload: number, offset: number, output: Uint8Array, at: number): number {
  const length = headLength(payload)
  if (length === 1) {
    output[at] = offset + payload
    return at + 1
  }
  output[at] = offset + 55 + length - 1
  for (let i = 1, rest = payload; i < length; i++) {
    output[at + length - i] = rest & 0xff
    rest = Math.floor(rest / 256)
  }
  return at + length
}

function write(item: RlpItem, output: Uint8Array, at: number): number {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && (item[0] as number) < 0x80) {
      output[at] = item[0] as number
      return at + 1
    }
    const start = writeHead(item.length, 0x80, output, at)
    output.set(item, start)
    return start + item.length
  }
  let next = writeHead(payloadLength(item), 0xc0, output, at)
  for (const child of item) next = write(child, output, next)
  return next
}

/**
 * Walks an encoding item by item. Every method throws {@link DecodeError} for bytes that are missing or not canonical;
 * byte strings come back as views of the input.
 */
export class RlpReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #offset: number
  readonly #depth: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, depth = 0) {
    this.#bytes = bytes
    this.#offset = start
    this.#end = end
    this.#depth = depth
  }

  /** Position of the next item in the bytes that the outermost reader was made of. */
  get offset(): number {
    return this.#offset
  }

  /** Where this list's items end. */
  get endOffset(): number {
    return this.#end
  }

  get isDone(): boolean {
    return this.#offset === this.#end
  }

  /** True when the next item is a list. */
  get isList(): boolean {
    return this.#offset < this.#end && (this.#bytes[this.#offset] as number) >= 0xc0
  }

  end(): void {
    if (this.#offset !== this.#end) throw new DecodeError(`${this.#end - this.#offset} bytes too many`)
  }

  /** The next item, which must be a byte string. */
  bytes(): Uint8Array {
    const start = this.#step()
    return this.#bytes.subarray(start, this.#offset)
  }

  /** The next item as a byte string of exactly `length` bytes. */
  fixed(length: number): Uint8Array {
    const value = this.bytes()
    if (value.length !== length) throw new DecodeError(`${length} bytes wanted, ${value.length} found`)
    return value
  }

  /** The next item as an unsigned integer of at most `bytesMax` bytes without leading zeros. */
  uint(bytesMax: number): bigint {
    const bytes = this.#bytes
    const start = this.#step()
    const length = this.#offset - start
    if (length > bytesMax) throw new DecodeError(`integer of more than ${bytesMax} bytes`)
    if (length > 0 && bytes[start] === 0) throw new DecodeError('integer with a leading zero')
    if (length <= 6) {
      let small = 0
      for (let i = start; i < this.#offset; i++) small = small * 256 + (bytes[i] as number)
      return BigInt(small)
    }
    let large = 0n
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, length)
    let at = length % 8
    for (let i = 0; i < at; i++) large = (large << 8n) | BigInt(view.getUint8(i))
    for (; at < length; at += 8) large = (large << 64n) | view.getBigUint64(at)
    return large
  }

  /** A reader of the next item, which must be a list; this reader stands behind it afterwards. */
  list(): RlpReader {
    const prefix = this.#prefix()
    if (prefix < 0xc0) throw new DecodeError('list wanted, byte string found')
    if (this.#depth >= DEPTH_MAX) throw new DecodeError('nested too deeply')
    const length = this.#length(prefix, 0xc0)
    const start = this.#offset
    this.#offset += length
    return new RlpReader(this.#bytes, start, start + length, this.#depth + 1)
  }

  /** The next item, whatever it is. */
  item(): RlpItem {
    if (!this.isList) return this.bytes()
    const inner = this.list()
    const items: RlpItem[] = []
    while (!inner.isDone) items.push(inner.item())
    return items
  }

  /** Steps over the next item and returns the bytes that encode it. */
  skip(): Uint8Array {
    const start = this.#offset
    if (this.isList) this.list()
    else this.bytes()
    return this.#bytes.subarray(start, this.#offset)
  }

  // Steps over a byte string; where its content begins. It ends at the new offset.
  #step(): number {
    const prefix = this.#prefix()
    if (prefix >= 0xc0) throw new DecodeError('byte string wanted, list found')
    if (prefix < 0x80) return this.#offset++
    const length = this.#length(prefix, 0x80)
    const start = this.#offset
    this.#offset += length
    if (length === 1 && (this.#bytes[start] as number) < 0x80) throw new DecodeError('single byte with a length')
    return start
  }

  #prefix(): number {
    if (this.#offset >= this.#end) throw new DecodeError('item missing')
    return this.#bytes[this.#offset] as number
  }

  // Steps over the head and returns the payload's length, which is checked to fit.
  #length(prefix: number, base: number): number {
    this.#offset += 1
    let length = prefix - base
    if (length > 55) {
      const size = length - 55
      if (this.#offset + size > this.#end) throw new DecodeError('length cut off')
      if (this.#bytes[this.#offset] === 0) throw new DecodeError('length with a leading zero')
      if (size > 4) throw new DecodeError('length above 2^32')
      length = 0
      for (let i = 0; i < size; i++) length = length * 256 + (this.#bytes[this.#offset + i] as number)
      if (length < 56) throw new DecodeError('long form of a short length')
      this.#offset += size
    }
    if (this.#offset + length > this.#end) throw new DecodeError('item cut off')
    return length
  }
}
