import { toHex } from '#lib/bytes'
import { type Clock, type Log, type Random, silentLog } from '#lib/env'
import { type Block, type BlockHeader, DEFAULT_EXECUTION_PARAMS } from '#types'
import type { RpcBackend } from './backend.ts'
import { RpcError } from './errors.ts'
import { FilterStore } from './filters.ts'
import type { RpcLimits } from './limits.ts'
import type { BlockRef } from './params.ts'
import { createSubmitter, type Submitter } from './submitter.ts'
import { SubscriptionHub } from './subscriptions.ts'

/** What every method gets: the node's parts, this listener's state and a few questions asked everywhere. */
export interface RpcContext {
  readonly backend: RpcBackend
  readonly limits: RpcLimits
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly filters: FilterStore
  readonly subscriptions: SubscriptionHub
  readonly submitter: Submitter
  /** Namespaces of the methods that this listener serves. */
  readonly namespaces: readonly string[]
  /** The block that `ref` names; undefined when this node has none such. */
  findBlock(ref: BlockRef): Promise<Block | undefined>
  /** The block that `ref` names; `header not found` otherwise. */
  needBlock(ref: BlockRef): Promise<Block>
  /** Base fee of the block after `header`. */
  nextBaseFee(header: BlockHeader): bigint
  close(): void
}

export interface RpcContextOptions {
  readonly backend: RpcBackend
  readonly limits: RpcLimits
  readonly clock: Clock
  readonly random: Random
  readonly namespaces: readonly string[]
  readonly log?: Log
}

export function createRpcContext(options: RpcContextOptions): RpcContext {
  const { backend, limits, clock, random } = options
  const { chain } = backend
  const filters = new FilterStore({ backend, limits, clock, random })
  const subscriptions = new SubscriptionHub({ backend, limits, random })

  async function findBlock(ref: BlockRef): Promise<Block | undefined> {
    if (ref.kind === 'hash') return chain.blockByHash(ref.hash)
    if (ref.kind === 'number') {
      const head = chain.head()
      return ref.number === head.header.number ? head : chain.blockByNumber(ref.number)
    }
    // A block is shown only when its commit is final, so every tag but the first names the head.
    return ref.tag === 'earliest' ? chain.blockByNumber(chain.earliest()) : chain.head()
  }

  return {
    backend,
    limits,
    clock,
    random,
    log: options.log ?? silentLog,
    filters,
    subscriptions,
    submitter: createSubmitter(backend.pool),
    namespaces: options.namespaces,
    findBlock,
    async needBlock(ref) {
      const block = await findBlock(ref)
      if (block !== undefined) return block
      throw new RpcError(
        'server',
        ref.kind === 'hash' ? `header for hash not found: ${toHex(ref.hash)}` : 'header not found',
      )
    },
    nextBaseFee: backend.nextBaseFee ?? (header => header.baseFeePerGas ?? DEFAULT_EXECUTION_PARAMS.minBaseFeePerGas),
    close() {
      filters.close()
      subscriptions.close()
    },
  }
}
