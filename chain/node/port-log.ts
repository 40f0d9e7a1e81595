import type { Log, LogFields } from '#lib/env'

/** A line of a thread's log on its way to the thread that writes logs. */
export interface LogLine {
  readonly kind: 'log'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly modules: readonly string[]
  readonly message: string
  /** JSON: anything may be in there, and not everything can be copied. */
  readonly fields: string
}

/** Lines in a second; a flood must not become one for the thread that writes them. */
const LINES_PER_SECOND = 100

/** The log of a thread that has none of its own. */
export function createPortLog(post: (line: LogLine) => void): Log {
  let second = 0
  let lines = 0
  const logOf = (modules: readonly string[]): Log => {
    const write = (level: LogLine['level']) => (message: string, fields?: LogFields) => {
      const now = Math.floor(performance.now() / 1_000)
      if (now !== second) lines = 0
      second = now
      lines += 1
      if (lines > LINES_PER_SECOND) return
      post({ kind: 'log', level, modules, message, fields: JSON.stringify(fields ?? {}, plain) })
    }
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: module => logOf([...modules, module]),
    }
  }
  return logOf([])
}

/** Writes a line that came from {@link createPortLog}. */
export function writeLogLine(log: Log, { level, modules, message, fields }: LogLine): void {
  const own = modules.reduce((parent, module) => parent.child(module), log)
  own[level](message, JSON.parse(fields) as LogFields)
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' || value instanceof Error ? String(value) : value
}
