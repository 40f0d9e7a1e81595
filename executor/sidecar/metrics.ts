import type { DataClient, VaultAccount } from '@ogpu/sdk'
import { type MetricsRegistry, silentMetrics } from '#lib/env'
import type { Head } from './chain.ts'

const RUN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const WEI_PER_COIN = 1e18

/** What executor and verifier tell of themselves alike. Steps, codes, runtimes and outcomes come from fixed tables. */
export interface SidecarMetrics {
  /** The chain was read: its newest block, and the last block whose events were handled. */
  looked(head: Head, cursor: number): void
  /** The chain could not be read. */
  lookFailed(): void
  /** A step of a task was made, such as `commit`. */
  stepped(step: string): void
  /** A step failed and will be tried again, or ends the task. */
  failed(step: string, code: string): void
  /** Tasks that are not over, and those whose program runs now. */
  tasks(open: number, running: number): void
  /** A program ran to its end. */
  ran(runtime: string, seconds: number): void
  data(direction: 'fetched' | 'stored', bytes: number): void
  /** What the account and its master own, wei. */
  account(coins: VaultAccount & { readonly walletWei: bigint }): void
}

export interface ExecutorMetrics extends SidecarMetrics {
  /** A task was published on any source. */
  published(): void
  /** A task is one that we may work for. */
  found(): void
  /** Nothing is left to do for a task; {@link outcomeLabel} makes the word. */
  done(outcome: string): void
}

export interface VerifierMetrics extends SidecarMetrics {
  drawn(): void
  /** A verdict was opened. */
  judged(agrees: boolean): void
  /** A result was compared without being drawn. */
  checked(outcome: 'right' | 'wrong' | 'unable'): void
  /** A drawn audit passed a deadline without what we owed it. */
  missed(): void
}

/** Declares what both kinds of sidecars export. */
export function createSidecarMetrics(registry: MetricsRegistry = silentMetrics): SidecarMetrics {
  const block = registry.gauge('sidecar_chain_block', 'Newest block of the node that is asked')
  const blockTime = registry.gauge('sidecar_chain_block_timestamp_seconds', 'Timestamp of the newest block')
  const cursor = registry.gauge('sidecar_cursor_block', 'Last block whose events were handled')
  const lastLook = registry.gauge('sidecar_last_look_timestamp_seconds', 'Local time of the last look at the chain')
  const failedLooks = registry.counter('sidecar_failed_looks_total', 'Looks at the chain that failed')
  const steps = registry.counter('sidecar_steps_total', 'Steps of tasks that were made', ['step'])
  const failures = registry.counter('sidecar_failures_total', 'Steps of tasks that failed', ['step', 'code'])
  const open = registry.gauge('sidecar_open_tasks', 'Tasks that are not over')
  const running = registry.gauge('sidecar_running_tasks', 'Tasks whose program runs now')
  const runSeconds = registry.histogram('sidecar_run_seconds', 'Time that a program ran', RUN_SECONDS, ['runtime'])
  const bytes = registry.counter('sidecar_data_bytes_total', 'Bytes to and from the data layer', ['direction'])
  const coins = registry.gauge(
    'sidecar_coins',
    'OGPU: wallet (gas), earned, locked and free stake; vault is what its payee has there',
    ['kind'],
  )
  return {
    looked(head, handled) {
      block.set(head.block)
      blockTime.set(head.timeSeconds)
      cursor.set(handled)
      lastLook.set(Date.now() / 1_000)
    },
    lookFailed: () => failedLooks.inc(),
    stepped: step => steps.inc(1, { step }),
    failed: (step, code) => failures.inc(1, { step, code }),
    tasks(openCount, runningCount) {
      open.set(openCount)
      running.set(runningCount)
    },
    ran: (runtime, seconds) => runSeconds.observe(seconds, { runtime }),
    data: (direction, length) => bytes.inc(length, { direction }),
    account({ walletWei, balanceWei, earningsWei, lockupWei, freeLockupWei }) {
      const kinds = {
        wallet: walletWei,
        vault: balanceWei,
        earned: earningsWei,
        locked: lockupWei,
        free: freeLockupWei,
      }
      for (const [kind, wei] of Object.entries(kinds)) coins.set(Number(wei) / WEI_PER_COIN, { kind })
    },
  }
}

export function createExecutorMetrics(registry: MetricsRegistry = silentMetrics): ExecutorMetrics {
  const published = registry.counter('executor_tasks_published_total', 'Tasks that were published on any source')
  const found = registry.counter('executor_tasks_found_total', 'Tasks on sources that this provider works for')
  const done = registry.counter('executor_tasks_done_total', 'Tasks that are over, by how they ended', ['outcome'])
  // What an alert counts must be there before it happens: Prometheus sees no increase in a series that begins with 1.
  for (const outcome of ['paid', 'slashed', 'vacated']) done.inc(0, { outcome })
  return {
    ...createSidecarMetrics(registry),
    published: () => published.inc(),
    found: () => found.inc(),
    done: outcome => done.inc(1, { outcome }),
  }
}

export function createVerifierMetrics(registry: MetricsRegistry = silentMetrics): VerifierMetrics {
  const drawn = registry.counter('verifier_audits_drawn_total', 'Audits that this verifier was drawn for')
  const verdicts = registry.counter('verifier_verdicts_total', 'Verdicts that were opened', ['verdict'])
  const checks = registry.counter('verifier_checks_total', 'Results that were compared unasked', ['outcome'])
  const missed = registry.counter('verifier_audits_missed_total', 'Audits whose deadline passed without our verdict')
  return {
    ...createSidecarMetrics(registry),
    drawn: () => drawn.inc(),
    judged: agrees => verdicts.inc(1, { verdict: agrees ? 'agrees' : 'disagrees' }),
    checked: outcome => checks.inc(1, { outcome }),
    missed: () => missed.inc(),
  }
}

/**
 * How a task ended for this provider, as a label: what became of its seat (`paid`, `slashed`, `released`), or else the
 * outcome on record (`lost`, `expired`, `vacated`, `dropped_price`, …).
 */
export function outcomeLabel(outcome: string, seat: string | undefined): string {
  if (seat === 'Paid' || seat === 'Slashed' || seat === 'Released') return seat.toLowerCase()
  // A plain task that this provider won is on record as final, and has no seats.
  return outcome === 'FINAL' ? 'paid' : outcome.toLowerCase()
}

/** The same client, with its bytes counted. */
export function measureData(client: DataClient, metrics: SidecarMetrics): DataClient {
  const fetched = (bytes: Uint8Array) => {
    metrics.data('fetched', bytes.length)
    return bytes
  }
  return {
    urls: client.urls,
    async put(bytes) {
      const stored = await client.put(bytes)
      metrics.data('stored', bytes.length)
      return stored
    },
    get: async (hash, options) => fetched(await client.get(hash, options)),
    size: hash => client.size(hash),
    getUrl: async (url, options) => fetched(await client.getUrl(url, options)),
  }
}
