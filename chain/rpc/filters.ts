import { toHex } from '#lib/bytes'
import type { Clock, Random } from '#lib/env'
import type { RpcBackend } from './backend.ts'
import { RpcError } from './errors.ts'
import { logToJson } from './format.ts'
import type { RpcLimits } from './limits.ts'
import { blockNumberOf, findLogs, queryLogs } from './log-query.ts'
import type { LogCriteria } from './params-call.ts'

interface Filter {
  readonly what:
    | { readonly kind: 'blocks' }
    | { readonly kind: 'logs'; readonly criteria: LogCriteria }
    | { readonly kind: 'pending'; readonly hashes: string[]; readonly stop: () => void }
  /** Last block that was reported. */
  cursor: number
  polledAtMs: number
}

interface FilterStoreOptions {
  readonly backend: RpcBackend
  readonly limits: RpcLimits
  readonly clock: Clock
  readonly random: Random
}

/**
 * Polling filters. Those on blocks and logs hold a cursor and read the chain when they are polled, so that a filter
 * costs a few bytes however long nobody asks; those on pending transactions keep a bounded list of hashes.
 */
export class FilterStore {
  readonly #filters = new Map<string, Filter>()
  readonly #options: FilterStoreOptions

  constructor(options: FilterStoreOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#filters.size
  }

  addBlocks(): string {
    return this.#add({ kind: 'blocks' })
  }

  addLogs(criteria: LogCriteria): string {
    return this.#add({ kind: 'logs', criteria })
  }

  addPending(): string {
    const { backend, limits } = this.#options
    const hashes: string[] = []
    const stop = backend.pool.onAdded(transaction => {
      if (hashes.length >= limits.filterHashesMax) hashes.shift()
      hashes.push(toHex(transaction.hash))
    })
    try {
      return this.#add({ kind: 'pending', hashes, stop })
    } catch (error) {
      stop()
      throw error
    }
  }

  #add(what: Filter['what']): string {
    const { backend, limits, clock, random } = this.#options
    this.#expire()
    if (this.#filters.size >= limits.filtersMax) throw new RpcError('limitExceeded', 'too many filters')
    const id = `0x${Buffer.from(random.bytes(16)).toString('hex').replace(/^0+/, '') || '0'}`
    this.#filters.set(id, { what, cursor: backend.chain.head().header.number, polledAtMs: clock.now() })
    return id
  }

  remove(id: string): boolean {
    const filter = this.#filters.get(id)
    if (filter === undefined) return false
    if (filter.what.kind === 'pending') filter.what.stop()
    return this.#filters.delete(id)
  }

  /** What happened since the last poll: hashes or logs. */
  async changes(id: string): Promise<readonly unknown[]> {
    const filter = this.#poll(id)
    const { what } = filter
    if (what.kind === 'pending') return what.hashes.splice(0)
    const { backend, limits } = this.#options
    const head = backend.chain.head().header.number
    const from = filter.cursor + 1
    if (from > head) return []
    const to = Math.min(head, filter.cursor + limits.logBlocksMax)
    if (what.kind === 'logs') {
      const { criteria } = what
      const floor = criteria.from.kind === 'number' ? Math.max(from, criteria.from.number) : from
      const ceiling = criteria.to.kind === 'number' ? Math.min(to, criteria.to.number) : to
      // The cursor moves first: a second poll in the meantime must not report the same blocks.
      filter.cursor = to
      if (floor > ceiling) return []
      try {
        return (await findLogs(backend, limits, criteria, floor, ceiling)).map(logToJson)
      } catch (error) {
        filter.cursor = from - 1
        throw error
      }
    }
    filter.cursor = to
    const hashes: string[] = []
    for (let number = from; number <= to; number++) {
      const block = await backend.chain.blockByNumber(number)
      if (block !== undefined) hashes.push(toHex(block.hash))
    }
    return hashes
  }

  /** Every log that fits, from the filter's first block on. */
  async logs(id: string): Promise<readonly unknown[]> {
    const { what } = this.#poll(id)
    if (what.kind !== 'logs') throw new RpcError('server', 'filter not found')
    const { backend, limits } = this.#options
    const { criteria } = what
    const head = backend.chain.head().header.number
    const to = Math.min(head, blockNumberOf(backend, criteria.to))
    const capped = { ...criteria, to: { kind: 'number' as const, number: to } }
    return (await queryLogs(backend, limits, capped)).map(logToJson)
  }

  #poll(id: string): Filter {
    this.#expire()
    const filter = this.#filters.get(id)
    if (filter === undefined) throw new RpcError('server', 'filter not found')
    filter.polledAtMs = this.#options.clock.now()
    // Oldest poll first, so that expiry looks at the front only.
    this.#filters.delete(id)
    this.#filters.set(id, filter)
    return filter
  }

  #expire(): void {
    const before = this.#options.clock.now() - this.#options.limits.filterLifetimeMs
    for (const [id, filter] of this.#filters) {
      if (filter.polledAtMs > before) return
      this.remove(id)
    }
  }

  close(): void {
    for (const id of [...this.#filters.keys()]) this.remove(id)
  }
}
