import { defined } from '#lib/assert'
import { type LoadAccount, loadAccount, signTransfer, type Transfer } from '../load/accounts.ts'
import { callBatch } from '../load/rpc.ts'

/** A transaction whose receipt some validator has shown: from then on it must never be lost or move. */
export interface Acknowledged {
  readonly hash: string
  readonly blockNumber: string
  readonly blockHash: string
}

/** Transactions that one client has under way. */
const BURST = 8
const POLL_MS = 100
/** A client that has waited this long asks the next validator, and sends again what has no receipt. */
const PATIENCE_MS = 2_000

/** Clients as careful people write them: they send, wait for the receipt, and send the same bytes elsewhere when none comes. */
export class ChaosLoad {
  readonly acknowledged: Acknowledged[] = []
  readonly #urls: readonly string[]
  readonly #chainId: number
  readonly #clients: Promise<void>[]
  #stopped = false
  #lastMs = performance.now()
  #longestMs = 0

  constructor(urls: readonly string[], chainId: number, clients: number) {
    this.#urls = urls
    this.#chainId = chainId
    this.#clients = Array.from({ length: clients }, (_, i) => this.#client(i))
  }

  /** From now on {@link silenceMs} counts anew. */
  watchSilence(): void {
    this.#lastMs = performance.now()
    this.#longestMs = 0
  }

  /** The longest time without a new receipt since {@link watchSilence}. */
  get silenceMs(): number {
    return Math.max(this.#longestMs, performance.now() - this.#lastMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#clients)
  }

  async #client(index: number): Promise<void> {
    const from = loadAccount(index)
    const to = loadAccount(index + 1)
    let validator = index
    for (let nonce = 0n; !this.#stopped; nonce += BigInt(BURST)) {
      const transfers = burst(from, nonce, to, this.#chainId)
      const waiting = new Map(transfers.map(transfer => [transfer.hash as string, transfer]))
      while (waiting.size > 0 && !this.#stopped) {
        const url = defined(this.#urls[validator % this.#urls.length], 'a validator')
        await this.#deliver(url, waiting)
        if (waiting.size > 0) validator += 1
      }
    }
  }

  /** Sends what waits to one validator and polls it, until everything has a receipt or patience ends. */
  async #deliver(url: string, waiting: Map<string, Transfer>): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS
    try {
      const raw = [...waiting.values()].map(transfer => transfer.raw)
      await callBatch(
        url,
        raw.map(bytes => ({ method: 'eth_sendRawTransaction', params: [bytes] })),
      )
      while (waiting.size > 0 && performance.now() < deadlineMs && !this.#stopped) {
        await new Promise(resolve => setTimeout(resolve, POLL_MS))
        const hashes = [...waiting.keys()]
        const answers = await callBatch(
          url,
          hashes.map(hash => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
        )
        for (const [i, { result }] of answers.entries()) {
          if (result === null || result === undefined) continue
          const { blockNumber, blockHash } = result as { readonly blockNumber: string; readonly blockHash: string }
          const hash = defined(hashes[i], 'a hash')
          this.acknowledged.push({ hash, blockNumber, blockHash })
          this.#longestMs = this.silenceMs
          this.#lastMs = performance.now()
          waiting.delete(hash)
        }
      }
    } catch {
      // The validator is down, paused or just starting: the next one is tried after a breath.
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
  }
}

function burst(from: LoadAccount, nonce: bigint, to: LoadAccount, chainId: number): Transfer[] {
  return Array.from({ length: BURST }, (_, i) => signTransfer(from, nonce + BigInt(i), to.address, chainId))
}
