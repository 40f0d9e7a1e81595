import { pino } from 'pino'
import { toHex } from '#lib/bytes'
import type { Log, LogFields } from '#lib/env'
import { CodedError } from '#lib/errors'
import { openRotatingFile } from './rotating-file.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The level of everything, and of single modules (`p2p`, `consensus`, …). */
export interface LogLevels {
  readonly all: LogLevel
  readonly modules: Readonly<Record<string, LogLevel>>
}

export interface LoggingOptions {
  readonly levels: LogLevels
  /** `terminal` for people, `json` (one object per line) for machines. */
  readonly format: 'terminal' | 'json'
  /** Also to a file, always as JSON, that starts anew at `bytesMax` and keeps `filesMax` old ones. */
  readonly file?: { readonly path: string; readonly bytesMax: number; readonly filesMax: number }
  /** Where lines go; standard output unless given. */
  readonly write?: (line: string) => void
  /** Colours on the terminal. */
  readonly colors?: boolean
}

export interface Logging {
  readonly log: Log
  /** Writes out what waits and closes the file. */
  close(): void
}

/** Reads `info,p2p=debug,rpc=warn`. CodedError `log level invalid`. */
export function parseLogLevels(text: string): LogLevels {
  let all: LogLevel = 'info'
  const modules: Record<string, LogLevel> = {}
  for (const part of text.split(',').map(piece => piece.trim())) {
    const [left, right, more] = part.split('=')
    const level = LOG_LEVELS.find(known => known === (right ?? left))
    if (level === undefined || more !== undefined || (right !== undefined && !/^[a-z][a-z0-9/-]*$/.test(left ?? ''))) {
      throw new CodedError(
        'log level invalid',
        `"${part}" is not a level (${LOG_LEVELS.join(', ')}) or module=level, such as "info,p2p=debug"`,
      )
    }
    if (right === undefined) all = level
    else modules[left ?? ''] = level
  }
  return { all, modules }
}

/** The real {@link Log}, on pino. CodedError `log file failed` when the file cannot be opened. */
export function createLogging(options: LoggingOptions): Logging {
  const out = options.write ?? ((line: string) => void process.stdout.write(line))
  const file = options.file === undefined ? undefined : openRotatingFile(options.file)
  const colors = options.colors ?? false
  const root = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }), log: plainFields },
    },
    {
      write: (line: string) => {
        file?.write(line)
        out(options.format === 'json' ? line : terminalLine(line, colors))
      },
    },
  )
  const make = (module: string | undefined): Log => {
    const bindings = module === undefined ? {} : { module }
    const logger = root.child(bindings, { level: levelOf(options.levels, module) })
    return {
      debug: (message, fields) => logger.debug(fields ?? {}, message),
      info: (message, fields) => logger.info(fields ?? {}, message),
      warn: (message, fields) => logger.warn(fields ?? {}, message),
      error: (message, fields) => {
        logger.error(fields ?? {}, message)
        // The next thing may be the end of the process.
        file?.flush()
      },
      child: name => make(module === undefined ? name : `${module}/${name}`),
    }
  }
  return { log: make(undefined), close: () => file?.close() }
}

/** The level of the module, else of the module that it is part of, else of everything. */
function levelOf(levels: LogLevels, module: string | undefined): LogLevel {
  for (let name = module; name !== undefined && name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('/')))) {
    const level = Object.hasOwn(levels.modules, name) ? levels.modules[name] : undefined
    if (level !== undefined) return level
  }
  return levels.all
}

/** Bytes as hexadecimal text, big integers in decimal, errors with their code; one level deep, as fields are. */
function plainFields(fields: LogFields): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) plain[RESERVED.has(name) ? `${name}_` : name] = plainValue(value)
  return plain
}

const RESERVED = new Set(['level', 'time', 'msg', 'module'])

function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.length <= 64 ? toHex(value) : `${toHex(value.subarray(0, 64))}…`
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof CodedError) return { code: value.code, message: value.message, stack: value.stack }
  if (value instanceof Error) return { message: value.message, stack: value.stack }
  return value
}

const COLOR = { debug: 90, info: 32, warn: 33, error: 31 } as const

/** `12:30:05.123 INFO  p2p  peer up  peer=12D3… agent=ogpu/0.1` */
function terminalLine(json: string, colors: boolean): string {
  const { level, time, module, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  const paint = (code: number, text: string) => (colors ? `\x1b[${code}m${text}\x1b[0m` : text)
  const word = String(level).toUpperCase().padEnd(5)
  const parts = [
    String(time).slice(11, 23),
    paint(COLOR[level as keyof typeof COLOR] ?? 0, word),
    ...(module === undefined ? [] : [paint(36, String(module).padEnd(10))]),
    printable(String(msg)),
    ...Object.entries(fields).map(([name, value]) => `${paint(90, `${name}=`)}${terminalValue(value)}`),
  ]
  return `${parts.join(' ')}\n`
}

function terminalValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[\s"=]/.test(text) && typeof value === 'string' ? JSON.stringify(text) : printable(text)
}

/** Text of peers and users must not steer the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '·')
}
