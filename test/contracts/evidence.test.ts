/** Fault proofs, blobs, receipts, programs, reputation and prices. */
import { solidityPackedKeccak256 } from 'ethers'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bigintToBytes, concat, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createTestChain, lower, OGPU, only, Reverted, type TestChain, word } from './harness.ts'
import { digestOf, draw, enrol, finalize, pair, publishTask, registerProgram, stage, work } from './market-life.ts'

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason.split('(')[0] as string
    throw error
  }
  return 'no revert'
}

const TIMELOCK: Hex = '0x4f47505500000000000000000000000000000002'
const ZERO: Hex = '0x0000000000000000000000000000000000000000'
/** Rewiring.REWIRING_NOTICE. */
const NOTICE_SEC = 75 * 86_400

async function appointJudge(chain: TestChain, judge: Hex): Promise<void> {
  const registry = chain.contract('programRegistry')
  await registry.send(TIMELOCK, 'setFaultVerifier', [0, judge])
  chain.pass(NOTICE_SEC)
  only(await registry.send(TIMELOCK, 'setFaultVerifier', [0, judge]), 'FaultVerifierSet')
}

describe('fault proofs', () => {
  /** A judge for tests: true when the evidence (at its ABI offset) begins with the byte 1. */
  const JUDGE = fromHex('0x60a435602401355f1a6001145f5260205ff3')
  const judge: Hex = '0x000000000000000000000000000000000000beef'
  const TRUE_EVIDENCE = '0x01aa'

  async function revealed(outs: readonly string[], appointed = true) {
    const chain = await createTestChain()
    chain.machine.setCode(judge, JUDGE)
    if (appointed) await appointJudge(chain, judge)
    const set = await stage(chain, 3, { auditors: 0, auditQuorum: 0, auditRateBps: 0 })
    const task = await publishTask(chain, set.client, set.source, 9n * OGPU)
    await work(chain, task, set.providers, outs)
    const finder = chain.person('finder')
    const proofs = chain.contract('proofManager')
    const announce = async (provider: Hex, evidence: string, by = finder) => {
      const inner = toHex(keccak256(fromHex(evidence)))
      const data = concat(
        fromHex(by.slice(2).padStart(64, '0')),
        fromHex(task.slice(2).padStart(64, '0')),
        fromHex(provider.slice(2).padStart(64, '0')),
        fromHex(inner),
      )
      await proofs.send(by, 'announceFault', [toHex(keccak256(data))])
      chain.mine()
    }
    const prove = (provider: Hex, out: string, evidence: string, by = finder) =>
      proofs.send(by, 'proveFault', [task, provider, word(out), word('trace'), evidence])
    return { chain, task, finder, announce, prove, proofs, ...set, p: set.providers as [Hex, Hex, Hex] }
  }

  test('decide at once, reach everybody with the same digest, and pay who found it', async () => {
    const s = await revealed(['a', 'a', 'b'])
    await s.announce(s.p[0], TRUE_EVIDENCE)
    expect(await refusal(s.prove(s.p[0], 'b', TRUE_EVIDENCE))).toBe('EvidenceRejected')
    expect(await refusal(s.prove(s.p[0], 'a', TRUE_EVIDENCE, s.client))).toBe('EvidenceNotAnnounced')
    only(await s.prove(s.p[0], 'a', TRUE_EVIDENCE), 'FaultProven')
    await s.announce(s.p[1], TRUE_EVIDENCE)
    expect(await refusal(s.prove(s.p[1], 'a', TRUE_EVIDENCE))).toBe('NothingToDo')
    await draw(s.chain, s.task)
    const sent = await finalize(s.chain, s.task)
    expect(sent.events.filter(e => e.name === 'SeatSettled').map(e => e.args.outcome)).toEqual([5n, 5n, 6n])
    // Two bonds of 5.4, 40 % each.
    expect(await s.chain.contract('vault').read('balanceOf', s.finder)).toBe((2n * 54n * OGPU * 40n) / 1_000n)
  })

  test('need a judge, which governance appoints with long notice and dismisses at once', async () => {
    const s = await revealed(['a', 'a', 'a'], false)
    await s.announce(s.p[0], TRUE_EVIDENCE)
    expect(await refusal(s.prove(s.p[0], 'a', TRUE_EVIDENCE))).toBe('VerifierMissing')
    const registry = s.chain.contract('programRegistry')
    expect(await refusal(registry.send(s.finder, 'setFaultVerifier', [0, judge]))).toBe('OwnableUnauthorizedAccount')
    only(await registry.send(TIMELOCK, 'setFaultVerifier', [0, judge]), 'RewiringAnnounced')
    expect(await refusal(registry.send(TIMELOCK, 'setFaultVerifier', [0, judge]))).toBe('NoticeRunning')
    expect(BigInt(await registry.read('faultVerifierOf', 0))).toBe(0n)
    s.chain.pass(NOTICE_SEC)
    only(await registry.send(TIMELOCK, 'setFaultVerifier', [0, judge]), 'FaultVerifierSet')
    expect(lower(await registry.read('faultVerifierOf', 0))).toBe(judge)
    await registry.send(TIMELOCK, 'setFaultVerifier', [0, ZERO])
    expect(BigInt(await registry.read('faultVerifierOf', 0))).toBe(0n)
  })

  test('are refused without true evidence, and before anything was revealed', async () => {
    const s = await revealed(['a', 'a', 'a'])
    await s.announce(s.p[0], '0x02')
    expect(await refusal(s.prove(s.p[0], 'a', '0x02'))).toBe('EvidenceRejected')
    await draw(s.chain, s.task)
    await s.announce(s.p[0], TRUE_EVIDENCE)
    only(await s.prove(s.p[0], 'a', TRUE_EVIDENCE), 'FaultProven')
    only(await finalize(s.chain, s.task), 'Failed')
    expect(await refusal(s.prove(s.p[0], 'a', TRUE_EVIDENCE))).toBe('WrongPhase')
  })

  test('return the bond of a challenger who was right already', async () => {
    const s = await revealed(['a', 'a', 'a'])
    await draw(s.chain, s.task)
    const watcher = s.chain.person('watcher')
    const vault = s.chain.contract('vault')
    await vault.send(watcher, 'depositLockup', [watcher], 50n * OGPU)
    await s.proofs.send(watcher, 'challenge', [s.task])
    await s.announce(s.p[0], TRUE_EVIDENCE)
    await s.prove(s.p[0], 'a', TRUE_EVIDENCE)
    expect(await vault.read('reservedOf', watcher)).toBe(0n)
    await draw(s.chain, s.task)
    await finalize(s.chain, s.task)
    expect(await vault.read('lockupOf', watcher)).toBe(50n * OGPU)
    expect(await vault.read<bigint>('balanceOf', s.finder)).toBeGreaterThan(0n)
  })
})

