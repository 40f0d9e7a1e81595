/**
 * What JSON-RPC costs: a validator of a network of its own, and anvil in the same run where it can serve the same call.
 * Run: ./ogpu bench rpc
 *
 * Both get the same bytes over the same number of connections from this process, first one request each, then batches.
 * Client and server share this machine's cores, so the processor time of the server for one call is the figure to
 * compare; per second and p99 are what this machine gave at that moment.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contractsOf } from '@ogpu/sdk'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { encodeTransaction, signTransaction } from '#types'
import { type Devnet, startDevnet } from '../../cli/devnet/devnet.ts'
import { foundryProgram } from '../clients/tool.ts'
import { fundedLoadAccounts, loadAccount, signTransfer } from '../load/accounts.ts'
import { cpuTimeUs, quantile } from '../load/observe.ts'
import { type Call, call, callBatch } from '../load/rpc.ts'
import { openLane, postBytes } from './http-lane.ts'

const CHAIN_ID = 1071
const LANES = 16
/** Of batches; so a node never has more calls waiting than a handful of pages would cause. */
const BATCH_LANES = 4
const BATCH = 100
const LOGS = 100
const IDLE_SECONDS = 3
const SENDERS = 156
/** The first ones make a deposit each, the others send. */
const ACCOUNTS = LOGS + SENDERS
const DEPOSIT = '0xd0e30db0'
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** `perSecond` counts calls; the times are of requests, which may carry many calls. */
export interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the server's process, all threads, beyond what it uses while nobody asks. */
  readonly cpuUs: number
}

interface Target {
  readonly name: string
  readonly url: string
  readonly pid: number
  /** Processor time in a second without a call: consensus makes rounds all the time. */
  readonly idleCpuUsPerSecond?: number
}

async function withIdleTime(target: Target): Promise<Target> {
  const before = cpuTimeUs(target.pid)
  await new Promise(resolve => setTimeout(resolve, IDLE_SECONDS * 1_000))
  return { ...target, idleCpuUsPerSecond: (cpuTimeUs(target.pid) - before) / IDLE_SECONDS }
}

/** Asks `bodies` in turn over `lanes` connections until `seconds` are over or, without `seconds`, each once. */
async function measure(
  target: Target,
  bodies: readonly string[],
  callsInEach: number,
  seconds: number | undefined,
  check: (answer: string) => boolean,
): Promise<Figures> {
  const requests = bodies.map(body => postBytes(target.url, body))
  const lanes = await Promise.all(
    Array.from({ length: callsInEach > 1 ? BATCH_LANES : LANES }, () => openLane(target.url)),
  )
  const times: number[] = []
  let next = 0
  try {
    const cpuBefore = cpuTimeUs(target.pid)
    const start = performance.now()
    const end = seconds === undefined ? Number.POSITIVE_INFINITY : start + seconds * 1_000
    await Promise.all(
      lanes.map(async lane => {
        while (performance.now() < end && (seconds !== undefined || next < requests.length)) {
          const request = requests[next++ % requests.length] as Buffer
          const sent = performance.now()
          const answer = await lane.ask(request)
          times.push(performance.now() - sent)
          // Every answer is looked at, or an error would pass for a fast one.
          if (!check(answer.toString())) throw new Error(`${target.name}: ${answer.toString().slice(0, 300)}`)
        }
      }),
    )
    const elapsedMs = performance.now() - start
    const idle = ((target.idleCpuUsPerSecond ?? 0) * elapsedMs) / 1_000
    const cpu = Math.max(0, cpuTimeUs(target.pid) - cpuBefore - idle)
    times.sort((a, b) => a - b)
    const calls = times.length * callsInEach
    return {
      perSecond: (1_000 * calls) / elapsedMs,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      cpuUs: cpu / calls,
    }
  } finally {
    for (const lane of lanes) lane.close()
  }
}

