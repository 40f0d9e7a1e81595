import { toHex } from '#lib/bytes'
import { blockHeaderHash } from '#types'
import { blockToJson, headerToJson, receiptsToJson, toQuantity } from '../format.ts'
import { method } from '../method.ts'
import {
  type BlockRef,
  blockNumber,
  boolean,
  hash,
  index,
  plainBlockNumber,
  requiredBlock,
  uint64,
  withDefault,
} from '../params.ts'
import { listOf, nullable, OBJECT, QUANTITY, titled } from '../schema.ts'

const BLOCK_OBJECT = nullable(titled('block'))
const full = withDefault(boolean('hydrated'), false)
const byHash = (digest: Uint8Array): BlockRef => ({ kind: 'hash', hash: digest })

/** Blocks, headers and receipts. */
export const blockMethods = [
  method({
    name: 'eth_blockNumber',
    summary: 'Number of the latest executed block.',
    params: [],
    result: QUANTITY,
    handle: ({ backend }) => toQuantity(backend.chain.head().header.number),
  }),
  method({
    name: 'eth_getBlockByNumber',
    summary: 'A block by number or tag, with hashes or whole transactions.',
    params: [blockNumber, full],
    result: BLOCK_OBJECT,
    handle: async (context, [ref, withTransactions]) => {
      const block = await context.findBlock(ref)
      return block === undefined ? null : blockToJson(block, withTransactions)
    },
  }),
  method({
    name: 'eth_getBlockByHash',
    summary: 'A block by hash, with hashes or whole transactions.',
    params: [hash('blockHash'), full],
    result: BLOCK_OBJECT,
    handle: async (context, [digest, withTransactions]) => {
      const block = await context.findBlock(byHash(digest))
      return block === undefined ? null : blockToJson(block, withTransactions)
    },
  }),
  method({
    name: 'eth_getHeaderByNumber',
    summary: 'A block header by number or tag.',
    params: [blockNumber],
    result: nullable(titled('header')),
    handle: async (context, [ref]) => {
      const block = await context.findBlock(ref)
      return block === undefined ? null : headerToJson(block.header, block.hash)
    },
  }),
  method({
    name: 'eth_getHeaderByHash',
    summary: 'A block header by hash.',
    params: [hash('blockHash')],
    result: nullable(titled('header')),
    handle: async (context, [digest]) => {
      const block = await context.findBlock(byHash(digest))
      return block === undefined ? null : headerToJson(block.header, block.hash)
    },
  }),
  method({
    name: 'erigon_getHeaderByNumber',
    summary: 'A block header by number or tag, under the name that Otterscan uses.',
    params: [plainBlockNumber],
    result: nullable(titled('header')),
    handle: async (context, [ref]) => {
      const block = await context.findBlock(ref)
      return block === undefined ? null : headerToJson(block.header, block.hash)
    },
  }),
  method({
    name: 'erigon_getHeaderByHash',
    summary: 'A block header by hash, under Erigon’s name.',
    params: [hash('blockHash')],
    result: nullable(titled('header')),
    handle: async (context, [digest]) => {
      const block = await context.findBlock({ kind: 'hash', hash: digest })
      return block === undefined ? null : headerToJson(block.header, block.hash)
    },
  }),
  method({
    name: 'erigon_getBlockByTimestamp',
    summary: 'The last block that is not younger than a time in seconds; the oldest one when all are younger.',
    params: [uint64('timestamp'), boolean('fullTransactions')],
    result: nullable(titled('block')),
    weight: 5,
    handle: async (context, [timestamp, full]) => {
      const { chain } = context.backend
      let low = chain.earliest()
      let high = chain.headHeader().number
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        const header = await context.needHeader({ kind: 'number', number: middle })
        if (header.timestamp <= timestamp) low = middle
        else high = middle - 1
      }
      return blockToJson(await context.needBlock({ kind: 'number', number: low }), full)
    },
  }),
  method({
    name: 'eth_getBlockTransactionCountByNumber',
    summary: 'Number of transactions in a block.',
    params: [blockNumber],
    result: nullable(QUANTITY),
    handle: async (context, [ref]) => {
      const block = await context.findBlock(ref)
      return block === undefined ? null : toQuantity(block.transactions.length)
    },
  }),
  method({
    name: 'eth_getBlockTransactionCountByHash',
    summary: 'Number of transactions in a block.',
    params: [hash('blockHash')],
    result: nullable(QUANTITY),
    handle: async (context, [digest]) => {
      const block = await context.findBlock(byHash(digest))
      return block === undefined ? null : toQuantity(block.transactions.length)
    },
  }),
  method({
    name: 'eth_getUncleCountByBlockNumber',
    summary: 'Number of uncles; our own blocks have none.',
    params: [blockNumber],
    result: nullable(QUANTITY),
    handle: async (context, [ref]) => {
      const block = await context.findBlock(ref)
      return block === undefined ? null : toQuantity(block.ommers.length)
    },
  }),
  method({
    name: 'eth_getUncleCountByBlockHash',
    summary: 'Number of uncles; our own blocks have none.',
    params: [hash('blockHash')],
    result: nullable(QUANTITY),
    handle: async (context, [digest]) => {
      const block = await context.findBlock(byHash(digest))
      return block === undefined ? null : toQuantity(block.ommers.length)
    },
  }),
  method({
    name: 'eth_getUncleByBlockNumberAndIndex',
    summary: 'An uncle header, or null.',
    params: [blockNumber, index('index')],
    result: nullable(OBJECT),
    handle: async (context, [ref, position]) => {
      const ommer = (await context.findBlock(ref))?.ommers[position]
      return ommer === undefined ? null : headerToJson(ommer, blockHeaderHash(ommer))
    },
  }),
  method({
    name: 'eth_getUncleByBlockHashAndIndex',
    summary: 'An uncle header, or null.',
    params: [hash('blockHash'), index('index')],
    result: nullable(OBJECT),
    handle: async (context, [digest, position]) => {
      const ommer = (await context.findBlock(byHash(digest)))?.ommers[position]
      return ommer === undefined ? null : headerToJson(ommer, blockHeaderHash(ommer))
    },
  }),
  method({
    name: 'eth_getBlockReceipts',
    summary: 'Receipts of all transactions of a block.',
    params: [requiredBlock],
    result: nullable(listOf(titled('receipt'))),
    weight: 5,
    handle: async (context, [ref]) => {
      const block = await context.findBlock(ref)
      if (block === undefined) return null
      const receipts = await context.backend.chain.receipts(block.header.number)
      return receipts === undefined ? null : receiptsToJson(block, receipts)
    },
  }),
  method({
    name: 'eth_capabilities',
    summary: 'Which history this node keeps, as block ranges.',
    params: [],
    result: titled('capabilities'),
    handle: ({ backend }) => {
      const { header, hash: digest } = backend.chain.head()
      const kept = { disabled: false, oldestBlock: toQuantity(backend.chain.earliest()) }
      const state = { disabled: false, oldestBlock: toQuantity(backend.earliestState?.() ?? backend.chain.earliest()) }
      return {
        head: { number: toQuantity(header.number), hash: toHex(digest) },
        state,
        tx: kept,
        logs: kept,
        receipts: kept,
        blocks: kept,
        stateproofs: state,
      }
    },
  }),
]
