import { describe, expect, test } from 'vitest'
import type { Hex } from '#lib/bytes'
import { createTestChain, lower, OGPU, only, Reverted, type TestChain, word } from './harness.ts'
import {
  accept,
  audit,
  auditSeal,
  commit,
  deposit,
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
  registerProgram,
  reveal,
  type Stage,
  seal,
  setPolicy,
  stage,
  TOLERANT_FP,
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
  readonly p: readonly [Hex, Hex, Hex]
}

/** Policy, three providers, one task of 9 OGPU. */
async function scene(terms: Partial<PolicyTerms> = {}, auditors = 1): Promise<Scene> {
  const chain = await createTestChain()
  const set = await stage(chain, 3, terms)
  for (let i = 0; i < auditors; i++) await enrol(chain, chain.person(`auditor ${i}`))
  const task = await publishTask(chain, set.client, set.source, 9n * OGPU)
  return { ...set, chain, task, p: set.providers as unknown as readonly [Hex, Hex, Hex] }
}

const proofs = (s: Scene) => s.chain.contract('proofManager')
const vault = (s: Scene) => s.chain.contract('vault')
const balance = (s: Scene, account: Hex) => vault(s).read<bigint>('balanceOf', account)
const lockup = (s: Scene, account: Hex) => vault(s).read<bigint>('lockupOf', account)
const reserved = (s: Scene, account: Hex) => vault(s).read<bigint>('reservedOf', account)
const phase = async (s: Scene) => Number((await proofs(s).read<{ phase: bigint }>('taskState', s.task)).phase)
const poke = (s: Scene) => proofs(s).send(s.chain.person('anybody'), 'expire', [s.task])

/** (9 − 10 % audit fee) / 3 seats. */
const SEAT_PAY = (27n * OGPU) / 10n
/** Twice the seat's pay. */
const BOND = 2n * SEAT_PAY
const AUDIT_FEE = (9n * OGPU) / 10n

describe('agreement', () => {
  test('pays every seat and the auditor, and the task looks finalized to old clients', async () => {
    const s = await scene()
    expect(await proofs(s).read('seatPayOf', s.task)).toBe(SEAT_PAY)
    expect(await proofs(s).read('bondOf', s.task)).toBe(BOND)
    await s.chain.contract('dataRegistry').send(s.p[0], 'setGateway', ['http://127.0.0.1:7070/blob/'])
    for (const provider of s.p) {
      const sent = await accept(s.chain, s.task, provider)
      expect(only(sent, 'Attempted').args.provider).toBe(only(sent, 'Accepted').args.provider)
      expect(await reserved(s, provider)).toBe(BOND)
    }
    expect(await phase(s)).toBe(1)
    for (const provider of s.p) await commit(s.chain, s.task, provider, 'a')
    for (const provider of s.p) await reveal(s.chain, s.task, provider, 'a')
    expect(only(await draw(s.chain, s.task), 'TaskStatusChanged').args.status).toBe(2n)
    await audit(s.chain, s.task, () => digestOf('a'))
    expect(await refusal(proofs(s).send(s.client, 'finalize', [s.task]))).toBe('TooEarly')
    const sent = await finalize(s.chain, s.task)
    expect(only(sent, 'Finalized').args).toMatchObject({
      result: digestOf('a'),
      paid: 3n * SEAT_PAY + AUDIT_FEE,
      refunded: 0n,
    })
    expect(only(sent, 'TaskStatusChanged').args.status).toBe(5n)
    expect(only(sent, 'ResponseStatusChanged').args.status).toBe(1n)
    const task = s.chain.at('Task', s.task)
    expect(lower(await task.read('winningProvider'))).toBe(s.p[0])
    const response = s.chain.at('Response', lower(await task.read('responseOf', s.p[0])))
    expect(await response.read('confirmedFinal')).toBe(true)
    const params = await response.read<{ data: string }>('getResponseParams')
    expect(params.data).toBe(`http://127.0.0.1:7070/blob/${word(`blob ${s.p[0]}`).slice(2)}`)
    for (const [i, master] of s.masters.entries()) {
      expect(await balance(s, master)).toBe(SEAT_PAY)
      expect(await reserved(s, s.p[i] as Hex)).toBe(0n)
    }
    expect(await balance(s, s.chain.person('auditor 0'))).toBe(AUDIT_FEE)
    expect(await refusal(finalize(s.chain, s.task))).toBe('WrongPhase')
  })

  test('passes on a link of its own when one is revealed, and publishes the other responses on demand', async () => {
    const s = await scene({ auditors: 0, auditQuorum: 0, auditRateBps: 0 })
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    for (const provider of s.p) await commit(s.chain, s.task, provider, 'a')
    for (const provider of s.p) await reveal(s.chain, s.task, provider, 'a', provider === s.p[0] ? RESULT_URL : '')
    expect(only(await draw(s.chain, s.task), 'Drawn').args.audited).toBe(false)
    expect(await refusal(proofs(s).send(s.client, 'publishResponse', [s.task, s.p[1]]))).toBe('WrongPhase')
    expect(await refusal(finalize(s.chain, s.task))).toBe('LinkNeeded')
    expect(await proofs(s).read('due', s.task)).toEqual([true, 'finalizeWithLink'])
    const blob = word(`blob ${s.p[0]}`)
    const withLink = (url: string) => proofs(s).send(s.chain.person('anybody'), 'finalizeWithLink', [s.task, blob, url])
    expect(await refusal(withLink('https://elsewhere'))).toBe('LinkMismatch')
    const sent = await withLink(RESULT_URL)
    const winner = s.chain.at('Response', lower(only(sent, 'ResponseSubmitted').args.response))
    expect((await winner.read<{ data: string }>('getResponseParams')).data).toBe(RESULT_URL)
    // No audit was drawn: its fee goes back to the client.
    expect(only(sent, 'Finalized').args.refunded).toBe(AUDIT_FEE)
    const other = await proofs(s).send(s.client, 'publishResponse', [s.task, s.p[1]])
    const response = s.chain.at('Response', lower(only(other, 'ResponseSubmitted').args.response))
    expect((await response.read<{ data: string }>('getResponseParams')).data).toMatch(/^ogpu:blob:[0-9a-f]{64}$/)
    expect(await response.read('confirmedFinal')).toBe(false)
    expect(await refusal(proofs(s).send(s.client, 'publishResponse', [s.task, s.p[1]]))).toBe('AlreadyResponded')
  })
})

