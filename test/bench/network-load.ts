/**
 * The client side of the network benchmark, in a process of its own so that signing and bookkeeping neither delay the
 * offers nor count as the validators' work. The parent forks it, sends a plan, waits for `signed`, then starts phases.
 */
import { defined } from '#lib/assert'
import { type LoadAccount, loadAccount, signTransfer, type Transfer } from '../load/accounts.ts'
import { callBatch } from '../load/rpc.ts'

export interface LoadPlan {
  readonly kind: 'plan'
  readonly chainId: number
  readonly validators: readonly { readonly rpcUrl: string; readonly wsUrl: string }[]
  readonly accounts: number
  readonly transactions: number
  readonly batch: number
}

/** `rate` in transactions per second, open loop; absent: as fast as the validators take them. */
export interface LoadPhase {
  readonly kind: 'phase'
  readonly rate?: number
  readonly seconds: number
}

export interface SeenTransaction {
  readonly hash: string
  /** Wall-clock time of its submission. */
  readonly sentAtMs: number
  readonly validator: number
  /** Submission to receipt. */
  readonly ms: number
}

export interface LoadReport {
  readonly kind: 'report'
  readonly offered: number
  readonly refused: number
  /** Transactions whose block had not been seen some seconds after the end. */
  readonly missing: number
  /** Submission to receipt of every transaction of the phase, in milliseconds. */
  readonly latenciesMs: readonly number[]
  /** The slowest ones, and a sample of all in the order of their latency. */
  readonly slowest: readonly SeenTransaction[]
  readonly sample: readonly SeenTransaction[]
}

/** Transactions that one validator may have unanswered by a block while the load runs at its highest rate. */
const WINDOW_PER_VALIDATOR = 2_000
/** Requests under way to one validator in that mode; more would only wait in its socket. */
const REQUESTS_PER_VALIDATOR = 4
const SETTLE_MS = 8_000
const SLOWEST = 40
const SAMPLE = 200

interface Lane {
  readonly index: number
  readonly url: string
  readonly waiting: Map<string, { readonly sentMs: number; readonly phase: number }>
  readonly transfers: Transfer[]
  next: number
  requests: number
}

class Load {
  readonly lanes: Lane[]
  readonly #batch: number
  #phase = 0
  #startedMs = 0
  #offered = 0
  #refused = 0
  #seen: SeenTransaction[] = []

  constructor(plan: LoadPlan) {
    this.#batch = plan.batch
    this.lanes = plan.validators.map(({ rpcUrl }, index) => ({
      index,
      url: rpcUrl,
      waiting: new Map(),
      transfers: [],
      next: 0,
      requests: 0,
    }))
    const accounts = Array.from({ length: plan.accounts }, (_, i) => loadAccount(i))
    const account = (i: number): LoadAccount => defined(accounts[i % accounts.length], 'an account')
    for (let i = 0; i < plan.transactions; i++) {
      // Account i always talks to the same validator, so that its nonces arrive in order.
      const lane = defined(this.lanes[(i % plan.accounts) % this.lanes.length], 'a lane')
      const nonce = BigInt(Math.floor(i / plan.accounts))
      lane.transfers.push(signTransfer(account(i), nonce, account(i + 1).address, plan.chainId))
    }
  }

