import { describe, expect, it } from 'vitest'
import { createExecutionEngine } from '#evm'
import { defined } from '#lib/assert'
import { fromHex, toHex, toRawHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import { committeeOfGenesis } from '../../chain/node/committee.ts'
import type { ValidatorKeys } from '../../chain/node/keys/index.ts'
import { readNextCommittee } from '../../chain/node/next-committee.ts'
import { decodeMembers } from '../../chain/node/staking-abi.ts'
import { commitOf } from '../evm/fixtures.ts'
import { OGPU, registrationOf, stakingCall, type TestNetwork, testNetwork, transferOf } from './fixture.ts'

const START_SEC = 1_800_000_000
const EPOCH_MS = 60_000

async function open(validators: number, candidates = 0) {
  const network = await testNetwork({
    validators,
    candidates,
    timestampSec: START_SEC,
    consensus: { epochDurationMs: EPOCH_MS },
  })
  const engine = await createExecutionEngine({ genesis: network.genesis, store: createMemoryStore() })
  return { network, engine }
}

type Opened = Awaited<ReturnType<typeof open>>

const read = ({ network, engine }: Opened, block = engine.chain.head().header.number) =>
  readNextCommittee({
    calls: engine.calls,
    block,
    staking: defined(network.genesis.config.ogpu?.stakingContract, 'an electing network'),
    current: {
      authorities: committeeOfGenesis(network.genesis).committee.authorities,
      addresses: [],
      epochSeed: new Uint8Array(32),
      epochDurationMs: 7,
    },
  })

const operators = (network: TestNetwork, ...indices: readonly number[]) =>
  indices.map(index => toRawHex((network.keys[index] as ValidatorKeys).operator.address)).sort()

describe('the closing of an epoch', () => {
  it('elects the genesis validators again when nothing changed, with a new seed', async () => {
    const opened = await open(4)
    const before = await read(opened)
    const ending = { timestampMs: START_SEC * 1_000 + EPOCH_MS, endsEpoch: true }
    const { blocks } = await opened.engine.execute(commitOf(1, [], ending))
    expect(blocks.length).toBe(1)
    const after = await read(opened)
    expect(after.authorities.map(({ operator }) => toRawHex(operator))).toEqual(operators(opened.network, 0, 1, 2, 3))
    expect(after.authorities.map(({ stake }) => stake)).toEqual([2_500, 2_500, 2_500, 2_500])
    expect(after.alarm).toBeUndefined()
    expect(after.epochDurationMs).toBe(EPOCH_MS)
    expect(toHex(after.epochSeed)).not.toBe(toHex(before.epochSeed))
    expect(toHex(before.epochSeed)).toBe(opened.network.genesis.config.ogpu?.epochSeed)
    await opened.engine.close()
  })

  it('sees the stake changes of the same commit, in its last block, after all transactions', async () => {
    const opened = await open(4, 1)
    const { network, engine } = opened
    const joining = defined(network.keys[4], 'a candidate')
    const join = stakingCall(network, 4, {
      nonce: 0n,
      method: 'register',
      args: [registrationOf(joining), 500],
      value: 100n * OGPU,
    })
    const leave = stakingCall(network, 0, { nonce: 0n, method: 'retire' })
    const payload = [[join, leave, ...Array.from({ length: 20 }, (_, i) => transferOf(0, BigInt(i)))]]
    const ending = { timestampMs: START_SEC * 1_000 + EPOCH_MS, endsEpoch: true }
    const { blocks, skipped } = await engine.execute(commitOf(1, payload, ending))
    expect(skipped).toEqual([])
    expect(blocks.flatMap(({ receipts }) => receipts.map(({ status }) => status))).toEqual(new Array(22).fill(1))
    // Each of these compares the root in the header with one from running the block again, with the closing call in the last.
    for (const { block } of blocks) await engine.inspections.witness(block.header.number)
    const next = await read(opened)
    expect(next.authorities.map(({ operator }) => toRawHex(operator))).toEqual(operators(network, 1, 2, 3, 4))
    expect(next.addresses.flat()).toContain(registrationOf(joining)[3])
    // The next epoch's first commit follows.
    await engine.execute(commitOf(1, [[transferOf(0, 20n)]], { epoch: 1, timestampMs: ending.timestampMs + 100 }))
    expect(engine.lastExecuted()).toEqual({ epoch: 1, index: 1 })
    for (const { block } of blocks) await engine.inspections.witness(block.header.number)
    await engine.close()
  })

  it('leaves out a member whose keys cannot be used, and says so', async () => {
    const opened = await open(4, 1)
    const { network, engine } = opened
    const weak = `0x01${'00'.repeat(31)}`
    const [, networkKey, checkpointKey, addresses] = registrationOf(defined(network.keys[4], 'a candidate'))
    const args = [[weak, networkKey, checkpointKey, addresses], 500]
    const join = stakingCall(network, 4, { nonce: 0n, method: 'register', args, value: 1_000n * OGPU })
    await engine.execute(commitOf(1, [[join]], { timestampMs: START_SEC * 1_000 + EPOCH_MS, endsEpoch: true }))
    const next = await read(opened)
    expect(next.authorities.map(({ operator }) => toRawHex(operator))).toEqual(operators(network, 0, 1, 2, 3))
    expect(next.alarm).toContain('1 elected')
    await engine.close()
  })

  it('keeps the current committee when there is no contract to ask', async () => {
    const opened = await open(4)
    const { network, engine } = opened
    const current = {
      authorities: committeeOfGenesis(network.genesis).committee.authorities,
      addresses: [['/memory/a']],
      epochSeed: new Uint8Array(32).fill(7),
      epochDurationMs: 9,
    }
    const nobody = '0x00000000000000000000000000000000000000aa'
    const next = await readNextCommittee({ calls: engine.calls, block: 0, staking: nobody, current })
    expect(next).toMatchObject(current)
    expect(next.alarm).toContain('goes on')
    await engine.close()
  })

  it('calls the contract at the end of an epoch only', async () => {
    const opened = await open(4)
    const before = await read(opened)
    await opened.engine.execute(commitOf(1, [[transferOf(0, 0n)]], { timestampMs: START_SEC * 1_000 + EPOCH_MS }))
    const after = await read(opened)
    expect(after.epochSeed).toEqual(before.epochSeed)
    await opened.engine.close()
  })
})

describe('the list of members', () => {
  it('is refused when it is cut or its offsets point outside', () => {
    const words = (...numbers: readonly number[]) =>
      fromHex(`0x${numbers.map(n => n.toString(16).padStart(64, '0')).join('')}`)
    expect(decodeMembers(words(32, 0))).toEqual([])
    for (const bad of [words(), words(32), words(64, 0), words(32, 1), words(32, 1, 9_999), words(32, 2_000)])
      expect(() => decodeMembers(bad)).toThrow()
  })
})
