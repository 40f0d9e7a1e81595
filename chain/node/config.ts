import { CodedError, messageOf } from '#lib/errors'
import { environmentName, fileKey, SETTING_NAMES, type SettingName, settingOf } from './config-table.ts'
import { LOG_LEVELS, parseLogLevels } from './logging.ts'

/** A node's settings, validated. */
export interface NodeConfig {
  readonly dataDir: string
  /** `mainnet`, `testnet`, `devnet` or the path of a genesis file. */
  readonly network: string
  readonly validator: {
    readonly enabled: boolean
    readonly keysDir: string | undefined
    readonly passwordFile: string | undefined
  }
  readonly p2p: {
    readonly listen: readonly string[]
    readonly announce: readonly string[]
    readonly bootnodes: readonly string[]
    readonly peers: readonly string[]
    readonly strangersMax: number
    readonly mdns: boolean
    readonly dht: boolean
  }
  readonly rpc: {
    readonly enabled: boolean
    readonly host: string
    readonly port: number
    readonly apis: readonly string[]
    readonly cors: readonly string[]
    readonly hosts: readonly string[]
    readonly batchMax: number
    readonly connectionsMax: number
    /** Threads for heavy methods; absent: by the machine's cores. */
    readonly workers: number | undefined
    /** The operator's listener; absent port: none. */
    readonly admin: { readonly port: number | undefined; readonly secretFile: string | undefined }
  }
  readonly health: { readonly enabled: boolean; readonly host: string; readonly port: number }
  readonly log: {
    readonly level: string
    readonly format: 'terminal' | 'json'
    readonly file: string | undefined
    readonly fileBytesMax: number
    readonly filesMax: number
  }
  readonly store: {
    readonly cacheMib: number
    readonly mode: StoreMode
    /** Blocks whose state stays readable; absent: all. */
    readonly historyBlocks: number | undefined
    /** Blocks that keep bodies and receipts; absent: all. */
    readonly bodyBlocks: number | undefined
  }
  /** How an empty node begins. */
  readonly sync: 'full' | 'snapshot'
  readonly snapshot: { readonly intervalMs: number; readonly keep: number }
  readonly verifyWorkers: number
  /** Every setting as it was given, and from where; for printing. */
  readonly settings: Readonly<Record<SettingName, { readonly value: SettingValue; readonly source: SettingSource }>>
}

export type SettingValue = string | boolean | number | readonly string[] | undefined
export type SettingSource = 'flag' | 'environment' | 'file' | 'default'

export interface ConfigInput {
  /** As `parseArgs` of node:util gives them; lists may repeat or hold commas. */
  readonly flags?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Text of the configuration file, and its path for messages. */
  readonly file?: { readonly path: string; readonly text: string }
}

type Settings = Record<SettingName, { value: SettingValue; source: SettingSource }>

const invalid = (where: string, message: string, cause?: unknown) =>
  new CodedError('config invalid', `${where}: ${message}`, { cause })

/** Flags over environment over file over defaults. CodedError `config invalid` names the setting, its place and what is allowed. */
export function readConfig(input: ConfigInput): NodeConfig {
  const flags = input.flags ?? {}
  const environment = input.environment ?? {}
  const file = input.file === undefined ? new Map<SettingName, unknown>() : readFile(input.file)
  refuseUnknownEnvironment(environment)
  const settings = {} as Settings
  for (const name of SETTING_NAMES) {
    const fromEnvironment = environment[environmentName(name)]
    if (flags[name] !== undefined) {
      settings[name] = { source: 'flag', value: convert(name, flags[name], `--${name}`) }
    } else if (fromEnvironment !== undefined && fromEnvironment !== '') {
      settings[name] = { source: 'environment', value: convert(name, fromEnvironment, environmentName(name)) }
    } else if (file.has(name)) {
      settings[name] = {
        source: 'file',
        value: convert(name, file.get(name), `${fileKey(name)} in ${input.file?.path}`),
      }
    } else {
      settings[name] = { source: 'default', value: settingOf(name).default }
    }
  }
  const config = assemble(settings)
  checkTogether(config)
  return config
}

/** One line for each setting with its value and where it came from. No secret is among them (passwords are files). */
export function describeConfig(config: NodeConfig): string {
  const rows = SETTING_NAMES.map(
    name => [name, textOf(config.settings[name].value), config.settings[name].source] as const,
  )
  const width = (column: 0 | 1) => Math.max(...rows.map(row => row[column].length))
  return rows
    .map(([name, value, source]) => `${name.padEnd(width(0))}  ${value.padEnd(width(1))}  ${source}`)
    .join('\n')
}

/** The settings as the JSON of a configuration file. */
export function configToFile(config: NodeConfig): string {
  const root: Record<string, unknown> = {}
  for (const name of SETTING_NAMES) {
    const { value } = config.settings[name]
    if (value === undefined) continue
    const [section, key] = fileKey(name).split('.')
    if (key === undefined) root[section as string] = value
    else root[section as string] = { ...(root[section as string] as object | undefined), [key]: value }
  }
  return `${JSON.stringify(root, null, 2)}\n`
}

