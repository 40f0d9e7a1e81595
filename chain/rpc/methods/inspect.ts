import type { InspectionEngine } from '#evm'
import { toHex } from '#lib/bytes'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { heavyMethod } from '../method.ts'
import { address, any, count, data, hash, optional, requiredBlock } from '../params.ts'
import { HASH, listOf, titled } from '../schema.ts'
import { neededBlock } from './trace.ts'

/** Slots in one answer. */
const SLOTS_MAX = 10_000

function inspectionsOf({ backend }: ReadContext): InspectionEngine {
  if (backend.inspections !== undefined) return backend.inspections
  throw new RpcError('server', 'this node cannot look inside of blocks')
}

function wordToHex(value: Uint8Array): string {
  return `0x${toHex(value).slice(2).padStart(64, '0')}`
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
]
