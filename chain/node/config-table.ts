/**
 * Every setting of a node, once: the command line's flags, the environment's names, the file's keys, the printed table
 * and the documentation follow from this table. `--p2p-listen`, `OGPU_P2P_LISTEN` and `{"p2p": {"listen": …}}` are the
 * same setting; the flag wins over the environment, the environment over the file.
 */
export type SettingType = 'text' | 'switch' | 'list' | 'integer' | 'choice'

export interface Setting {
  readonly type: SettingType
  /** Absent: the setting may stay unset. */
  readonly default?: string | boolean | number | readonly string[]
  readonly help: string
  /** Name of the value in the help. */
  readonly value?: string
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
}

const port = (fallback: number, help: string): Setting => ({
  type: 'integer',
  default: fallback,
  min: 0,
  max: 65_535,
  value: 'PORT',
  help: `${help}; 0 takes a free one`,
})

const MIB = 1024 * 1024

export const SETTINGS = {
  'data-dir': { type: 'text', default: './data', value: 'FOLDER', help: 'Where the chain, its keys and its logs lie' },
  network: {
    type: 'text',
    default: 'devnet',
    value: 'NAME',
    help: 'mainnet, testnet, devnet, or the path of a genesis file',
  },

  sync: {
    type: 'choice',
    default: 'full',
    choices: ['full', 'snapshot'],
    help: 'How an empty node begins: full executes everything from the genesis, snapshot starts from a recent state that is proven against a checkpoint certificate',
  },

  validator: { type: 'switch', default: false, help: 'Take part in consensus with the keys of this node' },
  'validator-keys': { type: 'text', value: 'FOLDER', help: 'Folder of the keys (default: keys in the data directory)' },
  'validator-password-file': { type: 'text', value: 'FILE', help: 'File whose first line opens the keys' },

  'p2p-listen': {
    type: 'list',
    default: ['/ip4/0.0.0.0/tcp/30303'],
    value: 'MULTIADDR',
    help: 'Addresses to listen on',
  },
  'p2p-announce': { type: 'list', default: [], value: 'MULTIADDR', help: 'Addresses to tell others instead' },
  'p2p-bootnodes': { type: 'list', default: [], value: 'MULTIADDR', help: 'Nodes to start from, with their peer ids' },
  'p2p-peers': { type: 'list', default: [], value: 'MULTIADDR', help: 'Nodes to stay connected with, with peer ids' },
  'p2p-strangers-max': {
    type: 'integer',
    default: 64,
    min: 0,
    max: 1_000,
    value: 'N',
    help: 'Peers that are neither validators nor kept',
  },
  'p2p-mdns': { type: 'switch', default: false, help: 'Find nodes on the local network' },
  'p2p-dht': { type: 'switch', default: false, help: 'Find nodes through other nodes' },

  'rpc-disable': { type: 'switch', default: false, help: 'No JSON-RPC server' },
  'rpc-host': { type: 'text', default: '127.0.0.1', value: 'HOST', help: 'Interface of JSON-RPC (HTTP and WebSocket)' },
  'rpc-port': port(8545, 'Port of JSON-RPC'),
  'rpc-apis': {
    type: 'list',
    default: ['eth', 'net', 'web3', 'txpool', 'dag', 'ogpu'],
    value: 'NAME',
    help: 'Method groups that are served: eth, net, web3, txpool, debug, trace, ots, erigon, dag, ogpu, rpc',
  },
  'rpc-cors': { type: 'list', default: [], value: 'ORIGIN', help: 'Origins of web pages that may call; * is any' },
  'rpc-hosts': {
    type: 'list',
    default: ['localhost', '127.0.0.1', '[::1]'],
    value: 'HOST',
    help: 'Host headers that are accepted (against DNS rebinding); * is any',
  },
  'rpc-batch-max': { type: 'integer', default: 1_000, min: 1, max: 100_000, value: 'N', help: 'Requests in one batch' },
  'rpc-workers': {
    type: 'integer',
    min: 0,
    max: 64,
    value: 'N',
    help: 'Threads for calls, traces and searches; unset takes all cores but one, 0 the thread of JSON-RPC',
  },
  'rpc-connections-max': {
    type: 'integer',
    default: 1_000,
    min: 1,
    max: 100_000,
    value: 'N',
    help: 'WebSocket connections at a time',
  },

  'rpc-admin-port': {
    type: 'integer',
    min: 0,
    max: 65_535,
    value: 'PORT',
    help: 'Port on loopback of all methods with admin, behind a token; unset has none',
  },
  'rpc-admin-secret-file': {
    type: 'text',
    value: 'FILE',
    help: '32 bytes in hex that sign tokens; unset takes admin-secret in the data directory, made at the first start',
  },

  'health-disable': { type: 'switch', default: false, help: 'No server for /livez, /readyz, /status and /metrics' },
  'health-host': { type: 'text', default: '127.0.0.1', value: 'HOST', help: 'Interface of health and metrics' },
  'health-port': port(9_545, 'Port of health and metrics'),

  'log-level': {
    type: 'text',
    default: 'info',
    value: 'LEVELS',
    help: 'debug, info, warn, error or silent; and of modules: info,p2p=debug',
  },
  'log-format': { type: 'choice', default: 'terminal', choices: ['terminal', 'json'], help: 'For people or machines' },
  'log-file': { type: 'text', value: 'FILE', help: 'Also log to this file, as JSON' },
  'log-file-bytes-max': {
    type: 'integer',
    default: 64 * MIB,
    min: 64 * 1024,
    max: 2 ** 40,
    value: 'BYTES',
    help: 'Size at which the log file starts anew',
  },
  'log-files-max': { type: 'integer', default: 5, min: 0, max: 100, value: 'N', help: 'Old log files kept' },

  'store-cache-mib': { type: 'integer', default: 256, min: 8, max: 65_536, value: 'MIB', help: 'Memory of the store' },
  'store-mode': {
    type: 'choice',
    default: 'archive',
    choices: ['archive', 'full', 'pruned'],
    help: 'archive keeps everything; full all blocks, but old states in a window only; pruned both in windows',
  },
  'store-history-blocks': {
    type: 'integer',
    min: 128,
    max: 1_000_000_000,
    value: 'N',
    help: 'full, pruned: blocks whose state stays readable (90000 when unset)',
  },
  'store-body-blocks': {
    type: 'integer',
    min: 128,
    max: 1_000_000_000,
    value: 'N',
    help: 'pruned: blocks that keep transactions, receipts and logs (500000 when unset)',
  },
  'snapshot-interval': {
    type: 'integer',
    default: 3_600,
    min: 0,
    max: 30 * 24 * 3_600,
    value: 'SECONDS',
    help: 'Seconds of chain time between two snapshots that are made for others; the same everywhere, so that parts come from many; 0 makes none',
  },
  'snapshot-keep': { type: 'integer', default: 2, min: 1, max: 16, value: 'N', help: 'Snapshots that are kept' },
  'verify-workers': {
    type: 'integer',
    default: 1,
    min: 0,
    max: 64,
    value: 'N',
    help: 'Threads that check signatures; 0 checks on the main thread',
  },
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof SETTINGS

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

export const settingOf = (name: SettingName): Setting => SETTINGS[name]

/** `p2p-listen` → `OGPU_P2P_LISTEN`. */
export function environmentName(name: SettingName): string {
  return `OGPU_${name.replaceAll('-', '_').toUpperCase()}`
}

const SECTIONS = ['validator', 'p2p', 'rpc', 'health', 'log', 'store', 'snapshot', 'verify']

/** `p2p-strangers-max` → `p2p.strangersMax`; settings without a section stand at the top. `validator` is `validator.enabled`. */
export function fileKey(name: SettingName): string {
  const [first = '', ...rest] = name.split('-')
  if (rest.length === 0) return SECTIONS.includes(first) ? `${first}.enabled` : first
  const camel = (words: readonly string[]) =>
    words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('')
  return SECTIONS.includes(first) ? `${first}.${camel(rest)}` : camel([first, ...rest])
}
