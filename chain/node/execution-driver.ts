import type { ExecutedCommit, ExecutionEngine } from '#evm'
import type { Clock, Log } from '#lib/env'
import { reachFailPoint } from '#lib/fail-point'
import { BoundedQueue } from '#lib/queue'
import type { OrderedCommit } from '#types'

/** Commits that may wait for execution before consensus itself waits. 512 commits are about 30 s of ordering. */
const QUEUE_CAPACITY = 512
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
  /** Finishes the running commit and stops. */
  stop(): Promise<void>
}

/**
 * Feeds commits to the engine one by one and in order: never drops one, never skips one. An engine that throws is a
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
  let running: Promise<void> | undefined
  let busy = 0
  let waitingTransactions = 0
  let stopped = false
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

  async function run(): Promise<void> {
    for (let ordered = queue.shift(); ordered !== undefined && !stopped; ordered = queue.shift()) {
      busy = 1
      waiters.shift()?.()
      const startedMs = options.clock.now()
      const executed = await engine.execute(ordered)
      await options.onExecuted(ordered, executed, startedMs)
      if (executed.blocks.length > 0) reachFailPoint('block-announced')
      busy = 0
      waitingTransactions -= transactionsOf(ordered)
      press()
    }
  }

  function start(): void {
    running ??= run()
      .catch(error => {
        stopped = true
        options.onFailure(error)
      })
      .finally(() => {
        running = undefined
        if (queue.size > 0 && !stopped) start()
      })
  }

  return {
    async enqueue(ordered) {
      while (queue.isFull && !stopped) await new Promise<void>(resolve => waiters.push(resolve))
      if (stopped) return
      queue.push(ordered)
      waitingTransactions += transactionsOf(ordered)
      press()
      start()
    },
    lag,
    async drained() {
      while (running !== undefined) await running
    },
    async stop() {
      stopped = true
      for (const wake of waiters.splice(0)) wake()
      await running
    },
  }
}

function transactionsOf({ vertices, executes }: OrderedCommit): number {
  return vertices.reduce((sum, vertex, i) => sum + (executes[i] === true ? vertex.transactions.length : 0), 0)
}
