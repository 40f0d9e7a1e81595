/** The structured parameters: calls, overrides and log filters. */
import type { AccountOverride, BlockOverride, CallRequest } from '#evm'
import { equalBytes, toRawHex } from '#lib/bytes'
import type { AccessListEntry, Address, Authorization, Digest, Withdrawal } from '#types'
import { RpcError } from './errors.ts'
import {
  type BlockRef,
  LATEST,
  member,
  ParamError,
  param,
  parseAddress,
  parseBlockNumber,
  parseData,
  parseHash,
  parseList,
  parseObject,
  parseQuantity,
  parseSlot,
  parseSmallQuantity,
  requiredIn,
} from './params.ts'
import { OBJECT, titled } from './schema.ts'

const parseUint64 = (value: unknown) => parseQuantity(value, 64)
const parseBig = (value: unknown) => parseQuantity(value)

function parseAccessList(value: unknown): AccessListEntry[] {
  return parseList(value, 'types.AccessList', item => {
    const entry = parseObject(item, 'types.AccessTuple')
    const address = requiredIn(entry, 'AccessTuple')('address', parseAddress)
    const storageKeys = member(entry, 'storageKeys', keys => parseList(keys, '[]common.Hash', parseHash)) ?? []
    return { address, storageKeys }
  })
}

function parseAuthorization(value: unknown): Authorization {
  const tuple = parseObject(value, 'types.SetCodeAuthorization')
  const read = requiredIn(tuple, 'SetCodeAuthorization')
  return {
    chainId: read('chainId', parseBig),
    address: read('address', parseAddress),
    nonce: read('nonce', parseUint64),
    yParity: Number(read('yParity', item => parseQuantity(item, 8))),
    r: read('r', parseBig),
    s: read('s', parseBig),
  }
}

/** A member of the result only when it is there: absent fields must stay absent. */
function present<K extends string, T>(name: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: T })
}

/** A withdrawal of the consensus layer (EIP-4895); what is left out is zero. */
export function parseWithdrawal(value: unknown): Withdrawal {
  const object = parseObject(value, 'types.Withdrawal')
  const number = (name: string) => member(object, name, parseUint64) ?? 0n
  return {
    index: number('index'),
    validatorIndex: number('validatorIndex'),
    address: member(object, 'address', parseAddress) ?? new Uint8Array(20),
    amount: number('amount'),
  }
}

/** An unsigned transaction as `eth_call` and its relatives take it (go-ethereum's TransactionArgs). */
export function parseCall(value: unknown): CallRequest {
  const object = parseObject(value, 'ethapi.TransactionArgs')
  const data = member(object, 'data', item => parseData(item))
  const input = member(object, 'input', item => parseData(item))
  if (data !== undefined && input !== undefined && !equalBytes(data, input)) {
    throw new ParamError(
      'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data',
    )
  }
  const gasPrice = member(object, 'gasPrice', parseBig)
  const maxFeePerGas = member(object, 'maxFeePerGas', parseBig)
  const maxPriorityFeePerGas = member(object, 'maxPriorityFeePerGas', parseBig)
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined)) {
    throw new ParamError('both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified')
  }
  if (maxFeePerGas !== undefined && maxPriorityFeePerGas !== undefined && maxFeePerGas < maxPriorityFeePerGas) {
    throw new ParamError(`maxFeePerGas (${maxFeePerGas}) < maxPriorityFeePerGas (${maxPriorityFeePerGas})`)
  }
  const hashes = member(object, 'blobVersionedHashes', item => parseList(item, '[]common.Hash', parseHash))
  const authorizations = member(object, 'authorizationList', item =>
    parseList(item, '[]types.SetCodeAuthorization', parseAuthorization),
  )
  return {
    ...present('from', member(object, 'from', parseAddress)),
    ...present('to', member(object, 'to', parseAddress)),
    ...present('gas', member(object, 'gas', parseUint64)),
    ...present('gasPrice', gasPrice),
    ...present('maxFeePerGas', maxFeePerGas),
    ...present('maxPriorityFeePerGas', maxPriorityFeePerGas),
    ...present('value', member(object, 'value', parseBig)),
    ...present('data', input ?? data),
    ...present('nonce', member(object, 'nonce', parseUint64)),
    ...present('accessList', member(object, 'accessList', parseAccessList)),
    ...present('authorizationList', authorizations),
    ...present('blobVersionedHashes', hashes),
    ...present('maxFeePerBlobGas', member(object, 'maxFeePerBlobGas', parseBig)),
  }
}

export const call = param('transaction', titled('unsigned transaction'), parseCall)

function parseSlots(value: unknown): ReadonlyMap<string, Uint8Array> {
  const slots = new Map<string, Uint8Array>()
  for (const [key, item] of Object.entries(parseObject(value, 'map[common.Hash]common.Hash'))) {
    slots.set(toRawHex(parseSlot(key)), parseHash(item))
  }
  return slots
}

