/** The next step of a task under a policy: mostly one that makes sense, sometimes one that must be refused. */
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { hashOf } from './fuzz-acts.ts'
import type { KnownTask } from './fuzz-books.ts'
import type { Crowd } from './fuzz-crowd.ts'
import { lower, word } from './harness.ts'
import { auditSeal, digestOf, seal } from './market-life.ts'

const PLANTED = 'wrong 0'
export const blobOf = (provider: Hex): Hex => word(`blob ${provider}`)

export async function proveStep(crowd: Crowd, task: KnownTask): Promise<void> {
  const { proofs, nexus, audits } = crowd.contracts
  const anybody = crowd.pick(crowd.accounts().slice(0, -2))
  const { phase, retried } = await proofs.read<{ phase: bigint; retried: bigint }>('taskState', task.address)
  const provider = await actorOf(crowd, task, phase)
  if (crowd.random() < 0.06) {
    await doubt(crowd, task, phase, provider)
    return
  }
  const poke = () => crowd.attempt(proofs, anybody, 'expire', [task.address])
  const roll = crowd.random()
  if (roll < 0.04) {
    await crowd.attempt(proofs, anybody, 'reassign', [task.address, provider])
  } else if (roll < 0.08) {
    await poke()
  } else if (roll < 0.1) {
    await crowd.attempt(crowd.contracts.controller, task.client, 'cancelTask', [task.address])
  } else if (phase === 0n && roll < 0.75) {
    await crowd.attempt(proofs, provider, 'accept', [task.address, provider])
  } else if (phase <= 1n) {
    if (!task.outs.has(provider)) task.outs.set(provider, crowd.random() < 0.8 ? 'right' : `wrong ${crowd.below(3)}`)
    const out = task.outs.get(provider) as string
    if (crowd.random() < 0.3) {
      await checkpoint(crowd, task, provider, retried)
      return
    }
    const method = crowd.random() < 0.9 ? 'commit' : 'heartbeat'
    const args = [task.address, provider, seal(task.address, provider, out)]
    await crowd.attempt(proofs, provider, method, method === 'commit' ? args : args.slice(0, 2))
  } else if (phase === 2n) {
    const out = task.outs.get(provider) ?? 'right'
    const url = crowd.random() < 0.3 ? `https://result/${crowd.calls()}` : ''
    const args = [task.address, provider, word(out), word('trace'), blobOf(provider), url, word('salt')]
    const opened = await crowd.attempt(proofs, provider, 'reveal', args)
    if (opened && url !== '') task.links.set(provider, url)
    if (!opened && crowd.random() < 0.3) await poke()
  } else if (phase === 3n) {
    if (crowd.random() < 0.5) crowd.mine(2)
    await crowd.attempt(proofs, anybody, 'draw', [task.address])
  } else if (phase === 4n) {
    await auditStep(crowd, task)
  } else if (phase === 5n) {
    if (crowd.random() < 0.7) crowd.mine(2)
    if (crowd.random() < 0.1) await crowd.attempt(proofs, anybody, 'challenge', [task.address])
    else await finalize(crowd, task, anybody)
  } else {
    await crowd.attempt(nexus, anybody, 'expireTask', [task.address])
  }
  if (phase === 4n && crowd.random() < 0.1) await crowd.attempt(audits, anybody, 'resolve', [task.address])
}

export async function finalize(crowd: Crowd, task: KnownTask, anybody: Hex): Promise<void> {
  const { proofs } = crowd.contracts
  const [, action] = await proofs.read<[boolean, string]>('due', task.address)
  const [provider, link] = crowd.pick([...task.links, ['0x', ''] as [Hex, string]])
  if (action === 'finalizeWithLink' && link !== '') {
    await crowd.attempt(proofs, anybody, 'finalizeWithLink', [task.address, blobOf(provider), link])
  } else await crowd.attempt(proofs, anybody, 'finalize', [task.address])
}

