import { concat, EMPTY } from '#lib/bytes'
import { FrameReader } from './frame-reader.ts'
import { encodeFrame } from './frames.ts'
import type { NetworkLimits, Offence } from './limits.ts'
import type { ByteStream } from './transport.ts'
import type { PeerId, RequestProtocol } from './types.ts'

/** First byte of an answer. */
export const ANSWER = { ok: 0, refused: 1, busy: 2, tooLarge: 3 } as const

export type RequestHandler = (from: PeerId, body: Uint8Array) => Promise<Uint8Array | undefined>
export type RequestOutcome = keyof typeof ANSWER | 'failed'

/** What the serving side needs from the network for one stream. */
export interface ServeOptions {
  readonly limits: NetworkLimits
  readonly protocol: RequestProtocol
  readonly peer: PeerId
  handler(): RequestHandler | undefined
  nowMs(): number
  pay(bytes: number): number
  /** One request of the peer's allowance; false when it is used up. */
  payRequest(): boolean
  /** Takes one of the slots that all peers share; false when none is left. */
  enter(): boolean
  leave(): void
  sent(bytes: number): void
  outcome(outcome: RequestOutcome): void
  failed(error: unknown): void
  offend(offence: Offence): void
  closed(): void
}

/** Answers the requests that arrive on one stream, one after the other. */
export function serveRequests(stream: ByteStream, options: ServeOptions): FrameReader {
  const { limits, protocol } = options
  const reader: FrameReader = new FrameReader(stream, {
    frameBytesMax: limits.requestBytesMax[protocol],
    inWorkMax: 1,
    nowMs: options.nowMs,
    pay: options.pay,
    offend: options.offend,
    closed: options.closed,
    handle: async body => {
      const answer = await answerTo(body, options)
      options.sent(4 + answer.length)
      if (stream.write(encodeFrame(answer))) return
      try {
        await stream.drained(limits.stallTimeoutMs)
      } catch {
        reader.abort('stream stalled')
      }
    },
  })
  return reader
}

async function answerTo(body: Uint8Array, options: ServeOptions): Promise<Uint8Array> {
  const say = (outcome: keyof typeof ANSWER, bytes: Uint8Array = EMPTY) => {
    options.outcome(outcome)
    return concat(Uint8Array.of(ANSWER[outcome]), bytes)
  }
  if (!options.payRequest()) return say('busy')
  const handler = options.handler()
  if (handler === undefined) return say('refused')
  if (!options.enter()) return say('busy')
  try {
    const answer = await handler(options.peer, body)
    if (answer === undefined) return say('refused')
    if (answer.length > options.limits.responseBytesMax[options.protocol]) return say('tooLarge')
    return say('ok', answer)
  } catch (error) {
    options.outcome('failed')
    options.failed(error)
    return Uint8Array.of(ANSWER.refused)
  } finally {
    options.leave()
  }
}