function parseAccountOverride(address: string, value: unknown): AccountOverride {
  const object = parseObject(value, 'override.OverrideAccount')
  const state = member(object, 'state', parseSlots)
  const stateDiff = member(object, 'stateDiff', parseSlots)
  if (state !== undefined && stateDiff !== undefined) {
    throw new ParamError(`account ${address} has both 'state' and 'stateDiff'`)
  }
  return {
    ...present('balance', member(object, 'balance', parseBig)),
    ...present('nonce', member(object, 'nonce', parseUint64)),
    ...present(
      'code',
      member(object, 'code', item => parseData(item)),
    ),
    ...present('state', state),
    ...present('stateDiff', stateDiff),
    ...present('movePrecompileTo', member(object, 'movePrecompileToAddress', parseAddress)),
  }
}

/** State overrides by address in raw hex. */
export function parseStateOverrides(value: unknown): ReadonlyMap<string, AccountOverride> {
  const overrides = new Map<string, AccountOverride>()
  for (const [key, item] of Object.entries(parseObject(value, 'override.StateOverride'))) {
    overrides.set(toRawHex(parseAddress(key)), parseAccountOverride(key.toLowerCase(), item))
  }
  return overrides
}

export const stateOverrides = param('stateOverrides', OBJECT, parseStateOverrides)

/** The overrides of a call's block, where two of those of a simulation mean nothing. */
export function parseBlockOverrides(value: unknown): BlockOverride {
  const object = parseObject(value, 'override.BlockOverrides')
  for (const name of ['beaconRoot', 'withdrawals']) {
    if (object[name] === undefined || object[name] === null) continue
    throw new RpcError('server', `block override "${name}" is not supported for this RPC method`)
  }
  return parseHeaderOverrides(object)
}

export function parseHeaderOverrides(object: Readonly<Record<string, unknown>>): BlockOverride {
  return {
    ...present('number', member(object, 'number', parseBig)),
    ...present('time', member(object, 'time', parseUint64)),
    ...present('gasLimit', member(object, 'gasLimit', parseUint64)),
    ...present('coinbase', member(object, 'feeRecipient', parseAddress) ?? member(object, 'coinbase', parseAddress)),
    ...present('prevRandao', member(object, 'prevRandao', parseHash) ?? member(object, 'random', parseHash)),
    ...present('baseFeePerGas', member(object, 'baseFeePerGas', parseBig) ?? member(object, 'baseFee', parseBig)),
    ...present('blobBaseFee', member(object, 'blobBaseFee', parseBig)),
    ...present('parentBeaconBlockRoot', member(object, 'beaconRoot', parseHash)),
  }
}

export const blockOverrides = param('blockOverrides', OBJECT, parseBlockOverrides)

/** Logs that a caller wants: a range or one block, and what they must look like. */
export interface LogCriteria {
  readonly blockHash?: Digest
  readonly from: BlockRef
  readonly to: BlockRef
  readonly addresses: readonly Address[]
  /** By position; an empty list or undefined means any. */
  readonly topics: readonly (readonly Digest[] | undefined)[]
}

/** Addresses in a filter, and topics in one position of it. */
const ALTERNATIVES_MAX = 1_000
const TOPICS_MAX = 4

function parseTopic(value: unknown): readonly Digest[] | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return [parseHash(value)]
  if (!Array.isArray(value)) throw new ParamError('invalid topic(s)')
  if (value.length > ALTERNATIVES_MAX)
    throw new RpcError('server', 'exceed max addresses or topics per search position')
  // A null among the alternatives matches everything.
  return value.some(item => item === null) ? undefined : value.map(parseHash)
}

export function parseLogCriteria(value: unknown): LogCriteria {
  const object = parseObject(value, 'filters.input')
  const blockHash = member(object, 'blockHash', parseHash)
  const from = member(object, 'fromBlock', parseBlockNumber)
  const to = member(object, 'toBlock', parseBlockNumber)
  if (blockHash !== undefined && (from !== undefined || to !== undefined)) {
    throw new ParamError('cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other')
  }
  const addresses = member(object, 'address', item =>
    Array.isArray(item) ? item.map(parseAddress) : [parseAddress(item)],
  )
  if ((addresses?.length ?? 0) > ALTERNATIVES_MAX) {
    throw new RpcError('server', 'exceed max addresses or topics per search position')
  }
  const topics = member(object, 'topics', item => parseList(item, '[]interface {}', parseTopic)) ?? []
  if (topics.length > TOPICS_MAX) throw new RpcError('server', 'exceed max topics')
  if ([from, to].some(ref => ref?.kind === 'tag' && ref.tag === 'pending')) {
    throw new RpcError('invalidParams', 'pending logs are not supported')
  }
  return {
    ...(blockHash === undefined ? {} : { blockHash }),
    from: from ?? LATEST,
    to: to ?? LATEST,
    addresses: addresses ?? [],
    topics,
  }
}

export const logCriteria = param('filter', titled('log filter'), parseLogCriteria)

/** Time in milliseconds as a quantity or a plain number. */
export const milliseconds = (name: string) =>
  param(name, titled('milliseconds', {}), value =>
    typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : parseSmallQuantity(value),
  )