describe('blobs', () => {
  const chunks = [new Uint8Array(1_024).fill(1), new Uint8Array(1_024).fill(2), new Uint8Array(100).fill(3)]
  const leaves = chunks.map((chunk, i) => keccak256(concat(bigintToBytes(BigInt(i), 32), chunk)))
  const pairOf = (a: Uint8Array, b: Uint8Array) => keccak256(toHex(a) < toHex(b) ? concat(a, b) : concat(b, a))
  const [l0, l1, l2] = leaves as [Uint8Array, Uint8Array, Uint8Array]
  const root = toHex(pairOf(pairOf(l0, l1), l2))
  const FEE = OGPU / 100n

  async function registered(lockup: bigint) {
    const chain = await createTestChain()
    const data = chain.contract('dataRegistry')
    const [owner, asker] = [chain.person('owner'), chain.person('asker')]
    if (lockup > 0n) await chain.contract('vault').send(owner, 'depositLockup', [owner], lockup)
    expect(await refusal(data.send(owner, 'register', [word('blob'), 0, root]))).toBe('LengthZero')
    await data.send(owner, 'register', [word('blob'), 2_148, root])
    expect(await refusal(data.send(asker, 'register', [word('blob'), 1, root]))).toBe('BlobKnown')
    return { chain, data, owner, asker }
  }

  test('are opened chunk by chunk on demand', async () => {
    const { chain, data, owner, asker } = await registered(OGPU)
    const ask = (index: number, fee = FEE) => data.send(asker, 'requestChunk', [word('blob'), index], fee)
    expect(await refusal(ask(3))).toBe('ChunkProofWrong')
    expect(await refusal(ask(1, 1n))).toBe('FeeWrong')
    expect(await refusal(data.send(asker, 'requestChunk', [word('none'), 0], FEE))).toBe('BlobUnknown')
    const id = toHex((await ask(1)).output)
    expect(await refusal(ask(1))).toBe('RequestOpen')
    const proof = [toHex(l0), toHex(l2)]
    expect(await refusal(data.send(owner, 'answerChunk', [id, toHex(chunks[0] as Uint8Array), proof]))).toBe(
      'ChunkProofWrong',
    )
    await data.send(owner, 'answerChunk', [id, toHex(chunks[1] as Uint8Array), proof])
    expect(await chain.contract('vault').read('reservedOf', owner)).toBe(0n)
    expect(chain.machine.balanceOf(data.address)).toBe(0n)
    expect(await refusal(data.send(owner, 'answerChunk', [id, '0x', []]))).toBe('RequestUnknown')
  })

  test('that are withheld cost their owner stake, when it has any', async () => {
    for (const lockup of [OGPU, 0n]) {
      const { chain, data, owner, asker } = await registered(lockup)
      const id = toHex((await data.send(asker, 'requestChunk', [word('blob'), 0], FEE)).output)
      expect(await refusal(data.send(asker, 'punish', [id]))).toBe('RequestOpen')
      chain.mine(181)
      expect(only(await data.send(owner, 'punish', [id]), 'Withheld').args.penalty).toBe(lockup)
      expect(await chain.contract('vault').read('lockupOf', owner)).toBe(0n)
      expect(chain.machine.balanceOf(data.address)).toBe(0n)
    }
  })

  test('are demanded by contracts that take no coins too: their fee and penalty wait in the vault, and nobody is held up', async () => {
    const { chain, data, owner } = await registered(2n * OGPU)
    const vault = chain.contract('vault')
    const [deaf, deafNode, heir] = [chain.person('deaf'), chain.person('deaf node'), chain.person('heir')]
    for (const address of [deaf, deafNode]) chain.machine.setCode(address, fromHex('0x5f5ffd'))
    const ask = async (index: number) =>
      toHex((await data.send(deaf, 'requestChunk', [word('blob'), index], FEE)).output)

    const withheld = await ask(0)
    chain.mine(181)
    const punished = await data.send(chain.person('anybody'), 'punish', [withheld])
    const deposited = only(punished, 'Deposited').args
    expect([lower(deposited.account), deposited.amount]).toEqual([deaf, FEE])
    expect(await vault.read('reservedOf', owner)).toBe(0n)
    expect(await vault.read('lockupOf', owner)).toBe(OGPU)
    const credit = FEE + (OGPU * 30n) / 100n
    expect(await vault.read('balanceOf', deaf)).toBe(credit)

    const answered = await ask(1)
    expect(await vault.read('reservedOf', owner)).toBe(OGPU)
    await data.send(deafNode, 'answerChunk', [answered, toHex(chunks[1] as Uint8Array), [toHex(l0), toHex(l2)]])
    expect(await vault.read('reservedOf', owner)).toBe(0n)
    expect(await vault.read('balanceOf', deafNode)).toBe(FEE)
    expect(chain.machine.balanceOf(data.address)).toBe(0n)

    // What it cannot take it can give to somebody who can.
    expect(await refusal(vault.send(deaf, 'withdraw', [credit]))).toBe('TransferFailed')
    await vault.send(deaf, 'transfer', [heir, credit])
    await vault.send(heir, 'withdraw', [credit])
    expect(chain.machine.balanceOf(heir)).toBe(1_000_000n * OGPU + credit)
  })

  test('have a URL at their provider', async () => {
    const { chain, data, owner } = await registered(0n)
    expect(await data.read('urlOf', owner, word(1))).toBe(`ogpu:blob:${word(1).slice(2)}`)
    await data.send(owner, 'setGateway', ['https://node/'])
    expect(await data.read('urlOf', owner, word(1))).toBe(`https://node/${word(1).slice(2)}`)
    expect(await refusal(data.send(chain.person('x'), 'setGateway', ['x'.repeat(257)]))).toBe('TextTooLong')
  })
})