/** Planted errors, fault proofs, checkpoints that the client does not want. */
async function doubt(crowd: Crowd, task: KnownTask, phase: bigint, provider: Hex): Promise<void> {
  const { proofs, checkpoints } = crowd.contracts
  const client = task.client
  const plant = hashOf(['address', 'bytes32', 'bytes32'], [task.address, digestOf(PLANTED), word('secret')])
  if (phase === 0n && crowd.random() < 0.3) await crowd.attempt(checkpoints, client, 'discard', [task.address])
  else if (phase <= 2n) await crowd.attempt(proofs, client, 'plantError', [task.address, plant])
  else if (phase === 5n && crowd.random() < 0.6) {
    await crowd.attempt(proofs, client, 'openPlant', [task.address, word(PLANTED), word('trace'), word('secret')])
  } else {
    const [liar, lie] = [...task.outs].find(([, answer]) => answer !== 'right') ?? [provider, 'right']
    const evidence = lie === 'right' ? '0x02' : '0x01'
    const inner = toHex(keccak256(fromHex(evidence)))
    const commitment = hashOf(['address', 'address', 'address', 'bytes32'], [client, task.address, liar, inner])
    await crowd.attempt(proofs, client, 'announceFault', [commitment])
    crowd.mine(1)
    await crowd.attempt(proofs, client, 'proveFault', [task.address, liar, word(lie), word('trace'), evidence])
  }
}

async function checkpoint(crowd: Crowd, task: KnownTask, provider: Hex, retried: bigint): Promise<void> {
  const { checkpoints } = crowd.contracts
  interface Last {
    readonly seq: bigint
    readonly retried: bigint
    readonly stepsDone: bigint
    readonly stateRoot: Hex
  }
  const last = await checkpoints.read<Last>('latest', task.address)
  const goesOn = last.retried === retried
  const [seq, before, steps] = goesOn ? [last.seq, last.stateRoot, last.stepsDone] : [0n, word(0), 0n]
  const done = steps + BigInt(crowd.below(4))
  const root = word(`state ${crowd.calls()}`)
  const args = [task.address, provider, seq + 1n, root, before, done, done, word('state')]
  await crowd.attempt(checkpoints, provider, 'checkpoint', args)
}

/** Mostly one who has something to do on the task. */
async function actorOf(crowd: Crowd, task: KnownTask, phase: bigint): Promise<Hex> {
  if ((phase === 0n && crowd.random() < 0.7) || crowd.random() < 0.1) return crowd.pick(crowd.providers)
  const wanted = phase === 2n ? 1n : 0n
  const seats = await crowd.contracts.proofs.read<{ provider: string; state: bigint }[]>('seatsOf', task.address)
  const busy = seats.filter(seat => BigInt(seat.provider) !== 0n && seat.state === wanted)
  return busy.length === 0 ? crowd.pick(crowd.providers) : lower(crowd.pick(busy).provider)
}

async function auditStep(crowd: Crowd, task: KnownTask): Promise<void> {
  const { audits } = crowd.contracts
  const votes = await audits.read<{ auditor: string; revealed: boolean }[]>('votesOf', task.address)
  const open = votes.filter(vote => !vote.revealed)
  const drawn = open.length > 0 && crowd.random() < 0.9
  const auditor = drawn ? lower(crowd.pick(open).auditor) : crowd.pick(crowd.auditors)
  // Each auditor sticks to one opinion on a task; most are honest.
  const opinion = Number(BigInt(toHex(keccak256(fromHex(`${auditor}${task.address.slice(2)}`)))) % 10n)
  const verdict = opinion < 8 ? digestOf('right') : opinion === 8 ? word(1) : word(0)
  const commitArgs = [task.address, auditSeal(task.address, auditor, verdict)]
  if (await crowd.attempt(audits, auditor, 'commitAudit', commitArgs)) return
  await crowd.attempt(audits, auditor, 'revealAudit', [task.address, verdict, word(0), word('salt')])
}
