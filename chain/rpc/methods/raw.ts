import { toHex } from '#lib/bytes'
import { encodeBlock, encodeBlockHeader, encodeReceipt } from '#types'
import { RpcError } from '../errors.ts'
import { method } from '../method.ts'
import { requiredBlock } from '../params.ts'
import { DATA, listOf } from '../schema.ts'

/** Chain objects in their RLP form. */
export const rawMethods = [
  method({
    name: 'debug_getRawHeader',
    summary: 'RLP of a block header.',
    params: [requiredBlock],
    result: DATA,
    handle: async (context, [ref]) => toHex(encodeBlockHeader((await context.needBlock(ref)).header)),
  }),
  method({
    name: 'debug_getRawBlock',
    summary: 'RLP of a block.',
    params: [requiredBlock],
    result: DATA,
    weight: 5,
    handle: async (context, [ref]) => toHex(encodeBlock(await context.needBlock(ref))),
  }),
  method({
    name: 'debug_getRawReceipts',
    summary: 'EIP-2718 bytes of the receipts of a block.',
    params: [requiredBlock],
    result: listOf(DATA),
    weight: 5,
    handle: async (context, [ref]) => {
      const { header } = await context.needBlock(ref)
      const receipts = await context.backend.chain.receipts(header.number)
      if (receipts === undefined) throw new RpcError('prunedHistory', 'pruned history unavailable')
      return receipts.map(receipt => toHex(encodeReceipt(receipt)))
    },
  }),
]
