import { CodedError, messageOf } from '#lib/errors'
import { encodeFrame, FrameDecoder } from './frames.ts'
import type { NetworkLimits, Offence } from './limits.ts'
import { ANSWER } from './request-server.ts'
import type { ByteStream } from './transport.ts'
import type { RequestProtocol } from './types.ts'

export type RequestErrorCode = 'request timeout' | 'peer unavailable' | 'request refused' | 'response too large'

export interface RequestClientOptions {
  readonly limits: NetworkLimits
  open(protocol: RequestProtocol, timeoutMs: number): Promise<ByteStream>
  sent(bytes: number): void
  received(bytes: number): void
  offend(offence: Offence): void
}

const failed = (code: RequestErrorCode, message: string, data: Record<string, unknown> = {}, cause?: unknown) =>
  new CodedError<RequestErrorCode>(code, message, { data, cause, retryable: code !== 'response too large' })

/** One request stream: one question at a time, reusable after each answer. */
class Conversation {
  readonly stream: ByteStream
  #waiting: { resolve(answer: Uint8Array): void; reject(error: Error): void } | undefined
  closed = false

  constructor(stream: ByteStream, responseBytesMax: number, options: RequestClientOptions) {
    this.stream = stream
    const decoder = new FrameDecoder(responseBytesMax + 1)
    stream.listen({
      data: chunk => {
        options.received(chunk.length)
        decoder.push(chunk)
        try {
          const frame = decoder.next()
          const waiting = this.#waiting
          if (frame !== undefined && waiting !== undefined && decoder.buffered === 0) {
            this.#waiting = undefined
            return waiting.resolve(frame)
          }
          // Nothing was asked, or more came than one answer.
          if (waiting === undefined || frame !== undefined) this.#break('unexpected data', options)
        } catch {
          this.#break('frame too large', options)
        }
      },
      closed: () => this.#end(failed('peer unavailable', 'the stream closed before the answer')),
    })
  }

  #break(offence: Offence, options: RequestClientOptions): void {
    const code = offence === 'frame too large' ? 'response too large' : 'request refused'
    this.abort(offence, failed(code, `the answer breaks the protocol: ${offence}`))
    options.offend(offence)
  }

  #end(error: Error): void {
    this.closed = true
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  ask(body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(failed('peer unavailable', 'the stream is closed'))
      this.#waiting = { resolve, reject }
      this.stream.write(encodeFrame(body))
    })
  }

  abort(reason: string, error: Error): void {
    this.#end(error)
    this.stream.abort(reason)
  }
}

/** Our questions to one peer. */
export class RequestClient {
  readonly #options: RequestClientOptions
  readonly #idle = new Map<RequestProtocol, Conversation[]>()
  readonly #busy = new Set<Conversation>()
  #inFlight = 0
  #stopped = false

  constructor(options: RequestClientOptions) {
    this.#options = options
  }

  async request(protocol: RequestProtocol, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { limits } = this.#options
    if (this.#stopped) throw failed('peer unavailable', 'the peer is not connected')
    if (this.#inFlight >= limits.requestsPerPeerMax) throw failed('peer unavailable', 'too many requests in flight')
    this.#inFlight += 1
    const deadlineMs = performance.now() + timeoutMs
    try {
      return readAnswer(await this.#ask(protocol, body, deadlineMs), protocol)
    } finally {
      this.#inFlight -= 1
    }
  }

  stop(): void {
    this.#stopped = true
    const error = failed('peer unavailable', 'the peer disconnected')
    for (const conversation of this.#busy) conversation.abort('disconnected', error)
    for (const list of this.#idle.values()) for (const one of list) one.abort('disconnected', error)
    this.#idle.clear()
  }

  async #ask(protocol: RequestProtocol, body: Uint8Array, deadlineMs: number): Promise<Uint8Array> {
    const idle = this.#takeIdle(protocol)
    if (idle !== undefined) {
      try {
        return await this.#converse(idle, protocol, body, deadlineMs)
      } catch (error) {
        // The far end may have closed the idle stream at this moment; requests are reads, so asking again is safe.
        if (!(error instanceof CodedError) || error.code !== 'peer unavailable' || this.#stopped) throw error
      }
    }
    return await this.#converse(await this.#open(protocol, deadlineMs), protocol, body, deadlineMs)
  }

  async #open(protocol: RequestProtocol, deadlineMs: number): Promise<Conversation> {
    const timeoutMs = deadlineMs - performance.now()
    let stream: ByteStream
    try {
      stream = await this.#options.open(protocol, Math.max(1, Math.ceil(timeoutMs)))
    } catch (error) {
      if (performance.now() >= deadlineMs) throw failed('request timeout', 'no stream in time', { protocol }, error)
      throw failed('peer unavailable', `no stream: ${messageOf(error)}`, { protocol }, error)
    }
    return new Conversation(stream, this.#options.limits.responseBytesMax[protocol], this.#options)
  }

  async #converse(
    conversation: Conversation,
    protocol: RequestProtocol,
    body: Uint8Array,
    deadlineMs: number,
  ): Promise<Uint8Array> {
    this.#busy.add(conversation)
    const timer = setTimeout(
      () => {
        conversation.abort('request timeout', failed('request timeout', 'no answer in time', { protocol }))
        this.#options.offend('request timeout')
      },
      Math.max(0, deadlineMs - performance.now()),
    )
    try {
      this.#options.sent(4 + body.length)
      const answer = await conversation.ask(body)
      this.#keepIdle(protocol, conversation)
      return answer
    } finally {
      clearTimeout(timer)
      this.#busy.delete(conversation)
    }
  }

  #takeIdle(protocol: RequestProtocol): Conversation | undefined {
    const list = this.#idle.get(protocol)
    for (let one = list?.pop(); one !== undefined; one = list?.pop()) if (!one.closed) return one
    return undefined
  }

  #keepIdle(protocol: RequestProtocol, conversation: Conversation): void {
    if (conversation.closed) return
    const list = this.#idle.get(protocol) ?? []
    this.#idle.set(protocol, list)
    if (this.#stopped || list.length >= this.#options.limits.idleRequestStreamsMax) conversation.stream.close()
    else list.push(conversation)
  }
}

function readAnswer(frame: Uint8Array, protocol: RequestProtocol): Uint8Array {
  switch (frame[0]) {
    case ANSWER.ok:
      return frame.subarray(1)
    case ANSWER.busy:
      throw failed('request refused', 'the peer is busy', { protocol, reason: 'busy' })
    case ANSWER.tooLarge:
      throw failed('response too large', 'the peer has a larger answer than the protocol allows', { protocol })
    default:
      throw failed('request refused', 'the peer refused', { protocol, reason: 'refused' })
  }
}
