import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compact,
  formatAge,
  formatAmount,
  formatDuration,
  percent,
  sentenceCase,
  shortHash,
  wordsOf,
} from '../../explorer/src/app/format.ts'
import { RateLimit } from '../../explorer/src/server/api/rate-limit.ts'
import { decodeBlockOrigin } from '../../explorer/src/server/indexing/block-origin.ts'
import { blockToRows, type LogRow } from '../../explorer/src/server/indexing/rows.ts'
import { readTransfers, TRANSFER, TRANSFER_BATCH } from '../../explorer/src/server/indexing/transfers.ts'
import { Decoder } from '../../explorer/src/server/market.ts'
import { batchTransfer, MARKET } from './demo-chain.ts'
import { FakeNode } from './fake-node.ts'

const ADDRESS = `0x${'ab'.repeat(20)}`
const topicOf = (address: string) => `0x${'0'.repeat(24)}${address.slice(2)}`

function logOf(topics: readonly string[], data: Buffer): LogRow {
  return { id: 1, address: ADDRESS, topics, data }
}

describe('token transfers in logs', () => {
  test('are read for all three standards', () => {
    const [from, to] = [`0x${'01'.repeat(20)}`, `0x${'02'.repeat(20)}`]
    const amount = Buffer.alloc(32)
    amount[31] = 7
    const [erc20] = readTransfers(logOf([TRANSFER, topicOf(from), topicOf(to)], amount))
    expect(erc20).toMatchObject({ standard: 'ERC-20', sender: from, recipient: to, amount: 7n, tokenId: null })
    const [erc721] = readTransfers(
      logOf([TRANSFER, topicOf(from), topicOf(to), `0x${'00'.repeat(31)}05`], Buffer.alloc(0)),
    )
    expect(erc721).toMatchObject({ standard: 'ERC-721', amount: 1n, tokenId: '5' })
    const [log] = batchTransfer(ADDRESS, from, to, [1n, 2n], [30n, 40n]).logs ?? []
    const batch = readTransfers(logOf(log?.topics ?? [], Buffer.from((log?.data ?? '0x').slice(2), 'hex')))
    expect(batch.map(({ sub, tokenId, amount: moved }) => [sub, tokenId, moved])).toEqual([
      [0, '1', 30n],
      [1, '2', 40n],
    ])
  })

  test('never throw, whatever a contract logs', () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map(array => Buffer.from(array))
    const topic = fc.oneof(
      fc.constantFrom(TRANSFER, TRANSFER_BATCH, topicOf(ADDRESS)),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map(array => `0x${Buffer.from(array).toString('hex')}`),
    )
    fc.assert(
      fc.property(fc.array(topic, { maxLength: 4 }), bytes, (topics, data) => {
        const transfers = readTransfers(logOf(topics, data))
        expect(transfers.every(({ amount }) => amount >= 0n)).toBe(true)
      }),
    )
  })

  test('of a batch with absurd lengths are none', () => {
    const data = Buffer.alloc(128, 0xff)
    expect(readTransfers(logOf([TRANSFER_BATCH, topicOf(ADDRESS), topicOf(ADDRESS), topicOf(ADDRESS)], data))).toEqual(
      [],
    )
  })
})

describe('decoding', () => {
  const decoder = new Decoder(MARKET)

  test('never throws on hostile calls, logs and reverts', () => {
    const selector = fc.constantFrom('0x90d93b1d', '0xa9059cbb', '0x08c379a0', '0x2cbb753b', '0x12345678')
    fc.assert(
      fc.property(selector, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        const data = head + Buffer.from(tail).toString('hex')
        decoder.call(MARKET.Controller, data)
        decoder.call(ADDRESS, data)
        decoder.revert(data)
        decoder.log(MARKET.Nexus, [TRANSFER], data)
        expect(decoder.call(null, data)).toBeUndefined()
      }),
    )
  })

  test('takes a market event only from the market contract itself', () => {
    const node = new FakeNode()
    const topics = ['0xaed6dbe0b027f2c996fbb0c72ea0549a1b18ee6bd48549fbce971a7027503a57']
    const data = topicOf(node.address('source'))
    expect(decoder.marketEvent(MARKET.Nexus, topics, data)?.name).toBe('SourcePublished')
    expect(decoder.marketEvent(ADDRESS, topics, data)).toBeUndefined()
    expect(decoder.log(ADDRESS, topics, data)).toMatchObject({ contract: 'Nexus', name: 'SourcePublished' })
  })
})

