import type { LogRow, TransferRow } from './rows.ts'

/** keccak256 of `Transfer(address,address,uint256)`: ERC-20 with three topics, ERC-721 with four. */
export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** `TransferSingle(address,address,address,uint256,uint256)` (ERC-1155) */
export const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62'
/** `TransferBatch(address,address,address,uint256[],uint256[])` (ERC-1155) */
export const TRANSFER_BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb'

/** Items of one ERC-1155 batch that are indexed; a log of more items is not a transfer that anybody can read. */
const BATCH_ITEMS_MAX = 512

/** The token transfers that a log states; none when it only looks like one. */
export function readTransfers(log: LogRow): readonly TransferRow[] {
  const { topics, data } = log
  const at = (topic: number) => addressOf(topics[topic])
  const base = { log: log.id, token: log.address }
  if (topics[0] === TRANSFER && topics.length === 3 && data.length === 32) {
    const [sender, recipient] = [at(1), at(2)]
    if (sender === undefined || recipient === undefined) return []
    return [{ ...base, sub: 0, standard: 'ERC-20', sender, recipient, amount: word(data, 0), tokenId: null }]
  }
  if (topics[0] === TRANSFER && topics.length === 4) {
    const [sender, recipient] = [at(1), at(2)]
    if (sender === undefined || recipient === undefined) return []
    const tokenId = BigInt(topics[3] as string).toString()
    return [{ ...base, sub: 0, standard: 'ERC-721', sender, recipient, amount: 1n, tokenId }]
  }
  if (topics.length !== 4) return []
  const [sender, recipient] = [at(2), at(3)]
  if (sender === undefined || recipient === undefined) return []
  const shared = { ...base, standard: 'ERC-1155', sender, recipient } as const
  if (topics[0] === TRANSFER_SINGLE && data.length === 64)
    return [{ ...shared, sub: 0, amount: word(data, 32), tokenId: word(data, 0).toString() }]
  if (topics[0] !== TRANSFER_BATCH) return []
  const ids = words(data, 0)
  const amounts = words(data, 32)
  if (ids === undefined || amounts === undefined || ids.length !== amounts.length) return []
  return ids.map((id, sub) => ({ ...shared, sub, amount: amounts[sub] as bigint, tokenId: id.toString() }))
}

function addressOf(topic: string | undefined): string | undefined {
  return topic?.startsWith(`0x${'0'.repeat(24)}`) ? `0x${topic.slice(26)}` : undefined
}

function word(data: Buffer, offset: number): bigint {
  return BigInt(`0x${data.toString('hex', offset, offset + 32)}`)
}

/** A `uint256[]` whose position is in the word at `slot`. */
function words(data: Buffer, slot: number): readonly bigint[] | undefined {
  if (data.length < slot + 32) return undefined
  const start = word(data, slot)
  if (start + 32n > BigInt(data.length)) return undefined
  const length = word(data, Number(start))
  if (length > BATCH_ITEMS_MAX || start + 32n + length * 32n > BigInt(data.length)) return undefined
  return Array.from({ length: Number(length) }, (_, item) => word(data, Number(start) + 32 + 32 * item))
}
