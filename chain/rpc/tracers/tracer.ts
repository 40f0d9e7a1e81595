import type { Observer, TraceResult } from '#evm'

/** An observer whose sight becomes JSON. */
export interface Tracer {
  readonly observer: Observer
  result(): unknown
}

/** Thrown when a trace outgrows its bound; the message goes to the client. */
export class TraceTooLarge extends Error {
  override name = 'TraceTooLarge'
}

/** Keeps the end of an execution for `result`. */
export function keepEnd(observer: Observer): {
  readonly observer: Observer
  readonly end: () => TraceResult | undefined
} {
  let end: TraceResult | undefined
  return {
    observer: {
      ...observer,
      end(result, state) {
        end = result
        return observer.end?.(result, state)
      },
    },
    end: () => end,
  }
}
