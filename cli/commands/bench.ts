import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Command, UsageError } from '../command.ts'

const BENCHES = {
  execution: 'test/bench/execution.ts',
  consensus: 'test/bench/consensus-core.ts',
  p2p: 'test/bench/p2p.ts',
  network: 'test/bench/network.ts',
} as const

export const bench: Command = {
  name: 'bench',
  summary: 'Measures parts of the chain on this machine',
  usage: Object.keys(BENCHES).join(' | '),
  description:
    'Every figure is printed with its baseline from the same run. Machines differ and are noisy: compare ratios.',
  options: {},
  examples: Object.keys(BENCHES).map(name => `./ogpu bench ${name}`),
  async run({ positionals }) {
    const [name] = positionals
    if (name === undefined || !Object.hasOwn(BENCHES, name)) {
      throw new UsageError(`say what to measure: ${Object.keys(BENCHES).join(', ')}; see ./ogpu bench --help`)
    }
    const entry = fileURLToPath(new URL(`../../${BENCHES[name as keyof typeof BENCHES]}`, import.meta.url))
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], { stdio: 'inherit' })
    return new Promise(resolve => child.once('exit', code => resolve(code ?? 1)))
  },
}
