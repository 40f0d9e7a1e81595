import { BoundedQueue } from '#lib/queue'

export interface SendQueueOptions {
  readonly framesMax: number
  readonly bytesMax: number
  /** `drop-oldest` suits what the peer can pull again and what ages (vertices); `refuse` suits everything else. */
  readonly whenFull: 'drop-oldest' | 'refuse'
}

/** Frames that wait for one stream of one peer, bounded in number and bytes. */
export class SendQueue {
  readonly #options: SendQueueOptions
  readonly #frames: BoundedQueue<Uint8Array>
  #bytes = 0

  constructor(options: SendQueueOptions) {
    this.#options = options
    this.#frames = new BoundedQueue(options.framesMax)
  }

  get size(): number {
    return this.#frames.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How many old frames were dropped to make room; `undefined` when the frame was refused. */
  push(frame: Uint8Array): number | undefined {
    if (frame.length > this.#options.bytesMax) return undefined
    let dropped = 0
    while (this.#frames.isFull || this.#bytes + frame.length > this.#options.bytesMax) {
      if (this.#options.whenFull === 'refuse') return undefined
      this.shift()
      dropped += 1
    }
    this.#frames.push(frame)
    this.#bytes += frame.length
    return dropped
  }

  shift(): Uint8Array | undefined {
    const frame = this.#frames.shift()
    if (frame !== undefined) this.#bytes -= frame.length
    return frame
  }

  clear(): void {
    this.#frames.clear()
    this.#bytes = 0
  }
}
