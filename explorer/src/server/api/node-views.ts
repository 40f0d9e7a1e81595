import type { InternalItem, Timeline, UnminedTransaction } from '../api-types.ts'
import { ExplorerError } from '../errors.ts'
import { toTimeline } from '../indexing/timelines.ts'
import type { Decoder } from '../market.ts'
import type { NodeClient } from '../node-client.ts'
import type {
  DagCertificate,
  DagCommit,
  DagRound,
  DagStatus,
  DagValidator,
  DagVertexDetail,
  TransactionTimeline,
} from '../node-types.ts'
import { MomentCache } from './cache.ts'
import type { AddressBook } from './labels.ts'
import { invalid, notFound } from './paging.ts'

export const ROUNDS_MAX = 120
const INTERNAL_MAX = 500
const TTL_MS = 700

interface Frame {
  readonly type?: unknown
  readonly from?: unknown
  readonly to?: unknown
  readonly value?: unknown
  readonly gasUsed?: unknown
  readonly input?: unknown
  readonly output?: unknown
  readonly error?: unknown
  readonly revertReason?: unknown
  readonly calls?: readonly Frame[]
}

/** What the explorer asks the node for at the moment somebody looks, because it is live or too large to keep. */
export class NodeViews {
  readonly #node: NodeClient
  readonly #cache = new MomentCache(2_000)

  constructor(node: NodeClient) {
    this.#node = node
  }

  #ask(method: string, params: readonly unknown[], ttlMs = TTL_MS): Promise<unknown> {
    return this.#cache.get(`${method} ${JSON.stringify(params)}`, ttlMs, () => this.#node.call(method, params))
  }

  /** Like {@link #ask}; undefined when the node has no such method or no answer. */
  async #tryAsk(method: string, params: readonly unknown[], ttlMs = TTL_MS): Promise<unknown> {
    try {
      return (await this.#ask(method, params, ttlMs)) ?? undefined
    } catch (error) {
      if (error instanceof ExplorerError && error.code === 'node error') return undefined
      throw error
    }
  }

  async dagStatus(): Promise<DagStatus | undefined> {
    return (await this.#tryAsk('dag_status', [])) as DagStatus | undefined
  }

  async validators(): Promise<readonly DagValidator[]> {
    return ((await this.#tryAsk('dag_validators', [])) as readonly DagValidator[] | undefined) ?? []
  }

  /** Rounds `from`..`to`, at most {@link ROUNDS_MAX}. */
  async rounds(from: number, to: number): Promise<readonly DagRound[]> {
    if (to < from || to - from >= ROUNDS_MAX) throw invalid(`from..to may span at most ${ROUNDS_MAX} rounds`)
    return ((await this.#tryAsk('dag_getRounds', [from, to], 250)) as readonly DagRound[] | undefined) ?? []
  }

  async commit(index: number): Promise<DagCommit> {
    return required((await this.#tryAsk('dag_getCommit', [index])) as DagCommit | undefined, `commit ${index}`)
  }

  async vertex(digest: string): Promise<DagVertexDetail> {
    return required((await this.#tryAsk('dag_getVertex', [digest])) as DagVertexDetail | undefined, `vertex ${digest}`)
  }

  async certificate(height: number): Promise<DagCertificate | undefined> {
    return (await this.#tryAsk('dag_getCertificate', [height])) as DagCertificate | undefined
  }

  async timeline(hash: string): Promise<TransactionTimeline | undefined> {
    return toTimeline(await this.#tryAsk('ogpu_transactionTimeline', [hash]))
  }

  async account(address: string): Promise<{ balance: string; nonce: number; code: string } | undefined> {
    const [balance, nonce, code] = await Promise.all([
      this.#tryAsk('eth_getBalance', [address, 'latest']),
      this.#tryAsk('eth_getTransactionCount', [address, 'latest']),
      this.#tryAsk('eth_getCode', [address, 'latest']),
    ])
    if (typeof balance !== 'string' || typeof nonce !== 'string' || typeof code !== 'string') return undefined
    return { balance: BigInt(balance).toString(), nonce: Number(nonce), code }
  }

  /** A transaction that no indexed block has: waiting, or committed and found invalid when its turn came. */
  async unmined(hash: string, book: AddressBook): Promise<UnminedTransaction | undefined> {
    const timeline = toApiTimeline(await this.timeline(hash))
    const pending = (await this.#tryAsk('eth_getTransactionByHash', [hash])) as Record<string, unknown> | undefined
    if (pending !== undefined) {
      const to = typeof pending.to === 'string' ? pending.to.toLowerCase() : null
      return {
        hash,
        state: 'pending',
        reason: null,
        from: book.optional(String(pending.from).toLowerCase()),
        to: book.optional(to),
        value: BigInt(String(pending.value)).toString(),
        timeline,
      }
    }
    const dropped = (await this.#tryAsk('ogpu_droppedTransaction', [hash])) as { reason?: unknown } | undefined
    if (dropped === undefined) return undefined
    return { hash, state: 'dropped', reason: String(dropped.reason), from: null, to: null, value: null, timeline }
  }

  async #trace(hash: string): Promise<Frame | undefined> {
    return (await this.#tryAsk('debug_traceTransaction', [hash, { tracer: 'callTracer' }], 60_000)) as Frame | undefined
  }

  async revertReason(hash: string, decoder: Decoder): Promise<string | undefined> {
    const frame = await this.#trace(hash)
    if (frame === undefined) return undefined
    const decoded = typeof frame.output === 'string' ? decoder.revert(frame.output) : undefined
    const stated = [frame.revertReason, frame.error].find(reason => typeof reason === 'string' && reason !== '')
    return decoded ?? (stated as string | undefined)
  }

  /** The calls inside a transaction in execution order, without the outermost. */
  async internals(hash: string, decoder: Decoder, book: AddressBook): Promise<readonly InternalItem[]> {
    const items: InternalItem[] = []
    const stack = (((await this.#trace(hash))?.calls ?? []) as Frame[]).map(frame => ({ frame, depth: 1 })).reverse()
    for (let next = stack.pop(); next !== undefined && items.length < INTERNAL_MAX; next = stack.pop()) {
      const { frame, depth } = next
      const to = typeof frame.to === 'string' ? frame.to.toLowerCase() : null
      items.push({
        type: String(frame.type ?? 'CALL').slice(0, 20),
        depth,
        from: book.ref(String(frame.from).toLowerCase()),
        to: book.optional(to),
        value: quantityOf(frame.value),
        gas_used: quantityOf(frame.gasUsed),
        method: decoder.methodName(to, String(frame.input ?? '').slice(0, 10)) ?? null,
        error: typeof frame.error === 'string' ? frame.error.slice(0, 200) : null,
      })
      for (const call of [...(frame.calls ?? [])].reverse()) stack.push({ frame: call, depth: depth + 1 })
    }
    return items
  }
}

export function toApiTimeline(timeline: TransactionTimeline | undefined): Timeline | null {
  if (timeline === undefined) return null
  return {
    received_ms: timeline.receivedMs ?? null,
    proposed_ms: timeline.proposedMs ?? null,
    accepted_ms: timeline.acceptedMs ?? null,
    committed_ms: timeline.committedMs ?? null,
    executed_ms: timeline.executedMs ?? null,
    certified_ms: timeline.certifiedMs ?? null,
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notFound(what)
  return value
}

function quantityOf(value: unknown): string {
  return typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value) ? BigInt(value).toString() : '0'
}
