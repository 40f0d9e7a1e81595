/**
 * Finality over wide-area links, beside what the protocol's message delays predict. Run: ./ogpu bench network --wan
 *
 * Four real processes whose connections go through proxies with delay and jitter; a client beside each submits
 * transactions at a low rate and waits for the block. The prediction is the deterministic simulator's: the same core and
 * parameters, the same distribution of delays, no time for anything else; half a round is added, which a transaction
 * waits for its validator's next vertex. One round trip is twice the mean delay of a message.
 *
 * What is compared is finality: from the submission to the commit at the validator that the client talks to, since
 * nothing takes a commit back, and that is where the simulator's clock stops. What the client then waits for its receipt
 * (execution, the disk, reading the block) is printed beside it. The prediction contains the floor on the length of a
 * round (`minRoundDelayMs`, 50 ms): on links of less it counts more than the messages, whose own prediction is printed too.
 */
import { availableParallelism, loadavg } from 'node:os'
import { defined } from '#lib/assert'
import type { LinkConditions } from '#p2p'
import { type ConsensusParams, DEFAULT_CONSENSUS_PARAMS } from '#types'
import { createCluster } from '../chaos/cluster.ts'
import { fundedLoadAccounts } from '../load/accounts.ts'
import { metricOf, quantile, scrape } from '../load/observe.ts'
import { call } from '../load/rpc.ts'
import { REAL_CORE } from '../sim/core.ts'
import { basePlan, CALM_NETWORK } from '../sim/plan.ts'
import { runPlan } from '../sim/run.ts'
import { mean } from '../sim/stats.ts'
import type { LoadPlan, LoadReport, SeenTransaction } from './network-load.ts'
import { startLoad } from './network-load-process.ts'

const ACCOUNTS = 64
const BATCH = 4
const SETTLE_SECONDS = 5

/** How far measured finality may lie above the prediction, in round trips. */
export const ROUND_TRIPS_ALLOWED = 1

export interface WanLink extends LinkConditions {
  readonly name: string
}

/** One way, in milliseconds. */
export const WAN_LINKS: readonly WanLink[] = [
  { name: 'a continent', delayMs: 20, jitterMs: 10, lossPercent: 0 },
  { name: 'two continents', delayMs: 45, jitterMs: 10, lossPercent: 0 },
  { name: 'the world', delayMs: 80, jitterMs: 20, lossPercent: 0 },
]

interface Spread {
  readonly mean: number
  readonly p50: number
  readonly p95: number
}

export interface WanResult {
  readonly link: WanLink
  readonly roundTripMs: number
  readonly predictedMs: number
  /** Without the floor on the length of a round. */
  readonly messagesAloneMs: number
  /** Submission to commit, of a sample. */
  readonly finalityMs: Spread
  /** Submission to receipt, of all. */
  readonly receiptMs: Spread
  readonly transactions: number
  readonly roundMs: number
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { mean: mean(sorted), p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) }
}

/** From the submission to the commit, as the validator noted it that the transaction was sent to; one machine, one clock. */
async function commitTimesMs(urls: readonly string[], sent: readonly SeenTransaction[]): Promise<readonly number[]> {
  const times: number[] = []
  for (const { hash, validator, sentAtMs } of sent) {
    const url = defined(urls[validator], 'a validator')
    const life = await call<Readonly<Record<string, number>> | null>(url, 'ogpu_transactionTimeline', [hash])
    if (life?.committedMs !== undefined) times.push(life.committedMs - sentAtMs)
  }
  return times
}

/** How far the measured mean lies above a prediction, in round trips. */
const aboveOf = (predictedMs: number, { finalityMs, roundTripMs }: WanResult) =>
  (finalityMs.mean - predictedMs) / roundTripMs

/** Mean milliseconds from submission to commit, by the simulator. */
export function predictFinality(link: LinkConditions, validators: number, params: Partial<ConsensusParams>): number {
  const plan = basePlan(`wan/${link.delayMs}/${link.jitterMs}`, validators, {
    params: { ...DEFAULT_CONSENSUS_PARAMS, ...params },
    durationMs: 60_000,
    network: {
      ...CALM_NETWORK,
      latency: { kind: 'uniform', lowUs: link.delayMs * 1_000, highUs: (link.delayMs + link.jitterMs) * 1_000 },
      ordered: true,
    },
    leaders: 'schedule',
  })
  const { world, violation } = runPlan(plan, { core: REAL_CORE, measureAfterMs: 2_000, stopAtRound: 200 })
  if (violation !== undefined) throw violation
  const created = defined(world.nodes[0], 'a node').ownVertices.map(ref => world.registry.infoOf(ref).createdUs)
  const rounds = created.slice(20)
  const roundUs = (defined(rounds.at(-1), 'rounds') - defined(rounds[0], 'rounds')) / (rounds.length - 1)
  return (mean(world.stats.allDelaysUs) + roundUs / 2) / 1_000
}

