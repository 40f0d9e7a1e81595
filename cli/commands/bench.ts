import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Command, flag, integer, text, UsageError, type Values } from '../command.ts'

const BENCHES = {
  execution: 'test/bench/execution.ts',
  precompiles: 'test/bench/precompiles.ts',
  store: 'test/bench/store-writes.ts',
  consensus: 'test/bench/consensus-core.ts',
  p2p: 'test/bench/p2p.ts',
  network: 'test/bench/network.ts',
  relay: 'test/bench/relay.ts',
  rpc: 'test/bench/rpc.ts',
  'rpc-abuse': 'test/bench/rpc-abuse.ts',
} as const

export const bench: Command = {
  name: 'bench',
  summary: 'Measures parts of the chain on this machine',
  usage: Object.keys(BENCHES).join(' | '),
  description:
    'Every figure is printed with its baseline from the same run. Machines differ and are noisy: compare ratios.',
  options: {
    rate: { type: 'string', value: 'N', help: 'network: transactions per second of the open loop' },
    seconds: { type: 'string', value: 'N', help: 'network, rpc, rpc-abuse: length of each phase' },
    validators: { type: 'string', value: 'N', help: 'network, rpc-abuse: validators, each a process' },
    'rpc-batch': { type: 'string', value: 'N', help: 'network: transactions in one JSON-RPC batch' },
    profile: { type: 'string', value: 'FOLDER', help: 'network, rpc: where validator 0 leaves a processor profile' },
    wan: { type: 'boolean', help: 'network: finality over emulated wide-area links, beside the prediction' },
    accounts: { type: 'string', value: 'N', help: 'execution: also with a state of so many accounts' },
    write: { type: 'boolean', help: 'network, execution: also write their files in docs/figures' },
  },
  examples: [
    ...Object.keys(BENCHES).map(name => `./ogpu bench ${name}`),
    './ogpu bench network --validators 1 --rate 1000',
    './ogpu bench network --wan',
    './ogpu bench execution --accounts 1000000',
  ],
  async run({ positionals, values }) {
    const [name] = positionals
    if (name === undefined || !Object.hasOwn(BENCHES, name)) {
      throw new UsageError(`say what to measure: ${Object.keys(BENCHES).join(', ')}; see ./ogpu bench --help`)
    }
    const args = name === 'execution' ? executionArguments(values) : networkArguments(values)
    const known = OPTIONS_OF[name as keyof typeof BENCHES]
    for (const option of Object.keys(values)) {
      if (values[option] !== undefined && !known.includes(option)) {
        throw new UsageError(`--${option} is no option of ./ogpu bench ${name}`)
      }
    }
    const entry = fileURLToPath(new URL(`../../${BENCHES[name as keyof typeof BENCHES]}`, import.meta.url))
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], {
      stdio: 'inherit',
      detached: OWN_SESSION.has(name),
    })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
    return new Promise(resolve => child.once('exit', code => resolve(code ?? 1)))
  },
}

const OPTIONS_OF: Readonly<Record<keyof typeof BENCHES, readonly string[]>> = {
  execution: ['accounts', 'write'],
  precompiles: [],
  store: [],
  consensus: [],
  p2p: [],
  relay: [],
  rpc: ['seconds', 'profile'],
  'rpc-abuse': ['seconds', 'validators'],
  network: ['rate', 'seconds', 'validators', 'rpc-batch', 'profile', 'wan', 'write'],
}

/** These change the scheduling of their session, which must not be the user's. */
const OWN_SESSION: ReadonlySet<string> = new Set(['rpc-abuse'])

const BOUNDS = { rate: [1, 100_000], seconds: [1, 600], validators: [1, 13], 'rpc-batch': [1, 1_000] } as const

function executionArguments(values: Values): string[] {
  const accounts = integer(values, 'accounts', 100, 5_000_000)
  return [
    ...(accounts === undefined ? [] : ['--accounts', String(accounts)]),
    ...(flag(values, 'write') ? ['--write'] : []),
  ]
}

/** The given options again as arguments, each checked. */
function networkArguments(values: Values): string[] {
  const args: string[] = []
  for (const [name, [min, max]] of Object.entries(BOUNDS)) {
    const value = integer(values, name, min, max)
    if (value !== undefined) args.push(`--${name}`, String(value))
  }
  const profile = text(values, 'profile')
  if (profile !== undefined) args.push('--profile', profile)
  if (flag(values, 'wan')) args.push('--wan')
  if (flag(values, 'write')) args.push('--write')
  return args
}
