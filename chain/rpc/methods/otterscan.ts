import { equalBytes, toHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import type { Address, Block, Receipt } from '#types'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { blockToJson, type Json, receiptsToJson, toQuantity, transactionToJson } from '../format.ts'
import { heavyMethod, method } from '../method.ts'
import { address, count, hash, ParamError, param, plainBlock, plainBlockNumber, plainRequiredBlock } from '../params.ts'
import { BOOLEAN, DATA, HASH, listOf, NUMBER, nullable, titled } from '../schema.ts'
import { type CallNode, collectCalls } from '../tracers/call-tracer.ts'
import { bounded, tracesOf } from './trace.ts'
import { locateTransaction } from './transactions.ts'

/** Version of Otterscan's interface that these methods follow. */
const API_LEVEL = 8
const PAGE_MAX = 25
/** Blocks that one page of an account's history may read; a full index is the explorer's business. */
const SEARCH_BLOCKS_MAX = 2_000

const smallCount = (name: string) =>
  param(name, NUMBER, value => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw new ParamError('json: cannot unmarshal value into Go value of type uint64')
  })

/** Every call of an executed transaction, as a tree. */
async function callsOf(context: ReadContext, digest: Uint8Array, signal: AbortSignal): Promise<CallNode | undefined> {
  const located = await locateTransaction(context, digest)
  if (located === undefined) throw new RpcError('server', 'transaction not found')
  const { tracer, root } = collectCalls(false)
  await bounded(() =>
    tracesOf(context).traceBlock(
      located.block.header.number,
      (_transaction, position) => (position === located.index ? tracer.observer : undefined),
      { last: located.index, signal },
    ),
  )
  return root()
}

function* walk(node: CallNode, depth = 0): Generator<{ readonly node: CallNode; readonly depth: number }> {
  yield { node, depth }
  for (const inner of node.calls) yield* walk(inner, depth + 1)
}

function details(found: Block, receipts: readonly Receipt[]): Json {
  const fees = receipts.reduce((sum, receipt) => sum + receipt.gasUsed * receipt.effectiveGasPrice, 0n)
  const { transactions: _, ...head } = blockToJson(found, false)
  return {
    block: { ...head, transactionCount: found.transactions.length, logsBloom: null },
    issuance: { blockReward: '0x0', uncleReward: '0x0', issuance: '0x0' },
    totalFees: toQuantity(fees),
  }
}

async function detailsOf(context: ReadContext, found: Block | undefined): Promise<Json | null> {
  if (found === undefined) return null
  return details(found, (await context.backend.chain.receipts(found.header.number)) ?? [])
}

async function search(context: ReadContext, who: Address, from: number, step: 1 | -1, pageSize: number): Promise<Json> {
  const head = context.backend.chain.head().header.number
  const size = Math.min(pageSize, PAGE_MAX)
  const txs: Json[] = []
  const receipts: Json[] = []
  let number = from
  let read = 0
  for (; number >= 0 && number <= head && txs.length < size && read < SEARCH_BLOCKS_MAX; number += step, read++) {
    const found = await context.needBlock({ kind: 'number', number })
    const own = await context.backend.chain.receipts(number)
    if (own === undefined) break
    const touched = found.transactions.flatMap((transaction, position) => {
      const receipt = own[position]
      const isParty =
        equalBytes(transaction.sender, who) ||
        (transaction.to !== undefined && equalBytes(transaction.to, who)) ||
        (receipt?.contractAddress !== undefined && equalBytes(receipt.contractAddress, who)) ||
        receipt?.logs.some(log => equalBytes(log.address, who)) === true
      return isParty ? [position] : []
    })
    if (touched.length === 0) continue
    const shown = receiptsToJson(found, own)
    // A block is shown whole, so that a page never ends inside of one.
    for (const position of step === -1 ? touched.reverse() : touched) {
      const transaction = found.transactions[position]
      const receipt = shown[position]
      if (transaction === undefined || receipt === undefined) continue
      txs.push(transactionToJson(transaction, { block: found, index: position }))
      // Otterscan reads a JSON number, of which a browser keeps 53 bits anyway.
      receipts.push({ ...receipt, logs: null, logsBloom: null, timestamp: Number(found.header.timestamp) })
    }
  }
  const isEnd = number < 0 || number > head
  if (step === -1) return { txs, receipts, firstPage: from >= head, lastPage: isEnd }
  return { txs: txs.reverse(), receipts: receipts.reverse(), firstPage: isEnd, lastPage: from <= 0 }
}

