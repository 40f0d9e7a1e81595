/** Another try after a failed one, pay by checkpoints, links of a provider's own. */
import { describe, expect, test } from 'vitest'
import type { Hex } from '#lib/bytes'
import { createTestChain, type Handle, lower, OGPU, only, Reverted, type TestChain, word } from './harness.ts'
import {
  accept,
  audit,
  commit,
  digestOf,
  draw,
  enrol,
  FAR,
  finalize,
  type PolicyTerms,
  pair,
  publishTask,
  RESULT_URL,
  register,
  reveal,
  type Stage,
  setPolicy,
  stage,
  work,
} from './market-life.ts'

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason.split('(')[0] as string
    throw error
  }
  return 'no revert'
}

interface Scene extends Stage {
  readonly chain: TestChain
  readonly task: Hex
  readonly proofs: Handle
  readonly vault: Handle
}

async function scene(terms: Partial<PolicyTerms>, providers: number): Promise<Scene> {
  const chain = await createTestChain()
  const set = await stage(chain, providers, terms)
  for (let i = 0; i < 3; i++) await enrol(chain, chain.person(`auditor ${i}`))
  const task = await publishTask(chain, set.client, set.source, 9n * OGPU)
  return { ...set, chain, task, proofs: chain.contract('proofManager'), vault: chain.contract('vault') }
}

const ALONE = { redundancy: 1, quorum: 1 } as const
const balance = (s: Scene, account: Hex) => s.vault.read<bigint>('balanceOf', account)
const stateOf = (s: Scene) =>
  s.proofs.read<{ phase: bigint; retried: bigint; seats: bigint; result: Hex }>('taskState', s.task)

/** All coins of the vault by bucket, for the people of a scene. */
async function owed(s: Scene): Promise<bigint> {
  const people = [s.client, ...s.providers, ...s.masters, ...[0, 1, 2].map(i => s.chain.person(`auditor ${i}`))]
  let sum = await balance(s, s.chain.contract('auditManager').address)
  for (const who of people) {
    for (const bucket of ['balanceOf', 'lockupOf', 'unbondingOf', 'frozenPayment']) {
      sum += await s.vault.read<bigint>(bucket, who)
    }
  }
  return sum
}

