import { crash } from './crash.ts'
import { FrameDecoder } from './frames.ts'
import type { Offence } from './limits.ts'
import type { ByteStream } from './transport.ts'

export interface FrameReaderOptions {
  readonly frameBytesMax: number
  /** Frames in work at a time; above, the stream is not read. */
  readonly inWorkMax: number
  nowMs(): number
  /** Accounts one frame of `bytes` (with its prefix); milliseconds that reading must pause now, 0 for none. */
  pay(bytes: number): number
  /** Must not reject: handlers account for their own failures. */
  handle(frame: Uint8Array): void | Promise<void>
  offend(offence: Offence): void
  closed(): void
}

/**
 * Reads frames of one inbound stream: in order, paced by the peer's allowance, and no faster than they are handled. What
 * cannot be read yet stays in the sender's memory (the stream's flow control), not in ours.
 */
export class FrameReader {
  readonly #stream: ByteStream
  readonly #options: FrameReaderOptions
  readonly #decoder: FrameDecoder
  #inWork = 0
  #paused = false
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #partialSinceMs: number | undefined

  constructor(stream: ByteStream, options: FrameReaderOptions) {
    this.#stream = stream
    this.#options = options
    this.#decoder = new FrameDecoder(options.frameBytesMax)
    stream.listen({
      data: chunk => {
        if (this.#closed) return
        this.#decoder.push(chunk)
        this.#pump()
      },
      closed: () => this.#end(),
    })
  }

  abort(reason: string): void {
    if (this.#closed) return
    this.#stream.abort(reason)
    this.#end()
  }

  /** Resets the stream when a frame has been incomplete for longer than `timeoutMs`. */
  checkPace(timeoutMs: number): void {
    if (this.#closed || this.#partialSinceMs === undefined) return
    if (this.#options.nowMs() - this.#partialSinceMs < timeoutMs) return
    this.abort('frame too slow')
    this.#options.offend('frame too slow')
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    this.#options.closed()
  }

  #pump(): void {
    while (!this.#closed && this.#timer === undefined) {
      if (this.#inWork >= this.#options.inWorkMax) {
        this.#pause()
        return
      }
      let frame: Uint8Array | undefined
      try {
        frame = this.#decoder.next()
      } catch {
        this.abort('frame too large')
        this.#options.offend('frame too large')
        return
      }
      if (frame === undefined) {
        if (this.#decoder.buffered === 0) this.#partialSinceMs = undefined
        else this.#partialSinceMs ??= this.#options.nowMs()
        this.#resume()
        return
      }
      this.#partialSinceMs = undefined
      const waitMs = this.#options.pay(4 + frame.length)
      this.#handle(frame)
      if (waitMs > 0 && !this.#closed) {
        this.#pause()
        this.#timer = setTimeout(() => {
          this.#timer = undefined
          this.#pump()
        }, waitMs)
      }
    }
  }

  #handle(frame: Uint8Array): void {
    const work = this.#options.handle(frame)
    if (work === undefined) return
    this.#inWork += 1
    work.then(() => {
      this.#inWork -= 1
      if (!this.#closed) this.#pump()
    }, crash)
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#stream.pause()
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#stream.resume()
  }
}
