import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CodedError } from '#lib/errors'

const MAIN = new URL('../main.ts', import.meta.url)
const STOP_TIMEOUT_MS = 12_000

/** A process of the devnet: a command of this command line with its own log file. */
export interface Child {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** What the process said when it became ready, such as its URLs. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Resolves with the reason when the process ends without having been asked to. */
  readonly crashed: Promise<string>
  /** Resolves with how the process ended, whoever ended it: `exit code 0`, `signal SIGKILL`. */
  readonly ended: Promise<string>
  stop(): Promise<void>
  kill(): Promise<void>
}

/** A child says `{ ready: { … } }` to its parent once it serves. */
export function sayReady(ready: Readonly<Record<string, unknown>>): void {
  process.send?.({ ready })
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
  } catch {
    return ''
  }
}

/** What the launcher gives a process; the environment hands on the rest. */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--no-memory-reducer']

export interface ChildOptions {
  readonly name: string
  readonly args: readonly string[]
  /** The command line itself when absent. */
  readonly entry?: URL
  readonly logFile: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** Gets the process id at once, before the child is ready. */
  readonly onSpawn?: (pid: number) => void
}

/**
 * Starts `ogpu <args>` and waits until it is ready. CodedError `child failed` carries the end of its log when it ends
 * first, `child silent` when `timeoutMs` passes.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.logFile, 'a')
  const child = spawn(process.execPath, [...NODE_FLAGS, fileURLToPath(options.entry ?? MAIN), ...options.args], {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    // In our own session, as Linux shares processors out between sessions first: only within one do the threads of one
    // child that yield make room for the urgent ones of another. Ctrl-C is left to us, so that they stop in order.
    detached: false,
  })
  closeSync(log)
  if (child.pid !== undefined) options.onSpawn?.(child.pid)
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
  const readiness = new Promise<Readonly<Record<string, unknown>>>(resolve => {
    child.on('message', message => {
      if (typeof message === 'object' && message !== null && 'ready' in message)
        resolve(message.ready as Record<string, unknown>)
    })
  })
  const timeoutMs = options.timeoutMs ?? 60_000
  let timer: NodeJS.Timeout | undefined
  const outcome = await Promise.race([
    readiness.then(ready => ({ kind: 'ready', ready }) as const),
    ended.then(reason => ({ kind: 'ended', reason }) as const),
    new Promise<{ readonly kind: 'silent' }>(resolve => {
      timer = setTimeout(() => resolve({ kind: 'silent' }), timeoutMs)
    }),
  ])
  clearTimeout(timer)
  if (outcome.kind !== 'ready') {
    if (outcome.kind === 'silent') await end(child, ended, 'SIGKILL')
    const what =
      outcome.kind === 'ended' ? `ended with ${outcome.reason}` : `was not ready after ${timeoutMs / 1_000} s`
    throw new CodedError(
      outcome.kind === 'ended' ? 'child failed' : 'child silent',
      `${options.name} ${what}. The end of ${options.logFile}:\n${tail(options.logFile)}`,
    )
  }
  child.channel?.unref()

  let stopping = false
  return {
    name: options.name,
    pid: child.pid as number,
    logFile: options.logFile,
    ready: outcome.ready,
    ended,
    crashed: new Promise(resolve => {
      void ended.then(reason => {
        if (!stopping) resolve(`${options.name} ended with ${reason}; see ${options.logFile}`)
      })
    }),
    async stop() {
      stopping = true
      await end(child, ended, 'SIGTERM')
    },
    async kill() {
      stopping = true
      await end(child, ended, 'SIGKILL')
    },
  }
}

async function end(child: ChildProcess, ended: Promise<string>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}