describe('a task that failed', () => {
  test('goes to another provider, and not to one of the same master; the auditors of the failed try are paid', async () => {
    const s = await scene({ ...ALONE, retryMax: 1 }, 2)
    const [bad, good] = s.providers as [Hex, Hex]
    await work(s.chain, s.task, [bad], ['wrong'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('right'))
    const first = await finalize(s.chain, s.task)
    expect(first.events.filter(e => e.name === 'SeatSettled').map(e => e.args.outcome)).toEqual([5n])
    // A tenth of the payment went to the auditor; the next try has what is left.
    expect(only(first, 'Retried').args).toMatchObject({ retried: 1n, spent: (9n * OGPU) / 10n })
    expect(only(first, 'TaskStatusChanged').args.status).toBe(1n)
    const { phase, retried, seats, result } = await stateOf(s)
    expect({ phase, retried, seats, result }).toEqual({ phase: 0n, retried: 1n, seats: 0n, result: word(0) })
    const left = 9n * OGPU - (9n * OGPU) / 10n
    const pay = left - left / 10n
    expect(await s.proofs.read('seatPayOf', s.task)).toBe(pay)
    expect(await s.proofs.read('bondOf', s.task)).toBe(2n * pay)

    expect(await refusal(accept(s.chain, s.task, bad))).toBe('SameMaster')
    const sibling = s.chain.person('sibling')
    await pair(s.chain, sibling, s.masters[0] as Hex)
    await register(s.chain, s.source, sibling)
    expect(await refusal(accept(s.chain, s.task, sibling))).toBe('SameMaster')
    expect(await s.chain.contract('routing').read('eligibility', s.task, sibling)).toEqual([false, 'SameMaster'])
    expect(await s.proofs.read('isBarred', s.task, s.masters[0])).toBe(true)

    await work(s.chain, s.task, [good], ['right'])
    // A second try is audited in any case.
    expect(only(await draw(s.chain, s.task), 'Drawn').args.audited).toBe(true)
    await audit(s.chain, s.task, () => digestOf('right'))
    const second = await finalize(s.chain, s.task)
    expect(only(second, 'Finalized').args).toMatchObject({ paid: left, refunded: 0n })
    expect(lower(only(second, 'Finalized').args.winningProvider)).toBe(good)
    expect(await balance(s, s.masters[1] as Hex)).toBe(pay)
    expect(await s.vault.read('frozenPayment', s.client)).toBe(0n)
    expect(await s.chain.at('Task', s.task).read('status')).toBe(5n)
  })

  test('is refunded when the tries of the policy are used up, and every coin is accounted for', async () => {
    const s = await scene({ ...ALONE, retryMax: 2 }, 3)
    for (const [i, provider] of s.providers.entries()) {
      await work(s.chain, s.task, [provider], ['wrong'])
      await draw(s.chain, s.task)
      await audit(s.chain, s.task, () => digestOf('right'))
      const sent = await finalize(s.chain, s.task)
      expect(sent.events.some(e => e.name === 'Retried')).toBe(i < 2)
      expect(sent.events.some(e => e.name === 'Failed')).toBe(i === 2)
      expect(await owed(s)).toBe(s.chain.machine.balanceOf(s.vault.address))
    }
    // Three audits of a tenth of what was left each time.
    const fees = 9n * OGPU - (9n * OGPU * 729n) / 1_000n
    const slashed = await Promise.all(s.providers.map(p => s.vault.read<bigint>('lockupOf', p)))
    const bonds = 300n * OGPU - slashed.reduce((a, b) => a + b, 0n)
    expect(await balance(s, s.client)).toBe(1_000n * OGPU - fees + (bonds * 3n) / 10n)
    expect(await s.chain.at('Task', s.task).read('status')).toBe(4n)
  })

  test('for missed deadlines starts again too, and not after its expiry', async () => {
    const s = await scene({ ...ALONE, retryMax: 3, reassignMax: 0 }, 3)
    const poke = () => s.proofs.send(s.chain.person('anybody'), 'expire', [s.task])
    await accept(s.chain, s.task, s.providers[0] as Hex)
    s.chain.mine(11)
    only(await poke(), 'Retried')
    expect(await refusal(accept(s.chain, s.task, s.providers[0] as Hex))).toBe('AlreadyAttempted')
    await accept(s.chain, s.task, s.providers[1] as Hex)
    await commit(s.chain, s.task, s.providers[1] as Hex, 'a')
    s.chain.mine(6)
    only(await poke(), 'Retried')
    expect((await stateOf(s)).retried).toBe(2n)
    await accept(s.chain, s.task, s.providers[2] as Hex)
    s.chain.pass(Number(FAR) + 1)
    only(await poke(), 'Failed')
    expect(await s.vault.read('reservedOf', s.providers[2])).toBe(0n)
    expect(await s.vault.read('frozenPayment', s.client)).toBe(0n)
  })

  test('forgets the votes of the failed try', async () => {
    const s = await scene({ ...ALONE, retryMax: 1, auditors: 3, auditQuorum: 2 }, 2)
    const audits = s.chain.contract('auditManager')
    await work(s.chain, s.task, [s.providers[0] as Hex], ['x'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('right'))
    await finalize(s.chain, s.task)
    await work(s.chain, s.task, [s.providers[1] as Hex], ['right'])
    await draw(s.chain, s.task)
    expect(await audits.read<unknown[]>('votesOf', s.task)).toHaveLength(3)
    await audit(s.chain, s.task, () => digestOf('right'))
    const paid = (await finalize(s.chain, s.task)).events.filter(e => e.name === 'AuditorPaid')
    expect(paid).toHaveLength(3)
    for (let i = 0; i < 3; i++) expect(await audits.read('openAuditsOf', s.chain.person(`auditor ${i}`))).toBe(0n)
    await audits.send(s.chain.person('auditor 0'), 'resign')
  })
})

describe('checkpoints', () => {
  const terms = {
    ...ALONE,
    auditors: 0,
    auditQuorum: 0,
    auditRateBps: 0,
    auditFeeBps: 0,
    heartbeatBlocks: 4,
    reassignMax: 3,
    commitBlocks: 100,
    checkpointBps: 9_000,
    checkpointSteps: 10,
  }
  const post = (s: Scene, provider: Hex, seq: number, steps: number, blob = 'blob') =>
    s.chain
      .contract('checkpoints')
      .send(provider, 'checkpoint', [
        s.task,
        provider,
        seq,
        word(`state ${seq}`),
        seq === 1 ? word(0) : word(`state ${seq - 1}`),
        steps,
        steps * 7,
        word(blob),
      ])

  test('pay each provider for its own steps when the task is done', async () => {
    const s = await scene(terms, 3)
    const [a, b, c] = s.providers as [Hex, Hex, Hex]
    const lost = async (provider: Hex) => {
      s.chain.mine(6)
      only(await s.proofs.send(c, 'reassign', [s.task, provider]), 'SeatVacated')
    }
    await accept(s.chain, s.task, a)
    await post(s, a, 1, 2)
    await post(s, a, 2, 4)
    await lost(a)
    await accept(s.chain, s.task, b)
    expect(await refusal(post(s, b, 1, 5))).toBe('CheckpointOutOfOrder')
    await post(s, b, 3, 5)
    await lost(b)
    await accept(s.chain, s.task, c)
    await post(s, c, 4, 9)
    expect(await refusal(post(s, c, 5, 11))).toBe('CheckpointTooFar')
    const credits = await s.chain.contract('checkpoints').read<[string[], bigint[]]>('creditsOf', s.task, 0)
    expect([...credits[0]].map(lower)).toEqual([a, b, c])
    expect([...credits[1]]).toEqual([4n, 1n, 4n])
    await commit(s.chain, s.task, c, 'out')
    await reveal(s.chain, s.task, c, 'out')
    await draw(s.chain, s.task)
    const sent = await finalize(s.chain, s.task)
    const part = (steps: bigint) => (9n * OGPU * 9n * steps) / 100n
    expect(sent.events.filter(e => e.name === 'SegmentPaid').map(e => [e.args.steps, e.args.paid])).toEqual([
      [4n, part(4n)],
      [1n, part(1n)],
    ])
    expect(await balance(s, s.masters[0] as Hex)).toBe(part(4n))
    expect(await balance(s, s.masters[1] as Hex)).toBe(part(1n))
    expect(await balance(s, s.masters[2] as Hex)).toBe(9n * OGPU - part(5n))
    expect(await s.vault.read('totalEarningsOf', a)).toBe(part(4n))
    expect(lower(only(sent, 'Finalized').args.winningProvider)).toBe(c)
  })

  test('of a failed try pay nobody, and the next try starts its own chain', async () => {
    const s = await scene({ ...terms, reassignMax: 0, retryMax: 1 }, 2)
    const [a, b] = s.providers as [Hex, Hex]
    await accept(s.chain, s.task, a)
    await post(s, a, 1, 8)
    s.chain.mine(6)
    only(await s.proofs.send(b, 'reassign', [s.task, a]), 'Retried')
    await accept(s.chain, s.task, b)
    expect(await refusal(post(s, b, 2, 9))).toBe('CheckpointOutOfOrder')
    await post(s, b, 1, 3)
    await commit(s.chain, s.task, b, 'out')
    await reveal(s.chain, s.task, b, 'out')
    await draw(s.chain, s.task)
    await finalize(s.chain, s.task)
    expect(await balance(s, s.masters[0] as Hex)).toBe(0n)
    expect(await balance(s, s.masters[1] as Hex)).toBe(9n * OGPU)
  })

  test('can be thrown away by the client between two providers', async () => {
    const s = await scene(terms, 2)
    const [a, b] = s.providers as [Hex, Hex]
    const checkpoints = s.chain.contract('checkpoints')
    const discard = (by: Hex) => checkpoints.send(by, 'discard', [s.task])
    await accept(s.chain, s.task, a)
    await post(s, a, 1, 8)
    expect(await refusal(discard(s.client))).toBe('WrongPhase')
    s.chain.mine(6)
    await s.proofs.send(b, 'reassign', [s.task, a])
    expect(await refusal(discard(b))).toBe('CheckpointNotClient')
    expect(only(await discard(s.client), 'CheckpointsDiscarded').args.seq).toBe(1n)
    await accept(s.chain, s.task, b)
    await post(s, b, 1, 10)
    await commit(s.chain, s.task, b, 'out')
    await reveal(s.chain, s.task, b, 'out')
    await draw(s.chain, s.task)
    await finalize(s.chain, s.task)
    expect(await balance(s, s.masters[1] as Hex)).toBe(9n * OGPU)
  })

  test('need availability receipts of other nodes when the policy says so, and those nodes answer for the blob', async () => {
    const s = await scene({ ...terms, checkpointReceipts: 1 }, 1)
    const [a] = s.providers as [Hex]
    const data = s.chain.contract('dataRegistry')
    const node = s.chain.person('node')
    const confirm = (by: Hex) => data.send(by, 'confirmAvailability', [word('state blob')])
    await accept(s.chain, s.task, a)
    expect(await refusal(post(s, a, 1, 1, 'state blob'))).toBe('CheckpointUnavailable')
    expect(await refusal(confirm(node))).toBe('BlobUnknown')
    await data.send(a, 'register', [word('state blob'), 100, word('root')])
    expect(await refusal(confirm(a))).toBe('ReceiptKnown')
    expect(await refusal(confirm(node))).toBe('ReceiptUnsecured')
    await s.vault.send(node, 'depositLockup', [node], OGPU)
    expect(only(await confirm(node), 'AvailabilityConfirmed').args.receipts).toBe(1n)
    expect(await refusal(confirm(node))).toBe('ReceiptKnown')
    expect(await data.read<bigint>('receiptOf', word('state blob'), node)).toBeGreaterThan(0n)
    await post(s, a, 1, 1, 'state blob')

    const ask = (from: Hex) => data.send(s.client, 'requestChunkFrom', [word('state blob'), 0, from], OGPU / 100n)
    expect(await refusal(ask(s.client))).toBe('BlobUnknown')
    const id = (await ask(node)).output
    s.chain.mine(181)
    const before = await balance(s, s.client)
    const sent = await data.send(s.client, 'punish', [id])
    expect(lower(only(sent, 'Withheld').args.provider)).toBe(node)
    expect(await s.vault.read('lockupOf', node)).toBe(0n)
    // Its fee back, and its share of the penalty.
    expect(await balance(s, s.client)).toBe(before + OGPU / 100n + (OGPU * 3n) / 10n)
  })
})

describe('policies', () => {
  test('refuse what cannot be settled', async () => {
    const chain = await createTestChain()
    const set = await stage(chain, 1)
    for (const [terms, field] of [
      [{ reassignMax: 17 }, 'reassignMax'],
      [{ retryMax: 8 }, 'retryMax'],
      [{ checkpointBps: 1, checkpointSteps: 1 }, 'checkpointBps'],
      [{ ...ALONE, checkpointBps: 9_001, checkpointSteps: 1 }, 'checkpointBps'],
      [{ ...ALONE, checkpointBps: 1, checkpointSteps: 0 }, 'checkpointSteps'],
      [{ checkpointReceipts: 16 }, 'checkpointReceipts'],
    ] as const) {
      await expect(setPolicy(chain, set.client, set.source, terms)).rejects.toThrow(`PolicyInvalid(${field})`)
    }
  })
})

describe('a link of a provider’s own', () => {
  test('that nobody passes holds the money back for a while only', async () => {
    const s = await scene({ ...ALONE, auditors: 0, auditQuorum: 0, auditRateBps: 0 }, 1)
    const [a] = s.providers as [Hex]
    await accept(s.chain, s.task, a)
    await commit(s.chain, s.task, a, 'a')
    expect(only(await reveal(s.chain, s.task, a, 'a', RESULT_URL), 'Revealed').args.url).toBe(RESULT_URL)
    expect((await s.proofs.read<{ blobId: Hex }>('seatOf', s.task, a)).blobId).toBe(word(0))
    await draw(s.chain, s.task)
    expect(await refusal(finalize(s.chain, s.task))).toBe('LinkNeeded')
    s.chain.mine(300)
    expect(await s.proofs.read('due', s.task)).toEqual([true, 'finalize'])
    const sent = await finalize(s.chain, s.task)
    const response = s.chain.at('Response', lower(only(sent, 'ResponseSubmitted').args.response))
    expect((await response.read<{ data: string }>('getResponseParams')).data).toMatch(/^ogpu:blob:[0-9a-f]{64}$/)
  })

  test('is published for the seats that did not win as well', async () => {
    const s = await scene({ redundancy: 3, quorum: 2, auditors: 0, auditQuorum: 0, auditRateBps: 0 }, 3)
    const [a, b] = s.providers as [Hex, Hex]
    for (const p of s.providers) await accept(s.chain, s.task, p)
    for (const p of s.providers) await commit(s.chain, s.task, p, 'a')
    for (const p of s.providers) await reveal(s.chain, s.task, p, 'a', p === b ? RESULT_URL : '')
    await draw(s.chain, s.task)
    const sent = await finalize(s.chain, s.task)
    expect(lower(only(sent, 'Finalized').args.winningProvider)).toBe(a)
    const publish = (url: string) =>
      s.proofs.send(s.client, 'publishResponseWithLink', [s.task, b, word(`blob ${b}`), url])
    expect(await refusal(publish('x'))).toBe('LinkMismatch')
    expect(await refusal(s.proofs.send(s.client, 'publishResponse', [s.task, b]))).toBe('LinkNeeded')
    const response = s.chain.at('Response', lower(only(await publish(RESULT_URL), 'ResponseSubmitted').args.response))
    expect((await response.read<{ data: string }>('getResponseParams')).data).toBe(RESULT_URL)
  })
})
