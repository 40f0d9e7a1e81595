/** Auditors that do not recompute: planted errors, and reports that only a recomputation can make. */
import { AbiCoder } from 'ethers'
import { describe, expect, test } from 'vitest'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createTestChain, lower, OGPU, only, Reverted, type TestChain, word } from './harness.ts'
import {
  audit,
  digestOf,
  draw,
  EXACT_INT,
  enrol,
  finalize,
  type PolicyTerms,
  publishTask,
  registerProgram,
  stage,
  TOLERANT_FP,
  work,
} from './market-life.ts'

const coder = AbiCoder.defaultAbiCoder()

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason.split('(')[0] as string
    throw error
  }
  return 'no revert'
}

function hashOf(types: readonly string[], values: readonly unknown[]): Hex {
  return toHex(keccak256(fromHex(coder.encode(types, values))))
}

const plantOf = (task: Hex, out: string): Hex =>
  hashOf(['address', 'bytes32', 'bytes32'], [task, digestOf(out), word('secret')])

async function scene(terms: Partial<PolicyTerms> = {}, programClass = EXACT_INT) {
  const chain = await createTestChain()
  const programId = await registerProgram(chain, chain.person('author'), programClass)
  const set = await stage(chain, 1, { redundancy: 1, quorum: 1, programId, ...terms })
  const names = Array.from({ length: 9 }, (_, i) => chain.person(`auditor ${i}`))
  for (const auditor of names) await enrol(chain, auditor)
  await chain.contract('vault').send(set.client, 'depositLockup', [set.client], 10n * OGPU)
  const task = await publishTask(chain, set.client, set.source, 9n * OGPU)
  const proofs = chain.contract('proofManager')
  return {
    ...set,
    chain,
    task,
    proofs,
    audits: chain.contract('auditManager'),
    vault: chain.contract('vault'),
    p: set.providers as [Hex],
    plant: (out: string, by = set.client) => proofs.send(by, 'plantError', [task, plantOf(task, out)]),
    open: (out: string, by = set.client) =>
      proofs.send(by, 'openPlant', [task, word(out), word('trace'), word('secret')]),
  }
}

async function votesOf(s: { chain: TestChain; task: Hex }) {
  const votes = await s.chain.contract('auditManager').read<{ auditor: string; round: bigint }[]>('votesOf', s.task)
  return votes.map(vote => ({ auditor: lower(vote.auditor), round: Number(vote.round) }))
}

