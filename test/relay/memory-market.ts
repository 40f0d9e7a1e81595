/** A market in memory behind the relay's port: every task ends when the test says so, or at once. */
import { SDK_ERRORS, SdkError } from '@ogpu/sdk'
import { utf8 } from '#lib/bytes'
import type { PublishPlan } from '../../relay/ledger/entries.ts'
import type { Found, Market, Outcome, PublishedPlace } from '../../relay/market/market.ts'
import type { Model } from '../../relay/models.ts'

export interface MemoryTask {
  readonly address: string
  readonly configUrl: string
  readonly input: Uint8Array
  readonly source: string
}

export function resultOf(text: string): Outcome {
  return {
    kind: 'result',
    bytes: utf8(text),
    resultHash: 'ab'.repeat(32),
    provider: `0x${'77'.repeat(20)}`,
    checkedBy: 'digest',
  }
}

export function unreachable(): SdkError {
  return new SdkError(SDK_ERRORS.RPC_FAILED, 'no answer', { retryable: true })
}

export class MemoryMarket implements Market {
  readonly chainId = 1071
  readonly account = `0x${'11'.repeat(20)}`
  lastSeenMs = Number.MAX_SAFE_INTEGER
  block = 100
  vaultWei = 10n ** 21n
  coinsWei = 10n ** 21n
  active = true
  /** Tasks on chain, in order. */
  readonly tasks: MemoryTask[] = []
  readonly deposits: bigint[] = []
  /** Called at the begin of every method that changes something; may throw. */
  before: (call: string) => void = () => {}
  /** Called when the change is made and the caller does not know it yet; may throw. */
  after: (call: string) => void = () => {}
  /** What a task ends with; by default it echoes its input. */
  answer: (task: MemoryTask) => Outcome | Promise<Outcome> = task => resultOf(new TextDecoder().decode(task.input))
  /** Whether a transaction seems to be under way. */
  isUnsettled = false
  #inputs = new Map<string, Uint8Array>()
  #uploads = 0

  async check(): Promise<void> {}

  async isActive(): Promise<boolean> {
    this.before('isActive')
    return this.active
  }

  async head(): Promise<number> {
    this.before('head')
    return this.block
  }

  async balances() {
    return { vaultWei: this.vaultWei, coinsWei: this.coinsWei }
  }

  async deposit(amountWei: bigint): Promise<void> {
    this.before('deposit')
    this.deposits.push(amountWei)
    this.vaultWei += amountWei
    this.coinsWei -= amountWei
  }

  async upload(_model: Model, input: Uint8Array, reference: string): Promise<string> {
    this.before('upload')
    const url = `http://data/blob/${this.#uploads++}#${reference}`
    this.#inputs.set(url, input)
    return url
  }

  async publish({ source, configUrl, paymentWei }: PublishPlan): Promise<PublishedPlace> {
    this.before('publish')
    if (BigInt(paymentWei) > this.vaultWei) {
      throw new SdkError(SDK_ERRORS.REVERTED, 'reverts', { data: { reason: 'InsufficientBalance' } })
    }
    this.vaultWei -= BigInt(paymentWei)
    this.block++
    const address = `0x${(this.tasks.length + 1).toString(16).padStart(40, '0')}`
    this.tasks.push({ address, configUrl, input: this.#inputs.get(configUrl) ?? new Uint8Array(), source })
    this.after('publish')
    return { address, block: this.block }
  }

  async find({ source, configUrl }: PublishPlan): Promise<Found> {
    this.before('find')
    const task = this.tasks.find(each => each.configUrl === configUrl && each.source === source)
    if (task !== undefined) return { kind: 'found', address: task.address, block: this.block }
    return { kind: this.isUnsettled ? 'unsettled' : 'absent' }
  }

  async outcome({ address }: PublishedPlace, signal: AbortSignal): Promise<Outcome> {
    this.before('outcome')
    const task = this.tasks.find(candidate => candidate.address === address)
    if (task === undefined) throw new Error('no such task')
    const answer = this.answer(task)
    if (!(answer instanceof Promise)) return answer
    return Promise.race([
      answer,
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
    ])
  }

  async stop(): Promise<void> {}
}
