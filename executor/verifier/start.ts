/** Puts the verifier together: client, runtimes, engine, and the loop that ticks it. */
import { silentLog } from '#lib/env'
import { createIntRuntime } from '../runtimes/int/runtime.ts'
import { createVerifierMetrics } from '../sidecar/metrics.ts'
import { connect, gatherParts, keepTicking, type SidecarOptions } from '../sidecar/service.ts'
import { createVerifierEngine, type VerifierEngine } from './engine.ts'

export interface VerifierOptions extends SidecarOptions {
  /** The auditor's key; to be drawn it must be enrolled (SDK: deposit, lockStake, enrolAuditor). */
  readonly privateKey: string
  /** How long a due call is left to the seats; 5 s when absent. */
  readonly dueDelayMs?: number
  /** Compare every n-th unaudited result with an own run and challenge wrong ones; none when absent. */
  readonly checkEvery?: number
}

export interface Verifier {
  /** The auditor. */
  readonly address: string
  readonly records: VerifierEngine['records']
  stop(): Promise<void>
}

/**
 * Starts a verifier in this process.
 *
 * @example
 * const verifier = await startVerifier({ rpcUrl, privateKey, dataUrls: [dataNode.url], dir: 'data/verifier' })
 * await verifier.stop()
 */
export async function startVerifier(options: VerifierOptions): Promise<Verifier> {
  const log = options.log ?? silentLog
  const client = await connect(options)
  const runtimes = options.runtimes ?? [createIntRuntime()]
  for (const runtime of runtimes) await runtime.selfTest()
  const parts = await gatherParts(options, client, createVerifierMetrics(options.metrics), runtimes)
  const { me } = parts.chain
  const engine = await createVerifierEngine({
    ...parts,
    dueDelayMs: options.dueDelayMs ?? 5_000,
    checkEvery: options.checkEvery ?? 0,
  })
  const running = keepTicking(engine, parts, client, options)
  log.info('verifier started', { auditor: me, chainId: client.chainId })
  return {
    address: me,
    records: engine.records,
    async stop() {
      await running.stop()
      log.info('verifier stopped', { auditor: me })
    },
  }
}
