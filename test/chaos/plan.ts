import { FAIL_POINTS, type FailPoint } from '#lib/fail-point'
import type { LinkConditions } from '#p2p'
import { Random } from '../sim/prng.ts'

/** Where a process is to end itself: the `count`th time that it gets to `point`. */
export interface PlannedPoint {
  readonly point: FailPoint
  readonly count: number
}

/** One disturbance, with everything that was drawn for it: a plan is data, is printed, and can be run again. */
export type Step =
  /** SIGKILL, a while without it, a start. More victims than the protocol tolerates stop the network for that while. */
  | { readonly kind: 'kill'; readonly victims: readonly number[]; readonly downMs: number }
  /** Killed, and again this long after each of its starts, whatever it does then: reads the log, meets the others, signs. */
  | { readonly kind: 'kill storm'; readonly victims: readonly number[]; readonly afterMs: readonly number[] }
  /** The process ends itself at named instants of the write path, one after the other. */
  | { readonly kind: 'fail point'; readonly victim: number; readonly points: readonly PlannedPoint[] }
  | { readonly kind: 'pause'; readonly victims: readonly number[]; readonly ms: number }
  /** Nothing passes between the group and the others: connections end, or bytes vanish, or only one way. */
  | {
      readonly kind: 'partition'
      readonly group: readonly number[]
      readonly how: 'cut' | 'hole' | 'deaf' | 'mute'
      readonly ms: number
    }
  /** Slow and lossy wires for everybody, and meanwhile one validator is killed. */
  | { readonly kind: 'bad weather'; readonly conditions: LinkConditions; readonly victim: number; readonly ms: number }
  | { readonly kind: 'clock skew'; readonly victim: number; readonly offsetMs: number; readonly ms: number }
  | { readonly kind: 'full disk'; readonly victim: number }
  /** Store, guard and markers are lost, the keys are not; killed once more while it asks what it had signed. */
  | { readonly kind: 'wipe'; readonly victim: number; readonly killAfterMs: number }
  | { readonly kind: 'rolling restart' }
  | { readonly kind: 'restart all' }
  /** A validator runs for a while as another build, which knows a newer protocol version than the rest. */
  | { readonly kind: 'mixed versions'; readonly victim: number; readonly ms: number }
  /** Strangers from many hosts fall upon a validator with garbage, half frames and silence. */
  | { readonly kind: 'junk peers'; readonly victim: number; readonly peers: number; readonly ms: number }
  /** The spare validator stakes and is elected, or leaves; then a change of epochs is waited for. */
  | { readonly kind: 'join' }
  | { readonly kind: 'leave' }
  /** Everybody, one after the other, gets a build that knows the next protocol version; the network must switch to it. */
  | { readonly kind: 'upgrade' }

export type Kind = Step['kind']

export interface PlanOptions {
  readonly seed: string
  readonly validators: number
  /** The plan has at least so many kills. */
  readonly kills: number
  /** Whether the committee changes by stake: a spare validator joins and leaves. */
  readonly epochs: boolean
}

/** How often each kind is drawn, out of the sum. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  kill: 6,
  'kill storm': 14,
  'fail point': 14,
  pause: 3,
  partition: 5,
  'bad weather': 3,
  'clock skew': 2,
  'full disk': 1,
  wipe: 2,
  'rolling restart': 1,
  'restart all': 1,
  'mixed versions': 1,
  'junk peers': 1,
  join: 0,
  leave: 0,
  upgrade: 0,
}
/** A plan begins with each kind once, so that short ones see them. */
const OPENING = (Object.keys(WEIGHTS) as Kind[]).filter(kind => WEIGHTS[kind] > 0)
const EPOCH_POINTS: readonly FailPoint[] = ['epoch-before-record', 'epoch-record-stored', 'epoch-switched']
/** Points of one step: a restart in between costs time and shows nothing that the next one does not. */
const POINTS_PER_STEP = 2
/** Every so many steps the spare validator joins or leaves. */
const MEMBERSHIP_EVERY = 8

/** How often SIGKILL ends a process in this step. */
export function killsOf(step: Step): number {
  switch (step.kind) {
    case 'kill':
      return step.victims.length
    case 'kill storm':
      return step.victims.length * (1 + step.afterMs.length)
    case 'fail point':
      return 1 + step.points.length
    case 'wipe':
      return 2
    case 'bad weather':
      return 1
    default:
      return 0
  }
}

/** Nodes that a step takes away or cuts off at a time; undefined where it is about the whole network. */
export function faultyOf(step: Step): number | undefined {
  switch (step.kind) {
    case 'kill':
    case 'kill storm':
    case 'pause':
      return step.victims.length
    case 'partition':
      return step.group.length
    case 'fail point':
    case 'full disk':
    case 'mixed versions':
    case 'junk peers':
      return 1
    default:
      return undefined
  }
}

