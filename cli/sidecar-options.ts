import type { Log } from '#lib/env'
import { createLogging, parseLogLevels } from '#node'
import { type Option, text, UsageError, type Values } from './command.ts'

/** Options that every process beside the chain has. */
export const SIDECAR_OPTIONS = {
  rpc: { type: 'string', value: 'URL', default: 'http://127.0.0.1:8545', help: 'JSON-RPC of a node' },
  data: { type: 'string', value: 'URL', multiple: true, help: 'Data node; repeat for several' },
  'data-dir': { type: 'string', value: 'FOLDER', help: 'Where this process keeps its state' },
  'log-level': { type: 'string', value: 'LEVELS', default: 'info', help: 'debug, info, warn, error or silent' },
  'log-format': { type: 'string', value: 'FORM', default: 'terminal', help: 'terminal or json' },
} as const satisfies Readonly<Record<string, Option>>

export function logOf(values: Values, module: string): Log {
  const format = text(values, 'log-format')
  if (format !== 'terminal' && format !== 'json') throw new UsageError('--log-format is terminal or json')
  const levels = parseLogLevels(text(values, 'log-level') ?? 'info')
  const colors = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
  return createLogging({ levels, format, colors }).log.child(module)
}

export function urls(values: Values, name: string): readonly string[] {
  const given = values[name]
  const list = (Array.isArray(given) ? given : given === undefined ? [] : [given]).map(String)
  for (const url of list)
    if (!/^https?:\/\//.test(url)) throw new UsageError(`--${name} takes an http:// or https:// URL, not "${url}"`)
  return list
}

export function requiredUrls(values: Values, name: string): readonly string[] {
  const list = urls(values, name)
  if (list.length === 0) throw new UsageError(`name at least one --${name} URL`)
  return list
}

export function required(values: Values, name: string): string {
  const value = text(values, name)
  if (value === undefined) throw new UsageError(`--${name} is needed`)
  return value
}
