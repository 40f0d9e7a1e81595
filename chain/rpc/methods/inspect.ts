import type { AccountEntry, InspectionEngine } from '#evm'
import { toHex, toRawHex } from '#lib/bytes'
import { checksumAddress } from '#types'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import type { Json } from '../format.ts'
import { heavyMethod } from '../method.ts'
import { address, any, boolean, count, data, hash, optional, requiredBlock, withDefault } from '../params.ts'
import { HASH, listOf, titled } from '../schema.ts'
import { neededBlock } from './trace.ts'

/** Slots in one answer. */
const SLOTS_MAX = 10_000
/** Accounts in one answer. */
const ACCOUNTS_MAX = 256

function inspectionsOf({ backend }: ReadContext): InspectionEngine {
  if (backend.inspections !== undefined) return backend.inspections
  throw new RpcError('server', 'this node cannot look inside of blocks')
}

function wordToHex(value: Uint8Array): string {
  return `0x${toRawHex(value).padStart(64, '0')}`
}

/** As go-ethereum dumps an account: numbers as decimals, and values of storage without zeros and prefix. */
function accountToJson({ hash: key, address: owner, account, code, storage }: AccountEntry): Json {
  return {
    balance: account.balance.toString(),
    nonce: Number(account.nonce),
    root: toHex(account.storageRoot),
    codeHash: toHex(account.codeHash),
    ...(code.length === 0 ? {} : { code: toHex(code) }),
    ...(storage.length === 0
      ? {}
      : { storage: Object.fromEntries(storage.map(({ slot, value }) => [toHex(slot), toRawHex(value)])) }),
    address: toHex(owner),
    key: toHex(key),
  }
}

/** What debuggers ask of the inside of a block. */
export const inspectMethods = [
  heavyMethod({
    name: 'debug_intermediateRoots',
    summary: 'State roots of a block after each of its transactions.',
    params: [hash('blockHash'), optional(any('options'))],
    result: listOf(HASH),
    weight: 100,
    work: 'trace',
    handle: async (context, [digest], { signal }) => {
      const { header } = await neededBlock(context, { kind: 'hash', hash: digest })
      return (await inspectionsOf(context).rootsInside(header.number, signal)).map(toHex)
    },
  }),
  heavyMethod({
    name: 'debug_storageRangeAt',
    summary: `Storage of a contract in a block before one of its transactions, by hash of the slot; ${SLOTS_MAX} at most.`,
    params: [requiredBlock, count('transactionIndex'), address, data('keyStart'), count('maxResult')],
    result: titled('slots by hash, and where to go on'),
    weight: 100,
    work: 'trace',
    handle: async (context, [ref, index, contract, from, limit]) => {
      const { header } = await neededBlock(context, ref)
      const { slots, next } = await inspectionsOf(context).storageInside({
        block: header.number,
        index,
        address: contract,
        from,
        limit: Math.min(limit, SLOTS_MAX),
      })
      return {
        storage: Object.fromEntries(
          slots.map(({ hash: key, slot, value }) => [toHex(key), { key: toHex(slot), value: wordToHex(value) }]),
        ),
        nextKey: next === undefined ? null : toHex(next),
      }
    },
  }),
  heavyMethod({
    name: 'debug_accountRange',
    summary: `Accounts after a block, by hash of the address; ${ACCOUNTS_MAX} at most.`,
    params: [
      requiredBlock,
      data('start'),
      count('maxResults'),
      boolean('nocode'),
      boolean('nostorage'),
      withDefault(boolean('incompletes'), false),
    ],
    result: titled('accounts by address, and where to go on'),
    weight: 100,
    work: 'trace',
    handle: async (context, [ref, from, limit, noCode, noStorage]) => {
      const { header } = await neededBlock(context, ref)
      const { accounts, next } = await inspectionsOf(context).accountsAfter({
        block: header.number,
        from,
        limit: limit === 0 ? ACCOUNTS_MAX : Math.min(limit, ACCOUNTS_MAX),
        withCode: !noCode,
        withStorage: !noStorage,
      })
      return {
        root: toRawHex(header.stateRoot),
        accounts: Object.fromEntries(accounts.map(entry => [checksumAddress(entry.address), accountToJson(entry)])),
        ...(next === undefined ? {} : { next: toHex(next) }),
      }
    },
  }),
  heavyMethod({
    name: 'debug_executionWitness',
    summary: 'What it takes to run a block again, and to check its state root, without the state.',
    params: [requiredBlock],
    result: titled('execution witness'),
    weight: 100,
    work: 'trace',
    handle: async (context, [ref], { signal }) => {
      if (ref.kind === 'tag' && ref.tag === 'pending') throw new RpcError('server', 'the pending block is not executed')
      const { header } = await neededBlock(context, ref)
      const { state, codes, headers, keys } = await inspectionsOf(context).witness(header.number, signal)
      return {
        state: state.map(toHex),
        codes: codes.map(toHex),
        headers: headers.map(toHex),
        ...(keys.length === 0 ? {} : { keys: keys.map(toHex) }),
      }
    },
  }),
]