  /** Follows the heads of every validator: a transaction counts when the block with it was read back from its own one. */
  async follow(urls: readonly string[]): Promise<void> {
    await Promise.all(urls.map((url, index) => this.#followOne(url, defined(this.lanes[index], 'a lane'))))
  }

  #followOne(url: string, lane: Lane): Promise<void> {
    const socket = new WebSocket(url)
    const ask = (id: number, method: string, params: readonly unknown[]) =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return new Promise((resolve, reject) => {
      socket.addEventListener('open', () => ask(1, 'eth_subscribe', ['newHeads']))
      socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)))
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data))
        if (message.id === 1) resolve()
        else if (message.method === 'eth_subscription')
          ask(2, 'eth_getBlockByHash', [message.params.result.hash, false])
        else for (const hash of message.result?.transactions ?? []) this.#onReceipt(lane, hash)
      })
    })
  }

  #onReceipt(lane: Lane, hash: string): void {
    const sent = lane.waiting.get(hash)
    if (sent === undefined) return
    lane.waiting.delete(hash)
    if (sent.phase !== this.#phase) return
    const ms = performance.now() - sent.sentMs
    this.#seen.push({ hash, sentAtMs: performance.timeOrigin + sent.sentMs, validator: lane.index, ms })
  }

  async #send(lane: Lane, count: number): Promise<void> {
    const transfers = lane.transfers.slice(lane.next, lane.next + count)
    if (transfers.length === 0) return
    lane.next += transfers.length
    lane.requests += 1
    const sentMs = performance.now()
    for (const { hash } of transfers) lane.waiting.set(hash, { sentMs, phase: this.#phase })
    this.#offered += transfers.length
    const calls = transfers.map(({ raw }) => ({ method: 'eth_sendRawTransaction', params: [raw] }))
    const answers = await callBatch(lane.url, calls)
    lane.requests -= 1
    for (const [i, answer] of answers.entries()) {
      if (answer.error === undefined) continue
      this.#refused += 1
      lane.waiting.delete(defined(transfers[i], 'a transfer').hash)
    }
  }

  async run({ rate, seconds }: LoadPhase): Promise<LoadReport> {
    this.#phase += 1
    this.#offered = 0
    this.#refused = 0
    this.#seen = []
    this.#startedMs = performance.now()
    await (rate === undefined ? this.#atMaximum(seconds) : this.#atRate(rate, seconds))
    return this.#report()
  }

  /** Waits for the blocks of what was offered, so that nothing of a phase is left out of its latencies. */
  async settle(): Promise<LoadReport> {
    const deadlineMs = performance.now() + SETTLE_MS
    while (performance.now() < deadlineMs && this.lanes.some(lane => lane.waiting.size > 0)) {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return this.#report()
  }

  #report(): LoadReport {
    const sorted = [...this.#seen].sort((a, b) => a.ms - b.ms)
    return {
      kind: 'report',
      offered: this.#offered,
      refused: this.#refused,
      missing: this.lanes.reduce((sum, lane) => sum + lane.waiting.size, 0),
      latenciesMs: sorted.map(({ ms }) => ms),
      slowest: sorted.slice(-SLOWEST),
      sample: sorted.filter((_, i) => i % Math.ceil(sorted.length / SAMPLE) === 0),
    }
  }

  /** Every batch leaves at its time, whatever became of the earlier ones; late timers are caught up with at once. */
  async #atRate(rate: number, seconds: number): Promise<void> {
    const requests: Promise<void>[] = []
    const size = Math.max(1, Math.min(this.#batch, Math.round(rate / this.lanes.length / 20)))
    const total = Math.round((rate * seconds) / size)
    for (let sent = 0; sent < total; sent++) {
      const waitMs = this.#startedMs + (sent * size * 1_000) / rate - performance.now()
      if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
      requests.push(this.#send(defined(this.lanes[sent % this.lanes.length], 'a lane'), size))
    }
    await Promise.all(requests)
  }

  async #atMaximum(seconds: number): Promise<void> {
    const endMs = this.#startedMs + seconds * 1_000
    const pump = async (lane: Lane) => {
      while (performance.now() < endMs && lane.next < lane.transfers.length) {
        if (lane.waiting.size + this.#batch > WINDOW_PER_VALIDATOR) {
          await new Promise(resolve => setTimeout(resolve, 2))
        } else await this.#send(lane, this.#batch)
      }
    }
    await Promise.all(this.lanes.flatMap(lane => Array.from({ length: REQUESTS_PER_VALIDATOR }, () => pump(lane))))
  }
}

let load: Load | undefined
const answer = (message: object) => process.send?.(message)

async function onMessage(message: LoadPlan | LoadPhase | { readonly kind: 'settle' }): Promise<void> {
  if (message.kind === 'plan') {
    load = new Load(message)
    await load.follow(message.validators.map(({ wsUrl }) => wsUrl))
    answer({ kind: 'signed' })
  } else if (message.kind === 'phase') answer(await defined(load, 'a plan').run(message))
  else answer(await defined(load, 'a plan').settle())
}

process.on('message', (message: LoadPlan | LoadPhase) => {
  onMessage(message).catch(error => answer({ kind: 'failed', message: String(error) }))
})
process.once('disconnect', () => process.exit())
