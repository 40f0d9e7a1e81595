/**
 * The genesis files as somebody else reads them: the reader of go-ethereum's form, the trie and the block header are those of
 * EthereumJS; nothing of chain/evm builds the block that ours is compared with.
 */
import { createBlock } from '@ethereumjs/block'
import { createCommonFromGethGenesis, parseGethGenesisState } from '@ethereumjs/common'
import { genesisMPTStateRoot } from '@ethereumjs/mpt'
import { KECCAK256_RLP, SHA256_NULL } from '@ethereumjs/util'
import { describe, expect, test } from 'vitest'
import { genesisBlock } from '#evm'
import { genesisFor, type NetworkName } from '#genesis'
import { toHex } from '#lib/bytes'

const NETWORKS = [
  ['mainnet', 1071],
  ['testnet', 200820172034],
  ['devnet', 1071],
] as const satisfies readonly (readonly [NetworkName, number])[]

/** Block 0 of what `./ogpu genesis` writes, by EthereumJS alone; the text is all that it gets. */
async function foreignBlock(text: string) {
  const common = createCommonFromGethGenesis(JSON.parse(text), { chain: 'read' })
  const stateRoot = await genesisMPTStateRoot(parseGethGenesisState(JSON.parse(text)))
  const header = {
    ...common.genesis(),
    number: 0,
    stateRoot,
    withdrawalsRoot: KECCAK256_RLP,
    requestsHash: SHA256_NULL,
  }
  return { common, block: createBlock({ header, withdrawals: [] }, { common }) }
}

describe('the genesis in the form of go-ethereum', () => {
  test.each(NETWORKS)('of %s gives another reader the same state root and hash', async (name, chainId) => {
    const file = await genesisFor(name)
    const { common, block } = await foreignBlock(JSON.stringify(file))
    const ours = genesisBlock(file)
    expect(Number(common.chainId())).toBe(chainId)
    expect(common.hardfork()).toBe('osaka')
    expect(toHex(block.header.stateRoot)).toBe(toHex(ours.block.header.stateRoot))
    expect(toHex(block.hash())).toBe(toHex(ours.hash))
  })

  test('is read whole: another balance, code, slot or nonce is another state root', async () => {
    const file = await genesisFor('devnet')
    const root = async (alloc: object) =>
      toHex(await genesisMPTStateRoot(parseGethGenesisState(JSON.parse(JSON.stringify({ ...file, alloc })))))
    const wanted = toHex(genesisBlock(file).block.header.stateRoot)
    expect(await root(file.alloc)).toBe(wanted)
    const found = Object.entries(file.alloc).find(([, account]) => account.storage !== undefined)
    if (found === undefined) throw new Error('no account has storage')
    const [address, account] = found
    const [slot] = Object.keys(account.storage ?? {})
    for (const change of [
      { balance: '0x17' },
      { code: `${account.code}00` },
      { nonce: '0x17' },
      { storage: { ...account.storage, [slot as string]: `0x${'17'.repeat(32)}` } },
    ]) {
      expect(await root({ ...file.alloc, [address]: { ...account, ...change } })).not.toBe(wanted)
    }
  })
})
