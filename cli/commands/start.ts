import { readFileSync } from 'node:fs'
import { formatEther } from 'ethers'
import { loadSampleText } from '#executor'
import { messageOf } from '#lib/errors'
import { type Command, flag, UsageError } from '../command.ts'
import { type Devnet, startDevnet } from '../devnet/devnet.ts'
import { checkOutcome, type JobOutcome, joinProviders, type Market, openMarket, runTask } from '../devnet/main-job.ts'
import { DEVNET_OPTIONS, devnetOptionsOf } from '../devnet/options.ts'
import { printUrls } from '../devnet/print.ts'
import { askRelay, QUESTION, relayModels } from '../devnet/relay-job.ts'
import { STOP_SIGNALS } from '../stop-signals.ts'
import { bold, cyan, dim, duration, green, red, stage, table, yellow } from '../terminal.ts'

const TEXT_BYTES_MAX = 64 * 1024

export const start: Command = {
  name: 'start',
  summary: 'Starts a devnet, runs the main job on it, then keeps it running',
  usage: '[TEXT-FILE]',
  description: `The main job: a client pays for one question (which language is this text in?), three executors of different owners
answer it under seal, a verifier re-runs it, the majority is paid. Then once more with one executor that lies.`,
  options: {
    once: { type: 'boolean', help: 'Run the job, check every result, print a summary and end' },
    ...DEVNET_OPTIONS,
  },
  examples: ['npm start', 'npm start -- --once', 'npm start -- my-text.txt', './ogpu start --fresh --testnet'],
  async run({ values, positionals }) {
    const once = flag(values, 'once')
    if (positionals.length > 1) throw new UsageError('give at most one text file')
    const input = readInput(positionals[0])
    const options = devnetOptionsOf(values)
    const startMs = performance.now()
    const stopping = new AbortController()
    const interrupted = new Promise<string>(resolve => {
      for (const signal of STOP_SIGNALS) process.once(signal, () => resolve(signal))
    })
    console.log(`\n${bold('OpenGPU Chain')} ${dim('— verifiable GPU compute on a DAG-BFT chain')}\n`)

    let devnet: Devnet | undefined
    const { promise: crashed, resolve: crash } = Promise.withResolvers<string>()
    const work = async () => {
      await stage('four validators', async update => {
        update('making keys and genesis, starting processes')
        devnet = await startDevnet(options)
        void devnet.crashed.then(crash)
        if (stopping.signal.aborted) await devnet.stop()
        return `chain ${devnet.chainId}, genesis ${devnet.genesisHash.slice(0, 10)}…, ${devnet.isNew ? 'new' : 'resumed'}`
      })
      return runJob(devnet as unknown as Devnet, input)
    }
    try {
      const job = work()
      const outcome = await Promise.race([
        job.then(faults => ({ kind: 'done', faults }) as const),
        interrupted.then(signal => ({ kind: 'interrupted', signal }) as const),
        crashed.then(reason => ({ kind: 'crashed', reason }) as const),
      ])
      if (outcome.kind === 'interrupted') {
        stopping.abort()
        job.catch(() => {})
        return 130
      }
      if (outcome.kind === 'crashed') {
        job.catch(() => {})
        console.error(red(`\nogpu: ${outcome.reason}`))
        return 1
      }
      const { faults } = outcome
      for (const fault of faults) console.log(`${red('✗')} ${fault}`)
      console.log(
        `\n${faults.length === 0 ? green('The main job passed all checks') : red(`${faults.length} checks failed`)} ${dim(`in ${duration(performance.now() - startMs)}`)}\n`,
      )
      if (once) return faults.length === 0 ? 0 : 1
      printUrls(devnet as unknown as Devnet)
      const reason = await Promise.race([interrupted, crashed])
      if (!reason.startsWith('SIG')) {
        console.error(red(`ogpu: ${reason}`))
        return 1
      }
      return faults.length === 0 ? 0 : 1
    } finally {
      if (devnet !== undefined)
        await stage('stopping', async () => (devnet as Devnet).stop().then(() => 'all processes ended'))
    }
  },
}

function readInput(path: string | undefined): Uint8Array {
  if (path === undefined) return loadSampleText()
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
  if (bytes.length === 0 || bytes.length > TEXT_BYTES_MAX)
    throw new UsageError(`${path} has ${bytes.length} bytes; give a text of 1 to ${TEXT_BYTES_MAX}`)
  return bytes
}