test('a batch of receipts is posted once by the provider, and every receipt can be shown to be in it', async () => {
  const chain = await createTestChain()
  const [provider, stranger] = [chain.person('p'), chain.person('s')]
  await pair(chain, provider, chain.person('m'))
  const batches = chain.contract('receiptBatches')
  const [a, b] = [solidityPackedKeccak256(['string'], ['a']), solidityPackedKeccak256(['string'], ['b'])] as [Hex, Hex]
  const root = toHex(keccak256(a < b ? concat(fromHex(a), fromHex(b)) : concat(fromHex(b), fromHex(a))))
  const args = [provider, root, word('program'), 2, 77n, word('blob')]
  expect(await refusal(batches.send(stranger, 'postReceiptBatch', args))).toBe('NotActor')
  expect(only(await batches.send(provider, 'postReceiptBatch', args), 'ReceiptBatchPosted').args.count).toBe(2n)
  expect(await refusal(batches.send(provider, 'postReceiptBatch', args))).toBe('BatchKnown')
  expect(await refusal(batches.send(provider, 'postReceiptBatch', [provider, word(1), word(0), 0, 0, word(0)]))).toBe(
    'BatchEmpty',
  )
  expect(await batches.read('isIncluded', provider, root, a, [b])).toBe(true)
  expect(await batches.read('isIncluded', provider, root, word('c'), [b])).toBe(false)
  expect(await batches.read('isIncluded', stranger, root, a, [b])).toBe(false)
  expect((await batches.read<{ total: bigint }>('batch', provider, root)).total).toBe(77n)
})

