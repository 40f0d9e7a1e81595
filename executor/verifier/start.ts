/** Puts the verifier together: client, runtimes, engine, and the loop that ticks it. */
import { createClient } from '@ogpu/sdk'
import { type Clock, type Log, type MetricsRegistry, silentLog } from '#lib/env'
import { createIntRuntime } from '../runtimes/int/runtime.ts'
import { DEFAULT_RUN_LIMITS, type RunLimits, type Runtime } from '../runtimes/runtime.ts'
import { createChainPort } from '../sidecar/chain.ts'
import { createVerifierMetrics, measureData } from '../sidecar/metrics.ts'
import { startLoop, watchAccount } from '../sidecar/start.ts'
import { createVerifierEngine, type VerifierEngine } from './engine.ts'

export interface VerifierOptions {
  readonly rpcUrl: string
  /** The auditor's key; to be drawn it must be enrolled (SDK: deposit, lockStake, enrolAuditor). */
  readonly privateKey: string
  readonly dataUrls: readonly string[]
  /** Folder of the verifier's state; one verifier per folder. */
  readonly dir: string
  /** The integer runtime alone when absent. They are closed when the verifier stops. */
  readonly runtimes?: readonly Runtime[]
  readonly log?: Log
  /** Where the verifier declares what it counts. */
  readonly metrics?: MetricsRegistry
  /** 500 ms when absent. */
  readonly pollingMs?: number
  readonly limits?: RunLimits
  /** How long a due call is left to the seats; 5 s when absent. */
  readonly dueDelayMs?: number
  /** Compare every n-th unaudited result with an own run and challenge wrong ones; none when absent. */
  readonly checkEvery?: number
  /** First block to look at when the folder is new; 20,000 blocks back when absent. */
  readonly startBlock?: number
}

export interface Verifier {
  /** The auditor. */
  readonly address: string
  readonly records: VerifierEngine['records']
  stop(): Promise<void>
}

const LOOK_BACK_BLOCKS = 20_000
const POLLING_MS = 500
const RECEIPT_POLLING_MS = 150
const systemClock: Clock = { now: () => Date.now() }

/**
 * Starts a verifier in this process.
 *
 * @example
 * const verifier = await startVerifier({ rpcUrl, privateKey, dataUrls: [dataNode.url], dir: 'data/verifier' })
 * await verifier.stop()
 */
export async function startVerifier(options: VerifierOptions): Promise<Verifier> {
  const log = options.log ?? silentLog
  const client = await createClient({
    rpcUrl: options.rpcUrl,
    privateKey: options.privateKey,
    dataUrls: options.dataUrls,
    pollingMs: Math.min(RECEIPT_POLLING_MS, options.pollingMs ?? POLLING_MS),
  })
  const runtimes = options.runtimes ?? [createIntRuntime()]
  for (const runtime of runtimes) await runtime.selfTest()
  const head = await client.provider.getBlockNumber()
  const chain = createChainPort(client)
  const metrics = createVerifierMetrics(options.metrics)
  const engine = await createVerifierEngine({
    chain,
    data: measureData(client.data, metrics),
    metrics,
    runtimes,
    dir: options.dir,
    log,
    clock: systemClock,
    limits: options.limits ?? DEFAULT_RUN_LIMITS,
    startBlock: options.startBlock ?? Math.max(0, head - LOOK_BACK_BLOCKS),
    dueDelayMs: options.dueDelayMs ?? 5_000,
    checkEvery: options.checkEvery ?? 0,
  })
  const loop = startLoop(
    () => engine.tick(),
    options.pollingMs ?? POLLING_MS,
    log,
    () => metrics.lookFailed(),
  )
  const purse = options.metrics === undefined ? undefined : watchAccount(client, chain.me, metrics)
  log.info('verifier started', { auditor: chain.me, chainId: client.chainId })
  return {
    address: chain.me,
    records: engine.records,
    async stop() {
      await Promise.all([loop.stop(), purse?.stop()])
      await engine.stop()
      for (const runtime of runtimes) runtime.close()
      client.provider.destroy()
      log.info('verifier stopped', { auditor: chain.me })
    },
  }
}
