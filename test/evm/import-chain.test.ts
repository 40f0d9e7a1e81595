import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { importChain } from '#evm'
import { toHex } from '#lib/bytes'
import { decodeBlocks } from '#types'

const folder = new URL('../vectors/execution-apis/', import.meta.url)
const genesisJson = JSON.parse(readFileSync(new URL('genesis.json', folder), 'utf8'))
const rlp = new Uint8Array(readFileSync(new URL('chain.rlp', folder)))

describe('importing the test chain of ethereum/execution-apis', () => {
  test('gives every root and hash of its 54 blocks, from homestead to the second blob-parameter fork', async () => {
    const { chain } = await importChain({ genesisJson, rlp })
    const blocks = decodeBlocks(rlp)
    if (blocks.kind !== 'accept') throw new Error('the vector does not decode')
    expect(blocks.value).toHaveLength(54)
    expect(chain.head().header.number).toBe(54)
    for (const block of blocks.value) {
      const own = await chain.blockByNumber(block.header.number)
      expect(toHex(own?.hash ?? new Uint8Array())).toBe(toHex(block.hash))
      expect(await chain.receipts(block.header.number)).toHaveLength(block.transactions.length)
    }
  })
})
