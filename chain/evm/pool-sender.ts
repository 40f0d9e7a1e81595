import type { Address, RecoveredTransaction } from '#types'
import type { SenderAccount } from './pool-rules.ts'

/** A transaction and what the pool remembers of it. */
export interface PooledTransaction {
  readonly transaction: RecoveredTransaction
  /** Hash in raw hex. */
  readonly key: string
  readonly sender: SenderQueue
  readonly cost: bigint
  /** Order of arrival; breaks ties between equal fees. */
  readonly sequence: number
  readonly addedAtMs: number
  readonly origin: 'local' | 'gossip'
  /** Before this it is left to others. */
  readonly heldUntilMs: number
  /** Accounts in raw hex that this set-code transaction delegates. */
  readonly authorities: readonly string[]
  /** When it was handed out last; undefined while it waits. */
  takenAtMs: number | undefined
  /** False once it left the pool. */
  pooled: boolean
}

/**
 * One sender's transactions by nonce. Those that follow the account's nonce without a gap are executable; the others
 * are queued. Only the pool changes it, and only through `put`, `remove` and `settle`.
 */
export class SenderQueue {
  readonly address: Address
  /** Address in raw hex. */
  readonly key: string
  account: SenderAccount
  /** First nonce that has no executable transaction. */
  #end: bigint
  /** Executable nonces below this are all taken. */
  #cursor: bigint
  #spent = 0n
  readonly #byNonce = new Map<bigint, PooledTransaction>()

  constructor(address: Address, key: string, account: SenderAccount) {
    this.address = address
    this.key = key
    this.account = account
    this.#end = account.nonce
    this.#cursor = account.nonce
  }

  get size(): number {
    return this.#byNonce.size
  }

  get executableCount(): number {
    return Number(this.#end - this.account.nonce)
  }

  get queuedCount(): number {
    return this.size - this.executableCount
  }

  /** Cost in wei of all executable transactions. */
  get spent(): bigint {
    return this.#spent
  }

  get nextNonce(): bigint {
    return this.#end
  }

  isExecutable(nonce: bigint): boolean {
    return nonce >= this.account.nonce && nonce < this.#end
  }

  at(nonce: bigint): PooledTransaction | undefined {
    return this.#byNonce.get(nonce)
  }

  put(entry: PooledTransaction): void {
    const { nonce } = entry.transaction
    const replaced = this.#byNonce.get(nonce)
    this.#byNonce.set(nonce, entry)
    if (replaced !== undefined) {
      if (this.isExecutable(nonce)) this.#spent += entry.cost - replaced.cost
    } else if (nonce === this.#end) this.#extend()
    if (nonce < this.#cursor) this.#cursor = nonce
  }

  remove(entry: PooledTransaction): void {
    const { nonce } = entry.transaction
    if (this.#byNonce.get(nonce) !== entry) return
    this.#byNonce.delete(nonce)
    if (!this.isExecutable(nonce)) return
    this.#spent -= entry.cost
    for (let later = nonce + 1n; later < this.#end; later++) this.#spent -= this.#byNonce.get(later)?.cost ?? 0n
    this.#end = nonce
    if (this.#cursor > nonce) this.#cursor = nonce
  }

  /** Takes over a new account state; returns the transactions that it made impossible, already removed. */
  settle(account: SenderAccount): PooledTransaction[] {
    const dropped: PooledTransaction[] = []
    for (const entry of this.#byNonce.values()) {
      const isPast = entry.transaction.nonce < account.nonce
      if (isPast || entry.cost > account.balance || account.kind === 'contract') dropped.push(entry)
    }
    for (const entry of dropped) this.#byNonce.delete(entry.transaction.nonce)
    const cursor = this.#cursor
    this.account = account
    this.#end = account.nonce
    this.#spent = 0n
    this.#extend()
    this.#cursor = cursor < account.nonce ? account.nonce : cursor < this.#end ? cursor : this.#end
    return dropped
  }

  #extend(): void {
    let entry = this.#byNonce.get(this.#end)
    while (entry !== undefined) {
      this.#spent += entry.cost
      this.#end += 1n
      entry = this.#byNonce.get(this.#end)
    }
  }

  /** The first executable transaction that is not taken. */
  nextUntaken(): PooledTransaction | undefined {
    while (this.#cursor < this.#end) {
      const entry = this.#byNonce.get(this.#cursor)
      if (entry !== undefined && entry.takenAtMs === undefined) return entry
      this.#cursor += 1n
    }
    return undefined
  }

  /** Makes a transaction that was handed out available again. */
  release(entry: PooledTransaction): void {
    entry.takenAtMs = undefined
    const { nonce } = entry.transaction
    if (nonce < this.#cursor && nonce >= this.account.nonce) this.#cursor = nonce
  }

  /** Transaction with the highest nonce that is not in flight: the one whose loss harms no other. */
  tail(): PooledTransaction | undefined {
    let last: PooledTransaction | undefined
    for (const entry of this.#byNonce.values()) {
      if (last === undefined || entry.transaction.nonce > last.transaction.nonce) last = entry
    }
    return last?.takenAtMs === undefined ? last : undefined
  }

  /** In nonce order. */
  executable(): PooledTransaction[] {
    const entries: PooledTransaction[] = []
    for (let nonce = this.account.nonce; nonce < this.#end; nonce++) {
      const entry = this.#byNonce.get(nonce)
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  /** In nonce order. */
  queued(): PooledTransaction[] {
    return [...this.#byNonce.values()]
      .filter(entry => !this.isExecutable(entry.transaction.nonce))
      .sort((a, b) => (a.transaction.nonce < b.transaction.nonce ? -1 : 1))
  }
}