test('a program is named by its content; registering it again changes nothing', async () => {
  const chain = await createTestChain()
  const registry = chain.contract('programRegistry')
  const first = await registerProgram(chain, chain.person('a'))
  expect(await registerProgram(chain, chain.person('b'))).toBe(first)
  expect(await registry.read('programCount')).toBe(1n)
  expect([...(await registry.read<string[]>('programs', 0, 0))]).toEqual([first])
  expect(await registry.read('classOf', first)).toBe(0n)
  expect(await refusal(registry.read('program', word(7)))).toBe('ProgramUnknown')
  expect(await refusal(registry.read('classOf', word(7)))).toBe('ProgramUnknown')
  const zeros = [0, word(0), word(0), word(0), word(0), word(0), '']
  expect(await refusal(registry.send(chain.person('a'), 'register', zeros))).toBe('ProgramRootMissing')
})

describe('reputation', () => {
  const MANAGER: Hex = '0x4f47505500000000000000000000000000000042'
  const record = (chain: TestChain, who: Hex, outcome: number, latency = 0, by = MANAGER) =>
    chain.contract('reputation').send(by, 'record', [who, 0, outcome, latency])

  test('is written by the proof layer only', async () => {
    const chain = await createTestChain()
    expect(await refusal(record(chain, chain.person('x'), 0, 0, chain.person('x')))).toBe('OnlyProofLayer')
  })

  test('equals the Wilson lower bound computed in floating point, to a ten-thousandth', async () => {
    const chain = await createTestChain({ market: { reputationHalfLifeBlocks: 1_000_000_000 } })
    const counts = fc.record({ good: fc.integer({ min: 0, max: 40 }), bad: fc.integer({ min: 0, max: 40 }) })
    let n = 0
    await fc.assert(
      fc.asyncProperty(counts, async ({ good, bad }) => {
        const who = chain.person(`rated ${n++}`)
        for (let i = 0; i < good; i++) await record(chain, who, 0)
        for (let i = 0; i < bad; i++) await record(chain, who, 1)
        const total = good + bad
        const p = total === 0 ? 0 : good / total
        const z2 = 1.96 ** 2
        const bound =
          total === 0
            ? 0
            : (p + z2 / (2 * total) - 1.96 * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total ** 2))) /
              (1 + z2 / total)
        const score = Number(await chain.contract('reputation').read<bigint>('scoreOf', who, 0))
        expect(Math.abs(score - bound * 10_000)).toBeLessThanOrEqual(1.5)
      }),
      { numRuns: 12 },
    )
  })

  test('halves its counts in a half-life, averages latency, and weighs guilt', async () => {
    const chain = await createTestChain()
    const who = chain.person('who')
    const reputation = chain.contract('reputation')
    for (let i = 0; i < 8; i++) await record(chain, who, 0, 64)
    const read = () => reputation.read<{ good: bigint; bad: bigint; latency: bigint }>('recordOf', who, 0)
    expect((await read()).latency).toBe(64n << 8n)
    await record(chain, who, 0, 32)
    expect((await read()).latency).toBe(63n << 8n)
    chain.mine(10_000)
    expect((await read()).good).toBe((9n << 16n) / 2n)
    await record(chain, who, 2)
    expect((await read()).bad).toBe(8n << 16n)
    expect(await reputation.read('isFrozen', who, 0)).toBe(true)
    chain.mine(100)
    expect(await reputation.read('isFrozen', who, 0)).toBe(false)
    chain.mine(10_000_000)
    expect((await read()).good).toBe(0n)
  })
})