describe('disagreement', () => {
  test('slashes the dissenter by the written split and refunds its seat to the client', async () => {
    const s = await scene()
    const before = await balance(s, s.client)
    await work(s.chain, s.task, s.p, ['a', 'b', 'a'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('a'))
    const sent = await finalize(s.chain, s.task)
    const slash = only(sent, 'Slashed').args
    expect([slash.total, slash.toFinders, slash.toClient, slash.burned, slash.toPool]).toEqual([
      BOND,
      (BOND * 40n) / 100n,
      (BOND * 30n) / 100n,
      (BOND * 20n) / 100n,
      (BOND * 10n) / 100n,
    ])
    expect(await lockup(s, s.p[1])).toBe(100n * OGPU - BOND)
    expect(await balance(s, s.client)).toBe(before + SEAT_PAY + (BOND * 30n) / 100n)
    expect(await balance(s, s.chain.person('auditor 0'))).toBe(AUDIT_FEE + (BOND * 40n) / 100n)
    expect(s.chain.machine.balanceOf('0x000000000000000000000000000000000000dead')).toBe((BOND * 20n) / 100n)
    expect(await balance(s, s.masters[1] as Hex)).toBe(0n)
    const reputation = s.chain.contract('reputation')
    expect(await reputation.read('isFrozen', s.p[1], 0)).toBe(true)
    expect(await reputation.read('scoreOf', s.p[1], 0)).toBe(0n)
    expect(await reputation.read<bigint>('scoreOf', s.p[0], 0)).toBeGreaterThan(1_000n)
  })

  test('without any quorum is decided by the audit', async () => {
    const s = await scene()
    await work(s.chain, s.task, s.p, ['a', 'b', 'c'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('c'))
    const sent = await finalize(s.chain, s.task)
    expect(lower(only(sent, 'Finalized').args.winningProvider)).toBe(s.p[2])
    expect(sent.events.filter(e => e.name === 'SeatSettled').map(e => e.args.outcome)).toEqual([5n, 5n, 4n])
  })

  test('without a quorum and without auditors refunds the client and harms nobody', async () => {
    const s = await scene({}, 0)
    const before = await balance(s, s.client)
    await work(s.chain, s.task, s.p, ['a', 'b', 'c'])
    await draw(s.chain, s.task)
    s.chain.mine(2)
    const sent = await proofs(s).send(s.chain.person('anybody'), 'finalize', [s.task])
    expect(only(sent, 'Failed').args.refunded).toBe(9n * OGPU)
    expect(await balance(s, s.client)).toBe(before + 9n * OGPU)
    for (const provider of s.p) {
      expect(await lockup(s, provider)).toBe(100n * OGPU)
      expect(await reserved(s, provider)).toBe(0n)
    }
    expect(await s.chain.at('Task', s.task).read('status')).toBe(4n)
  })

  test('with an audit that contradicts all providers slashes all of them', async () => {
    const s = await scene()
    await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('truth'))
    const sent = await finalize(s.chain, s.task)
    only(sent, 'Failed')
    expect(sent.events.filter(e => e.name === 'Slashed')).toHaveLength(3)
  })
})

describe('seals', () => {
  test('bind task, provider and salt, and open only after everybody committed', async () => {
    const s = await scene()
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    const manager = proofs(s)
    const args = [s.task, s.p[0], word('a'), word('trace'), word(`blob ${s.p[0]}`), word('salt')]
    expect(await manager.read('sealOf', ...args)).toBe(seal(s.task, s.p[0], 'a'))
    expect(await manager.read('digestOf', word('a'), word('trace'))).toBe(digestOf('a'))
    await commit(s.chain, s.task, s.p[0], 'a')
    expect(await refusal(commit(s.chain, s.task, s.p[0], 'b'))).toBe('AlreadyCommitted')
    expect(await refusal(reveal(s.chain, s.task, s.p[0], 'a'))).toBe('WrongPhase')
    // A copied seal can be posted but never opened by the copier.
    await manager.send(s.p[1], 'commit', [s.task, s.p[1], seal(s.task, s.p[0], 'a')])
    await commit(s.chain, s.task, s.p[2], 'a')
    await reveal(s.chain, s.task, s.p[0], 'a')
    expect(await refusal(reveal(s.chain, s.task, s.p[1], 'a'))).toBe('SealMismatch')
    expect(await refusal(reveal(s.chain, s.task, s.p[0], 'a'))).toBe('SealMismatch')
    expect(await refusal(manager.send(s.p[2], 'commit', [s.task, s.p[2], word(0)]))).toBe('SealMissing')
  })

  test('are taken from the provider, its master or an agent only', async () => {
    const s = await scene()
    const stranger = s.chain.person('stranger')
    const manager = proofs(s)
    expect(await refusal(manager.send(stranger, 'accept', [s.task, s.p[0]]))).toBe('NotActor')
    await manager.send(s.masters[0] as Hex, 'accept', [s.task, s.p[0]])
    expect(await refusal(manager.send(stranger, 'commit', [s.task, s.p[0], word(1)]))).toBe('NotActor')
    await s.chain.contract('terminal').send(s.masters[0] as Hex, 'setAgent', [stranger, true])
    await manager.send(stranger, 'commit', [s.task, s.p[0], word(1)])
    expect(await refusal(commit(s.chain, s.task, s.p[1], 'a'))).toBe('NoSeat')
  })
})

describe('seats', () => {
  test('go to paired, registered, staked providers of different masters, first come first served', async () => {
    const s = await scene()
    const { chain } = s
    const outsider = chain.person('outsider')
    expect(await refusal(accept(chain, s.task, outsider))).toBe('NotActor')
    await pair(chain, outsider, chain.person('outsider master'))
    expect(await refusal(accept(chain, s.task, outsider))).toBe('NotEligible')
    await register(chain, s.source, outsider)
    const sibling = chain.person('sibling')
    await pair(chain, sibling, s.masters[0] as Hex)
    await register(chain, s.source, sibling)
    const poor = chain.person('poor')
    await pair(chain, poor, chain.person('poor master'), OGPU)
    await register(chain, s.source, poor)
    expect(await refusal(accept(chain, s.task, poor))).toBe('InsufficientLockup')
    await accept(chain, s.task, s.p[0])
    expect(await refusal(accept(chain, s.task, s.p[0]))).toBe('AlreadySeated')
    expect(await refusal(accept(chain, s.task, sibling))).toBe('SameMaster')
    await accept(chain, s.task, s.p[1])
    await accept(chain, s.task, s.p[2])
    expect(await refusal(accept(chain, s.task, outsider))).toBe('WrongPhase')
  })

  test('keep their bond from being unbonded', async () => {
    const s = await scene()
    await accept(s.chain, s.task, s.p[0])
    expect(await refusal(vault(s).send(s.p[0], 'unbond', [100n * OGPU - BOND + 1n]))).toBe('InsufficientLockup')
    await vault(s).send(s.p[0], 'unbond', [100n * OGPU - BOND])
  })

  test('are refused to old-style attempts, and old-style answers too', async () => {
    const s = await scene()
    const nexus = s.chain.contract('nexus')
    expect(await refusal(nexus.send(s.p[0], 'attempt', [s.task, s.p[0], 0]))).toBe('PolicyTask')
    expect(await refusal(nexus.send(s.p[0], 'submitResponse', [[s.task, s.p[0], 'x', 0]]))).toBe('PolicyTask')
  })

  test('let a provider finish whose pairing ended meanwhile', async () => {
    const s = await scene()
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    await s.chain.contract('terminal').send(s.masters[0] as Hex, 'removeProvider', [s.p[0]])
    for (const provider of s.p) await commit(s.chain, s.task, provider, 'a')
    for (const provider of s.p) await reveal(s.chain, s.task, provider, 'a')
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('a'))
    await finalize(s.chain, s.task)
    expect(await balance(s, s.p[0])).toBe(SEAT_PAY)
  })
})