const body = (calls: readonly Call[]) =>
  JSON.stringify(
    calls.length === 1
      ? { jsonrpc: '2.0', id: 1, ...calls[0] }
      : calls.map((each, id) => ({ jsonrpc: '2.0', id, ...each })),
  )

interface Row {
  readonly name: string
  readonly bodies: (url: string) => Promise<readonly string[]>
  readonly callsInEach: number
  readonly check: (answer: string) => boolean
}

const isResult = (answer: string) => answer.includes('"result":"0x') && !answer.includes('"error"')

/** The same calls for every server. `token` has an ERC-20's code and balances. */
function readRows(token: Hex): readonly Row[] {
  const addresses = Array.from({ length: ACCOUNTS }, (_, i) => fundedLoadAccounts(i + 1)[i]?.address as Hex)
  const balanceOf = (of: Hex): Call => ({
    method: 'eth_call',
    params: [{ to: token, data: `0x70a08231${of.slice(2).padStart(64, '0')}` }, 'latest'],
  })
  const balance = (of: Hex): Call => ({ method: 'eth_getBalance', params: [of, 'latest'] })
  const batches = (form: (of: Hex) => Call) => [body(addresses.slice(0, BATCH).map(form))]
  const isBlock = (answer: string) => answer.includes('"baseFeePerGas"') && !answer.includes('"error"')
  const single = (name: string, calls: readonly Call[], check = isResult): Row => ({
    name,
    bodies: async () => calls.map(each => body([each])),
    callsInEach: 1,
    check,
  })
  return [
    single('eth_getBalance', addresses.map(balance)),
    { name: `  in batches of ${BATCH}`, bodies: async () => batches(balance), callsInEach: BATCH, check: isResult },
    single('eth_call balanceOf', addresses.map(balanceOf)),
    { name: `  in batches of ${BATCH}`, bodies: async () => batches(balanceOf), callsInEach: BATCH, check: isResult },
    {
      name: 'eth_getBlockByNumber, 100 hashes',
      bodies: async url => [body([{ method: 'eth_getBlockByNumber', params: [await fullBlock(url), false] }])],
      callsInEach: 1,
      check: isBlock,
    },
    {
      name: 'eth_getBlockByNumber, 100 whole',
      bodies: async url => [body([{ method: 'eth_getBlockByNumber', params: [await fullBlock(url), true] }])],
      callsInEach: 1,
      check: isBlock,
    },
    {
      name: `eth_getLogs, ${LOGS} logs`,
      bodies: async () => [
        body([
          {
            method: 'eth_getLogs',
            params: [{ address: token, fromBlock: '0x0', toBlock: 'latest', topics: [TRANSFER] }],
          },
        ]),
      ],
      callsInEach: 1,
      check: answer => answer.split('"logIndex"').length - 1 === LOGS,
    },
  ]
}

/** Number of a block with a hundred transactions; throws when there is none. */
async function fullBlock(url: string): Promise<string> {
  const head = Number(await call<string>(url, 'eth_blockNumber'))
  for (let number = head; number > 0; number--) {
    const tag = `0x${number.toString(16)}`
    if (Number(await call<string>(url, 'eth_getBlockTransactionCountByNumber', [tag])) === BATCH) return tag
  }
  throw new Error(`no block of ${url} has ${BATCH} transactions`)
}

/** A hundred deposits at once: the balances, a block with a hundred transactions, a hundred logs. */
async function prepare(url: string, token: Hex): Promise<void> {
  const raws = Array.from({ length: LOGS }, (_, i) => signDeposit(i, token))
  const answers = await callBatch(
    url,
    raws.map(raw => ({ method: 'eth_sendRawTransaction', params: [raw] })),
  )
  const refused = answers.find(answer => answer.error !== undefined)
  if (refused !== undefined) throw new Error(refused.error?.message)
  const last = answers.at(-1)?.result
  for (let i = 0; i < 600; i++) {
    if ((await call(url, 'eth_getTransactionReceipt', [last])) !== null) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`${url} does not include the deposits`)
}

