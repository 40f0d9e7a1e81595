import { type ParseArgsConfig, parseArgs } from 'node:util'

/** One option of a command: what `parseArgs` needs, and what the help says. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly default?: string | boolean
  readonly multiple?: boolean
  /** Name of the value in the help, such as `PORT`. */
  readonly value?: string
  readonly help: string
}

export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>

export interface Invocation {
  readonly values: Values
  readonly positionals: readonly string[]
}

/** A command of `./ogpu`. `run` returns the exit code of the process (docs/operators.md lists them). */
export interface Command {
  readonly name: string
  readonly summary: string
  /** Words after the command's name, such as `new|list` or `FILE…`. */
  readonly usage?: string
  readonly description?: string
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly string[]
  run(invocation: Invocation): Promise<number>
}

/** Something that the person at the terminal can put right: printed as one line, without a stack. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Parses `args` by the command's options; UsageError names what is wrong. */
export function parse(command: Command, args: readonly string[]): Invocation | 'help' {
  if (args.includes('--help') || args.includes('-h')) return 'help'
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, option] of Object.entries(command.options)) {
    options[name] = {
      type: option.type,
      ...(option.short === undefined ? {} : { short: option.short }),
      ...(option.multiple === undefined ? {} : { multiple: option.multiple }),
    }
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    const filled: Record<string, string | boolean | readonly (string | boolean)[] | undefined> = { ...values }
    for (const [name, option] of Object.entries(command.options)) filled[name] ??= option.default
    return { values: filled, positionals }
  } catch (error) {
    throw new UsageError(
      `${error instanceof Error ? error.message.split('. ')[0] : error}. See: ./ogpu ${command.name} --help`,
    )
  }
}

/** The help of one command. */
export function help(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]) => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `
    const value = option.type === 'string' ? ` ${option.value ?? 'TEXT'}` : ''
    const fallback = option.default === undefined || option.default === false ? '' : ` (default ${option.default})`
    return [`  ${short}--${name}${value}`, `${option.help}${fallback}`] as const
  })
  const width = Math.max('      --help'.length, ...rows.map(([left]) => left.length)) + 2
  const lines = [
    `${command.summary}`,
    '',
    `Usage: ./ogpu ${command.name}${command.usage === undefined ? '' : ` ${command.usage}`} [options]`,
  ]
  if (command.description !== undefined) lines.push('', command.description.trim())
  if (rows.length > 0) lines.push('', 'Options:', ...rows.map(([left, right]) => left.padEnd(width) + right))
  lines.push(
    `${'      --help'.padEnd(width)}this text`,
    '',
    'Examples:',
    ...command.examples.map(example => `  ${example}`),
  )
  return lines.join('\n')
}

export function text(values: Values, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

export function flag(values: Values, name: string): boolean {
  return values[name] === true
}

/** A whole number between `min` and `max`; UsageError otherwise. */
export function integer(values: Values, name: string, min: number, max: number): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < min || number > max) {
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${value}"`)
  }
  return number
}