describe('deadlines', () => {
  test('nobody accepts: anybody refunds the client after the expiry', async () => {
    const s = await scene()
    expect(await refusal(poke(s))).toBe('NothingToDo')
    s.chain.pass(Number(FAR) + 1)
    expect(await proofs(s).read('due', s.task)).toEqual([true, 'expire'])
    only(await poke(s), 'Failed')
    expect(await balance(s, s.client)).toBe(1_000n * OGPU)
    expect(await refusal(poke(s))).toBe('NothingToDo')
  })

  test('too few accept: the task starts with a quorum after the accept deadline', async () => {
    const s = await scene()
    await accept(s.chain, s.task, s.p[0])
    s.chain.mine(6)
    expect(await refusal(poke(s))).toBe('NothingToDo')
    await accept(s.chain, s.task, s.p[1])
    expect(only(await poke(s), 'Assigned').args.seats).toBe(2n)
    await commit(s.chain, s.task, s.p[0], 'a')
    await commit(s.chain, s.task, s.p[1], 'a')
    await reveal(s.chain, s.task, s.p[0], 'a')
    await reveal(s.chain, s.task, s.p[1], 'a')
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('a'))
    const sent = await finalize(s.chain, s.task)
    // The empty seat goes back to the client.
    expect(only(sent, 'Finalized').args.refunded).toBe(SEAT_PAY)
  })

  test('fewer than a quorum until the expiry: refund, bonds back', async () => {
    const s = await scene()
    await accept(s.chain, s.task, s.p[0])
    s.chain.pass(Number(FAR) + 1)
    only(await poke(s), 'Failed')
    expect(await reserved(s, s.p[0])).toBe(0n)
    expect(await lockup(s, s.p[0])).toBe(100n * OGPU)
    expect(await balance(s, s.client)).toBe(1_000n * OGPU)
  })

  test('a late commit costs a little, the seat is offered again, and the next provider takes it', async () => {
    const s = await scene()
    const reserve = s.chain.person('reserve')
    await pair(s.chain, reserve, s.chain.person('reserve master'))
    await register(s.chain, s.source, reserve)
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    await commit(s.chain, s.task, s.p[0], 'a')
    await commit(s.chain, s.task, s.p[1], 'a')
    expect(await refusal(poke(s))).toBe('NothingToDo')
    s.chain.mine(11)
    expect(await refusal(commit(s.chain, s.task, s.p[2], 'a'))).toBe('TooLate')
    const sent = await poke(s)
    const penalty = BOND / 10n
    expect(only(sent, 'SeatVacated').args.penalty).toBe(penalty)
    only(sent, 'Reopened')
    expect(await lockup(s, s.p[2])).toBe(100n * OGPU - penalty)
    expect(await reserved(s, s.p[2])).toBe(0n)
    expect(await refusal(accept(s.chain, s.task, s.p[2]))).toBe('AlreadyAttempted')
    await accept(s.chain, s.task, reserve)
    only(await commit(s.chain, s.task, reserve, 'a'), 'RevealOpened')
  })

  test('late commits with no round left go on with a quorum, or end in a refund', async () => {
    const s = await scene({ reassignMax: 0 })
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    await commit(s.chain, s.task, s.p[0], 'a')
    s.chain.mine(11)
    await s.chain.attempt(async () => {
      only(await poke(s), 'Failed')
      expect(await reserved(s, s.p[0])).toBe(0n)
    })
    s.chain.machine.block.number -= 11n
    await commit(s.chain, s.task, s.p[1], 'a')
    s.chain.mine(11)
    expect(only(await poke(s), 'RevealOpened').args.seats).toBe(2n)
  })

  test('whoever committed and hides its answer loses half of its bond', async () => {
    const s = await scene()
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    for (const provider of s.p) await commit(s.chain, s.task, provider, provider === s.p[2] ? 'b' : 'a')
    await reveal(s.chain, s.task, s.p[0], 'a')
    await reveal(s.chain, s.task, s.p[1], 'a')
    s.chain.mine(6)
    expect(await refusal(reveal(s.chain, s.task, s.p[2], 'b'))).toBe('TooLate')
    const sent = await poke(s)
    expect(only(sent, 'SeatVacated').args.penalty).toBe(BOND / 2n)
    expect(only(await draw(s.chain, s.task), 'Drawn').args.audited).toBe(true)
    expect((await proofs(s).read<{ result: Hex }>('taskState', s.task)).result).toBe(digestOf('a'))
  })

  test('nobody reveals: all pay for it and the client is refunded', async () => {
    const s = await scene()
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    for (const provider of s.p) await commit(s.chain, s.task, provider, 'a')
    s.chain.mine(6)
    only(await poke(s), 'Failed')
    expect(await balance(s, s.client)).toBeGreaterThan(1_000n * OGPU)
  })

  test('a silent heart is replaced, and checkpoints beat', async () => {
    const s = await scene({ heartbeatBlocks: 3 })
    for (const provider of s.p) await accept(s.chain, s.task, provider)
    const reassign = (provider: Hex) => proofs(s).send(s.client, 'reassign', [s.task, provider])
    expect(await refusal(reassign(s.p[0]))).toBe('TooEarly')
    s.chain.mine(3)
    await proofs(s).send(s.p[0], 'heartbeat', [s.task, s.p[0]])
    const checkpoints = s.chain.contract('checkpoints')
    const post = (provider: Hex, seq: number, root: string, prev: Hex, steps: number) =>
      checkpoints.send(provider, 'checkpoint', [s.task, provider, seq, word(root), prev, steps, 5, word('blob')])
    only(await post(s.p[1], 1, 'one', word(0), 10), 'CheckpointPosted')
    s.chain.mine(1)
    expect(await refusal(reassign(s.p[0]))).toBe('TooEarly')
    expect(await refusal(reassign(s.p[1]))).toBe('TooEarly')
    only(await reassign(s.p[2]), 'SeatVacated')
    expect(await phase(s)).toBe(0)
    expect(await refusal(post(s.p[2], 2, 'two', word('one'), 11))).toBe('NoSeat')
    expect(await refusal(post(s.p[1], 3, 'two', word('one'), 11))).toBe('CheckpointOutOfOrder')
    expect(await refusal(post(s.p[1], 2, 'two', word('else'), 11))).toBe('CheckpointBroken')
    expect(await refusal(post(s.p[1], 2, 'two', word('one'), 9))).toBe('CheckpointBroken')
    // The next provider goes on where the last checkpoint is.
    await post(s.p[0], 2, 'two', word('one'), 11)
    expect((await checkpoints.read<{ seq: bigint; stateRoot: string }>('latest', s.task)).stateRoot).toBe(word('two'))
  })
})

