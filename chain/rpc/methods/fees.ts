import { type Block, effectiveTip } from '#types'
import type { ReadContext, RpcContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { toQuantity } from '../format.ts'
import { heavyMethod, method } from '../method.ts'
import { blockNumber, count, ParamError, param, withDefault } from '../params.ts'
import { listOf, NUMBER, QUANTITY, titled } from '../schema.ts'

/** Blocks that the tip suggestion looks at, and the share of their cheapest tips that it beats. */
const TIP_BLOCKS = 20
const TIP_PERCENTILE = 60
const TIP_SAMPLES_PER_BLOCK = 3
/** Suggested when recent blocks tell nothing; wei per gas. */
const TIP_DEFAULT = 100_000_000n
const TIP_MAX = 500_000_000_000n

/** Tip that recent transactions paid to be included, in wei per gas. */
async function suggestedTip(context: RpcContext): Promise<bigint> {
  const { chain } = context.backend
  const tips: bigint[] = []
  const head = chain.headHeader().number
  for (let number = head; number > Math.max(chain.earliest(), head - TIP_BLOCKS); number--) {
    const block = await context.findBlock({ kind: 'number', number })
    if (block === undefined) break
    const baseFee = block.header.baseFeePerGas ?? 0n
    const paid = block.transactions.map(transaction => effectiveTip(transaction, baseFee)).filter(tip => tip > 0n)
    tips.push(...sorted(paid).slice(0, TIP_SAMPLES_PER_BLOCK))
  }
  if (tips.length === 0) return TIP_DEFAULT
  const chosen = sorted(tips)[Math.floor(((tips.length - 1) * TIP_PERCENTILE) / 100)] ?? TIP_DEFAULT
  return chosen < TIP_MAX ? chosen : TIP_MAX
}

function sorted(values: readonly bigint[]): bigint[] {
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Tips at the given percentiles of a block's gas. */
async function rewardsOf(context: ReadContext, block: Block, percentiles: readonly number[]): Promise<bigint[]> {
  const receipts = await context.backend.chain.receipts(block.header.number)
  const baseFee = block.header.baseFeePerGas ?? 0n
  const paid = block.transactions
    .map((transaction, index) => ({
      tip: effectiveTip(transaction, baseFee),
      gas: receipts?.[index]?.gasUsed ?? 0n,
    }))
    .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
  let at = 0
  let sum = paid[0]?.gas ?? 0n
  return percentiles.map(percentile => {
    if (paid.length === 0) return 0n
    const threshold = BigInt(Math.floor((Number(block.header.gasUsed) * percentile) / 100))
    while (sum < threshold && at < paid.length - 1) {
      at += 1
      sum += paid[at]?.gas ?? 0n
    }
    return paid[at]?.tip ?? 0n
  })
}

const percentiles = param('rewardPercentiles', listOf(NUMBER), value => {
  if (!Array.isArray(value)) throw new ParamError('json: cannot unmarshal non-array into Go value of type []float64')
  let last = -1
  for (const [index, item] of value.entries()) {
    if (typeof item !== 'number' || !Number.isFinite(item)) {
      throw new ParamError('json: cannot unmarshal non-number into Go value of type float64')
    }
    if (item < 0 || item > 100) throw new RpcError('server', `invalid reward percentile: ${item.toFixed(6)}`)
    if (item <= last) {
      const detail = `#${index - 1}:${last.toFixed(6)} >= #${index}:${item.toFixed(6)}`
      throw new RpcError('server', `invalid reward percentile: ${detail}`)
    }
    last = item
  }
  return value as number[]
})

/** What inclusion costs. */
export const feeMethods = [
  method({
    name: 'eth_gasPrice',
    summary: 'Price per gas that a legacy transaction should offer: next base fee and suggested tip.',
    params: [],
    result: QUANTITY,
    handle: async context => {
      const baseFee = context.nextBaseFee(context.backend.chain.head().header)
      return toQuantity(baseFee + (await suggestedTip(context)))
    },
  }),
  method({
    name: 'eth_maxPriorityFeePerGas',
    summary: 'Suggested tip per gas.',
    params: [],
    result: QUANTITY,
    handle: async context => toQuantity(await suggestedTip(context)),
  }),
  method({
    name: 'eth_baseFee',
    summary: 'Base fee of the next block.',
    params: [],
    result: QUANTITY,
    handle: context => toQuantity(context.nextBaseFee(context.backend.chain.head().header)),
  }),
  method({
    name: 'eth_blobBaseFee',
    summary: 'Price of blob gas; the smallest where blocks carry no blobs.',
    params: [],
    result: QUANTITY,
    handle: ({ backend: { chain } }) => toQuantity(chain.blobFees(chain.headHeader())?.fee ?? 1n),
  }),
  heavyMethod({
    name: 'eth_feeHistory',
    summary: 'Base fees, use of gas and tips of past blocks.',
    params: [count('blockCount'), blockNumber, withDefault(percentiles, [])],
    result: titled('fee history'),
    weight: 10,
    work: 'trace',
    handle: async (context, [blocks, newest, wanted]) => {
      const { chain } = context.backend
      if (wanted.length > context.limits.percentilesMax) {
        throw new RpcError('server', `invalid reward percentile: over the query limit ${context.limits.percentilesMax}`)
      }
      const head = chain.headHeader().number
      const last = newest.kind === 'number' ? newest.number : (await context.needHeader(newest)).number
      if (last > head) {
        throw new RpcError('server', `request beyond head block: requested ${last}, head ${head}`)
      }
      const available = last - chain.earliest() + 1
      const length = Math.max(0, Math.min(blocks, context.limits.feeHistoryBlocksMax, available))
      if (length === 0) return { oldestBlock: '0x0', gasUsedRatio: null }
      const oldest = last - length + 1
      const baseFees: bigint[] = []
      const ratios: number[] = []
      const blobFees: bigint[] = []
      const blobRatios: number[] = []
      const rewards: string[][] = []
      for (let number = oldest; number <= last; number++) {
        const ref = { kind: 'number', number } as const
        const block = wanted.length > 0 ? await context.needBlock(ref) : undefined
        const header = block?.header ?? (await context.needHeader(ref))
        baseFees.push(header.baseFeePerGas ?? 0n)
        ratios.push(header.gasLimit === 0n ? 0 : Number(header.gasUsed) / Number(header.gasLimit))
        const blobs = chain.blobFees(header)
        blobFees.push(blobs?.fee ?? 0n)
        blobRatios.push(
          blobs === undefined || blobs.gasMax === 0n ? 0 : Number(header.blobGasUsed ?? 0n) / Number(blobs.gasMax),
        )
        if (block !== undefined) rewards.push((await rewardsOf(context, block, wanted)).map(toQuantity))
        if (number === last) {
          const following = header.baseFeePerGas === undefined ? 0n : context.nextBaseFee(header)
          baseFees.push(following)
          blobFees.push(blobs?.nextFee ?? 0n)
        }
      }
      return {
        oldestBlock: toQuantity(oldest),
        ...(wanted.length === 0 ? {} : { reward: rewards }),
        baseFeePerGas: baseFees.map(toQuantity),
        gasUsedRatio: ratios,
        baseFeePerBlobGas: blobFees.map(toQuantity),
        blobGasUsedRatio: blobRatios,
      }
    },
  }),
]
