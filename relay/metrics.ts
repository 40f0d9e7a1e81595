import { type MetricsRegistry, silentMetrics } from '#lib/env'
import type { Book } from './ledger/book.ts'
import type { Task } from './ledger/state.ts'
import type { Market } from './market/market.ts'
import type { Runner } from './runner.ts'

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const TASK_SECONDS = [0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 900]
const MICRO = 1e6
const WEI_PER_COIN = 1e18

/** What the relay tells of itself. Routes, models, codes and kinds come from its own tables, never from a caller. */
export interface RelayMetrics {
  /** A request was answered; `route` is the pattern, undefined where there is none. */
  answered(route: string | undefined, status: number, seconds: number): void
  /** A task ended: with an answer of so many bytes (which are the tokens here), or for the reason of the code. */
  completed(task: Task, outputBytes: number, nowMs: number): void
  failed(task: Task, code: string): void
  ledger(book: Book, runner: Runner): void
  /** Local time of the newest word from the node. */
  network(lastSeenMs: number): void
  coins(balances: { readonly vaultWei: bigint; readonly coinsWei: bigint }): void
}

export function createRelayMetrics(registry: MetricsRegistry = silentMetrics): RelayMetrics {
  const gauge = (name: string, help: string, labels?: readonly string[]) => registry.gauge(name, help, labels)
  const requests = registry.counter('relay_requests_total', 'Requests that were answered', ['route', 'status'])
  const requestSeconds = registry.histogram('relay_request_seconds', 'Time to an answer', REQUEST_SECONDS, ['route'])
  const tasks = registry.counter('relay_tasks_total', 'Tasks that ended, by outcome', ['model', 'outcome'])
  const taskSeconds = registry.histogram('relay_task_seconds', 'From request to result', TASK_SECONDS, ['model'])
  const tokens = registry.counter('relay_tokens_total', 'Tokens of completed tasks', ['model', 'direction'])
  const charged = registry.counter('relay_charged_usd_total', 'Credits that customers were charged', ['model'])
  const openTasks = gauge('relay_open_tasks', 'Accepted tasks that are not over')
  const waiting = gauge('relay_waiting_requests', 'Requests that wait for a task')
  const credits = gauge('relay_credits_usd', 'Credits of all customers: owed, and held for open tasks', ['kind'])
  const broken = gauge('relay_ledger_broken', '1 when nothing can be stored any more')
  const deposited = gauge('relay_deposited_day_coins', 'OGPU moved into the Vault within a day')
  const lastSeen = gauge('relay_node_last_seen_timestamp_seconds', 'Local time of the newest word from the node')
  const coins = gauge('relay_coins', 'OGPU of the account that pays: wallet and vault', ['kind'])
  return {
    answered(route = 'none', status, seconds) {
      requests.inc(1, { route, status: String(status) })
      requestSeconds.observe(seconds, { route })
    },
    completed({ model, createdMs, inputBytes, microUsd }, outputBytes, nowMs) {
      tasks.inc(1, { model, outcome: 'completed' })
      taskSeconds.observe(Math.max(0, nowMs - createdMs) / 1_000, { model })
      tokens.inc(inputBytes, { model, direction: 'prompt' })
      tokens.inc(outputBytes, { model, direction: 'completion' })
      charged.inc(microUsd / MICRO, { model })
    },
    failed: ({ model }, code) => tasks.inc(1, { model, outcome: code.toLowerCase() }),
    ledger({ state, isBroken, depositedWei }, runner) {
      const accounts = [...state.accounts.values()]
      openTasks.set(state.open.size)
      waiting.set(runner.waitingCount)
      credits.set(accounts.reduce((sum, account) => sum + account.balanceMicroUsd, 0) / MICRO, { kind: 'owed' })
      credits.set(accounts.reduce((sum, account) => sum + account.reservedMicroUsd, 0) / MICRO, { kind: 'held' })
      broken.set(isBroken ? 1 : 0)
      deposited.set(Number(depositedWei()) / WEI_PER_COIN)
    },
    network: ms => lastSeen.set(ms / 1_000),
    coins({ vaultWei, coinsWei }) {
      coins.set(Number(vaultWei) / WEI_PER_COIN, { kind: 'vault' })
      coins.set(Number(coinsWei) / WEI_PER_COIN, { kind: 'wallet' })
    },
  }
}

const LEDGER_MS = 5_000
/** Every so many looks at the ledger the chain is asked for balances. */
const COINS_EVERY = 3

/** Keeps what is a state and not an event up to date; returns what ends it. */
export function watchRelay(
  metrics: RelayMetrics,
  { book, runner, market }: { readonly book: Book; readonly runner: Runner; readonly market: Market },
): () => void {
  let looks = 0
  let asking = false
  const look = () => {
    metrics.ledger(book, runner)
    metrics.network(market.lastSeenMs)
    if (asking || looks++ % COINS_EVERY !== 0) return
    asking = true
    market
      .balances()
      .then(
        balances => metrics.coins(balances),
        // The time of the node's last word says that it is silent.
        () => {},
      )
      .finally(() => {
        asking = false
      })
  }
  look()
  const timer = setInterval(look, LEDGER_MS)
  timer.unref()
  return () => clearInterval(timer)
}
