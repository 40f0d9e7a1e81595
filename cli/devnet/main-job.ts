import {
  createClient,
  decodeLanguageResult,
  deposit,
  enrolAuditor,
  fetchResult,
  type LanguageGuess,
  lockStake,
  type OgpuClient,
  type PublishedProgram,
  pairProvider,
  publishProgram,
  publishSource,
  publishTask,
  readAccount,
  readAuditorStakeMin,
  registerProvider,
  setPolicy,
  type TaskInfo,
  waitForResult,
} from '@ogpu/sdk'
import { formatEther, JsonRpcProvider, parseEther, Wallet } from 'ethers'
import { loadLanguageId } from '#executor'
import { accountOf, spareProvider, type TestAccount } from './accounts.ts'
import type { Devnet } from './devnet.ts'
import { readTaskReport, type TaskReport, withFinality } from './report.ts'

const LOCKUP = parseEther('100')
const PAYMENT = parseEther('3')
const DEPOSIT = parseEther('10')
const FUNDING = parseEther('10')
/** Index of the class in the contracts' enum. */
const EXACT_INT = 0
const NUMBERS = [1, 2, 3] as const

/** Everything that the parts of the main job share. */
export interface Market {
  readonly client: OgpuClient
  readonly providers: readonly OgpuClient[]
  readonly program: PublishedProgram
  readonly source: string
  /** Every validator, to ask each for what it saw. */
  readonly nodes: readonly JsonRpcProvider[]
}

/** A finished task with what a person wants to know of it. */
export interface JobOutcome {
  readonly task: string
  readonly info: TaskInfo
  readonly report: TaskReport
  readonly guesses: readonly LanguageGuess[]
  readonly resultHash: string
  readonly checkedBy: string
  /** From the client's `publishTask` to the finalised payment. */
  readonly totalMs: number
  /** From sending `publishTask` to its receipt, which is final. */
  readonly publishMs: number
}

function clientOf(devnet: Devnet, account: Pick<TestAccount, 'privateKey'>): Promise<OgpuClient> {
  return createClient({
    rpcUrl: devnet.rpcUrl,
    privateKey: account.privateKey,
    dataUrls: [devnet.dataUrl],
    pollingMs: 50,
  })
}

/**
 * The provider that will lie. Who was caught before is frozen out of the market for a while, so a resumed devnet takes
 * the next spare account, funded by its master.
 */
async function unfrozenProvider(devnet: Devnet, master: OgpuClient): Promise<OgpuClient> {
  for (let spare = 0; ; spare++) {
    const account = spareProvider(spare)
    const [frozen] = await master.read('reputation', 'isFrozen', [account.address, EXACT_INT])
    if (frozen === true) continue
    devnet.useProvider3(account)
    const provider = await clientOf(devnet, account)
    if ((await provider.provider.getBalance(account.address)) < FUNDING) {
      const funder = new Wallet(accountOf('master 3').privateKey, master.provider)
      await (await funder.sendTransaction({ to: account.address, value: FUNDING })).wait()
    }
    return provider
  }
}

/** Pairs three providers with masters of different owners, locks their stake, and enrols the verifier as an auditor. */
export async function joinProviders(devnet: Devnet): Promise<readonly OgpuClient[]> {
  const verifier = await clientOf(devnet, accountOf('verifier'))
  const stakeWei = await readAuditorStakeMin(verifier)
  const { lockupWei } = await readAccount(verifier, { account: verifier.address as string })
  const enrol = async () => {
    if (lockupWei < stakeWei) {
      await deposit(verifier, { amountWei: stakeWei })
      await lockStake(verifier, { amountWei: stakeWei })
    }
    await enrolAuditor(verifier, { stakeWei })
    return verifier
  }
  const join = async (n: (typeof NUMBERS)[number]) => {
    const master = await clientOf(devnet, accountOf(`master ${n}`))
    const provider = await (n === 3 ? unfrozenProvider(devnet, master) : clientOf(devnet, accountOf(`provider ${n}`)))
    await pairProvider(master, provider, { lockupWei: LOCKUP })
    return provider
  }
  const [, ...providers] = await Promise.all([enrol(), ...NUMBERS.map(join)])
  return providers
}