/** The same options give the same plan. Faults of one step stay within what the protocol tolerates, but for a few. */
export function planOf(options: PlanOptions): readonly Step[] {
  const plan = new Planner(options)
  const steps: Step[] = OPENING.map(kind => plan.step(kind))
  let isMember = false
  for (let kills = steps.reduce((sum, step) => sum + killsOf(step), 0); kills < options.kills; ) {
    const next: Step[] = [plan.step(plan.draw())]
    if (options.epochs && steps.length % MEMBERSHIP_EVERY === 0) {
      next.push({ kind: isMember ? 'leave' : 'join' })
      isMember = !isMember
    }
    steps.push(...next)
    kills += next.reduce((sum, step) => sum + killsOf(step), 0)
  }
  if (options.epochs) steps.push({ kind: 'upgrade' }, plan.step('kill'))
  return steps
}

class Planner {
  readonly #random: Random
  readonly #validators: number
  /** With the spare one, where there is one. */
  readonly #nodes: number
  readonly #tolerated: number
  readonly #points: readonly FailPoint[]
  #nextPoint: number
  #nextVictim: number

  constructor({ seed, validators, epochs }: PlanOptions) {
    this.#random = new Random(seed, 'chaos')
    this.#validators = validators
    this.#nodes = validators + (epochs ? 1 : 0)
    this.#tolerated = Math.floor((validators - 1) / 3)
    const all = Object.keys(FAIL_POINTS) as FailPoint[]
    this.#points = epochs ? all : all.filter(point => !EPOCH_POINTS.includes(point))
    this.#nextPoint = this.#random.below(this.#points.length)
    this.#nextVictim = this.#random.below(validators)
  }

  draw(): Kind {
    const entries = Object.entries(WEIGHTS) as [Kind, number][]
    let ticket = this.#random.below(entries.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [kind, weight] of entries) {
      if (ticket < weight) return kind
      ticket -= weight
    }
    return 'kill'
  }

  step(kind: Kind): Step {
    const random = this.#random
    const victim = random.below(this.#nodes)
    switch (kind) {
      case 'kill': {
        // One in five takes more than is tolerated: then nothing may be lost, but nothing moves either.
        const count = random.below(5) === 0 ? this.#tolerated + 1 : random.between(1, this.#tolerated)
        return { kind, victims: this.#several(count), downMs: random.below(1_500) }
      }
      case 'kill storm':
        // As many as are tolerated, so that the others must go on meanwhile.
        return {
          kind,
          victims: this.#several(random.between(1, this.#tolerated)),
          afterMs: Array.from({ length: random.between(4, 10) }, () => random.below(1_800)),
        }
      case 'fail point': {
        // In turn, so that every point comes once before one comes twice.
        const points = Array.from({ length: POINTS_PER_STEP }, () => {
          const point = this.#points[this.#nextPoint++ % this.#points.length] ?? 'vertex-stored'
          const count = EPOCH_POINTS.includes(point) ? 1 : random.between(1, point === 'certificate-stored' ? 3 : 20)
          return { point, count }
        })
        return { kind, victim: this.#nextVictim++ % this.#validators, points }
      }
      case 'pause': {
        const count = random.below(4) === 0 ? this.#tolerated + 1 : 1
        return { kind, victims: this.#several(count), ms: random.between(200, 4_000) }
      }
      case 'partition': {
        const count = random.below(3) === 0 ? Math.floor(this.#validators / 2) : random.between(1, this.#tolerated)
        const how = random.pick(['cut', 'hole', 'deaf', 'mute'] as const)
        // Long ones let timeouts and pauses between dials grow.
        const ms = random.below(6) === 0 ? random.between(12_000, 25_000) : random.between(1_000, 5_000)
        return { kind, group: this.#several(count), how, ms }
      }
      case 'bad weather': {
        const delayMs = random.between(20, 400)
        const conditions = { delayMs, jitterMs: random.between(0, 100), lossPercent: random.between(0, 5) }
        return { kind, conditions, victim, ms: random.between(2_000, 5_000) }
      }
      case 'clock skew': {
        const offsetMs = random.between(1_000, 30_000) * (random.below(2) === 0 ? 1 : -1)
        return { kind, victim, offsetMs, ms: random.between(1_000, 4_000) }
      }
      case 'full disk':
        return { kind, victim }
      case 'wipe':
        return { kind, victim: random.below(this.#validators), killAfterMs: random.below(3_000) }
      case 'mixed versions':
        return { kind, victim, ms: random.between(1_000, 3_000) }
      case 'junk peers':
        return { kind, victim, peers: 500, ms: random.between(1_000, 3_000) }
      case 'rolling restart':
      case 'restart all':
      case 'join':
      case 'leave':
      case 'upgrade':
        return { kind }
    }
  }

  #several(count: number): number[] {
    return this.#random.sample([...Array(this.#nodes).keys()], count)
  }
}
