/** Which signals end a process. */

// A process with a channel was started by another one of ours, which stops it in its turn.
const hasParent = process.send !== undefined

/** Sent by somebody who wants this very process to stop. A terminal sends the last two to all that was started in it. */
export const STOP_SIGNALS: readonly NodeJS.Signals[] = hasParent ? ['SIGTERM'] : ['SIGTERM', 'SIGINT', 'SIGHUP']

/** Makes a process that has a parent survive what the terminal tells both of them. To be called first of all. */
export function leaveTerminalToParent(): void {
  if (hasParent) for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
}