/** Options in the form of node:util's `parseArgs`, with the help's words, for the command line. */
export function configFlags(): Record<
  string,
  { type: 'string' | 'boolean'; multiple: boolean; value?: string; help: string; default?: undefined }
> {
  return Object.fromEntries(
    SETTING_NAMES.map(name => {
      const setting = settingOf(name)
      const fallback = setting.default === undefined || setting.default === false ? '' : textOf(setting.default)
      return [
        name,
        {
          type: setting.type === 'switch' ? ('boolean' as const) : ('string' as const),
          multiple: setting.type === 'list',
          ...(setting.value === undefined ? {} : { value: setting.value }),
          help: `${setting.help}${fallback === '' ? '' : ` (default ${fallback})`}`,
        },
      ]
    }),
  )
}

/** The table of all settings in Markdown; docs/operators.md holds it, and a test keeps it current. */
export function configTable(): string {
  const rows = SETTING_NAMES.map(name => {
    const setting = settingOf(name)
    const fallback = setting.default === undefined ? '' : `\`${textOf(setting.default) || 'none'}\``
    return `| \`--${name}\` | \`${environmentName(name)}\` | \`${fileKey(name)}\` | ${fallback} | ${setting.help} |`
  })
  return ['| flag | environment | file | default | meaning |', '|---|---|---|---|---|', ...rows].join('\n')
}

function readFile({ path, text }: { readonly path: string; readonly text: string }): Map<SettingName, unknown> {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (error) {
    throw invalid(path, `not JSON (${messageOf(error)})`, error)
  }
  if (!isRecord(root)) throw invalid(path, 'a JSON object is wanted')
  const names = new Map(SETTING_NAMES.map(name => [fileKey(name), name]))
  const found = new Map<SettingName, unknown>()
  const take = (key: string, value: unknown) => {
    const name = names.get(key)
    if (name === undefined) {
      const near = nearest(key, [...names.keys()], 4)
      throw invalid(path, `there is no setting "${key}"${near === undefined ? '' : `; is "${near}" meant?`}`)
    }
    found.set(name, value)
  }
  for (const [key, value] of Object.entries(root)) {
    if (!isRecord(value)) take(key, value)
    else for (const [inner, innerValue] of Object.entries(value)) take(`${key}.${inner}`, innerValue)
  }
  return found
}

/** A misspelt variable would silently do nothing. Variables of other programs that merely look alike are left alone. */
function refuseUnknownEnvironment(environment: Readonly<Record<string, string | undefined>>): void {
  const known = SETTING_NAMES.map(environmentName)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('OGPU_') || known.includes(name)) continue
    const near = nearest(name, known, 2)
    if (near !== undefined) throw invalid(name, `there is no such setting; is "${near}" meant?`)
  }
}

