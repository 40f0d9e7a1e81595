import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createExecutionEngine, importChain } from '#evm'
import { defined } from '#lib/assert'
import { compareBytes, toHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import { type Block, blockHeaderHash, decodeBlockHeader, type GenesisFile } from '#types'
import { Choices } from './differential-random.ts'
import { worldOf } from './differential-round.ts'
import { randomTransaction, USERS } from './differential-transactions.ts'
import { addressOfUser, CHAIN_ID, commitOf, GENESIS_MS } from './fixtures.ts'
import { rootFromWitness } from './stateless-vm.ts'

const folder = new URL('../vectors/execution-apis/', import.meta.url)
const genesis = JSON.parse(readFileSync(new URL('genesis.json', folder), 'utf8')) as GenesisFile
const SEED = 'witness'
const ROUNDS = 4
const COMMITS = 12

/** Rules of the test chain after the merge, by the time from which they count. */
const HARDFORKS = [
  [0n, 'paris'],
  [BigInt(Number(genesis.config.shanghaiTime)), 'shanghai'],
  [BigInt(Number(genesis.config.cancunTime)), 'cancun'],
  [BigInt(Number(genesis.config.pragueTime)), 'prague'],
  [BigInt(Number(genesis.config.osakaTime)), 'osaka'],
] as const

const hardforkOf = ({ header }: Block) =>
  defined(
    HARDFORKS.findLast(([from]) => header.timestamp >= from),
    'some rules count',
  )[1]

describe('the witness of a block', () => {
  test(`is all that another EVM needs to get the same root, for random programs (seed ${SEED})`, async () => {
    let blocks = 0
    let withSlots = 0
    for (let round = 0; round < ROUNDS; round++) {
      const choices = new Choices(SEED, round)
      const engine = await createExecutionEngine({ genesis: worldOf(choices), store: createMemoryStore() })
      for (let index = 1; index <= COMMITS; index++) {
        const state = await engine.chain.stateAt(engine.chain.headHeader().number)
        const nonces = await Promise.all(
          Array.from({ length: USERS }, async (_, user) => (await state.account(addressOfUser(user)))?.nonce ?? 0n),
        )
        const batch = Array.from({ length: 4 }, () => randomTransaction(choices, nonces).raw)
        await engine.execute(commitOf(index, [batch], { timestampMs: GENESIS_MS + 700 * index }))
      }
      const head = engine.chain.headHeader().number
      for (let number = 1; number <= head; number++) {
        const block = defined(await engine.chain.blockByNumber(number), 'the block is there')
        const witness = await engine.inspections.witness(number)
        blocks += 1
        const root = await rootFromWitness(block, witness, { chainId: CHAIN_ID, hardfork: 'osaka' })
        expect(toHex(root), `block ${number} of round ${round}`).toBe(toHex(block.header.stateRoot))
        expect(witness.state).toEqual([...witness.state].sort(compareBytes))
        expect(new Set(witness.state.map(toHex)).size).toBe(witness.state.length)
        expect(new Set(witness.keys.map(toHex)).size).toBe(witness.keys.length)
        if (witness.keys.some(({ length }) => length === 32)) withSlots += 1
      }
      await engine.close()
    }
    expect(blocks).toBeGreaterThan(ROUNDS * 8)
    expect(withSlots).toBeGreaterThan(ROUNDS * 8)
  })

  test('lacks nothing that is not needed: without any one of its nodes the block does not run', async () => {
    const choices = new Choices(SEED, 99)
    const engine = await createExecutionEngine({ genesis: worldOf(choices), store: createMemoryStore() })
    const nonces = new Array<bigint>(USERS).fill(0n)
    const batch = Array.from({ length: 6 }, () => randomTransaction(choices, nonces).raw)
    await engine.execute(commitOf(1, [batch], { timestampMs: GENESIS_MS + 700 }))
    const block = engine.chain.head()
    const witness = await engine.inspections.witness(1)
    const rules = { chainId: CHAIN_ID, hardfork: 'osaka' }
    for (const [index, node] of witness.state.entries()) {
      const less = { ...witness, state: witness.state.filter((_, at) => at !== index) }
      const root = await rootFromWitness(block, less, rules).catch(() => undefined)
      expect(root === undefined || toHex(root) !== toHex(block.header.stateRoot), toHex(node)).toBe(true)
    }
    await engine.close()
  })

  test('holds for every block of an Ethereum chain, from before Byzantium to now', async () => {
    const { chain, inspections, close } = await importChain({
      genesisJson: genesis,
      rlp: new Uint8Array(readFileSync(new URL('chain.rlp', folder))),
    })
    let elsewhere = 0
    for (let number = 1; number <= chain.headHeader().number; number++) {
      const block = defined(await chain.blockByNumber(number), 'the block is there')
      // It has compared the root by itself.
      const witness = await inspections.witness(number)
      const parent = decodeBlockHeader(defined(witness.headers.at(-1), 'the parent is in there'))
      expect(parent.kind === 'accept' && toHex(blockHeaderHash(parent.value))).toBe(toHex(block.header.parentHash))
      // Blobs need a setup that the other EVM does not have here; requests another deposit contract.
      if (block.header.difficulty > 0n || block.transactions.some(({ type }) => type === 3)) continue
      const root = await rootFromWitness(block, witness, { chainId: chain.chainId, hardfork: hardforkOf(block) })
      expect(toHex(root), `block ${number}`).toBe(toHex(block.header.stateRoot))
      elsewhere += 1
    }
    expect(elsewhere).toBeGreaterThan(10)
    await expect(inspections.witness(0)).rejects.toMatchObject({ code: 'genesis' })
    await expect(inspections.witness(9_999)).rejects.toMatchObject({ code: 'unknown block' })
    await close()
  })
})
