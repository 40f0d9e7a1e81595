/**
 * Lets a thread give only a share of its time to work that comes in indivisible pieces: after a piece of 20 ms and with a
 * share of a tenth, the next one waits for 180 ms. Pieces wait in order.
 */
export function createPacer(share: number): <T>(run: () => T) => Promise<T> {
  let turn: Promise<void> = Promise.resolve()
  return run => {
    let restMs = 0
    const piece = turn.then(() => {
      const started = performance.now()
      try {
        return run()
      } finally {
        restMs = (performance.now() - started) * (1 / share - 1)
      }
    })
    const rest = () => (restMs < REST_MIN_MS ? undefined : new Promise<void>(resolve => setTimeout(resolve, restMs)))
    turn = piece.then(rest, rest)
    return piece
  }
}

/** A timer for less than this would cost more than the rest is worth. */
const REST_MIN_MS = 1