test('the base price follows demand by at most an eighth for each epoch and never falls below its floor', async () => {
  const chain = await createTestChain({ market: { priceFloorWei: 1_000n, priceCapacity: 10 } })
  const oracle = chain.contract('priceOracle')
  const manager: Hex = '0x4f47505500000000000000000000000000000042'
  const settle = (seats: number) => oracle.send(manager, 'noteSettled', [0, seats])
  expect(await refusal(oracle.send(chain.person('x'), 'noteSettled', [0, 1]))).toBe('OnlyProofLayer')
  chain.mine(59)
  await settle(100)
  expect(await oracle.read('basePrice', 0)).toBe(1_000n)
  chain.mine(60)
  expect(await oracle.read('basePrice', 0)).toBe(1_125n)
  expect(only(await settle(6), 'BasePriceChanged').args.price).toBe(1_125n)
  chain.mine(60)
  expect(await oracle.read('basePrice', 0)).toBe(1_125n)
  chain.mine(6_000)
  expect(await oracle.read('basePrice', 0)).toBe(1_000n)
  expect(await refusal(oracle.send(chain.person('x'), 'setMarket', [0, 1, 1]))).toBe('OwnableUnauthorizedAccount')
  await oracle.send(TIMELOCK, 'setMarket', [0, 5_000n, 10])
  expect(await oracle.read('basePrice', 0)).toBe(5_000n)
})

test('an auditor that has no conflict is drawn; enrolment alone pays nothing', async () => {
  const chain = await createTestChain()
  const set = await stage(chain, 1, { redundancy: 1, quorum: 1 })
  await enrol(chain, set.masters[0] as Hex)
  const task = await publishTask(chain, set.client, set.source, OGPU)
  await work(chain, task, set.providers, ['a'])
  // The only auditor is the provider's master: nobody may be drawn, so what the quorum says stands.
  expect(only(await draw(chain, task), 'Drawn').args.audited).toBe(false)
  expect(only(await finalize(chain, task), 'Finalized').args.result).toBe(digestOf('a'))
})
