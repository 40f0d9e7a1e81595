/** What executor and verifier have alike around their engines: options, the way to the chain, the loop, and the order of stopping. */
import { createClient, type DataClient, type OgpuClient, readAccount, sleep } from '@ogpu/sdk'
import { type Clock, type Log, type MetricsRegistry, silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import { DEFAULT_RUN_LIMITS, type RunLimits, type Runtime } from '../runtimes/runtime.ts'
import { type ChainPort, createChainPort } from './chain.ts'
import { measureData, type SidecarMetrics } from './metrics.ts'

export interface SidecarOptions {
  /** JSON-RPC endpoint of a node. */
  readonly rpcUrl: string
  readonly privateKey: string
  /** Data nodes: results go to all of them, files come from any. */
  readonly dataUrls: readonly string[]
  /** Folder of the sidecar's state; one sidecar per folder. */
  readonly dir: string
  /** Plug-ins; the integer runtime alone when absent. They are closed when the sidecar stops. */
  readonly runtimes?: readonly Runtime[]
  readonly log?: Log
  /** Where the sidecar declares what it counts. */
  readonly metrics?: MetricsRegistry
  /** How often the chain is asked; 500 ms when absent. */
  readonly pollingMs?: number
  readonly limits?: RunLimits
  /** First block to look at when the folder is new; 20,000 blocks back when absent. */
  readonly startBlock?: number
}

/** What both engines are made of. */
export interface EngineParts {
  readonly chain: ChainPort
  readonly data: DataClient
  readonly runtimes: readonly Runtime[]
  /** Folder of this sidecar's state. */
  readonly dir: string
  readonly log: Log
  readonly clock: Clock
  readonly limits: RunLimits
  /** First block to look at when this folder is new. */
  readonly startBlock: number
}

type MeasuredParts<M> = EngineParts & { readonly metrics: M }

interface Running {
  stop(): Promise<void>
}

const LOOK_BACK_BLOCKS = 20_000
const POLLING_MS = 500
const RECEIPT_POLLING_MS = 150
const ACCOUNT_POLLING_MS = 15_000
const systemClock: Clock = { now: () => Date.now() }

/** A client for the sidecar's key; SdkErrors as `createClient`. */
export function connect(options: SidecarOptions): Promise<OgpuClient> {
  const { rpcUrl, privateKey, dataUrls, pollingMs = POLLING_MS } = options
  return createClient({ rpcUrl, privateKey, dataUrls, pollingMs: Math.min(RECEIPT_POLLING_MS, pollingMs) })
}

/** Asks the node for its head and lays out the parts of an engine. */
export async function gatherParts<M extends SidecarMetrics>(
  options: SidecarOptions,
  client: OgpuClient,
  metrics: M,
  runtimes: readonly Runtime[],
): Promise<MeasuredParts<M>> {
  const head = await client.provider.getBlockNumber()
  return {
    chain: createChainPort(client),
    data: measureData(client.data, metrics),
    metrics,
    runtimes,
    dir: options.dir,
    log: options.log ?? silentLog,
    clock: systemClock,
    limits: options.limits ?? DEFAULT_RUN_LIMITS,
    startBlock: options.startBlock ?? Math.max(0, head - LOOK_BACK_BLOCKS),
  }
}

/** Ticks the engine until it is stopped; stopping ends the loops, the engine, its runtimes and the client, in this order. */
export function keepTicking(
  engine: { tick(): Promise<void>; stop(): Promise<void> },
  { chain, metrics, runtimes, log }: MeasuredParts<SidecarMetrics>,
  client: OgpuClient,
  options: SidecarOptions,
): Running {
  const loop = startLoop(
    () => engine.tick(),
    options.pollingMs ?? POLLING_MS,
    log,
    () => metrics.lookFailed(),
  )
  const purse = options.metrics === undefined ? undefined : watchAccount(client, chain.me, metrics)
  return {
    async stop() {
      await Promise.all([loop.stop(), purse?.stop()])
      await engine.stop()
      for (const runtime of runtimes) runtime.close()
      client.provider.destroy()
    },
  }
}

/** Keeps the metrics of the coins up to date: all are the account's own, but what it earned is paid out to its master. */
function watchAccount(client: OgpuClient, me: string, metrics: SidecarMetrics): Running {
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
function startLoop(tick: () => Promise<void>, pollingMs: number, log: Log, onFailure: () => void = () => {}): Running {
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