function signDeposit(index: number, token: Hex): Hex {
  const unsigned = {
    type: 2,
    chainId: BigInt(CHAIN_ID),
    nonce: 0n,
    maxPriorityFeePerGas: 1_000_000_000n,
    maxFeePerGas: 100_000_000_000n,
    gasLimit: 300_000n,
    to: fromHex(token),
    value: BigInt(index + 1),
    data: fromHex(DEPOSIT),
    accessList: [],
  } as const
  return toHex(encodeTransaction(signTransaction(unsigned, loadAccount(index).key)))
}

/** Batches of transfers from accounts that made no deposit. */
function sendBodies(transactions: number): readonly string[] {
  const to = loadAccount(0).address
  const raws: string[] = []
  for (let i = 0; i < transactions; i++) {
    const from = loadAccount(LOGS + (i % SENDERS))
    raws.push(signTransfer(from, BigInt(Math.floor(i / SENDERS)), to, CHAIN_ID).raw)
  }
  const bodies: string[] = []
  for (let i = 0; i < raws.length; i += BATCH) {
    bodies.push(body(raws.slice(i, i + BATCH).map(raw => ({ method: 'eth_sendRawTransaction', params: [raw] }))))
  }
  return bodies
}

async function startListener(kind: 'door' | 'pool', genesis: object): Promise<Target & { stop(): void }> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./rpc-door.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message: { readonly url: string }) => resolve(message.url))
    child.once('exit', () => reject(new Error('the listener ended')))
    child.send({ kind, genesis })
  })
  return { name: kind, url, pid: child.pid as number, stop: () => child.disconnect() }
}