describe('audits', () => {
  const panel = { auditors: 3, auditQuorum: 2 }

  test('draw none of the parties and nobody twice, and wait for their block', async () => {
    const s = await scene({ ...panel, jury: 3 }, 4)
    await s.chain.contract('vault').send(s.p[0], 'depositLockup', [s.p[0]], 10n * OGPU)
    await s.chain.contract('auditManager').send(s.p[0], 'enrol', [10n * OGPU])
    await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
    expect(await refusal(proofs(s).send(s.client, 'draw', [s.task]))).toBe('TooEarly')
    const sent = await draw(s.chain, s.task)
    const drawn = sent.events.filter(e => e.name === 'AuditDrawn').map(e => lower(e.args.auditor))
    expect(new Set(drawn).size).toBe(3)
    expect(drawn).not.toContain(s.p[0])
  })

  test('silent auditors pay, wrong ones pay more, and the right ones share the fee', async () => {
    const s = await scene(panel, 3)
    await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
    const manager = s.chain.contract('auditManager')
    const drawn = (await draw(s.chain, s.task)).events
      .filter(e => e.name === 'AuditDrawn')
      .map(e => lower(e.args.auditor)) as [Hex, Hex, Hex]
    expect(await manager.read('isDrawn', s.task, drawn[0])).toBe(true)
    expect(await refusal(manager.send(drawn[0], 'resign'))).toBe('AuditsOpen')
    const verdict = (who: Hex) => digestOf(who === drawn[2] ? 'lie' : 'a')
    await audit(s.chain, s.task, verdict)
    expect(await manager.read('stakeOf', drawn[2])).toBe(0n)
    expect(await manager.read('isAuditor', drawn[2])).toBe(false)
    await finalize(s.chain, s.task)
    const fees = await Promise.all(drawn.map(who => balance(s, who)))
    expect(fees[0]).toBe(fees[1])
    expect(fees[0]).toBeGreaterThanOrEqual(AUDIT_FEE / 2n)
    expect(fees[2]).toBe(0n)
    await manager.send(drawn[0], 'resign')
    expect(await reserved(s, drawn[0])).toBe(0n)
  })

  test('with silence close by anybody after their deadlines', async () => {
    const s = await scene(panel, 3)
    await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
    const manager = s.chain.contract('auditManager')
    const drawn = (await draw(s.chain, s.task)).events
      .filter(e => e.name === 'AuditDrawn')
      .map(e => lower(e.args.auditor)) as [Hex, Hex, Hex]
    const resolve = () => manager.send(s.client, 'resolve', [s.task])
    expect(await refusal(resolve())).toBe('AuditPhase')
    await manager.send(drawn[0], 'commitAudit', [s.task, auditSeal(s.task, drawn[0], digestOf('a'))])
    await manager.send(drawn[1], 'commitAudit', [s.task, auditSeal(s.task, drawn[1], digestOf('a'))])
    expect(await refusal(manager.send(s.client, 'commitAudit', [s.task, word(1)]))).toBe('NotDrawn')
    const open = (who: Hex) => manager.send(who, 'revealAudit', [s.task, digestOf('a'), word(0), word('salt')])
    expect(await refusal(open(drawn[0]))).toBe('AuditPhase')
    s.chain.mine(11)
    await open(drawn[0])
    expect(await refusal(manager.send(drawn[1], 'revealAudit', [s.task, digestOf('b'), word(0), word('salt')]))).toBe(
      'AuditSealMismatch',
    )
    s.chain.mine(11)
    const sent = await poke(s)
    expect(sent.events.filter(e => e.name === 'AuditorSlashed').map(e => e.args.amount)).toEqual([OGPU / 2n, OGPU / 2n])
    // One vote of three is no quorum: what the providers agreed on stands.
    expect(only(sent, 'AuditResolved').args.decided).toBe(false)
    expect(only(await finalize(s.chain, s.task), 'Finalized').args.result).toBe(digestOf('a'))
  })

  test('that contradict the providers go to a jury, which overrules a lying auditor', async () => {
    const s = await scene({ auditors: 1, auditQuorum: 1, jury: 3 }, 4)
    await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
    const first = lower(only(await draw(s.chain, s.task), 'AuditDrawn').args.auditor)
    await audit(s.chain, s.task, () => digestOf('lie'))
    expect(await phase(s)).toBe(4)
    await audit(s.chain, s.task, () => digestOf('a'))
    const manager = s.chain.contract('auditManager')
    expect(await manager.read('stakeOf', first)).toBe(0n)
    expect(only(await finalize(s.chain, s.task), 'Finalized').args.result).toBe(digestOf('a'))
  })

  test('happen at the rate that the policy says', async () => {
    const s = await scene({ redundancy: 1, quorum: 1, auditRateBps: 3_000, windowBlocks: 0, auditFeeBps: 0 })
    let audited = 0
    for (let i = 0; i < 60; i++) {
      const task = await publishTask(s.chain, s.client, s.source, OGPU)
      await work(s.chain, task, [s.p[0]], ['a'])
      if (only(await draw(s.chain, task), 'Drawn').args.audited === true) {
        audited += 1
        await audit(s.chain, task, () => digestOf('a'))
      }
      await finalize(s.chain, task)
    }
    expect(audited).toBeGreaterThan(6)
    expect(audited).toBeLessThan(32)
  })

  test('of judged classes name the guilty seats and the others are paid', async () => {
    const chain = await createTestChain()
    const programId = await registerProgram(chain, chain.person('author'), TOLERANT_FP)
    const set = await stage(chain, 3, { programId, auditors: 3, auditQuorum: 2 })
    for (let i = 0; i < 3; i++) await enrol(chain, chain.person(`auditor ${i}`))
    const task = await publishTask(chain, set.client, set.source, 9n * OGPU)
    await work(chain, task, set.providers, ['x', 'y', 'z'])
    await draw(chain, task)
    await audit(chain, task, () => word(0b010))
    const sent = await finalize(chain, task)
    expect(sent.events.filter(e => e.name === 'SeatSettled').map(e => e.args.outcome)).toEqual([4n, 5n, 4n])
    expect(only(sent, 'Finalized').args.result).toBe(digestOf('x'))
  })

  test('need stake to take part in', async () => {
    const s = await scene({}, 0)
    const manager = s.chain.contract('auditManager')
    const me = s.chain.person('would-be')
    expect(await refusal(manager.send(me, 'enrol', [1n]))).toBe('AuditorStakeTooLow')
    expect(await refusal(manager.send(me, 'enrol', [10n * OGPU]))).toBe('InsufficientLockup')
    expect(await refusal(manager.send(me, 'resign'))).toBe('NotEnrolled')
    await enrol(s.chain, me)
    expect(await refusal(manager.send(me, 'enrol', [10n * OGPU]))).toBe('AlreadyEnrolled')
    expect(await manager.read('auditorCount')).toBe(1n)
    expect([...(await manager.read<string[]>('auditors', 0, 0))].map(lower)).toEqual([me])
  })
})