export async function benchWan(options: {
  readonly links: readonly WanLink[]
  readonly validators: number
  /** Transactions per second, small: latency is measured, not throughput. */
  readonly rate: number
  readonly seconds: number
}): Promise<readonly WanResult[]> {
  const { links, validators, rate, seconds } = options
  const cluster = await createCluster({ validators, funded: fundedLoadAccounts(ACCOUNTS), seed: 1 })
  const load = startLoad()
  try {
    await Promise.all(cluster.nodes.map(node => node.start()))
    const plan: LoadPlan = {
      kind: 'plan',
      chainId: cluster.chainId,
      validators: cluster.nodes.map(({ rpcUrl }) => ({ rpcUrl, wsUrl: rpcUrl.replace('http', 'ws') })),
      accounts: ACCOUNTS,
      transactions: Math.ceil(rate * (seconds + SETTLE_SECONDS) * links.length * 1.1),
      batch: BATCH,
    }
    await load.ask(plan)
    const healthUrl = defined(cluster.nodes[0], 'a validator').healthUrl
    const round = async () => metricOf(await scrape(healthUrl), 'ogpu_consensus_round')
    const results: WanResult[] = []
    for (const link of links) {
      cluster.links.setConditions(link)
      // Streams are reopened, timeouts find their length, the schedule gets used to it.
      await load.ask({ kind: 'phase', rate, seconds: SETTLE_SECONDS })
      await load.ask({ kind: 'settle' })
      const [firstRound, startedMs] = [await round(), performance.now()]
      await load.ask({ kind: 'phase', rate, seconds })
      const roundMs = (performance.now() - startedMs) / ((await round()) - firstRound)
      const { latenciesMs, sample } = await load.ask<LoadReport>({ kind: 'settle' })
      const finalitiesMs = await commitTimesMs(
        plan.validators.map(({ rpcUrl }) => rpcUrl),
        sample,
      )
      const roundTripMs = 2 * link.delayMs + link.jitterMs
      const predictedMs = predictFinality(link, validators, {})
      results.push({
        link,
        roundTripMs,
        predictedMs,
        messagesAloneMs: predictFinality(link, validators, { minRoundDelayMs: 0 }),
        finalityMs: spreadOf(finalitiesMs),
        receiptMs: spreadOf(latenciesMs),
        transactions: latenciesMs.length,
        roundMs,
      })
    }
    return results
  } finally {
    load.child.disconnect()
    await cluster.close(false)
  }
}

function tableOf(results: readonly WanResult[]): string {
  const both = (ms: number, { roundTripMs }: WanResult) => `${Math.round(ms)} ms = ${(ms / roundTripMs).toFixed(2)}`
  const rows: [string, (result: WanResult) => string][] = [
    ['one way, ms', ({ link }) => `${link.delayMs}–${link.delayMs + link.jitterMs}`],
    ['round trip, ms', ({ roundTripMs }) => String(roundTripMs)],
    ['predicted finality, mean (round trips)', result => both(result.predictedMs, result)],
    ['  of messages alone', result => both(result.messagesAloneMs, result)],
    ['measured finality, mean', result => both(result.finalityMs.mean, result)],
    ['  p50', result => both(result.finalityMs.p50, result)],
    ['  p95', result => both(result.finalityMs.p95, result)],
    ['receipt read by the client, mean', result => both(result.receiptMs.mean, result)],
    ['  p95', result => both(result.receiptMs.p95, result)],
    ['above the prediction, round trips', result => aboveOf(result.predictedMs, result).toFixed(2)],
    ['  above that of messages alone', result => aboveOf(result.messagesAloneMs, result).toFixed(2)],
    ['length of a round, ms', ({ roundMs }) => roundMs.toFixed(0)],
    ['transactions', ({ transactions }) => String(transactions)],
  ]
  const lines = [['', ...results.map(({ link }) => link.name)], ...rows.map(([name, of]) => [name, ...results.map(of)])]
  return lines
    .map(([name = '', ...cells]) => `${name.padEnd(42)}${cells.map(cell => cell.padStart(18)).join('')}`)
    .join('\n')
}

/** Prints the table; false when finality is further above the prediction than allowed. */
export async function printWan(options: {
  readonly validators: number
  readonly rate: number
  readonly seconds: number
}): Promise<boolean> {
  const [minute = 0] = loadavg()
  console.log(
    `network over emulated wide-area links: ${options.validators} validators on ${availableParallelism()} cores ` +
      `(load before: ${minute.toFixed(1)}), ${options.rate} tx/s, ${options.seconds} s each\n`,
  )
  const results = await benchWan({ ...options, links: WAN_LINKS })
  console.log(tableOf(results))
  const worst = Math.max(...results.map(result => aboveOf(result.predictedMs, result)))
  const holds = worst <= ROUND_TRIPS_ALLOWED
  console.log(
    `\nfinality is ${holds ? 'within' : 'NOT within'} ${ROUND_TRIPS_ALLOWED} round trip of the prediction ` +
      `(at most ${worst.toFixed(2)} above)`,
  )
  return holds
}
