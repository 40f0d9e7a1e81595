import type { BlockContents, BuildRequest, BuiltBlock } from '#evm'
import { toHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import type { PoolAccess } from '../backend.ts'
import { RpcError } from '../errors.ts'
import { type Json, toQuantity, withdrawalToJson } from '../format.ts'
import { method } from '../method.ts'
import {
  hash,
  member,
  optional,
  param,
  parseAddress,
  parseData,
  parseHash,
  parseList,
  parseObject,
  parseQuantity,
  requiredIn,
} from '../params.ts'
import { parseWithdrawal } from '../params-call.ts'
import { DATA, listOf, nullable, titled } from '../schema.ts'

type Attributes = Pick<
  BuildRequest,
  'timestamp' | 'prevRandao' | 'feeRecipient' | 'withdrawals' | 'parentBeaconBlockRoot'
>

const attributes = param('payloadAttributes', titled('PayloadAttributesV3'), (value): Attributes => {
  const object = parseObject(value, 'engine.PayloadAttributes')
  const required = requiredIn(object, 'PayloadAttributes')
  return {
    timestamp: required('timestamp', item => parseQuantity(item, 64)),
    prevRandao: required('prevRandao', parseHash),
    feeRecipient: required('suggestedFeeRecipient', parseAddress),
    withdrawals: member(object, 'withdrawals', item => parseList(item, 'types.Withdrawals', parseWithdrawal)) ?? [],
    parentBeaconBlockRoot: member(object, 'parentBeaconBlockRoot', parseHash),
  }
})

/** Null stands for the pool's. */
const rawTransactions = optional(
  param('transactions', nullable(listOf(DATA)), value => parseList(value, '[]hexutil.Bytes', item => parseData(item))),
)

async function fromPool(pool: PoolAccess): Promise<BlockContents> {
  const { pending } = await pool.content()
  return { kind: 'pool', pending: [...pending.values()].flat() }
}

function payloadToJson({ block, value, requests }: BuiltBlock): Json {
  const { header } = block
  return {
    executionPayload: {
      parentHash: toHex(header.parentHash),
      feeRecipient: toHex(header.coinbase),
      stateRoot: toHex(header.stateRoot),
      receiptsRoot: toHex(header.receiptsRoot),
      logsBloom: toHex(header.logsBloom),
      prevRandao: toHex(header.mixHash),
      blockNumber: toQuantity(header.number),
      gasLimit: toQuantity(header.gasLimit),
      gasUsed: toQuantity(header.gasUsed),
      timestamp: toQuantity(header.timestamp),
      extraData: toHex(header.extraData),
      baseFeePerGas: toQuantity(header.baseFeePerGas ?? 0n),
      blockHash: toHex(block.hash),
      transactions: block.transactions.map(({ raw }) => toHex(raw)),
      ...(block.withdrawals === undefined ? {} : { withdrawals: block.withdrawals.map(withdrawalToJson) }),
      ...(header.blobGasUsed === undefined ? {} : { blobGasUsed: toQuantity(header.blobGasUsed) }),
      ...(header.excessBlobGas === undefined ? {} : { excessBlobGas: toQuantity(header.excessBlobGas) }),
    },
    blockValue: toQuantity(value),
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    ...(requests === undefined ? {} : { executionRequests: requests.map(toHex) }),
    shouldOverrideBuilder: false,
  }
}

/** For makers of test vectors; only a node that serves an imported Ethereum chain builds blocks. */
export const testingMethods = [
  method({
    name: 'testing_buildBlockV1',
    summary:
      'Builds a block on a block of an imported chain, of the given transactions or of the pool; changes nothing.',
    params: [
      hash('parentHash'),
      attributes,
      rawTransactions,
      optional(param('extraData', DATA, value => parseData(value))),
    ],
    result: titled('execution payload'),
    weight: 100,
    handle: async (context, [parentHash, given, raw, extraData = new Uint8Array(0)]) => {
      const { builder, pool } = context.backend
      if (builder === undefined) throw new RpcError('server', 'blocks of this chain come from consensus')
      const parent = await context.needHeader({ kind: 'hash', hash: parentHash })
      const transactions = raw === undefined ? await fromPool(pool) : { kind: 'given' as const, raw }
      try {
        return payloadToJson(await builder.build({ ...given, parent: parent.number, extraData, transactions }))
      } catch (error) {
        if (error instanceof CodedError && error.code === 'cannot build') throw new RpcError('server', error.message)
        throw error
      }
    },
  }),
]
