import type { NetworkLimits } from './limits.ts'
import type { PeerId } from './types.ts'

interface Entry {
  score: number
  atMs: number
  bannedUntilMs: number
  banReason: string
}

/**
 * Scores and bans by peer id, also of peers that left: a reconnect wipes nothing. Scores return to zero with time. The
 * book is bounded; the entry changed longest ago is forgotten first.
 */
export class ScoreBook {
  readonly #limits: NetworkLimits
  readonly #entries = new Map<PeerId, Entry>()

  constructor(limits: NetworkLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  #decayed(entry: Entry, nowMs: number): number {
    const back = (Math.max(0, nowMs - entry.atMs) / 1000) * this.#limits.scoreDecayPerSecond
    return entry.score < 0 ? Math.min(0, entry.score + back) : Math.max(0, entry.score - back)
  }

  score(peer: PeerId, nowMs: number): number {
    const entry = this.#entries.get(peer)
    return entry === undefined ? 0 : this.#decayed(entry, nowMs)
  }

  /** Adds `points`; true when the peer just fell to the ban score. */
  add(peer: PeerId, points: number, nowMs: number): boolean {
    const entry = this.#entries.get(peer) ?? { score: 0, atMs: nowMs, bannedUntilMs: 0, banReason: '' }
    entry.score = Math.min(this.#limits.scoreMax, this.#decayed(entry, nowMs) + points)
    entry.atMs = nowMs
    // Back in the map as the newest: the map's order is the order of forgetting.
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    this.#trim()
    return entry.score <= this.#limits.banScore && entry.bannedUntilMs <= nowMs
  }

  /** Refuses the peer for `durationMs`; afterwards it starts half-way to the next ban. */
  ban(peer: PeerId, reason: string, durationMs: number, nowMs: number): void {
    const halfWay = this.#limits.banScore / 2
    const atEnd = (durationMs / 1000) * this.#limits.scoreDecayPerSecond
    this.#entries.delete(peer)
    this.#entries.set(peer, {
      score: halfWay - atEnd,
      atMs: nowMs,
      bannedUntilMs: nowMs + durationMs,
      banReason: reason,
    })
    this.#trim()
  }

  /** Milliseconds that the ban still lasts and its reason; `undefined` when the peer is welcome. */
  banOf(peer: PeerId, nowMs: number): { readonly remainingMs: number; readonly reason: string } | undefined {
    const entry = this.#entries.get(peer)
    if (entry === undefined || entry.bannedUntilMs <= nowMs) return undefined
    return { remainingMs: entry.bannedUntilMs - nowMs, reason: entry.banReason }
  }

  #trim(): void {
    for (const peer of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.scoresMax) return
      this.#entries.delete(peer)
    }
  }
}
