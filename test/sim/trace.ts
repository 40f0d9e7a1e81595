import { createHash } from 'node:crypto'
import { toRawHex } from '#lib/bytes'

/** Lines kept for the report of a failing run. */
const TAIL = 2000

/** A running hash over everything that happens, and the last events as text: equal seeds have equal hashes (I15). */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #buffer = new Uint8Array(1 << 16)
  readonly #view = new DataView(this.#buffer.buffer)
  readonly #tail: string[] = []
  readonly #keepText: boolean
  #length = 0
  #events = 0

  constructor(keepText: boolean) {
    this.#keepText = keepText
  }

  get events(): number {
    return this.#events
  }

  /** Adds one event: numbers and up to 32 bytes of a digest. */
  add(timeUs: number, node: number, kind: number, detail: number, digest?: Uint8Array): void {
    this.#events += 1
    if (this.#length + 64 > this.#buffer.length) this.#flush()
    const at = this.#length
    this.#view.setFloat64(at, timeUs)
    this.#view.setUint16(at + 8, node)
    this.#view.setUint16(at + 10, kind)
    this.#view.setFloat64(at + 12, detail)
    if (digest !== undefined) this.#buffer.set(digest.subarray(0, 32), at + 20)
    this.#length += digest === undefined ? 20 : 52
  }

  get wantsText(): boolean {
    return this.#keepText
  }

  /** Adds a line to the readable tail; not part of the hash. */
  say(timeUs: number, node: number, text: string): void {
    if (!this.#keepText) return
    this.#tail.push(`${(timeUs / 1000).toFixed(3).padStart(12)} ms  node ${String(node).padStart(2)}  ${text}`)
    if (this.#tail.length > 2 * TAIL) this.#tail.splice(0, TAIL)
  }

  tail(): readonly string[] {
    return this.#tail.slice(-TAIL)
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#length))
    this.#length = 0
  }

  /** The first 16 bytes of the hash so far, as hexadecimal text. */
  digest(): string {
    this.#flush()
    return toRawHex(this.#hash.copy().digest().subarray(0, 16))
  }
}

export function short(digest: Uint8Array): string {
  return toRawHex(digest.subarray(0, 3))
}
