import type { FastifyInstance } from 'fastify'
import { type Clock, type Log, type MetricsRegistry, silentLog } from '#lib/env'
import { CodedError } from '#lib/errors'
import type { Context } from './http/context.ts'
import { createRateLimiter } from './http/rate-limit.ts'
import { createServer } from './http/server.ts'
import { openBook } from './ledger/book.ts'
import { openChainMarket } from './market/chain-market.ts'
import { createFunding, type FundingLimits } from './market/funding.ts'
import type { Market } from './market/market.ts'
import { createRelayMetrics, watchRelay } from './metrics.ts'
import type { Model } from './models.ts'
import { createRunner, type RunnerTimes } from './runner.ts'

/** What a relay is, apart from the chain behind it. */
export interface RelayParts {
  readonly models: ReadonlyMap<string, Model>
  /** Folder of the journal; one relay at a time. */
  readonly dir: string
  /** Opens the admin routes; at least 32 characters. */
  readonly adminKey: string
  /** 0.2 OGPU at a time and 100 OGPU a day when absent. */
  readonly funding?: FundingLimits
  /** 1 USD when absent. */
  readonly creditWarningMicroUsd?: number
  /** Behind a proxy: callers' addresses are taken from X-Forwarded-For. */
  readonly trustProxy?: boolean
  readonly version?: string
  readonly log?: Log
  /** Where the relay declares what it counts. */
  readonly metrics?: MetricsRegistry
}

export interface RelayOptions extends RelayParts {
  readonly rpcUrl: string
  readonly dataUrls: readonly string[]
  /** The account that pays the network, 0x-hex. */
  readonly privateKey: string
  /** 127.0.0.1 when absent. */
  readonly host?: string
  /** 4100 when absent; 0 takes a free one. */
  readonly port?: number
}

export interface Relay {
  readonly url: string
  /** The account that pays. */
  readonly account: string
  /** Resolves with the reason when nothing can be stored any more; stop and start again then. */
  readonly failed: Promise<unknown>
  stop(): Promise<void>
}

const DEFAULT_FUNDING: FundingLimits = { depositWei: 2n * 10n ** 17n, depositDayMaxWei: 100n * 10n ** 18n }
const ADMIN_KEY = /^[\x21-\x7e]{32,256}$/

/** The relay on a market, not listening yet; tests put a market in memory behind it. */
export async function assembleRelay(
  parts: RelayParts & { readonly market: Market; readonly clock?: Clock; readonly times?: RunnerTimes },
): Promise<{ readonly app: FastifyInstance; readonly failed: Promise<unknown>; stop(): Promise<void> }> {
  const { market, models, adminKey } = parts
  const clock = parts.clock ?? { now: () => Date.now() }
  const log = parts.log ?? silentLog
  if (!ADMIN_KEY.test(adminKey)) {
    throw new CodedError(
      'BAD_ADMIN_KEY',
      'the admin key needs 32 to 256 characters that are neither spaces nor special',
    )
  }
  for (const model of models.values()) await market.check(model)
  const book = await openBook({ dir: parts.dir, clock })
  const funding = createFunding(market, book, parts.funding ?? DEFAULT_FUNDING, log)
  const times = parts.times === undefined ? {} : { times: parts.times }
  const metrics = createRelayMetrics(parts.metrics)
  const runner = createRunner({ book, market, funding, models, clock, log, metrics, ...times })
  let isStopping = false
  const context: Context = {
    book,
    runner,
    market,
    models,
    limiter: createRateLimiter(clock),
    clock,
    log,
    metrics,
    version: parts.version ?? '0',
    adminKey,
    creditWarningMicroUsd: parts.creditWarningMicroUsd ?? 1_000_000,
    get isStopping() {
      return isStopping
    },
  }
  const app = createServer(context, { trustProxy: parts.trustProxy ?? false })
  const open = [...book.state.open.values()]
  if (open.length > 0) log.info('going on with open tasks', { count: open.length })
  for (const task of open) runner.submit(task)
  const unwatch = parts.metrics === undefined ? () => {} : watchRelay(metrics, { book, runner, market })
  return {
    app,
    failed: book.failed,
    async stop() {
      isStopping = true
      unwatch()
      // Waiting requests are answered first, so that closing the server has nobody to wait for.
      await runner.stop()
      await app.close()
      await book.close()
      await market.stop()
    },
  }
}

/**
 * Starts a relay. CodedError when a model cannot be offered, when the journal is damaged or in use; SdkError when no
 * node answers.
 *
 * @example
 * const models = parseModels(readFileSync('models.json', 'utf8'))
 * const relay = await startRelay({ rpcUrl, dataUrls, privateKey, models, dir: 'state', adminKey })
 * await relay.stop()
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const log = options.log ?? silentLog
  const market = await openChainMarket({ ...options, log })
  const assembled = await assembleRelay({ ...options, market }).catch(async error => {
    await market.stop()
    throw error
  })
  try {
    const url = await assembled.app.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 4100 })
    log.info('relay listens', { url, account: market.account, models: options.models.size })
    return { url, account: market.account, failed: assembled.failed, stop: assembled.stop }
  } catch (error) {
    await assembled.stop()
    throw error
  }
}