/** The main job with its stages; returns what went wrong. */
async function runJob(devnet: Devnet, input: Uint8Array): Promise<readonly string[]> {
  await stage('data node', async () => {
    await devnet.startDataNode()
    return cyan(devnet.dataUrl)
  })
  let market: Market | undefined
  await stage('providers and verifier join', async update => {
    update('pairing, staking, enrolling')
    const providers = await joinProviders(devnet)
    update('registering the program, publishing the source')
    market = await openMarket(devnet, providers)
    return `source ${market.source}`
  })
  await stage('executors, verifier, explorer', async () => {
    await Promise.all([
      ...([1, 2, 3] as const).map(n => devnet.startExecutor(n, true)),
      devnet.startVerifier(),
      devnet.startExplorer(),
      devnet.startRelay(relayModels(market as unknown as Market)),
    ])
    return cyan(devnet.explorerUrl)
  })
  const opened = market as unknown as Market
  const faults: string[] = []

  let first: JobOutcome | undefined
  await stage('task 1: three honest executors', async update => {
    first = await runTask(opened, input, update)
    faults.push(...checkOutcome(first, { honest: 3 }).map(fault => `task 1: ${fault}`))
    return `final after ${duration(first.totalMs)}`
  })
  printOutcome(devnet, opened, first as unknown as JobOutcome, input)

  // Before the liar is caught: who was caught takes no tasks for a while, and this source wants three executors.
  await stage('a request through the relay', async update => {
    update('a chat completion, as OpenAI clients ask')
    const { answer, task, costUsd, faults: found } = await askRelay(devnet, opened)
    faults.push(...found.map(fault => `relay: ${fault}`))
    return `“${QUESTION.slice(0, 25)}…” → ${bold(answer)} ${dim(`for ${costUsd} USD, task ${task}`)}`
  })
  await stage('executor 3 becomes a liar', async () => {
    await devnet.stopExecutor(3)
    await devnet.startExecutor(3, false)
    return 'on purpose, for the second task'
  })
  const liar = opened.providers[2]?.address ?? ''
  let second: JobOutcome | undefined
  await stage('task 2: one executor lies', async update => {
    second = await runTask(opened, input, update)
    faults.push(...checkOutcome(second, { honest: 2, liar }).map(fault => `task 2: ${fault}`))
    if (second.resultHash !== first?.resultHash) faults.push('task 2: the result differs from that of task 1')
    return `final after ${duration(second.totalMs)}`
  })
  printOutcome(devnet, opened, second as unknown as JobOutcome, input)
  await stage('executor 3 is honest again', async () => {
    await devnet.stopExecutor(3)
    await devnet.startExecutor(3, true)
    return ''
  })
  return faults
}

function printOutcome(devnet: Devnet, market: Market, outcome: JobOutcome, input: Uint8Array): void {
  const { report, guesses } = outcome
  const providers = market.providers.map(provider => provider.address)
  const [best, next] = guesses
  const excerpt = new TextDecoder().decode(input.subarray(0, 160)).replace(/\s+/g, ' ').trim().slice(0, 60)
  const percent = (confidence: number) => `${(confidence * 100).toFixed(1)} %`
  const coin = (wei: bigint) => `${Number(formatEther(wei)).toFixed(4)} OGPU`
  const seatsWei = report.seats.reduce((sum, seat) => sum + seat.paidWei, 0n)
  const { slashed } = report
  const lost =
    slashed === undefined
      ? ''
      : `\n  ${dim('bond')}    ${coin(slashed.toFindersWei)} to the verifier, ${coin(slashed.toClientWei)} to the client, ${coin(slashed.burnedWei)} burned, ${coin(slashed.toPoolWei)} to the audit pool`
  const score = (provider: string) => report.reputation.find(entry => entry.provider === provider)?.score ?? 0
  console.log(`
  ${dim('text')}    “${excerpt}…”
  ${dim('answer')}  ${bold(best?.name ?? '?')} ${dim(`${percent(best?.confidence ?? 0)}, then ${next?.name} ${percent(next?.confidence ?? 0)}`)}
  ${dim('result')}  ${outcome.resultHash.slice(0, 16)}… ${green('checked')} ${dim(`against the ${outcome.checkedBy} that the contracts agreed on`)}
  ${dim('money')}   ${coin(seatsWei)} to executors, ${coin(report.paidWei - seatsWei)} to the verifier, ${coin(report.refundedWei)} refunded${lost}
${table(
  [...report.seats]
    .sort((a, b) => providers.indexOf(a.provider) - providers.indexOf(b.provider))
    .map(seat => [
      dim(`executor ${providers.indexOf(seat.provider) + 1}`),
      seat.provider,
      seat.agreed ? green('agreed') : red('differed'),
      seat.agreed ? `+${coin(seat.paidWei)}` : red(`−${coin(seat.slashedWei)} bond`),
      dim(`reputation ${(score(seat.provider) / 100).toFixed(1)} %`),
    ]),
)}
${table(
  report.transactions.map(({ what, hash, blockNumber, finalityMs }) => [
    dim(what),
    `block ${blockNumber}`,
    finalityMs === undefined ? '' : yellow(`${finalityMs} ms`.padStart(7)),
    hash,
  ]),
)}
  ${dim('total')}   ${yellow(duration(outcome.totalMs))} from the request to the money ${dim('(above: arrival of a transaction at a node → final receipt)')}
  ${dim('page')}    ${cyan(`${devnet.explorerUrl}/task/${outcome.task}`)}
`)
}
