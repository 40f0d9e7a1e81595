/**
 * Unmodified Ethereum clients against a running network of this chain. Run: npm run clients [-- NAME…]
 *
 * Every client runs in a process of its own with its own funded accounts; its checks are in clients/NAME.ts. One line a
 * client; the last line is `N passed, M failed`, counting clients. docs/clients.md says how each is set up.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CheckResult, ClientMessage } from './client-process.ts'
import { install } from './install.ts'
import { installPython, pinnedVersion } from './install-python.ts'
import { HERE, rpc, versionOf, type World } from './world.ts'

interface Entry {
  /** Packages whose versions the line names. */
  readonly packages: readonly string[]
  readonly timeoutS: number
  /** Installs what npm does not; the reason where this machine cannot run the client. */
  readonly prepare?: () => string | undefined
  readonly versionOf?: (name: string) => string
}

const CLIENTS: Readonly<Record<string, Entry>> = {
  ethers: { packages: ['ethers'], timeoutS: 300 },
  viem: { packages: ['viem'], timeoutS: 300 },
  web3: { packages: ['web3'], timeoutS: 300 },
  cast: { packages: ['@foundry-rs/cast-linux-amd64'], timeoutS: 300 },
  forge: { packages: ['@foundry-rs/forge-linux-amd64', 'solc'], timeoutS: 600 },
  hardhat: { packages: ['hardhat', 'solc'], timeoutS: 600 },
  uniswap: { packages: ['@uniswap/v3-core', '@uniswap/v3-periphery'], timeoutS: 600 },
  ponder: { packages: ['ponder', 'viem'], timeoutS: 600 },
  metamask: { packages: [], timeoutS: 300 },
  otterscan: { packages: [], timeoutS: 300 },
  python: { packages: ['ogpu', 'web3'], timeoutS: 600, prepare: installPython, versionOf: pinnedVersion },
}

interface Network {
  readonly rpcUrl: string
  readonly wsUrl: string
  readonly explorerUrl: string
  stop(): Promise<void>
}

async function startNetwork(dir: string, validators: number): Promise<Network> {
  const { startDevnet } = await import('../../cli/devnet/devnet.ts')
  const devnet = await startDevnet({
    dataDir: join(dir, 'network'),
    fresh: false,
    chainId: 1071,
    validators,
    rpcPort: 0,
    portsFrom: 21_000 + (process.pid % 1_000) * 20,
  })
  try {
    await devnet.startExplorer()
  } catch (error) {
    await devnet.stop()
    throw error
  }
  return { rpcUrl: devnet.rpcUrl, wsUrl: devnet.wsUrl, explorerUrl: devnet.explorerUrl, stop: () => devnet.stop() }
}

interface Outcome {
  readonly checks: readonly CheckResult[]
  readonly error?: string
}

/** Ends the client that runs, with whatever it started. */
let endClient = () => {}

function runClient(name: string, world: World, timeoutS: number, log: boolean): Promise<Outcome> {
  return new Promise(resolve => {
    const checks: CheckResult[] = []
    const child: ChildProcess = fork(join(HERE, 'client-process.ts'), [], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: log ? 'inherit' : ['ignore', 'ignore', 'ignore', 'ipc'],
      cwd: world.dir,
      // Its own process group, so that what a tool leaves behind ends with it.
      detached: true,
    })
    let error: string | undefined = 'the process ended without a word'
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {}
    }
    endClient = kill
    const timer = setTimeout(() => {
      error = `not done after ${timeoutS} s`
      kill()
    }, timeoutS * 1_000)
    child.on('message', (message: ClientMessage) => {
      if (message.kind === 'check') {
        checks.push(message.result)
        return
      }
      error = message.error
      kill()
    })
    child.once('exit', () => {
      clearTimeout(timer)
      kill()
      resolve({ checks, ...(error === undefined ? {} : { error }) })
    })
    child.send({ name, world })
  })
}

function print(name: string, { checks, error }: Outcome, seconds: number): boolean {
  const failed = checks.filter(check => check.error !== undefined)
  const passes = failed.length === 0 && error === undefined && checks.length > 0
  const entry = CLIENTS[name]
  const versions = (entry?.packages ?? []).map(each => `${each} ${(entry?.versionOf ?? versionOf)(each)}`).join(', ')
  const count = `${checks.length - failed.length}/${checks.length} checks`
  console.log(
    `${passes ? '✓' : '✗'} ${name.padEnd(10)} ${versions.padEnd(44)} ${count.padEnd(14)} ${seconds.toFixed(1)} s`,
  )
  const indent = (text: string) => text.replaceAll('\n', '\n      ')
  for (const check of failed) console.log(`    ✗ ${check.name}\n      ${indent(check.error ?? '')}`)
  if (error !== undefined) console.log(`    ✗ ${indent(error)}`)
  return passes
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    validators: { type: 'string', default: '1' },
    rpc: { type: 'string' },
    ws: { type: 'string' },
    explorer: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter(name => !Object.hasOwn(CLIENTS, name))
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`clients: no client is called ${unknown.join(', ')}`)
  console.log(`Usage: npm run clients -- [NAME…] [--validators N] [--verbose]
       npm run clients -- [NAME…] --rpc URL --ws URL --explorer URL    a devnet that runs already

Clients: ${Object.keys(CLIENTS).join(', ')}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}

const wanted = positionals.length > 0 ? positionals : Object.keys(CLIENTS)
install()
const names = wanted.filter(name => {
  const reason = CLIENTS[name]?.prepare?.()
  if (reason !== undefined) console.log(`- ${name.padEnd(10)} skipped: ${reason}`)
  return reason === undefined
})
const [{ fundedKeys }, { compile }] = await Promise.all([import('./fund.ts'), import('./compile.ts')])
const dir = mkdtempSync(join(tmpdir(), 'ogpu-clients-'))
let network: Network | undefined
let passed = 0
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    endClient()
    await network?.stop()
    rmSync(dir, { recursive: true, force: true })
    process.exit(130)
  })
}
try {
  network =
    values.rpc === undefined
      ? await startNetwork(dir, Number(values.validators))
      : { rpcUrl: values.rpc, wsUrl: values.ws ?? '', explorerUrl: values.explorer ?? '', stop: async () => {} }
  const { rpcUrl, wsUrl, explorerUrl } = network
  const chainId = Number(await rpc(rpcUrl, 'eth_chainId'))
  const { Ledger } = compile('Ledger.sol', readFileSync(join(HERE, 'contracts/Ledger.sol'), 'utf8'))
  if (Ledger === undefined) throw new Error('the compiler gave no Ledger')
  const keys = await fundedKeys(rpcUrl, names.length)
  for (const [i, name] of names.entries()) {
    const folder = join(dir, name)
    mkdirSync(folder)
    const world: World = {
      chainId,
      rpcUrl,
      wsUrl,
      explorerUrl,
      keys: keys[i] as World['keys'],
      dir: folder,
      ledger: Ledger,
    }
    const start = performance.now()
    const outcome = await runClient(name, world, CLIENTS[name]?.timeoutS ?? 60, values.verbose)
    if (print(name, outcome, (performance.now() - start) / 1_000)) passed += 1
    if (values.verbose)
      for (const check of outcome.checks)
        console.log(`    ${check.error === undefined ? '✓' : '✗'} ${check.name} (${check.ms.toFixed(0)} ms)`)
  }
} finally {
  await network?.stop()
  rmSync(dir, { recursive: true, force: true })
}
const skipped = wanted.length - names.length
console.log(`${passed} passed, ${names.length - passed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(passed === names.length ? 0 : 1)
