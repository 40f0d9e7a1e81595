import { encodeFrame } from './frames.ts'
import type { NetworkLimits, Offence } from './limits.ts'
import { SendQueue, type SendQueueOptions } from './send-queue.ts'
import type { ByteStream } from './transport.ts'

export interface OutboundOptions {
  readonly queue: SendQueueOptions
  readonly limits: NetworkLimits
  open(): Promise<ByteStream>
  /** First frame of each newly opened stream. */
  readonly preamble?: Uint8Array
  opened?(): void
  sent(bytes: number): void
  offend(offence: Offence): void
}

/**
 * The sending half of a long-lived conversation: our own stream, opened by us and opened again when it breaks, fed from
 * a bounded queue. Each side has one of its own, so that no two sides ever argue about who opens.
 */
export class Outbound {
  readonly #options: OutboundOptions
  readonly #queue: SendQueue
  #stream: ByteStream | undefined
  #wake: (() => void) | undefined
  #stopped = false

  constructor(options: OutboundOptions) {
    this.#options = options
    this.#queue = new SendQueue(options.queue)
    void this.#run()
  }

  /** Frames that waited and were dropped to make room; `undefined` when this one was refused. */
  send(frame: Uint8Array): number | undefined {
    if (this.#stopped) return undefined
    const dropped = this.#queue.push(frame)
    this.#wake?.()
    return dropped
  }

  stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#queue.clear()
    this.#stream?.abort(reason)
    this.#wake?.()
  }

  /** Stops after what is queued has been handed to the transport. */
  get idle(): boolean {
    return this.#queue.size === 0
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stopped) {
      let stream: ByteStream
      try {
        stream = await this.#options.open()
      } catch {
        await this.#pause(failures++)
        continue
      }
      const openedAtMs = performance.now()
      await this.#feed(stream)
      // A far end that opens and at once resets (no validator yet) must not make us spin.
      if (performance.now() - openedAtMs > 5_000) failures = 0
      if (!this.#stopped) await this.#pause(failures++)
    }
  }

  async #feed(stream: ByteStream): Promise<void> {
    let open = true
    stream.listen({
      data: () => {
        stream.abort('unexpected data')
        this.#options.offend('unexpected data')
      },
      closed: () => {
        open = false
        this.#wake?.()
      },
    })
    if (this.#stopped) return stream.abort('stopped')
    this.#stream = stream
    if (this.#options.preamble !== undefined) this.#write(stream, this.#options.preamble)
    this.#options.opened?.()
    while (open && !this.#stopped) {
      const frame = this.#queue.shift()
      if (frame === undefined) {
        await this.#sleep()
        continue
      }
      if (this.#write(stream, frame)) continue
      try {
        await stream.drained(this.#options.limits.stallTimeoutMs)
      } catch {
        if (open && !this.#stopped) {
          stream.abort('stream stalled')
          this.#options.offend('stream stalled')
        }
        break
      }
    }
    this.#stream = undefined
  }

  #write(stream: ByteStream, frame: Uint8Array): boolean {
    const bytes = encodeFrame(frame)
    this.#options.sent(bytes.length)
    return stream.write(bytes)
  }

  #sleep(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  async #pause(failures: number): Promise<void> {
    const pauseMs = Math.min(5_000, 50 * 2 ** Math.min(failures, 10))
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, pauseMs)
      const stopSoon = () => {
        if (!this.#stopped) {
          this.#wake = stopSoon
          return
        }
        this.#wake = undefined
        clearTimeout(timer)
        resolve()
      }
      this.#wake = stopSoon
    })
    this.#wake = undefined
  }
}
