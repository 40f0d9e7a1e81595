/** Puts the executor together: client, runtimes, engine, and the loop that ticks it. */
import { createClient, type OgpuClient, readAccount, setGateway, sleep } from '@ogpu/sdk'
import { type Clock, type Log, type MetricsRegistry, silentLog } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { createIntRuntime } from '../runtimes/int/runtime.ts'
import { DEFAULT_RUN_LIMITS, type RunLimits, type Runtime } from '../runtimes/runtime.ts'
import { createChainPort } from './chain.ts'
import { createEngine, type Engine } from './engine.ts'
import { createExecutorMetrics, measureData, type SidecarMetrics } from './metrics.ts'

export interface ExecutorOptions {
  /** JSON-RPC endpoint of a node. */
  readonly rpcUrl: string
  /** The provider's key; it must be paired and registered on sources (SDK: pairProvider, registerProvider). */
  readonly privateKey: string
  /** Data nodes: results go to all of them, files come from any. */
  readonly dataUrls: readonly string[]
  /** Folder of the executor's state; one executor per folder. */
  readonly dir: string
  /** Plug-ins; the integer runtime alone when absent. They are closed when the executor stops. */
  readonly runtimes?: readonly Runtime[]
  readonly log?: Log
  /** Where the executor declares what it counts. */
  readonly metrics?: MetricsRegistry
  /** Runs at once; 1 when absent. */
  readonly concurrency?: number
  /** How often the chain is asked; 500 ms when absent. */
  readonly pollingMs?: number
  readonly limits?: RunLimits
  /** Tasks that pay less are left alone. */
  readonly minPaymentWei?: bigint
  /** Work for these sources only; all on which the provider is registered when absent. */
  readonly sources?: readonly string[]
  /** Base URL under which this provider's blobs are served; announced on chain, results are then revealed without links. */
  readonly gateway?: string
  /** First block to look at when the folder is new; 20,000 blocks back when absent. */
  readonly startBlock?: number
  /** Wait of the second, third … seat before calls that every seat could make; 1,500 ms when absent. */
  readonly dueStaggerMs?: number
}

export interface Executor {
  /** The provider. */
  readonly address: string
  /** Tasks seen so far, with their outcome. */
  readonly records: Engine['records']
  /** Stops runs and the loop; a later start in the same folder goes on where this one stopped. */
  stop(): Promise<void>
}

export const START_ERRORS = { NO_RUNTIME: 'NO_RUNTIME' } as const

const LOOK_BACK_BLOCKS = 20_000
const POLLING_MS = 500
const RECEIPT_POLLING_MS = 150
const ACCOUNT_POLLING_MS = 15_000
const systemClock: Clock = { now: () => Date.now() }

/**
 * Starts an executor in this process.
 *
 * @example
 * const executor = await startExecutor({ rpcUrl, privateKey, dataUrls: [dataNode.url], dir: 'data/executor-1' })
 * await executor.stop()
 */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const log = options.log ?? silentLog
  const client = await createClient({
    rpcUrl: options.rpcUrl,
    privateKey: options.privateKey,
    dataUrls: options.dataUrls,
    pollingMs: Math.min(RECEIPT_POLLING_MS, options.pollingMs ?? POLLING_MS),
  })
  const runtimes = await selectRuntimes(options.runtimes ?? [createIntRuntime()], log)
  if (options.gateway !== undefined) await announceGateway(client, options.gateway, log)
  const head = await client.provider.getBlockNumber()
  const chain = createChainPort(client)
  const metrics = createExecutorMetrics(options.metrics)
  const engine = await createEngine({
    chain,
    data: measureData(client.data, metrics),
    metrics,
    runtimes,
    dir: options.dir,
    log,
    clock: systemClock,
    limits: options.limits ?? DEFAULT_RUN_LIMITS,
    concurrency: options.concurrency ?? 1,
    startBlock: options.startBlock ?? Math.max(0, head - LOOK_BACK_BLOCKS),
    minPaymentWei: options.minPaymentWei ?? 0n,
    sources: options.sources === undefined ? undefined : new Set(options.sources.map(source => source.toLowerCase())),
    hasGateway: options.gateway !== undefined,
    dueStaggerMs: options.dueStaggerMs ?? 1_500,
  })
  const loop = startLoop(
    () => engine.tick(),
    options.pollingMs ?? POLLING_MS,
    log,
    () => metrics.lookFailed(),
  )
  const purse = options.metrics === undefined ? undefined : watchAccount(client, chain.me, metrics)
  log.info('executor started', { provider: chain.me, chainId: client.chainId, runtimes: runtimes.map(r => r.kind) })
  return {
    address: chain.me,
    records: engine.records,
    async stop() {
      await Promise.all([loop.stop(), purse?.stop()])
      await engine.stop()
      for (const runtime of runtimes) runtime.close()
      client.provider.destroy()
      log.info('executor stopped', { provider: chain.me })
    },
  }
}

/** Runtimes that pass their own test; a CodedError NO_RUNTIME when none does. */
async function selectRuntimes(candidates: readonly Runtime[], log: Log): Promise<readonly Runtime[]> {
  const passed: Runtime[] = []
  for (const runtime of candidates) {
    try {
      await runtime.selfTest()
      passed.push(runtime)
    } catch (error) {
      runtime.close()
      log.error('a runtime fails its self-test and is not offered', { runtime: runtime.kind, error: messageOf(error) })
    }
  }
  if (passed.length === 0) throw new CodedError(START_ERRORS.NO_RUNTIME, 'no runtime works on this machine')
  return passed
}

async function announceGateway(client: OgpuClient, gateway: string, log: Log): Promise<void> {
  const [current] = await client.read('dataRegistry', 'gatewayOf', [client.address])
  if (current === gateway) return
  await setGateway(client, { gateway })
  log.info('gateway announced', { gateway })
}

/** Keeps the metrics of the coins up to date: all are the account's own, but what it earned is paid out to its master. */
export function watchAccount(client: OgpuClient, me: string, metrics: SidecarMetrics): { stop(): Promise<void> } {
  const look = async (): Promise<void> => {
    const [master] = await client.read('terminal', 'masterOf', [me])
    const payee = BigInt(master) === 0n ? me : master
    const [own, [balanceWei], walletWei] = await Promise.all([
      readAccount(client, { account: me }),
      client.read('vault', 'balanceOf', [payee]),
      client.provider.getBalance(me),
    ])
    metrics.account({ ...own, balanceWei, walletWei })
  }
  // A node that does not answer is already told of by the loop that works.
  return startLoop(look, ACCOUNT_POLLING_MS, silentLog)
}

/** Calls `tick` again and again, `pollingMs` apart; a failing tick is logged once until one succeeds. */
export function startLoop(
  tick: () => Promise<void>,
  pollingMs: number,
  log: Log,
  onFailure: () => void = () => {},
): { stop(): Promise<void> } {
  const aborter = new AbortController()
  const loop = async (): Promise<void> => {
    let failing = false
    while (!aborter.signal.aborted) {
      try {
        await tick()
        if (failing) log.info('the chain answers again')
        failing = false
      } catch (error) {
        onFailure()
        if (!failing) log.warn('the chain cannot be read; trying again', { error: messageOf(error) })
        failing = true
      }
      await sleep(pollingMs, aborter.signal).catch(() => {})
    }
  }
  const running = loop()
  return {
    async stop() {
      aborter.abort()
      await running
    },
  }
}
