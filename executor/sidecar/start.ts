/** Puts the executor together: client, runtimes that work here, gateway, engine, and the loop that ticks it. */
import { type OgpuClient, setGateway } from '@ogpu/sdk'
import { type Log, silentLog } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { createIntRuntime } from '../runtimes/int/runtime.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { createEngine, type Engine } from './engine.ts'
import { createExecutorMetrics } from './metrics.ts'
import { connect, gatherParts, keepTicking, type SidecarOptions } from './service.ts'

export interface ExecutorOptions extends SidecarOptions {
  /** The provider's key; it must be paired and registered on sources (SDK: pairProvider, registerProvider). */
  readonly privateKey: string
  /** Runs at once; 1 when absent. */
  readonly concurrency?: number
  /** Tasks that pay less are left alone. */
  readonly minPaymentWei?: bigint
  /** Work for these sources only; all on which the provider is registered when absent. */
  readonly sources?: readonly string[]
  /** Base URL under which this provider's blobs are served; announced on chain, results are then revealed without links. */
  readonly gateway?: string
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

/**
 * Starts an executor in this process.
 *
 * @example
 * const executor = await startExecutor({ rpcUrl, privateKey, dataUrls: [dataNode.url], dir: 'data/executor-1' })
 * await executor.stop()
 */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  const log = options.log ?? silentLog
  const client = await connect(options)
  const runtimes = await selectRuntimes(options.runtimes ?? [createIntRuntime()], log)
  if (options.gateway !== undefined) await announceGateway(client, options.gateway, log)
  const parts = await gatherParts(options, client, createExecutorMetrics(options.metrics), runtimes)
  const { me } = parts.chain
  const engine = await createEngine({
    ...parts,
    concurrency: options.concurrency ?? 1,
    minPaymentWei: options.minPaymentWei ?? 0n,
    sources: options.sources === undefined ? undefined : new Set(options.sources.map(source => source.toLowerCase())),
    hasGateway: options.gateway !== undefined,
    dueStaggerMs: options.dueStaggerMs ?? 1_500,
  })
  const running = keepTicking(engine, parts, client, options)
  log.info('executor started', { provider: me, chainId: client.chainId, runtimes: runtimes.map(r => r.kind) })
  return {
    address: me,
    records: engine.records,
    async stop() {
      await running.stop()
      log.info('executor stopped', { provider: me })
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
