import type { StateReader } from '#evm'
import { toHex } from '#lib/bytes'
import { ZERO_DIGEST } from '#types'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { toQuantity } from '../format.ts'
import { heavyMethod, method } from '../method.ts'
import {
  address,
  type BlockRef,
  block,
  ParamError,
  param,
  parseAddress,
  parseList,
  parseObject,
  parseSlot,
  slot,
  withDefault,
} from '../params.ts'
import { DATA, HASH, listOf, nullable, OBJECT, QUANTITY, STRING, titled } from '../schema.ts'

async function stateAt(context: ReadContext, ref: BlockRef): Promise<StateReader> {
  return context.backend.chain.stateAt((await context.needHeader(ref)).number)
}

/** Slots of a proof; a proof names each as it was asked for. */
interface NamedSlot {
  readonly name: string
  readonly slot: Uint8Array
}

function parseNamedSlot(value: unknown): NamedSlot {
  const parsed = parseSlot(value)
  // Whole words come back as words, short forms as quantities.
  const isWord = typeof value === 'string' && value.length === 66
  const hex = toHex(parsed)
  return { slot: parsed, name: isWord ? hex : `0x${hex.slice(2).replace(/^0+(?=.)/, '')}` }
}

const namedSlots = param('storageKeys', listOf(STRING), value => parseList(value, '[]string', parseNamedSlot))

/** `{ address: [slot, …] }` of eth_getStorageValues. */
const STORAGE_VALUES_MAX = 1_024
const storageRequests = param('requests', OBJECT, value => {
  const entries = Object.entries(parseObject(value, 'map[common.Address][]common.Hash'))
  const requests = entries.map(([key, slots]) => ({
    address: parseAddress(key),
    slots: parseList(slots, '[]common.Hash', parseSlot),
  }))
  const total = requests.reduce((sum, request) => sum + request.slots.length, 0)
  if (total === 0) throw new ParamError('empty request')
  if (total > STORAGE_VALUES_MAX) throw new ParamError(`too many slots (max ${STORAGE_VALUES_MAX})`)
  return requests
})

/** Accounts, code, storage and their proofs. */
export const stateMethods = [
  method({
    name: 'eth_getBalance',
    summary: 'Balance of an account in wei.',
    params: [address, block],
    result: QUANTITY,
    handle: async (context, [account, ref]) => {
      const state = await stateAt(context, ref)
      return toQuantity((await state.account(account))?.balance ?? 0n)
    },
  }),
  method({
    name: 'eth_getTransactionCount',
    summary: 'Next nonce of an account; `pending` counts its executable transactions in the pool.',
    params: [address, block],
    result: QUANTITY,
    handle: async (context, [account, ref]) => {
      if (ref.kind === 'tag' && ref.tag === 'pending') return toQuantity(await context.backend.pool.nextNonce(account))
      const state = await stateAt(context, ref)
      return toQuantity((await state.account(account))?.nonce ?? 0n)
    },
  }),
  method({
    name: 'eth_getCode',
    summary: 'Code of an account.',
    params: [address, block],
    result: DATA,
    handle: async (context, [account, ref]) => toHex(await (await stateAt(context, ref)).code(account)),
  }),
  method({
    name: 'eth_getStorageAt',
    summary: 'One storage slot of an account.',
    params: [address, slot, block],
    result: HASH,
    handle: async (context, [account, position, ref]) =>
      toHex(await (await stateAt(context, ref)).storage(account, position)),
  }),
  method({
    name: 'eth_getStorageValues',
    summary: 'Storage slots of several accounts at once.',
    params: [storageRequests, block],
    result: OBJECT,
    weight: 5,
    handle: async (context, [requests, ref]) => {
      const state = await stateAt(context, ref)
      const values: Record<string, readonly string[]> = {}
      for (const request of requests) {
        const words = await Promise.all(request.slots.map(position => state.storage(request.address, position)))
        values[toHex(request.address)] = words.map(toHex)
      }
      return values
    },
  }),
  method({
    name: 'eth_getAccount',
    summary: 'Nonce, balance, code hash and storage root of an account.',
    params: [address, block],
    result: nullable(titled('account')),
    weight: 5,
    handle: async (context, [account, ref]) => {
      const proof = await (await stateAt(context, ref)).proof(account, [])
      if (proof.account === undefined) return null
      const { nonce, balance, codeHash } = proof.account
      return {
        nonce: toQuantity(nonce),
        balance: toQuantity(balance),
        codeHash: toHex(codeHash),
        storageRoot: toHex(proof.storageHash),
      }
    },
  }),
  method({
    name: 'eth_getAccountInfo',
    summary: 'Nonce, balance and code of an account.',
    params: [address, block],
    result: titled('account info'),
    handle: async (context, [account, ref]) => {
      const state = await stateAt(context, ref)
      const found = await state.account(account)
      return {
        nonce: toQuantity(found?.nonce ?? 0n),
        balance: toQuantity(found?.balance ?? 0n),
        code: toHex(await state.code(account)),
      }
    },
  }),
  heavyMethod({
    name: 'eth_getProof',
    summary: 'Merkle proof of an account and some of its storage (EIP-1186).',
    params: [address, withDefault(namedSlots, []), block],
    result: titled('account proof'),
    weight: 10,
    work: 'trace',
    handle: async (context, [account, slots, ref]) => {
      if (slots.length > context.limits.proofSlotsMax) {
        throw new RpcError('invalidParams', `too many keys (max ${context.limits.proofSlotsMax})`)
      }
      const state = await stateAt(context, ref)
      const proof = await state.proof(
        account,
        slots.map(item => item.slot),
      )
      return {
        address: toHex(account),
        accountProof: proof.accountProof.map(toHex),
        balance: toQuantity(proof.account?.balance ?? 0n),
        // An account that is not there has no code and no storage, not even empty ones.
        codeHash: toHex(proof.account?.codeHash ?? ZERO_DIGEST),
        nonce: toQuantity(proof.account?.nonce ?? 0n),
        storageHash: toHex(proof.account === undefined ? ZERO_DIGEST : proof.storageHash),
        storageProof: proof.storageProofs.map((item, position) => ({
          key: slots[position]?.name,
          value: `0x${
            toHex(item.value)
              .slice(2)
              .replace(/^0+(?=.)/, '') || '0'
          }`,
          proof: item.proof.map(toHex),
        })),
      }
    },
  }),
]
