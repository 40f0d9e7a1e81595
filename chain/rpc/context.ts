import { toHex } from '#lib/bytes'
import { type Clock, type Log, type Random, silentLog } from '#lib/env'
import { type Block, type BlockHeader, DEFAULT_EXECUTION_PARAMS } from '#types'
import type { ReadBackend, RpcBackend } from './backend.ts'
import { RpcError } from './errors.ts'
import { FilterStore } from './filters.ts'
import type { RpcLimits } from './limits.ts'
import type { BlockRef } from './params.ts'
import { createSubmitter, type Submitter } from './submitter.ts'
import { SubscriptionHub } from './subscriptions.ts'

/** What methods get that only read the chain: they run on any thread. */
export interface ReadContext {
  readonly backend: ReadBackend
  readonly limits: RpcLimits
  /** The block that `ref` names; undefined when this node has none such. */
  findBlock(ref: BlockRef): Promise<Block | undefined>
  /** The block that `ref` names; `header not found` otherwise. */
  needBlock(ref: BlockRef): Promise<Block>
  /** The same for its header only, which costs much less. */
  needHeader(ref: BlockRef): Promise<BlockHeader>
  /** Base fee of the block after `header`. */
  nextBaseFee(header: BlockHeader): bigint
}

/** What every other method gets: the node's parts and this listener's state. */
export interface RpcContext extends ReadContext {
  readonly backend: RpcBackend
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly filters: FilterStore
  readonly subscriptions: SubscriptionHub
  readonly submitter: Submitter
  /** Namespaces of the methods that this listener serves. */
  readonly namespaces: readonly string[]
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

export function createReadContext(backend: ReadBackend, limits: RpcLimits): ReadContext {
  const { chain } = backend

  async function findBlock(ref: BlockRef): Promise<Block | undefined> {
    if (ref.kind === 'hash') return chain.blockByHash(ref.hash)
    if (ref.kind === 'number') return chain.blockByNumber(ref.number)
    // A block is shown only when its commit is final, so every tag but the first names the head.
    return ref.tag === 'earliest' ? chain.blockByNumber(chain.earliest()) : chain.head()
  }

  async function findHeader(ref: BlockRef): Promise<BlockHeader | undefined> {
    if (ref.kind === 'hash') return (await chain.blockByHash(ref.hash))?.header
    if (ref.kind === 'number') return chain.headerByNumber(ref.number)
    return ref.tag === 'earliest' ? chain.headerByNumber(chain.earliest()) : chain.headHeader()
  }

  function found<T>(ref: BlockRef, value: T | undefined): T {
    if (value !== undefined) return value
    const text = ref.kind === 'hash' ? `header for hash not found: ${toHex(ref.hash)}` : 'header not found'
    throw new RpcError('server', text)
  }

  return {
    backend,
    limits,
    findBlock,
    needBlock: async ref => found(ref, await findBlock(ref)),
    needHeader: async ref => found(ref, await findHeader(ref)),
    nextBaseFee: backend.nextBaseFee ?? (header => header.baseFeePerGas ?? DEFAULT_EXECUTION_PARAMS.minBaseFeePerGas),
  }
}

export function createRpcContext(options: RpcContextOptions): RpcContext {
  const { backend, limits, clock, random } = options
  const filters = new FilterStore({ backend, limits, clock, random })
  const subscriptions = new SubscriptionHub({ backend, limits, random })
  return {
    ...createReadContext(backend, limits),
    backend,
    clock,
    random,
    log: options.log ?? silentLog,
    filters,
    subscriptions,
    submitter: createSubmitter(backend.pool),
    namespaces: options.namespaces,
    close() {
      filters.close()
      subscriptions.close()
    },
  }
}
