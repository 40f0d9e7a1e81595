import { createBlockFromRLP } from '@ethereumjs/block'
import { runBlock } from '@ethereumjs/vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExecutionEngine } from '#evm'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { signRecoverably } from '#lib/secp256k1'
import { createMemoryStore } from '#storage'
import { authorizationHash, encodeBlock, type GenesisFile, signTransaction, type UnsignedTransaction } from '#types'
import { addressOfUser, CHAIN_ID, commitOf, FEE_COLLECTOR, GENESIS_MS, genesisFile, keyOfUser } from './fixtures.ts'
import { createStockVm } from './stock-vm.ts'

/** Runtime codes by what they do with the call data: slot and value in the first two words. */
const CODES: Readonly<Record<string, Hex>> = {
  store: '0x6020355f355500',
  clearAndLog: '0x5f5f35555f355f5260205fa000',
  revertAfterStore: '0x60015f555f5ffd',
  destroy: '0x5f35ff',
  // Calls address 0x…c0de00 (store) with its own call data, all gas, and keeps going.
  forward: '0x60405f5f3760205f60405f5f62c0de005af15000',
  // CREATE with the call data as init code, then stores the address.
  create: '0x365f5f37365f5ff05f5500',
  create2: '0x365f5f375f365f5ff55f5500',
  loop: '0x5b5f5fa05f56',
  transient: '0x60015f5d5f5c5f5500',
}

const codeAddress = (i: number): Hex => toHex(fromHex((0xc0de00 + i).toString(16).padStart(40, '0')))
const names = Object.keys(CODES)
const targets: readonly Hex[] = [
  ...names.map((_, i) => codeAddress(i)),
  toHex(addressOfUser(1)),
  FEE_COLLECTOR,
  '0x0000000000000000000000000000000000000001',
  '0x0000000000000000000000000000000000000005',
]

const word = fc.constantFrom('00', '01', '02', 'ff').map(byte => byte.padStart(64, '0'))
const callData = fc.oneof(
  fc.tuple(word, word).map(([a, b]): Hex => `0x${a}${b}`),
  // Init code that deploys one byte, and arbitrary bytes.
  fc.constant<Hex>('0x60015f5360015ff3'),
  fc.uint8Array({ maxLength: 40 }).map(bytes => toHex(bytes)),
)

const action = fc.record({
  user: fc.nat(3),
  to: fc.option(fc.constantFrom(...targets), { nil: undefined }),
  value: fc.constantFrom(0n, 0n, 1n, 10n ** 17n),
  gasLimit: fc.constantFrom(60_000n, 200_000n, 1_000_000n),
  data: callData,
  type: fc.constantFrom(0 as const, 1 as const, 2 as const, 4 as const),
  delegate: fc.nat(3),
})
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

describe('executed blocks', () => {
  test('are what @ethereumjs/vm makes of the same transactions on a Merkle state', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(action, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        async commits => {
          const alloc = Object.fromEntries(
            names.map((name, i) => [
              codeAddress(i),
              { code: CODES[name], balance: '0x64', storage: { [`0x${'01'.padStart(64, '0')}`]: '0x07' } },
            ]),
          ) as GenesisFile['alloc']
          const genesis = genesisFile({ users: 4, alloc })
          const engine = await createExecutionEngine({ genesis, store: createMemoryStore() })
          const stock = await createStockVm(genesis, { crypto: 'stock' })
          expect(toHex(await stock.stateManager.getStateRoot())).toBe(toHex(engine.chain.head().header.stateRoot))
          const nonces = [0, 0, 0, 0]
          for (const [i, actions] of commits.entries()) {
            const payload = actions.map(item => transactionOf(item, nonces))
            const { blocks } = await engine.execute(
              commitOf(i + 1, [payload], { timestampMs: GENESIS_MS + 700 * (i + 1) }),
            )
            for (const { block, receipts } of blocks) {
              // Checks state root, receipts root, bloom and gas itself.
              const result = await runBlock(stock, {
                block: createBlockFromRLP(encodeBlock(block), {
                  common: stock.common,
                  skipConsensusFormatValidation: true,
                }),
                skipBlockValidation: true,
                skipHeaderValidation: true,
              })
              expect(result.gasUsed).toBe(block.header.gasUsed)
              expect(toHex(result.stateRoot)).toBe(toHex(block.header.stateRoot))
              expect(receipts).toHaveLength(result.receipts.length)
              for (const transaction of block.transactions)
                nonces[userOf(transaction.sender)] = Number(transaction.nonce) + 1
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

function userOf(sender: Uint8Array): number {
  return [0, 1, 2, 3].findIndex(user => toHex(addressOfUser(user)) === toHex(sender))
}

function transactionOf(item: Action, nonces: number[]): Uint8Array {
  const nonce = nonces[item.user] ?? 0
  nonces[item.user] = nonce + 1
  const to = item.to === undefined ? {} : { to: fromHex(item.to) }
  const common = {
    chainId: BigInt(CHAIN_ID),
    nonce: BigInt(nonce),
    gasLimit: item.gasLimit,
    value: item.value,
    data: fromHex(item.data),
  }
  const price = 20_000_000_000n
  const fees = { maxFeePerGas: price, maxPriorityFeePerGas: 1_000_000_000n }
  const accessList = [{ address: fromHex(codeAddress(0)), storageKeys: [new Uint8Array(32)] }]
  let fields: UnsignedTransaction
  if (item.type === 0) fields = { type: 0, gasPrice: price, ...common, ...to }
  else if (item.type === 1) fields = { type: 1, gasPrice: price, accessList, ...common, ...to }
  else if (item.type === 2) fields = { type: 2, ...fees, accessList, ...common, ...to }
  else {
    const authority = (item.user + 1) % 4
    const authorization = {
      chainId: 0n,
      address: fromHex(codeAddress(item.delegate)),
      nonce: BigInt(nonces[authority] ?? 0),
    }
    const { signature, recovery } = signRecoverably(authorizationHash(authorization), keyOfUser(authority))
    nonces[authority] = (nonces[authority] ?? 0) + 1
    fields = {
      type: 4,
      ...fees,
      ...common,
      to: fromHex(item.to ?? codeAddress(0)),
      accessList: [],
      authorizationList: [
        {
          ...authorization,
          yParity: recovery,
          r: BigInt(toHex(signature.subarray(0, 32))),
          s: BigInt(toHex(signature.subarray(32))),
        },
      ],
    }
  }
  return signTransaction(fields, keyOfUser(item.user)).raw
}
