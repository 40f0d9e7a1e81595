import type { Effect, LogRecord } from './types.ts'

/**
 * Effects of one step in the order that makes them safe: everything durable first, then what refers to it. One
 * `persist` per step, so the driver syncs once.
 */
export class Outbox {
  #records: LogRecord[] = []
  #published: Effect[] = []
  #commits: Effect[] = []
  #others: Effect[] = []

  record(record: LogRecord): void {
    this.#records.push(record)
  }

  add(effect: Effect): void {
    if (effect.kind === 'publish') this.#published.push(effect)
    else if (effect.kind === 'commit') this.#commits.push(effect)
    else this.#others.push(effect)
  }

  /** A fatal alarm is among the effects of this step. */
  get hasFatalAlarm(): boolean {
    return this.#others.some(effect => effect.kind === 'alarm' && effect.fatal)
  }

  /** The effects so far; empties the box. */
  take(): readonly Effect[] {
    const effects: Effect[] = []
    if (this.#records.length > 0) effects.push({ kind: 'persist', records: this.#records })
    for (const group of [this.#published, this.#commits, this.#others]) for (const effect of group) effects.push(effect)
    this.#records = []
    this.#published = []
    this.#commits = []
    this.#others = []
    return effects
  }
}
