import { defined } from '#lib/assert'
import type { Fault, Latency, NetworkPlan } from './plan.ts'
import type { Random } from './prng.ts'

/** Decides when a message arrives. A network adversary may add to the delay; it can never drop or forge. */
export interface Scheduler {
  extraUs(from: number, to: number, message: unknown, nowUs: number): number
}

/** Draws the way of every message: latency, loss, duplication, cuts, order, bandwidth, and the time before GST. */
export class Network {
  readonly #plan: NetworkPlan
  readonly #faults: readonly Fault[]
  readonly #random: Random
  readonly #lastArrival = new Map<number, number>()
  readonly #uplinkFree = new Map<number, number>()
  readonly #schedulers: readonly { readonly fromUs: number; readonly toUs: number; readonly scheduler: Scheduler }[]
  readonly #latencies: (from: number, to: number) => number
  readonly #isQuiet: boolean

  constructor(
    plan: NetworkPlan,
    faults: readonly Fault[],
    random: Random,
    schedulers: readonly { readonly fromUs: number; readonly toUs: number; readonly scheduler: Scheduler }[],
  ) {
    this.#plan = plan
    this.#faults = faults.filter(f => ['partition', 'cut', 'loss', 'slow'].includes(f.kind))
    this.#random = random
    this.#schedulers = schedulers
    this.#latencies = drawLatency(plan.latency, random)
    this.#isQuiet = this.#faults.length === 0 && schedulers.length === 0
  }

  /** True when nothing can pass from one to the other now. */
  isCut(from: number, to: number, nowUs: number): boolean {
    const nowMs = nowUs / 1000
    for (const fault of this.#faults) {
      if (fault.kind === 'cut' && nowMs >= fault.fromMs && nowMs < fault.toMs) {
        if (fault.from.includes(from) && fault.to.includes(to)) return true
      }
      if (fault.kind === 'partition' && nowMs >= fault.fromMs && nowMs < fault.toMs) {
        if (!fault.groups.some(g => g.includes(from) && g.includes(to))) return true
      }
    }
    return false
  }

  /** Instants at which copies of the message arrive: none when it is lost. */
  arrivals(from: number, to: number, bytes: number, message: unknown, nowUs: number): number[] {
    const { lossPpm, duplicatePpm, gstMs, bandwidth } = this.#plan
    let loss = lossPpm
    let extra = 0
    if (!this.#isQuiet) {
      if (this.isCut(from, to, nowUs)) return []
      const nowMs = nowUs / 1000
      for (const fault of this.#faults) {
        if (fault.kind === 'loss' && nowMs >= fault.fromMs && nowMs < fault.toMs) loss = Math.max(loss, fault.ppm)
        if (fault.kind === 'slow' && nowMs >= fault.fromMs && nowMs < fault.toMs) {
          if (fault.nodes.includes(from) || fault.nodes.includes(to)) extra += fault.addUs
        }
      }
      for (const { fromUs, toUs, scheduler } of this.#schedulers) {
        if (nowUs >= fromUs && nowUs < toUs) extra += scheduler.extraUs(from, to, message, nowUs)
      }
    }
    if (loss > 0 && this.#random.below(1_000_000) < loss) return []
    let start = nowUs
    if (bandwidth > 0) {
      start = Math.max(nowUs, this.#uplinkFree.get(from) ?? 0) + Math.ceil((bytes * 1_000_000) / bandwidth)
      this.#uplinkFree.set(from, start)
    }
    let arrival = start + this.#latencies(from, to) + extra
    if (nowUs < gstMs * 1000) {
      // The adversary of partial synchrony: any delay before GST, the normal one counted from GST at most.
      const latest = gstMs * 1000 + (arrival - nowUs)
      arrival = Math.min(latest, arrival + this.#random.below(gstMs * 1000))
    }
    const arrivals = [this.#inOrder(from, to, arrival)]
    if (duplicatePpm > 0 && this.#random.below(1_000_000) < duplicatePpm)
      arrivals.push(this.#inOrder(from, to, arrival + this.#latencies(from, to)))
    return arrivals
  }

  #inOrder(from: number, to: number, arrivalUs: number): number {
    if (!this.#plan.ordered) return arrivalUs
    const link = from * 65_536 + to
    const arrival = Math.max(arrivalUs, this.#lastArrival.get(link) ?? 0)
    this.#lastArrival.set(link, arrival)
    return arrival
  }
}

function drawLatency(latency: Latency, random: Random): (from: number, to: number) => number {
  switch (latency.kind) {
    case 'constant':
      return () => latency.us
    case 'uniform':
      return () => random.between(latency.lowUs, latency.highUs)
    case 'exponential':
      return () => latency.baseUs + random.exponential(latency.meanUs)
    case 'bimodal':
      return () =>
        random.below(100) === 0
          ? random.between(latency.slowLowUs, latency.slowHighUs)
          : random.between(latency.lowUs, latency.highUs)
    case 'regions': {
      const regions = latency.matrixUs.length
      return (from, to) => {
        const way = defined(latency.matrixUs[from % regions]?.[to % regions], 'a square matrix of latencies')
        return way + random.below(Math.max(1, Math.floor((way * latency.jitterPercent) / 100)))
      }
    }
  }
}

/** The longest that one message takes when nothing is wrong, in microseconds; liveness bounds are multiples of it. */
export function latencyBoundUs(latency: Latency): number {
  switch (latency.kind) {
    case 'constant':
      return latency.us
    case 'uniform':
      return latency.highUs
    case 'exponential':
      return latency.baseUs + 16 * latency.meanUs
    case 'bimodal':
      return latency.slowHighUs
    case 'regions':
      return Math.ceil((Math.max(...latency.matrixUs.flat()) * (100 + latency.jitterPercent)) / 100)
  }
}
