import { CodedError } from '#lib/errors'
import { exitCodeOf } from './exit-code.ts'
import { STOP_SIGNALS } from './stop-signals.ts'

/**
 * Runs until somebody asks to stop: SIGTERM, Ctrl-C, or the end of the parent that started us (a devnet must not leave
 * orphans). `stop` is called once and must finish within 10 s; a second signal ends the process at once.
 */
export async function runUntilStopped(
  stop: () => Promise<void>,
  failed: Promise<unknown> = new Promise(() => {}),
): Promise<number> {
  const outcome = await new Promise<{ readonly failure?: unknown }>(resolve => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve({}))
    process.once('disconnect', () => resolve({}))
    failed.then(
      failure => resolve({ failure }),
      failure => resolve({ failure }),
    )
  })
  for (const signal of STOP_SIGNALS) process.once(signal, () => process.exit(130))
  const deadline = setTimeout(() => {
    console.error('ogpu: stopping took longer than 10 s; ending now')
    process.exit(1)
  }, 10_000)
  deadline.unref()
  await stop()
  clearTimeout(deadline)
  // The channel to a parent would keep an otherwise finished process alive.
  if (process.connected) process.disconnect()
  if (outcome.failure !== undefined) {
    const { failure } = outcome
    console.error(failure instanceof CodedError ? `ogpu: ${failure.message}` : failure)
    return exitCodeOf(failure)
  }
  return 0
}
