/** The market on a chain, through the SDK. */
import {
  createClient,
  decodeLogs,
  deposit,
  encodeJobFile,
  fetchResult,
  INTERFACES,
  type OgpuClient,
  publishTaskConfig,
  readAccount,
  readTaskTerms,
  SdkError,
} from '@ogpu/sdk'
import type { Log } from '#lib/env'
import { CodedError } from '#lib/errors'
import type { PublishPlan } from '../ledger/entries.ts'
import { LIMITS } from '../limits.ts'
import type { Model } from '../models.ts'
import type { Found, Market } from './market.ts'
import { createTaskWatch } from './task-watch.ts'

export interface ChainMarketOptions {
  readonly rpcUrl: string
  readonly dataUrls: readonly string[]
  /** Signs and pays. */
  readonly privateKey: string
  readonly log: Log
  /** How often new blocks are looked for; 400 ms when absent. */
  readonly pollingMs?: number
  /** A task that nobody has finished by then can be ended; {@link LIMITS.taskLifetimeSeconds} when absent. */
  readonly taskLifetimeSeconds?: number
  /** How often all open tasks are read, and overdue calls made; 10 s when absent. */
  readonly sweepMs?: number
}

/** How long an answer about a source's status is believed. */
const ACTIVE_LIFE_MS = 15_000
/** Blocks that one query for events may span. */
const LOG_RANGE = 5_000
const FIRST_RESPONSE = 1n
const ACTIVE = 0n

export async function openChainMarket(options: ChainMarketOptions): Promise<Market> {
  const { log, taskLifetimeSeconds: lifetimeSeconds = LIMITS.taskLifetimeSeconds } = options
  const client = await createClient({ ...options, pollingMs: options.pollingMs ?? 400 })
  const account = client.address as string
  const watch = createTaskWatch(client, log, options.sweepMs)
  const active = new Map<string, { readonly value: boolean; readonly atMs: number }>()

  return {
    chainId: client.chainId,
    account,
    get lastSeenMs() {
      return watch.lastSeenMs
    },
    async check(model) {
      const params = await sourceParams(client, model)
      if (params.deliveryMethod !== FIRST_RESPONSE) {
        unfit(model, 'its source wants every response confirmed by hand')
      }
      if (params.minPayment > model.paymentWei) unfit(model, `its source asks for at least ${params.minPayment} wei`)
      if (params.maxExpiryDuration < BigInt(lifetimeSeconds)) {
        unfit(model, `its source allows tasks less than ${lifetimeSeconds} s`)
      }
      const [isKnown] = await client.read('programRegistry', 'exists', [model.program.programId])
      if (isKnown !== true) unfit(model, 'its program is not registered')
    },
    async isActive({ source }) {
      const known = active.get(source)
      if (known !== undefined && known.atMs > Date.now() - ACTIVE_LIFE_MS) return known.value
      const [status] = await client.read('source', 'getStatus', [], source)
      const value = status === ACTIVE
      active.set(source, { value, atMs: Date.now() })
      return value
    },
    head: () => client.provider.getBlockNumber(),
    async balances() {
      const [{ balanceWei }, coinsWei] = await Promise.all([
        readAccount(client, { account }),
        client.provider.getBalance(account),
      ])
      return { vaultWei: balanceWei, coinsWei }
    },
    async deposit(amountWei) {
      const { hash } = await deposit(client, { amountWei })
      log.info('deposited', { amountWei: amountWei.toString(), hash })
    },
    async upload({ program }, bytes, reference) {
      const { hash, size } = await client.data.put(bytes)
      const job = encodeJobFile({
        functionName: 'run',
        ...program,
        input: { hash, size },
        dataUrls: client.data.urls,
      })
      const { link } = await client.data.put(job)
      return `${link}#${reference}`
    },
    async publish({ source, configUrl, paymentWei }) {
      const { task, sent } = await publishTaskConfig(client, {
        source,
        configUrl,
        paymentWei: BigInt(paymentWei),
        lifetimeSeconds,
      })
      return { address: task, block: sent.blockNumber }
    },
    find: plan => findTask(client, account, plan),
    async outcome({ address, block }, signal) {
      const info = await watch.ended(address, signal)
      if (info.outcome === 'failed') {
        return { kind: 'failed', reason: info.proof?.phase === 'Failed' ? 'no agreement' : info.status }
      }
      const result = await fetchResult(client, { task: address, fromBlock: block, bytesMax: LIMITS.answerBytesMax })
      const { bytes, hash: resultHash, provider, checkedBy } = result
      return { kind: 'result', bytes, resultHash, provider, checkedBy }
    },
    async stop() {
      await watch.stop()
      client.provider.destroy()
    },
  }
}

async function sourceParams(client: OgpuClient, model: Model) {
  try {
    const [params] = await client.read('source', 'getSourceParams', [], model.source)
    return params
  } catch (cause) {
    if (!(cause instanceof SdkError) || cause.retryable) throw cause
    return unfit(model, `there is no source at ${model.source}`)
  }
}

function unfit(model: Model, why: string): never {
  throw new CodedError('MODEL_UNFIT', `the model ${model.name} cannot be offered: ${why}`)
}

/** The relay's account, the source and the URL with its reference are one task's alone. */
async function findTask(
  client: OgpuClient,
  account: string,
  { source, configUrl, fromBlock }: PublishPlan,
): Promise<Found> {
  const { provider, contracts } = client
  // Nonces before events: what is neither under way now nor among the events below was never published.
  const [pending, latest] = await Promise.all([
    provider.getTransactionCount(account, 'pending'),
    provider.getTransactionCount(account, 'latest'),
  ])
  const head = await provider.getBlockNumber()
  const topics = INTERFACES.nexus.encodeFilterTopics('TaskPublished', [])
  for (let from = fromBlock; from <= head; from += LOG_RANGE) {
    const toBlock = Math.min(head, from + LOG_RANGE - 1)
    const logs = await provider.getLogs({ address: contracts.nexus, topics, fromBlock: from, toBlock })
    for (const log of logs) {
      const [event] = decodeLogs([log], INTERFACES.nexus, 'TaskPublished', contracts.nexus)
      if (String(event?.source).toLowerCase() !== source) continue
      const task = String(event?.task)
      const terms = await readTaskTerms(client, { task })
      if (terms.configUrl === configUrl) return { kind: 'found', address: task, block: log.blockNumber }
    }
  }
  return { kind: pending > latest ? 'unsettled' : 'absent' }
}
