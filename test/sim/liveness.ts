import { defined } from '#lib/assert'
import { FETCH_RETRY_MS } from '../../chain/consensus/limits.ts'
import { Violation } from './checker.ts'
import { latencyBoundUs } from './network.ts'
import type { SimNode } from './node.ts'
import type { Plan } from './plan.ts'
import type { World } from './world.ts'

/** The longest pause of the core before it asks again (amnesia, commit sync), plus room for the answer. */
const RECOVERY_MS = 16_000
/** Twins that few have are asked of liars first: so many times in a row, each of which costs the core's pause. */
const FETCHES_IN_VAIN = 3

export interface LivenessBounds {
  /** From here on nothing disturbs the network any more; nodes that were down have had time to catch up. */
  readonly calmFromMs: number
  /** Time from the creation of an honest vertex to its commit everywhere. */
  readonly commitMs: number
}

/** When the last fault ends, and whether a node needed recovery that takes long. */
export function lastDisturbanceMs(plan: Plan): number {
  let last = plan.network.gstMs
  for (const fault of plan.faults) {
    if (fault.kind === 'crash' && fault.upAtMs !== undefined) last = Math.max(last, fault.upAtMs)
    if (fault.kind === 'crashAt') last = Math.max(last, plan.durationMs / 3 + fault.downMs)
    if ('toMs' in fault) last = Math.max(last, fault.toMs)
  }
  return last
}

export function needsRecovery(plan: Plan): boolean {
  return (
    plan.coldStart === true ||
    plan.faults.some(f => ['crash', 'crashAt', 'partition', 'cut', 'loss', 'slowExecution'].includes(f.kind))
  )
}

/** With liars about, what few have takes longer to get. */
export function vainFetchesMs({ faults }: Pick<Plan, 'faults'>): number {
  return faults.some(({ kind }) => kind === 'byzantine') ? FETCHES_IN_VAIN * FETCH_RETRY_MS : 0
}

export function boundsOf(plan: Plan, leaderTimeoutMs: number): LivenessBounds {
  const deltaMs = latencyBoundUs(plan.network.latency) / 1000
  const commitMs =
    Math.ceil(16 * deltaMs + 20 * leaderTimeoutMs + (plan.disk.highUs + plan.executionUs) / 100) + vainFetchesMs(plan)
  const recovery = needsRecovery(plan) ? RECOVERY_MS : 0
  return { calmFromMs: lastDisturbanceMs(plan) + recovery + commitMs, commitMs }
}

/** Nodes that must be live at the end: honest, running, and with a working clock and disk. */
export function correctNodes(world: World): SimNode[] {
  const broken = new Set(
    world.plan.faults.flatMap(f =>
      f.kind === 'diskError' ||
      f.kind === 'clockStopped' ||
      f.kind === 'wrongState' ||
      (f.kind === 'executionThrows' && f.times > 1_000) ||
      (f.kind === 'clock' && Math.abs(f.offsetMs) > 1_000)
        ? [f.node]
        : [],
    ),
  )
  return world.nodes.filter(n => n.isHonest && n.isAlive && !n.isStopped && !broken.has(n.index))
}

/** True when in each epoch so far at most f of the stake is faulty. */
export function isWithinFaultBound(world: World): boolean {
  const correct = new Set(correctNodes(world).map(n => n.index))
  return world.checkers.every(({ epoch }) => {
    const { seats } = defined(world.setupOf(epoch), 'an epoch that began')
    const total = seats.reduce((sum, { stake }) => sum + stake, 0)
    const faulty = seats.reduce((sum, { machine, stake }) => sum + (correct.has(machine) ? 0 : stake), 0)
    return faulty <= Math.floor((total - 1) / 3)
  })
}

/**
 * I10 and I11 at the end of a run with at most f faulty stake: the last commit is recent at every correct node, each of
 * their vertices is ordered within the bound, and so is each transaction that one of them was given while it stayed up.
 */
export function checkLiveness(world: World): void {
  const { plan, params, nowUs } = world
  const bounds = boundsOf(plan, params.leaderTimeoutMs)
  const endMs = plan.durationMs
  if (endMs < bounds.calmFromMs + bounds.commitMs) return
  if (!isWithinFaultBound(world)) return
  const fail = (node: number, message: string): never => {
    throw new Violation('I10', node, message)
  }
  const lastUs = world.stats.commitTimesUs.at(-1) ?? 0
  if (nowUs - lastUs > bounds.commitMs * 1000)
    fail(0, `no commit for ${Math.round((nowUs - lastUs) / 1000)} ms at the end; ${world.stats.commits} in all`)
  for (const node of correctNodes(world)) {
    const { delivered } = node
    // Who only follows asks four times a second, and is some batches behind when rounds are short.
    const graceMs = node.authority === undefined ? 4 * bounds.commitMs : bounds.commitMs
    const recent = world.stats.commitTimesUs.findLast(t => t <= nowUs - graceMs * 1000)
    const expected = recent === undefined ? 0 : world.stats.commitTimesUs.lastIndexOf(recent) + 1
    if (delivered < expected) fail(node.index, `delivered ${delivered} commits, others had ${expected} a while ago`)
    // With a short memory a vertex that one message loss delays may be collected before anybody orders it.
    if (params.gcDepth < 20 || plan.network.lossPpm > 0) continue
    for (const vertex of node.ownVertices) {
      const info = world.registry.infoOf(vertex)
      const dueMs = info.createdUs / 1000 + bounds.commitMs
      if (info.createdUs / 1000 < bounds.calmFromMs || dueMs > endMs) continue
      // What an epoch's last commit leaves out is void; its transactions come back to the pool.
      const checker = world.checkerOf(vertex.epoch)
      if (!checker.hasEnded && !checker.isOrdered(info.id))
        fail(node.index, `own vertex of round ${vertex.round} is not committed in time`)
    }
  }
  checkEpochs(world, bounds)
  // A node that follows cannot order what it is given; without gossip nobody else hears of it.
  const correct = new Set(
    correctNodes(world)
      .filter(n => !n.wasDown && world.checkers.every(({ epoch }) => world.setupOf(epoch)?.members.includes(n.index)))
      .map(n => n.index),
  )
  for (const transaction of world.submitted) {
    if (!correct.has(transaction.node) || transaction.atUs / 1000 + bounds.commitMs > endMs) continue
    if (transaction.atUs / 1000 < bounds.calmFromMs && endMs < bounds.calmFromMs + 2 * bounds.commitMs) continue
    if (!world.ran.has(transaction.key))
      throw new Violation('I11', transaction.node, `a transaction given at ${transaction.atUs / 1000} ms never ran`)
  }
}

/** I13 at the end: whoever is correct is in the newest epoch and has every record that ended before, with a quorum's signatures. */
function checkEpochs(world: World, bounds: LivenessBounds): void {
  const dueUs = world.nowUs - 4 * bounds.commitMs * 1000
  for (const node of correctNodes(world)) {
    for (const checker of world.checkers) {
      if (checker.endedUs === undefined || checker.endedUs > dueUs) continue
      if (node.epoch <= checker.epoch)
        throw new Violation(
          'I10',
          node.index,
          `is in epoch ${node.epoch}, though epoch ${checker.epoch} ended long ago`,
        )
      if (!node.isCertified(checker.epoch))
        throw new Violation('I10', node.index, `has no quorum of signatures for the record of epoch ${checker.epoch}`)
    }
  }
}