/** Registers the program, publishes the source with its policy, registers the providers on it, and funds the client. */
export async function openMarket(devnet: Devnet, providers: readonly OgpuClient[]): Promise<Market> {
  const client = await clientOf(devnet, accountOf('client'))
  const { graph, weights } = loadLanguageId()
  const program = await publishProgram(client, { graph, weights, name: 'language-id' })
  const { source } = await publishSource(client, {
    metadata: {
      name: 'language-id',
      description: 'Names the language of a text: 20 languages, integer arithmetic only',
    },
    minPaymentWei: parseEther('0.01'),
  })
  await setPolicy(client, {
    source,
    policy: {
      programId: program.programId,
      redundancy: 3,
      quorum: 2,
      auditors: 1,
      auditQuorum: 1,
      // Every result is audited here, so that the verifier is seen at work; a live network draws a few percent.
      auditRateBps: 10_000,
      auditFeeBps: 1_000,
      // Blocks come quickly while there is traffic and once a second in quiet: deadlines wide, the window short.
      acceptBlocks: 1_200,
      commitBlocks: 2_400,
      revealBlocks: 1_200,
      auditBlocks: 2_400,
      windowBlocks: 3,
    },
  })
  await Promise.all(providers.map(provider => registerProvider(provider, { source })))
  await deposit(client, { amountWei: DEPOSIT })
  const nodes = devnet.validators.map(
    ({ rpcUrl }) => new JsonRpcProvider(rpcUrl, devnet.chainId, { staticNetwork: true }),
  )
  return { client, providers, program, source, nodes }
}

/** Publishes one task for `text` and follows it until the money has moved; checks the result against the chain. */
export async function runTask(
  market: Market,
  text: Uint8Array,
  onProgress: (detail: string) => void,
): Promise<JobOutcome> {
  const { client, source, program } = market
  const startMs = performance.now()
  const published = await publishTask(client, { source, program, input: text, paymentWei: PAYMENT })
  const publishMs = performance.now() - startMs
  onProgress('published')
  const info = await waitForResult(client, {
    task: published.task,
    timeoutMs: 150_000,
    onProgress: state => onProgress(describe(state)),
  })
  const totalMs = performance.now() - startMs
  const [result, report] = await Promise.all([
    fetchResult(client, { task: published.task, fromBlock: published.sent.blockNumber }),
    readTaskReport(client, published.task, published.sent.blockNumber),
  ])
  const transactions = await withFinality(
    [
      { what: 'publish task', hash: published.sent.hash, blockNumber: published.sent.blockNumber },
      ...report.transactions,
    ],
    market.nodes,
  )
  return {
    task: published.task,
    info,
    report: { ...report, transactions },
    guesses: decodeLanguageResult(result.bytes),
    resultHash: result.hash,
    checkedBy: result.checkedBy,
    totalMs,
    publishMs,
  }
}

function describe(info: TaskInfo): string {
  if (info.proof === undefined) return info.status.toLowerCase()
  const { phase, seats } = info.proof
  const count = (state: string) => seats.filter(seat => seat.state === state).length
  switch (phase) {
    case 'Open':
      return `${seats.length} of 3 executors have accepted`
    case 'Assigned':
      return `${count('Committed')} of ${seats.length} results sealed`
    case 'Revealing':
      return `${count('Revealed')} of ${seats.length} results revealed`
    default:
      return `${phase.toLowerCase()}`
  }
}

export interface Expectation {
  readonly honest: number
  readonly liar?: string
}

/** What must hold after a task; every broken one is a sentence. */
export function checkOutcome(outcome: JobOutcome, expected: Expectation): readonly string[] {
  const faults: string[] = []
  const { report, info } = outcome
  const check = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault)
  }
  check(info.status === 'FINALIZED', `the task is ${info.status}, not FINALIZED`)
  check(outcome.checkedBy === 'digest', 'the result was not checked against the digest that the chain agreed on')
  check(report.seats.length === 3, `${report.seats.length} seats were settled, not 3`)
  const paid = report.seats.filter(seat => seat.paidWei > 0n)
  check(paid.length === expected.honest, `${paid.length} executors were paid, not ${expected.honest}`)
  check(report.auditors.length >= 1, 'no verifier re-ran the task')
  const slashed = report.seats.filter(seat => seat.slashedWei > 0n)
  if (expected.liar === undefined) check(slashed.length === 0, `${slashed.length} honest executors lost a bond`)
  else {
    const [loser] = slashed
    check(slashed.length === 1, `${slashed.length} executors lost a bond, not 1`)
    check(
      loser?.provider.toLowerCase() === expected.liar.toLowerCase(),
      'the executor that lost its bond is not the one that lied',
    )
    check(loser?.paidWei === 0n, 'the executor that lied was paid')
  }
  const seatsPaid = paid.reduce((sum, seat) => sum + seat.paidWei, 0n)
  check(
    report.paidWei >= seatsPaid && report.paidWei + report.refundedWei === PAYMENT,
    `paid ${formatEther(report.paidWei)} and refunded ${formatEther(report.refundedWei)} do not add up to the payment`,
  )
  return faults
}