describe('challenges', () => {
  const unaudited = { auditors: 0, auditQuorum: 0, auditRateBps: 0, jury: 3 }
  const BOND_OF_CHALLENGE = (9n * OGPU) / 5n

  async function challenged(outs: readonly string[]) {
    const s = await scene(unaudited, 3)
    const watcher = s.chain.person('watcher')
    await vault(s).send(watcher, 'depositLockup', [watcher], 50n * OGPU)
    await work(s.chain, s.task, s.p, outs)
    only(await draw(s.chain, s.task), 'WindowOpened')
    await proofs(s).send(watcher, 'challenge', [s.task])
    expect(await reserved(s, watcher)).toBe(BOND_OF_CHALLENGE)
    return { ...s, watcher }
  }

  test('that are right earn the finder its share', async () => {
    const s = await challenged(['a', 'a', 'a'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('truth'))
    await finalize(s.chain, s.task)
    expect(await balance(s, s.watcher)).toBe(3n * ((BOND * 40n) / 100n))
    expect(await reserved(s, s.watcher)).toBe(0n)
  })

  test('that are wrong lose their bond to the accused', async () => {
    const s = await challenged(['a', 'a', 'a'])
    await draw(s.chain, s.task)
    await audit(s.chain, s.task, () => digestOf('a'))
    await finalize(s.chain, s.task)
    expect(await lockup(s, s.watcher)).toBe(50n * OGPU - BOND_OF_CHALLENGE)
    expect(await balance(s, s.p[0])).toBe((BOND_OF_CHALLENGE * 60n) / 100n / 3n)
  })

  test('are free when nobody can audit, and closed once the window is', async () => {
    const s = await scene(unaudited, 0)
    const watcher = s.chain.person('watcher')
    await vault(s).send(watcher, 'depositLockup', [watcher], 50n * OGPU)
    await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
    await draw(s.chain, s.task)
    await proofs(s).send(watcher, 'challenge', [s.task])
    await draw(s.chain, s.task)
    expect(await reserved(s, watcher)).toBe(0n)
    expect(await refusal(proofs(s).send(watcher, 'challenge', [s.task]))).toBe('ChallengeClosed')
    s.chain.mine(9)
    await finalize(s.chain, s.task)
    expect(await refusal(proofs(s).send(watcher, 'challenge', [s.task]))).toBe('WrongPhase')
  })
})

test('randomness that became unreadable is drawn anew', async () => {
  const s = await scene()
  await work(s.chain, s.task, s.p, ['a', 'a', 'a'])
  s.chain.mine(300)
  only(await proofs(s).send(s.client, 'draw', [s.task]), 'RevealClosed')
  only(await draw(s.chain, s.task), 'Drawn')
})

test('a policy is set by the client of the source, checked, and kept by tasks that were published under it', async () => {
  const s = await scene()
  const policies = s.chain.contract('policyRegistry')
  const stranger = s.chain.person('stranger')
  expect(await refusal(setPolicy(s.chain, stranger, s.source))).toBe('PolicyNotClient')
  expect(await refusal(policies.send(stranger, 'clearPolicy', [s.source]))).toBe('PolicyNotClient')
  for (const wrong of [
    { redundancy: 0 },
    { redundancy: 17, quorum: 9 },
    { quorum: 1 },
    { quorum: 4 },
    { auditors: 2, auditQuorum: 1 },
    { auditors: 8, auditQuorum: 5 },
    { auditors: 0, auditQuorum: 0 },
    { jury: 16 },
    { auditRateBps: 10_001 },
    { auditFeeBps: 5_001 },
    { bondBps: 1_000_001 },
    { commitBlocks: 0 },
    { windowBlocks: 1_000_001 },
    { programId: word('unknown') },
  ]) {
    expect([wrong, await refusal(setPolicy(s.chain, s.client, s.source, wrong))]).toEqual([wrong, 'PolicyInvalid'])
  }
  await policies.send(s.client, 'clearPolicy', [s.source])
  expect(await policies.read('policyIdOf', s.source)).toBe(0n)
  const plain = await publishTask(s.chain, s.client, s.source, OGPU)
  expect(await refusal(accept(s.chain, plain, s.p[0]))).toBe('NotPolicyTask')
  await accept(s.chain, s.task, s.p[0])
  expect((await proofs(s).read<{ redundancy: bigint }>('policyOfTask', s.task)).redundancy).toBe(3n)
})

test('earnings of verified tasks vest over time and are lost with a fault', async () => {
  const chain = await createTestChain({ market: { retentionPeriodSec: 1_000 } })
  const set = await stage(chain, 1, { redundancy: 1, quorum: 1, auditFeeBps: 0, windowBlocks: 0 })
  const [provider] = set.providers as [Hex]
  const [master] = set.masters as [Hex]
  await enrol(chain, chain.person('auditor'))
  const run = async (truth: string) => {
    const task = await publishTask(chain, set.client, set.source, 10n * OGPU)
    await work(chain, task, [provider], ['a'])
    await draw(chain, task)
    await audit(chain, task, () => digestOf(truth))
    return finalize(chain, task)
  }
  await run('a')
  const vaultOf = chain.contract('vault')
  expect(await vaultOf.read('balanceOf', master)).toBe(0n)
  chain.pass(500)
  await vaultOf.send(master, 'vest', [provider])
  expect(await vaultOf.read('balanceOf', master)).toBe(5n * OGPU)
  const sent = await run('truth')
  const total = only(sent, 'Slashed').args.total as bigint
  expect(total).toBeGreaterThan(24n * OGPU)
  expect(total).toBeLessThan(25n * OGPU)
  chain.pass(2_000)
  expect([...(await vaultOf.read<bigint[]>('retainedOf', provider))]).toEqual([0n, 0n])
})

test('routing names who may accept and why others may not', async () => {
  const s = await scene()
  const routing = s.chain.contract('routing')
  const stranger = s.chain.person('stranger')
  const why = async (who: Hex) => (await routing.read<[boolean, string]>('eligibility', s.task, who))[1]
  expect(await why(stranger)).toBe('NotProvider')
  expect(await why(s.p[0])).toBe('')
  const found = await routing.read<{ provider: string; score: bigint }[]>('candidates', s.task, 0, s.p.length - 1)
  expect(found.map(c => lower(c.provider))).toEqual([...s.p])
  for (const candidate of found) expect(candidate.score).toBeGreaterThan(0n)
  await accept(s.chain, s.task, s.p[0])
  expect(await why(s.p[0])).toBe('AlreadyAttempted')
  const rest = await routing.read<{ provider: string }[]>('candidates', s.task, 0, 1)
  expect(rest.map(c => lower(c.provider))).toEqual([s.p[1]])
  expect(await refusal(routing.read('candidates', s.task, 0, s.p.length))).toBe('Panic')
  await vault(s).send(s.p[1], 'unbond', [96n * OGPU])
  expect(await why(s.p[1])).toBe('InsufficientLockup')
  expect(await why(s.p[2])).toBe('')
  await deposit(s.chain, stranger, OGPU)
})