function nearest(word: string, known: readonly string[], distanceMax: number): string | undefined {
  const letters = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const best = known
    .map(candidate => ({ candidate, distance: editDistance(letters(word), letters(candidate)) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= distanceMax ? best.candidate : undefined
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

function convert(name: SettingName, raw: unknown, where: string): SettingValue {
  const setting = settingOf(name)
  switch (setting.type) {
    case 'switch':
      if (raw === true || raw === 'true' || raw === '1') return true
      if (raw === false || raw === 'false' || raw === '0') return false
      throw invalid(where, `true or false is wanted, not ${shown(raw)}`)
    case 'integer': {
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = setting
      const value = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
      throw invalid(where, `a whole number from ${min} to ${max} is wanted, not ${shown(raw)}`)
    }
    case 'choice': {
      const choices = setting.choices ?? []
      if (typeof raw === 'string' && choices.includes(raw)) return raw
      throw invalid(where, `one of ${choices.join(', ')} is wanted, not ${shown(raw)}`)
    }
    case 'list': {
      const parts = Array.isArray(raw) ? raw : [raw]
      if (!parts.every(part => typeof part === 'string'))
        throw invalid(where, `a list of texts is wanted, not ${shown(raw)}`)
      return parts
        .flatMap(part => part.split(','))
        .map(part => part.trim())
        .filter(part => part !== '')
    }
    case 'text':
      if (typeof raw === 'string' && raw !== '') return raw
      throw invalid(where, `a text is wanted, not ${shown(raw)}`)
  }
}

function shown(raw: unknown): string {
  return JSON.stringify(raw)?.slice(0, 80) ?? String(raw)
}

function assemble(settings: Settings): NodeConfig {
  const text = (name: SettingName) => settings[name].value as string
  const optional = (name: SettingName) => settings[name].value as string | undefined
  const on = (name: SettingName) => settings[name].value as boolean
  const list = (name: SettingName) => settings[name].value as readonly string[]
  const integer = (name: SettingName) => settings[name].value as number
  return {
    dataDir: text('data-dir'),
    network: text('network'),
    validator: {
      enabled: on('validator'),
      keysDir: optional('validator-keys'),
      passwordFile: optional('validator-password-file'),
    },
    p2p: {
      listen: list('p2p-listen'),
      announce: list('p2p-announce'),
      bootnodes: list('p2p-bootnodes'),
      peers: list('p2p-peers'),
      strangersMax: integer('p2p-strangers-max'),
      mdns: on('p2p-mdns'),
      dht: on('p2p-dht'),
    },
    rpc: {
      enabled: !on('rpc-disable'),
      host: text('rpc-host'),
      port: integer('rpc-port'),
      apis: list('rpc-apis'),
      cors: list('rpc-cors'),
      hosts: list('rpc-hosts'),
      batchMax: integer('rpc-batch-max'),
      connectionsMax: integer('rpc-connections-max'),
      workers: settings['rpc-workers'].value as number | undefined,
      admin: {
        port: settings['rpc-admin-port'].value as number | undefined,
        secretFile: optional('rpc-admin-secret-file'),
      },
    },
    health: { enabled: !on('health-disable'), host: text('health-host'), port: integer('health-port') },
    log: {
      level: text('log-level'),
      format: text('log-format') as 'terminal' | 'json',
      file: optional('log-file'),
      fileBytesMax: integer('log-file-bytes-max'),
      filesMax: integer('log-files-max'),
    },
    store: {
      cacheMib: integer('store-cache-mib'),
      ...windowsOf(settings),
    },
    sync: text('sync') as 'full' | 'snapshot',
    snapshot: { intervalMs: 1_000 * integer('snapshot-interval'), keep: integer('snapshot-keep') },
    verifyWorkers: integer('verify-workers'),
    settings,
  }
}

export type StoreMode = 'archive' | 'full' | 'pruned'

const HISTORY_BLOCKS = 90_000
const BODY_BLOCKS = 500_000

function windowsOf(settings: Settings): Pick<NodeConfig['store'], 'mode' | 'historyBlocks' | 'bodyBlocks'> {
  const mode = settings['store-mode'].value as StoreMode
  const history = settings['store-history-blocks'].value as number | undefined
  const bodies = settings['store-body-blocks'].value as number | undefined
  if (mode === 'archive' && history !== undefined) {
    throw invalid(
      'store-history-blocks',
      'an archive keeps every state; with --store-mode full or pruned it has a meaning',
    )
  }
  if (mode !== 'pruned' && bodies !== undefined) {
    throw invalid('store-body-blocks', `only --store-mode pruned drops blocks, this is ${mode}`)
  }
  const historyBlocks = mode === 'archive' ? undefined : (history ?? HISTORY_BLOCKS)
  const bodyBlocks = mode === 'pruned' ? (bodies ?? Math.max(BODY_BLOCKS, historyBlocks ?? 0)) : undefined
  if (historyBlocks !== undefined && bodyBlocks !== undefined && bodyBlocks < historyBlocks) {
    throw invalid(
      'store-body-blocks',
      `at least as many as states are kept (${historyBlocks}), for going back takes both`,
    )
  }
  return { mode, historyBlocks, bodyBlocks }
}

const APIS = ['eth', 'net', 'web3', 'txpool', 'debug', 'trace', 'ots', 'erigon', 'dag', 'ogpu', 'rpc']

/** Rules that single values do not show. */
function checkTogether(config: NodeConfig): void {
  try {
    parseLogLevels(config.log.level)
  } catch (error) {
    throw invalid('log-level', `${messageOf(error)}; levels are ${LOG_LEVELS.join(', ')}`, error)
  }
  for (const api of config.rpc.apis) {
    if (!APIS.includes(api))
      throw invalid('rpc-apis', `there is no method group "${api}"; there are ${APIS.join(', ')}`)
  }
  for (const name of ['p2p-listen', 'p2p-announce', 'p2p-bootnodes', 'p2p-peers'] as const) {
    const needsPeer = name === 'p2p-bootnodes' || name === 'p2p-peers'
    for (const address of config.settings[name].value as readonly string[]) {
      if (!/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}(\/p2p\/[1-9A-HJ-NP-Za-km-z]{46,64})?$/.test(address)) {
        throw invalid(
          name,
          `"${address}" is no multiaddr such as /ip4/192.0.2.1/tcp/30303${needsPeer ? '/p2p/12D3…' : ''}`,
        )
      }
      if (needsPeer && !address.includes('/p2p/')) throw invalid(name, `"${address}" lacks the peer id (/p2p/12D3…)`)
    }
  }
  const { rpc, health } = config
  if (rpc.enabled && health.enabled && rpc.port !== 0 && rpc.port === health.port && rpc.host === health.host) {
    throw invalid('health-port', `${health.port} is already the port of JSON-RPC`)
  }
}

function textOf(value: SettingValue): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.join(',') : String(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