async function startAnvil(dir: string): Promise<(Target & { stop(): void }) | undefined> {
  const program = foundryProgram('anvil')
  if (!existsSync(program)) return undefined
  const port = await new Promise<number>(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as { readonly port: number }
      server.close(() => resolve(free))
    })
  })
  const args = [
    '--port',
    String(port),
    '--chain-id',
    String(CHAIN_ID),
    '--block-time',
    '1',
    '--gas-limit',
    '1000000000',
  ]
  const child = spawn(program, [...args, '--silent', '--accounts', '1'], { cwd: dir, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let i = 0; ; i++) {
    try {
      await call(url, 'eth_chainId')
      break
    } catch (error) {
      if (i === 100) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
  return { name: 'anvil', url, pid: child.pid as number, stop: () => child.kill() }
}

/** Gives anvil the accounts and the token of our genesis. */
async function equip(anvil: Target, devnet: Devnet, token: Hex): Promise<void> {
  const code = await call<Hex>(devnet.rpcUrl, 'eth_getCode', [token, 'latest'])
  const balances = fundedLoadAccounts(ACCOUNTS).map(({ address, balanceWei }) => ({
    method: 'anvil_setBalance',
    params: [address, `0x${balanceWei.toString(16)}`],
  }))
  await callBatch(anvil.url, [...balances, { method: 'anvil_setCode', params: [token, code] }])
}

const columns = (figures: Figures | undefined) =>
  figures === undefined
    ? ''.padEnd(42)
    : `${Math.round(figures.perSecond).toLocaleString('en').padStart(10)}${figures.p50Ms.toFixed(2).padStart(9)}${figures.p99Ms.toFixed(2).padStart(10)}${figures.cpuUs.toFixed(1).padStart(10)}  `

function printRow(name: string, ours: Figures, theirs: Figures | undefined): void {
  const ratio =
    theirs === undefined
      ? ''
      : `${(ours.perSecond / theirs.perSecond).toFixed(2).padStart(8)}${(ours.cpuUs / theirs.cpuUs).toFixed(2).padStart(9)}`
  console.log(`${name.padEnd(40)}${columns(ours)}${columns(theirs)}${ratio}`)
}

interface RpcBenchOptions {
  readonly seconds: number
  /** Sent in each of the rows of eth_sendRawTransaction. */
  readonly transactions: number
  /** Where the validator leaves a processor profile. */
  readonly profile?: string
  /** Only rows whose name holds this. */
  readonly only?: string
}

async function main({ seconds, transactions, profile, only = '' }: RpcBenchOptions): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-bench-rpc-'))
  const token = contractsOf(CHAIN_ID).wrappedOgpu as Hex
  let devnet: Devnet | undefined
  let anvil: Awaited<ReturnType<typeof startAnvil>>
  try {
    devnet = await startDevnet({
      dataDir: join(dir, 'net'),
      fresh: false,
      chainId: CHAIN_ID,
      validators: 1,
      rpcPort: 0,
      portsFrom: 23_000 + (process.pid % 1_000) * 20,
      funded: fundedLoadAccounts(ACCOUNTS),
      ...(profile === undefined
        ? {}
        : { validatorEnv: () => ({ NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(profile)}` }) }),
    })
    anvil = await startAnvil(dir)
    if (anvil === undefined) console.log('(no anvil here for comparison: npm run clients -- cast installs it)\n')
    const node: Target = { name: 'ogpu', url: devnet.rpcUrl, pid: devnet.validators[0]?.child.pid as number }
    if (anvil !== undefined) await equip(anvil, devnet, token)
    for (const target of anvil === undefined ? [node] : [node, anvil]) await prepare(target.url, token)

    const quiet = await withIdleTime(node)
    const head = ['calls/s', 'p50 ms', 'p99 ms', 'CPU µs']
    const heads = `${head[0]?.padStart(10)}${head[1]?.padStart(9)}${head[2]?.padStart(10)}${head[3]?.padStart(10)}  `
    console.log(
      `${''.padEnd(40)}${'this node'.padEnd(41)}${anvil === undefined ? '' : 'anvil'.padEnd(41)}${anvil === undefined ? '' : '   this node / anvil'}`,
    )
    console.log(`${''.padEnd(40)}${heads}${anvil === undefined ? '' : `${heads}  calls/s      CPU`}`)
    for (const row of readRows(token).filter(each => each.name.includes(only))) {
      const run = async (target: Target) => {
        const bodies = await row.bodies(target.url)
        await measure(target, bodies, row.callsInEach, seconds / 4, row.check)
        return measure(target, bodies, row.callsInEach, seconds, row.check)
      }
      const ours = await run(quiet)
      printRow(row.name, ours, anvil === undefined ? undefined : await run(anvil))
    }

    if (!'eth_sendRawTransaction'.includes(only)) return
    const genesis = JSON.parse(readFileSync(devnet.layout.genesisFile, 'utf8'))
    const isSent = (answer: string) => !answer.includes('"error"')
    for (const [kind, name] of [
      ['door', 'eth_sendRawTransaction to the pool*'],
      ['pool', '  into the pool, sender recovered'],
    ] as const) {
      const listener = await startListener(kind, genesis)
      try {
        printRow(name, await measure(listener, sendBodies(transactions), BATCH, undefined, isSent), undefined)
      } finally {
        listener.stop()
      }
    }
    const bodies = sendBodies(transactions)
    const ours = await measure(quiet, bodies, BATCH, undefined, isSent)
    printRow(
      '  on a running chain',
      ours,
      anvil === undefined ? undefined : await measure(anvil, bodies, BATCH, undefined, isSent),
    )
    console.log(
      `\n* parsed, routed and handed over in the pool's order, before its sender is recovered. ${LANES} connections, ${BATCH_LANES} for batches of ${BATCH}.`,
    )
  } finally {
    anvil?.stop()
    await devnet?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      transactions: { type: 'string', default: '20000' },
      profile: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const [minute = 0] = loadavg()
  console.log(`rpc: ${availableParallelism()} cores, load before ${minute.toFixed(1)}, Node.js ${process.version}\n`)
  await main({
    seconds: Number(values.seconds),
    transactions: Number(values.transactions),
    ...(values.profile === undefined ? {} : { profile: values.profile }),
    ...(values.only === undefined ? {} : { only: values.only }),
  })
}