describe('a planted error', () => {
  test('that a lazy auditor confirms costs it its whole stake, by the word of a jury', async () => {
    const s = await scene()
    expect(await refusal(s.plant('planted', s.p[0]))).toBe('NotClient')
    only(await s.plant('planted'), 'ErrorPlanted')
    expect(await refusal(s.plant('other'))).toBe('PlantMismatch')
    await work(s.chain, s.task, s.p, ['planted'])
    await draw(s.chain, s.task)
    // It repeats what it saw revealed.
    await audit(s.chain, s.task, () => digestOf('planted'))
    const [lazy] = await votesOf(s)
    expect(await refusal(s.audits.send(lazy?.auditor as Hex, 'resign'))).toBe('AuditsOpen')
    expect(await refusal(s.open('other'))).toBe('PlantMismatch')
    expect(await refusal(s.open('planted', s.p[0]))).toBe('NotClient')
    const opened = await s.open('planted')
    expect(only(opened, 'PlantOpened').args.appealed).toBe(true)
    expect(opened.events.filter(e => e.name === 'AuditDrawn')).toHaveLength(3)
    await audit(s.chain, s.task, () => digestOf('truth'))
    expect(await s.audits.read('stakeOf', lazy?.auditor)).toBe(0n)
    expect(await s.audits.read('isAuditor', lazy?.auditor)).toBe(false)
    const sent = await finalize(s.chain, s.task)
    // The seat with the planted error lost nothing and earned nothing; the jury shares the fee.
    expect(sent.events.filter(e => e.name === 'SeatSettled').map(e => e.args.outcome)).toEqual([6n])
    expect(sent.events.filter(e => e.name === 'AuditorPaid')).toHaveLength(3)
    expect(await s.vault.read('lockupOf', s.p[0])).toBe(100n * OGPU)
    expect(await s.vault.read('reservedOf', s.client)).toBe(0n)
    expect(await s.vault.read('lockupOf', s.client)).toBe(10n * OGPU)
  })

  test('that the auditors find excuses the provider, and nobody else', async () => {
    const s = await scene()
    await s.plant('planted')
    await work(s.chain, s.task, s.p, ['planted'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('truth'))
    expect(only(await s.open('planted'), 'PlantOpened').args.appealed).toBe(false)
    expect(await refusal(s.open('planted'))).toBe('PlantMismatch')
    await finalize(s.chain, s.task)
    expect(await s.vault.read('lockupOf', s.p[0])).toBe(100n * OGPU)
    const [auditor] = await votesOf(s)
    expect(await s.vault.read<bigint>('balanceOf', auditor?.auditor)).toBe((9n * OGPU) / 10n)
  })

  test('is no way to accuse auditors who were right: the client pays for the jury', async () => {
    const s = await scene()
    await s.plant('truth')
    await work(s.chain, s.task, s.p, ['truth'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('truth'))
    await s.open('truth')
    await audit(s.chain, s.task, () => digestOf('truth'))
    expect(await refusal(s.open('truth'))).toBe('PlantMismatch')
    const sent = await finalize(s.chain, s.task)
    expect(sent.events.filter(e => e.name === 'SeatSettled').map(e => e.args.outcome)).toEqual([4n])
    expect(await s.vault.read('lockupOf', s.client)).toBe(10n * OGPU - (9n * OGPU) / 5n)
    for (const { auditor } of await votesOf(s)) {
      expect(await s.audits.read('stakeOf', auditor)).toBe(10n * OGPU)
      expect(await s.audits.read('openAuditsOf', auditor)).toBe(0n)
    }
  })

  test('must be announced before the reveals are closed, and for exact classes', async () => {
    const s = await scene()
    await work(s.chain, s.task, s.p, ['a'])
    expect(await refusal(s.plant('a'))).toBe('WrongPhase')
    const judged = await scene({}, TOLERANT_FP)
    await judged.plant('a')
    await work(judged.chain, judged.task, judged.p, ['a'])
    await draw(judged.chain, judged.task)
    await audit(judged.chain, judged.task, () => word(0))
    expect(await refusal(judged.open('a'))).toBe('PlantMismatch')
  })

  test('without an audit only takes the result away', async () => {
    const s = await scene({ auditors: 0, auditQuorum: 0, auditRateBps: 0 })
    await s.plant('planted')
    await work(s.chain, s.task, s.p, ['planted'])
    await draw(s.chain, s.task)
    expect(only(await s.open('planted'), 'PlantOpened').args.appealed).toBe(false)
    only(await finalize(s.chain, s.task), 'Failed')
    expect(await s.vault.read('lockupOf', s.p[0])).toBe(100n * OGPU)
    expect(await s.vault.read('balanceOf', s.client)).toBe(1_000n * OGPU)
  })
})

describe('a report that only a recomputation can make', () => {
  async function vote(s: Awaited<ReturnType<typeof scene>>, reports: readonly string[]) {
    const votes = await votesOf(s)
    const verdict = digestOf('a')
    for (const [i, { auditor }] of votes.entries()) {
      const types = ['address', 'address', 'bytes32', 'bytes32', 'bytes32']
      const seal = hashOf(types, [s.task, auditor, verdict, word(reports[i] as string), word('salt')])
      await s.audits.send(auditor, 'commitAudit', [s.task, seal])
    }
    for (const [i, { auditor }] of votes.entries()) {
      await s.audits.send(auditor, 'revealAudit', [s.task, verdict, word(reports[i] as string), word('salt')])
    }
    return votes.map(v => v.auditor)
  }

  test('that differs from most of those with the same verdict earns nothing and costs stake', async () => {
    const s = await scene({ auditors: 3, auditQuorum: 2 })
    await work(s.chain, s.task, s.p, ['a'])
    await draw(s.chain, s.task)
    const [first, second, lazy] = await vote(s, ['parts', 'parts', 'guess'])
    expect(await s.audits.read('stakeOf', lazy)).toBe((10n * OGPU * 95n) / 100n)
    const sent = await finalize(s.chain, s.task)
    const paid = sent.events.filter(e => e.name === 'AuditorPaid').map(e => lower(e.args.auditor))
    expect(paid).toEqual([first, second])
  })

  test('cannot be told without a majority of reports', async () => {
    const s = await scene({ auditors: 3, auditQuorum: 2 })
    await work(s.chain, s.task, s.p, ['a'])
    await draw(s.chain, s.task)
    const all = await vote(s, ['x', 'y', 'z'])
    for (const auditor of all) expect(await s.audits.read('stakeOf', auditor)).toBe(10n * OGPU)
    const sent = await finalize(s.chain, s.task)
    expect(sent.events.filter(e => e.name === 'AuditorPaid')).toHaveLength(3)
  })
})