describe('a block of a broken node', () => {
  const node = new FakeNode()
  const block = node.addBlock([{ from: ADDRESS, to: ADDRESS, value: 1n }])
  const receipts = node.receipts[1] ?? []

  test('is refused when block and receipts do not belong together', () => {
    expect(blockToRows(block, receipts).transactions).toHaveLength(1)
    expect(() => blockToRows(block, [])).toThrow(/1 transactions and 0 receipts/)
    const [receipt] = receipts
    const foreign = { ...(receipt as NonNullable<typeof receipt>), transactionHash: node.digest('other') }
    expect(() => blockToRows(block, [foreign])).toThrow(/of another transaction/)
  })

  test('is refused when a field has a wrong form', () => {
    for (const wrong of [
      { hash: '0x12' },
      { miner: 'nobody' },
      { gasUsed: '12' },
      { timestamp: `0x${'f'.repeat(60)}` },
    ])
      expect(() => blockToRows({ ...block, ...wrong }, receipts)).toThrow(/not|above/)
  })
})

test('where a block came from is read from its extra data, and from nothing else', () => {
  const bytes = Buffer.from('0100000002000000000000002a000001c702', 'hex')
  expect(decodeBlockOrigin(bytes)).toEqual({ epoch: 2, commitIndex: 42, milliseconds: 455, heartbeat: true })
  expect(decodeBlockOrigin(Buffer.from('geth'))).toBeUndefined()
  expect(decodeBlockOrigin(Buffer.alloc(18))).toBeUndefined()
})

test('a bucket lets a burst through and then the long-run rate', () => {
  const limit = new RateLimit(2, 3, 2)
  expect([1, 2, 3, 4].map(() => limit.allows('a', 0))).toEqual([true, true, true, false])
  expect(limit.allows('a', 500)).toBe(true)
  expect(limit.allows('a', 500)).toBe(false)
  expect(limit.allows('b', 500)).toBe(true)
})

describe('what people read', () => {
  test('amounts are exact and grouped', () => {
    expect(formatAmount('1234567890000000000000', 18)).toBe('1,234.56789')
    expect(formatAmount('1', 18)).toBe('<0.000001')
    expect(formatAmount('0', 18)).toBe('0')
    expect(formatAmount('1000', 0)).toBe('1,000')
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), value => {
        expect(formatAmount(value.toString(), 18, 18).replaceAll(',', '')).toBe(
          `${value / 10n ** 18n}${`.${(value % 10n ** 18n).toString().padStart(18, '0')}`.replace(/\.?0+$/, '')}`,
        )
      }),
    )
  })

  test('times, shares and names are short', () => {
    expect(formatAge('2026-01-01T00:00:00.000Z', Date.parse('2026-01-01T00:05:00.000Z'))).toBe('5 min ago')
    expect(formatAge('2026-01-01T00:00:10.000Z', Date.parse('2026-01-01T00:00:00.000Z'))).toBe('in 10 s')
    expect(formatDuration(90_000)).toBe('25 h')
    expect(percent(1, 3)).toBe('33.3 %')
    expect(percent(1, 100_000)).toBe('<0.1 %')
    expect(compact(2_310_000)).toBe('2.31 M')
    expect(shortHash(`0x${'ab'.repeat(32)}`)).toBe('0xababab…ababab')
    expect(sentenceCase('FIRST_RESPONSE')).toBe('First response')
    expect(wordsOf('TaskStatusChanged')).toBe('Task status changed')
  })
})
