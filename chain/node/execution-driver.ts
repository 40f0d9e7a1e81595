import type { ExecutedCommit, ExecutionEngine } from '#evm'
import type { Clock, Log } from '#lib/env'
import { reachFailPoint } from '#lib/fail-point'
import { BoundedQueue } from '#lib/queue'
import type { OrderedCommit } from '#types'

/** Commits that may wait for execution before consensus itself waits. 512 commits are about 30 s of ordering. */
const QUEUE_CAPACITY = 512
/** As many as the engine takes at a time. */
const UNDER_WAY_MAX = 2
/** Waiting commits from which own vertices stay empty (consensus.md 2.23), and down to which payload flows again. */
export const EXECUTION_LAG_HIGH = 64
const LAG_LOW = 8
/**
 * The same in transactions, for commits differ a thousandfold in work: about a second of execution. Without it, full
 * vertices let clients wait for minutes before the number of commits says anything.
 */
const WAITING_TRANSACTIONS_HIGH = 4_096
const WAITING_TRANSACTIONS_LOW = 1_024

export interface ExecutionDriver {
  /** Takes the next commit in order; resolves once it is queued, which waits while the queue is full. */
  enqueue(ordered: OrderedCommit): Promise<void>
  /** Commits that wait or run. */
  lag(): number
  /** Resolves when everything queued has been executed. */
  drained(): Promise<void>
  /** Finishes the commits that are under way and stops. */
  stop(): Promise<void>
}

/**
 * Feeds commits to the engine in order, the next while one is under way: never drops one, never skips one. An engine that throws is a
 * storage failure or a broken assumption: `onFailure` stops the node, as continuing would fork it.
 */
export function createExecutionDriver(options: {
  readonly engine: ExecutionEngine
  readonly log: Log
  readonly clock: Clock
  /** `startedMs`: when the engine began with it. */
  readonly onExecuted: (ordered: OrderedCommit, executed: ExecutedCommit, startedMs: number) => void | Promise<void>
  readonly onBackpressure: (on: boolean) => void
  readonly onFailure: (error: unknown) => void
}): ExecutionDriver {
  const { engine, log } = options
  const queue = new BoundedQueue<OrderedCommit>(QUEUE_CAPACITY)
  const waiters: (() => void)[] = []
  // Resolves when everything begun so far has been executed and told; never rejects.
  let told: Promise<void> = Promise.resolve()
  let busy = 0
  let waitingTransactions = 0
  let stopped = false
  let failed = false
  let pressed = false

  const lag = () => queue.size + busy

  function press(): void {
    const on = pressed
      ? lag() > LAG_LOW || waitingTransactions > WAITING_TRANSACTIONS_LOW
      : lag() >= EXECUTION_LAG_HIGH || waitingTransactions >= WAITING_TRANSACTIONS_HIGH
    if (on === pressed) return
    pressed = on
    log.info('execution back-pressure', { on, lag: lag(), transactions: waitingTransactions })
    options.onBackpressure(on)
  }

  // One commit runs while the roots of the one before are worked out and written.
  function begin(): void {
    while (busy < UNDER_WAY_MAX && !stopped) {
      const ordered = queue.shift()
      if (ordered === undefined) return
      busy += 1
      waiters.shift()?.()
      told = follow(ordered, told)
    }
  }

  async function follow(ordered: OrderedCommit, before: Promise<void>): Promise<void> {
    const startedMs = options.clock.now()
    try {
      const [executed] = await Promise.all([engine.execute(ordered), before])
      if (failed) return
      await options.onExecuted(ordered, executed, startedMs)
      if (executed.blocks.length > 0) reachFailPoint('block-announced')
      busy -= 1
      waitingTransactions -= transactionsOf(ordered)
      press()
      begin()
    } catch (error) {
      await before
      if (failed) return
      failed = true
      stopped = true
      options.onFailure(error)
    }
  }

  return {
    async enqueue(ordered) {
      while (queue.isFull && !stopped) await new Promise<void>(resolve => waiters.push(resolve))
      if (stopped) return
      queue.push(ordered)
      waitingTransactions += transactionsOf(ordered)
      press()
      begin()
    },
    lag,
    async drained() {
      for (let last: Promise<void> | undefined; last !== told; ) {
        last = told
        await last
      }
    },
    async stop() {
      stopped = true
      for (const wake of waiters.splice(0)) wake()
      await told
    },
  }
}

function transactionsOf({ vertices, executes }: OrderedCommit): number {
  return vertices.reduce((sum, vertex, i) => sum + (executes[i] === true ? vertex.transactions.length : 0), 0)
}
