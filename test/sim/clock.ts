import type { Fault } from './plan.ts'

/** Virtual time zero as a node with a right clock reads it. */
export const EPOCH_MS = 1_700_000_000_000

/** A node's clock: offset, drift, and perhaps stopped. Timers run on the monotone side, as `setTimeout` does. */
export class SimClock {
  readonly #offsetMs: number
  readonly #driftPpm: number
  readonly #stoppedAtUs: number

  constructor(node: number, faults: readonly Fault[]) {
    let offsetMs = 0
    let driftPpm = 0
    let stoppedAtUs = Number.POSITIVE_INFINITY
    for (const fault of faults) {
      if (fault.kind === 'clock' && fault.node === node) {
        offsetMs += fault.offsetMs
        driftPpm += fault.driftPpm
      }
      if (fault.kind === 'clockStopped' && fault.node === node) stoppedAtUs = Math.min(stoppedAtUs, fault.atMs * 1000)
    }
    this.#offsetMs = offsetMs
    this.#driftPpm = driftPpm
    this.#stoppedAtUs = stoppedAtUs
  }

  /** What the node reads now. */
  nowMs(trueUs: number): number {
    const us = Math.min(trueUs, this.#stoppedAtUs)
    const drifted = us + Math.floor((us / 1_000_000) * this.#driftPpm)
    return EPOCH_MS + this.#offsetMs + Math.floor(drifted / 1000)
  }

  /** True time at which a timer set now for local time `atMs` fires. Never in the past. */
  fireUs(atMs: number, trueUs: number): number {
    const waitMs = atMs - this.nowMs(trueUs)
    if (waitMs <= 0) return trueUs
    // The local clock shows whole milliseconds: go to the boundary at which `atMs` begins.
    const us = this.#driftPpm === 0 && trueUs < this.#stoppedAtUs ? waitMs * 1000 - (trueUs % 1000) : waitMs * 1000
    return trueUs + Math.max(1, us)
  }
}
