import { createBlockFromRLP } from '@ethereumjs/block'
import { Common, Mainnet } from '@ethereumjs/common'
import { createMPT } from '@ethereumjs/mpt'
import { MerkleStateManager } from '@ethereumjs/statemanager'
import { createVM, runBlock } from '@ethereumjs/vm'
import type { ExecutionWitness } from '#evm'
import { defined } from '#lib/assert'
import { concat, utf8 } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { type Block, decodeBlockHeader, encodeBlock } from '#types'

/**
 * The state root after `block` by the stock @ethereumjs/vm, which has nothing but a witness: it throws where that lacks a
 * node of a trie, reads no code where it lacks code, and finds no hash where it lacks a header.
 */
export async function rootFromWitness(
  block: Block,
  witness: ExecutionWitness,
  rules: { readonly chainId: number; readonly hardfork: string },
): Promise<Uint8Array> {
  const common = new Common({ chain: { ...Mainnet, chainId: rules.chainId }, hardfork: rules.hardfork })
  const headers = new Map(
    witness.headers.map(rlp => {
      const verdict = decodeBlockHeader(rlp)
      if (verdict.kind !== 'accept') throw new Error(`a header of the witness is ${verdict.reason}`)
      return [verdict.value.number, { header: verdict.value, hash: keccak256(rlp) }]
    }),
  )
  const parent = defined(headers.get(block.header.number - 1), 'the parent is in the witness')
  const trie = await createMPT({ useKeyHashing: true, common })
  const database = trie.database()
  for (const node of witness.state) await database.put(keccak256(node), node)
  for (const code of witness.codes) await database.put(concat(utf8('c'), keccak256(code)), code)
  trie.root(parent.header.stateRoot)
  const blockchain = {
    getBlock: async (number: number) => {
      const { hash } = defined(headers.get(Number(number)), `header ${number} is in the witness`)
      return { hash: () => hash }
    },
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  }
  const vm = await createVM({
    common,
    stateManager: new MerkleStateManager({ common, trie }),
    blockchain: blockchain as never,
  })
  const { stateRoot } = await runBlock(vm, {
    block: createBlockFromRLP(encodeBlock(block), { common, skipConsensusFormatValidation: true }),
    generate: true,
    skipBlockValidation: true,
    skipHeaderValidation: true,
  })
  return stateRoot
}