/** What the Otterscan explorer asks a node. */
export const otterscanMethods = [
  method({
    name: 'ots_getApiLevel',
    summary: 'Version of the Otterscan interface.',
    params: [],
    result: NUMBER,
    handle: () => API_LEVEL,
  }),
  method({
    name: 'ots_hasCode',
    summary: 'Whether an account has code.',
    params: [address, plainBlock],
    result: BOOLEAN,
    handle: async (context, [who, ref]) => {
      const { number } = (await context.needBlock(ref)).header
      return (await (await context.backend.chain.stateAt(number)).code(who)).length > 0
    },
  }),
  method({
    name: 'ots_getBlockDetails',
    summary: 'A block without its transactions, with the fees that it earned.',
    params: [plainBlockNumber],
    result: nullable(titled('block details')),
    weight: 5,
    handle: async (context, [ref]) => detailsOf(context, await context.findBlock(ref)),
  }),
  method({
    name: 'ots_getBlockDetailsByHash',
    summary: 'A block without its transactions, with the fees that it earned.',
    params: [hash('blockHash')],
    result: nullable(titled('block details')),
    weight: 5,
    handle: async (context, [digest]) => detailsOf(context, await context.findBlock({ kind: 'hash', hash: digest })),
  }),
  method({
    name: 'ots_getBlockTransactions',
    summary: 'A page of the transactions of a block with their receipts.',
    params: [plainRequiredBlock, smallCount('page'), smallCount('pageSize')],
    result: nullable(titled('page of transactions')),
    weight: 10,
    handle: async (context, [ref, page, pageSize]) => {
      const found = await context.findBlock(ref)
      if (found === undefined) return null
      const receipts = (await context.backend.chain.receipts(found.header.number)) ?? []
      const size = Math.min(Math.max(1, pageSize), PAGE_MAX * 4)
      const end = Math.max(0, found.transactions.length - page * size)
      const start = Math.max(0, end - size)
      const shown = receiptsToJson(found, receipts).slice(start, end)
      const transactions = found.transactions.slice(start, end).map((transaction, position) => {
        const json = transactionToJson(transaction, { block: found, index: start + position })
        // Only the selector of the input, as the explorer shows no more.
        return { ...json, input: toHex(transaction.data.subarray(0, 4)) }
      })
      return {
        fullblock: { ...blockToJson(found, false), transactionCount: found.transactions.length, transactions },
        receipts: shown.map(receipt => ({ ...receipt, logs: null, logsBloom: null })),
      }
    },
  }),
  heavyMethod({
    name: 'ots_getInternalOperations',
    summary: 'Transfers, creations and self-destructions inside a transaction.',
    params: [hash('transactionHash')],
    result: listOf(titled('operation')),
    weight: 50,
    work: 'trace',
    handle: async (context, [digest], { signal }) => {
      const root = await callsOf(context, digest, signal)
      if (root === undefined) return []
      const kinds: Readonly<Record<string, number>> = { CALL: 0, SELFDESTRUCT: 1, CREATE: 2, CREATE2: 3 }
      return [...walk(root)].flatMap(({ node, depth }) => {
        const { frame, end } = node
        const type = kinds[frame.type]
        if (depth === 0 || type === undefined || end?.error !== undefined) return []
        if (type === 0 && frame.value === 0n) return []
        const to = frame.to ?? end?.created ?? new Uint8Array(20)
        return [{ type, from: toHex(frame.from), to: toHex(to), value: toQuantity(frame.value) }]
      })
    },
  }),
  heavyMethod({
    name: 'ots_traceTransaction',
    summary: 'Every call of a transaction with its depth.',
    params: [hash('transactionHash')],
    result: listOf(titled('call')),
    weight: 50,
    work: 'trace',
    handle: async (context, [digest], { signal }) => {
      const root = await callsOf(context, digest, signal)
      if (root === undefined) return []
      return [...walk(root)].map(({ node, depth }) => {
        const { frame, end } = node
        const hasValue = frame.type !== 'DELEGATECALL' && frame.type !== 'STATICCALL'
        return {
          type: frame.type,
          depth,
          from: toHex(frame.from),
          to: toHex(frame.to ?? end?.created ?? new Uint8Array(20)),
          value: hasValue ? toQuantity(frame.value) : null,
          input: toHex(frame.input),
          output: toHex(end?.output ?? new Uint8Array(0)),
        }
      })
    },
  }),
  heavyMethod({
    name: 'ots_getTransactionError',
    summary: 'What a failed transaction returned; empty when it did not fail.',
    params: [hash('transactionHash')],
    result: DATA,
    weight: 50,
    work: 'trace',
    handle: async (context, [digest], { signal }) => {
      const end = (await callsOf(context, digest, signal))?.end
      return end?.error === undefined ? '0x' : toHex(end.output)
    },
  }),
  method({
    name: 'ots_getTransactionBySenderAndNonce',
    summary: 'Hash of the transaction that a sender made with a nonce.',
    params: [address, count('nonce')],
    result: nullable(HASH),
    weight: 20,
    handle: async (context, [sender, nonce]) => {
      const { chain } = context.backend
      const nonceAfter = async (number: number) => {
        try {
          return Number((await (await chain.stateAt(number)).account(sender))?.nonce ?? 0n)
        } catch (error) {
          if (error instanceof CodedError && error.code === 'state unavailable') return 0
          throw error
        }
      }
      let high = chain.head().header.number
      if ((await nonceAfter(high)) <= nonce) return null
      let low = chain.earliest()
      // The block after which the nonce was used for the first time.
      while (low < high) {
        const middle = (low + high) >> 1
        if ((await nonceAfter(middle)) > nonce) high = middle
        else low = middle + 1
      }
      const found = await context.findBlock({ kind: 'number', number: low })
      const made = found?.transactions.find(
        transaction => equalBytes(transaction.sender, sender) && transaction.nonce === BigInt(nonce),
      )
      return made === undefined ? null : toHex(made.hash)
    },
  }),
  heavyMethod({
    name: 'ots_getContractCreator',
    summary: 'Transaction and account that made a contract.',
    params: [address],
    result: nullable(titled('creator')),
    weight: 100,
    work: 'trace',
    handle: async (context, [who], { signal }) => {
      const { chain } = context.backend
      const hasCodeAfter = async (number: number) => (await (await chain.stateAt(number)).code(who)).length > 0
      let high = chain.head().header.number
      if (!(await hasCodeAfter(high))) return null
      let low = chain.earliest()
      while (low < high) {
        const middle = (low + high) >> 1
        if (await hasCodeAfter(middle)) high = middle
        else low = middle + 1
      }
      const found = await context.findBlock({ kind: 'number', number: low })
      // A contract of the genesis has no creator.
      if (found === undefined || low === 0) return null
      for (const transaction of found.transactions) {
        const root = await callsOf(context, transaction.hash, signal)
        if (root === undefined) continue
        for (const { node } of walk(root)) {
          const { created } = node.end ?? {}
          if (created !== undefined && equalBytes(created, who)) {
            return { hash: toHex(transaction.hash), creator: toHex(node.frame.from) }
          }
        }
      }
      return null
    },
  }),
  heavyMethod({
    name: 'ots_searchTransactionsBefore',
    summary: 'Transactions of an account below a block, newest first.',
    params: [address, smallCount('blockNumber'), smallCount('pageSize')],
    result: titled('page of transactions'),
    weight: 100,
    work: 'trace',
    handle: (context, [who, before, size]) => {
      const head = context.backend.chain.head().header.number
      return search(context, who, before === 0 ? head : Math.min(before - 1, head), -1, size)
    },
  }),
  heavyMethod({
    name: 'ots_searchTransactionsAfter',
    summary: 'Transactions of an account above a block, newest first.',
    params: [address, smallCount('blockNumber'), smallCount('pageSize')],
    result: titled('page of transactions'),
    weight: 100,
    work: 'trace',
    handle: (context, [who, after, size]) => search(context, who, after === 0 ? 0 : after + 1, 1, size),
  }),
]
