import { STRATEGY_NAMES } from './adversaries/index.ts'
import { lastDisturbanceMs, needsRecovery, vainFetchesMs } from './liveness.ts'
import type { CrashPoint, DiskFate, Fault, Latency, Plan, StakeChange } from './plan.ts'
import { Random } from './prng.ts'
import { SCHEDULER_NAMES } from './schedulers.ts'

const CRASH_POINTS: readonly CrashPoint[] = [
  'before-own-persist',
  'after-own-persist',
  'after-first-send',
  'after-publish',
  'before-commit-persist',
  'after-commit-persist',
  'after-commit',
  'epoch-executed',
  'epoch-recorded',
  'epoch-begun',
]

/**
 * Draws a plan from a seed: committee, stakes, parameters, latency, and faults within the fault bound. Everything that a
 * seed means is in this function, so that a seed stays a bug report as long as it is not changed.
 */
export function planFromSeed(seed: string): Plan {
  const random = new Random(seed, 'plan')
  const n = drawSize(random)
  const weighted = n > 1 && random.chance(0.3)
  const stakes = Array.from({ length: n }, () => (weighted ? random.between(1, 4) : 1))
  const latency = drawLatency(random.stream('latency'))
  const latencyMs = typicalMs(latency)
  const leaderTimeoutMs = Math.max(60, Math.ceil(latencyMs * random.pick([3, 4, 6])))
  const parameters = random.stream('parameters')
  const params = {
    // Where one validator is a quorum, only this delay limits its rounds.
    minRoundDelayMs: parameters.pick(n === 1 || weighted ? [10, 20] : [0, 0, 10, 20]),
    leaderTimeoutMs,
    leaderTimeoutMaxMs: Math.max(1_000, leaderTimeoutMs * 4),
    gcDepth: parameters.pick([3, 5, 8, 20, 60]),
    scheduleWindowCommits: parameters.pick([1, 2, 5, 10, 20]),
    scheduleBadStakePercent: parameters.pick([20, 30]),
    commitSyncBatch: parameters.pick([5, 10, 20]),
    maxRoundLookahead: parameters.pick([50, 200]),
    checkpointIntervalMs: parameters.pick([100, 500]),
    leadersPerRound: n >= 4 && parameters.chance(0.1) ? 2 : 1,
  }
  const faults = drawFaults(random.stream('faults'), stakes, latencyMs)
  const network = random.stream('network')
  const draft: Plan = {
    seed,
    stakes,
    params,
    durationMs: 0,
    network: {
      latency,
      lossPpm: network.pick([0, 0, 0, 0, 10_000]),
      duplicatePpm: network.pick([0, 0, 20_000]),
      ordered: network.chance(0.7),
      bandwidth: 0,
      gstMs: network.chance(0.2) ? network.between(200, 2_000) : 0,
    },
    disk: network.pick([
      { lowUs: 0, highUs: 0 },
      { lowUs: 100, highUs: 5_000 },
      { lowUs: 1_000, highUs: 20_000 },
    ]),
    executionUs: network.pick([0, 1_000, 5_000]),
    workload: { everyMs: network.pick([100, 300]), bytes: 40, doublePpm: 200_000 },
    faults,
    leaders: network.chance(0.2) ? 'roundRobin' : 'schedule',
  }
  const started = withColdStart(draft, random.stream('start'))
  const epochs = random.stream('epochs')
  const seated = epochs.chance(0.3) && n <= 13 ? withStaking(started, epochs) : started
  const tailMs = Math.ceil(80 * latencyMs + 50 * leaderTimeoutMs) + 3 * vainFetchesMs(seated)
  const recoveryMs = needsRecovery(seated) || seated.network.lossPpm > 0 ? 17_000 : 0
  const durationMs = Math.max(1_500, lastDisturbanceMs(seated)) + recoveryMs + tailMs
  // Recovery waits for seconds by constants of the core; slower rounds meanwhile keep a seed cheap.
  const roundsMax = n > 13 ? 60 : recoveryMs > 0 ? 160 : Number.POSITIVE_INFINITY
  const minRoundDelayMs = Math.max(params.minRoundDelayMs, Math.ceil(durationMs / roundsMax))
  return {
    ...seated,
    durationMs,
    params: {
      ...params,
      minRoundDelayMs,
      leaderTimeoutMs: Math.max(leaderTimeoutMs, 2 * minRoundDelayMs),
      ...(seated.staking === undefined
        ? {}
        : { epochDurationMs: Math.ceil(durationMs / epochs.between(2, 5)), commitSyncBatch: 20 }),
    },
  }
}

/** Mostly small: faults meet there. Now and then as large as committees become. */
function drawSize(random: Random): number {
  const rare = random.below(1_000)
  if (rare === 0) return 100
  if (rare < 10) return random.between(25, 40)
  return random.pick([1, 4, 4, 4, 4, 4, 5, 6, 7, 7, 10, 13])
}

/** The whole network starts for the first time, nobody with a guard file; perhaps one validator loses its disk at once. */
function withColdStart(plan: Plan, random: Random): Plan {
  const { stakes, faults, network } = plan
  const total = stakes.reduce((sum, stake) => sum + stake, 0)
  const faulty = Math.floor((total - 1) / 3)
  const harmless = ['slow', 'scheduler', 'slowExecution', 'executionThrows']
  const isCalm = network.lossPpm === 0 && faults.every(fault => harmless.includes(fault.kind))
  if (!isCalm || faulty < Math.max(...stakes) || !random.chance(0.4)) return plan
  const atMs = random.between(1, 400)
  const lost: Fault = { kind: 'crash', node: random.below(stakes.length), atMs, upAtMs: atMs + 1, disk: 'lose' }
  return { ...plan, coldStart: true, faults: random.chance(0.7) ? [...faults, lost] : faults }
}

/**
 * Epochs that end within the run, and validators that join and leave. Whatever part of the changes is executed in time,
 * at most f of the stake is faulty.
 */
function withStaking(plan: Plan, random: Random): Plan {
  const faulty = new Set(faultyMachines(plan))
  const stakes = [...plan.stakes]
  const changes: StakeChange[] = []
  for (let k = random.below(3); k > 0; k--) {
    changes.push({ machine: stakes.length, stake: random.between(1, 2), atMs: random.between(50, 4_000) })
    stakes.push(0)
  }
  const healthy = plan.stakes.flatMap((_, machine) => (faulty.has(machine) ? [] : [machine]))
  if (healthy.length > 0 && random.chance(0.5))
    changes.push({ machine: random.pick(healthy), stake: random.below(3), atMs: random.between(50, 4_000) })
  const staking = changes.filter((_, at) => isSafe(stakes, changes.slice(0, at + 1), faulty))
  return { ...plan, stakes, staking }
}

/** Machines that are faulty for the whole run, or long enough to count. */
function faultyMachines(plan: Plan): readonly number[] {
  return plan.faults.flatMap(fault => {
    if (fault.kind === 'byzantine') return [fault.node]
    if (fault.kind === 'crash' && fault.disk !== 'keep' && fault.disk !== 'torn') return [fault.node]
    if (fault.kind === 'crash' && fault.upAtMs === undefined) return [fault.node]
    if (fault.kind === 'clock' && Math.abs(fault.offsetMs) > 1_000) return [fault.node]
    return []
  })
}

/** True when every subset of the changes leaves the faulty at most f of the stake, and somebody is left. */
function isSafe(genesis: readonly number[], changes: readonly StakeChange[], faulty: ReadonlySet<number>): boolean {
  for (let subset = 0; subset < 2 ** changes.length; subset++) {
    const stakes = [...genesis]
    for (const [k, change] of changes.entries()) if ((subset >> k) & 1) stakes[change.machine] = change.stake
    const total = stakes.reduce((sum, stake) => sum + stake, 0)
    const bad = stakes.reduce((sum, stake, machine) => sum + (faulty.has(machine) ? stake : 0), 0)
    if (total === 0 || bad > Math.floor((total - 1) / 3)) return false
  }
  return true
}

function drawLatency(random: Random): Latency {
  const base = random.pick([10_000, 20_000, 50_000, 80_000])
  switch (random.below(5)) {
    case 0:
      return { kind: 'constant', us: base }
    case 1:
      return { kind: 'uniform', lowUs: base >> 1, highUs: base + (base >> 1) }
    case 2:
      return { kind: 'exponential', baseUs: Math.floor(base * 0.7), meanUs: Math.floor(base * 0.3) }
    case 3:
      return { kind: 'bimodal', lowUs: base, highUs: base + 10_000, slowLowUs: 3 * base, slowHighUs: 10 * base }
    default: {
      const near = Math.floor(base / 4)
      return {
        kind: 'regions',
        matrixUs: [
          [near, base, 2 * base],
          [base, near, base],
          [2 * base, base, near],
        ],
        jitterPercent: 20,
      }
    }
  }
}

function typicalMs(latency: Latency): number {
  switch (latency.kind) {
    case 'constant':
      return latency.us / 1000
    case 'uniform':
      return latency.highUs / 1000
    case 'exponential':
      return (latency.baseUs + 3 * latency.meanUs) / 1000
    case 'bimodal':
      return latency.highUs / 1000
    case 'regions':
      return (Math.max(...latency.matrixUs.flat()) * 1.2) / 1000
  }
}

/** Faulty nodes for the whole run weigh at most f; the others suffer only what they must survive. */
function drawFaults(random: Random, stakes: readonly number[], latencyMs: number): Fault[] {
  const n = stakes.length
  const total = stakes.reduce((sum, s) => sum + s, 0)
  let budget = Math.floor((total - 1) / 3)
  const faults: Fault[] = []
  const all = stakes.map((_, i) => i)
  const healthy = new Set(all)
  for (const node of random.shuffle(all)) {
    const stake = stakes[node] ?? 0
    if (stake > budget || random.chance(0.35)) continue
    budget -= stake
    healthy.delete(node)
    const kind = random.below(10)
    if (kind === 0) faults.push({ kind: 'crash', node, atMs: random.pick([0, 500, 1_000]), disk: 'keep' })
    else if (kind === 1) {
      const atMs = random.between(200, 1_500)
      faults.push({
        kind: 'crash',
        node,
        atMs,
        upAtMs: atMs + random.between(10, 3_000),
        disk: random.pick(['lose', 'snapshot']),
      })
    } else if (kind === 2)
      faults.push({ kind: 'clock', node, offsetMs: random.pick([3_600_000, -3_600_000]), driftPpm: 0 })
    else faults.push({ kind: 'byzantine', node, strategy: random.pick(STRATEGY_NAMES) })
  }
  const rest = [...healthy]
  const windows = () => {
    const fromMs = random.between(0, 1_200)
    return { fromMs, toMs: fromMs + random.between(50, 1_500) }
  }
  const survivable = random.below(3)
  for (let k = 0; k < survivable && rest.length > 0; k++) {
    const node = random.pick(rest)
    const { fromMs, toMs } = windows()
    switch (random.below(11)) {
      case 0:
        faults.push({
          kind: 'crash',
          node,
          atMs: fromMs + 1,
          upAtMs: toMs + 1,
          disk: random.pick<DiskFate>(['keep', 'torn']),
        })
        break
      case 1:
      case 2:
        faults.push({
          kind: 'crashAt',
          node,
          point: random.pick(CRASH_POINTS),
          occurrence: random.between(1, 12),
          downMs: random.between(0, 800),
          disk: random.pick<DiskFate>(['keep', 'torn']),
        })
        break
      case 3: {
        const cut = random.between(1, n)
        const shuffled = random.shuffle(all)
        faults.push({ kind: 'partition', groups: [shuffled.slice(0, cut), shuffled.slice(cut)], fromMs, toMs })
        break
      }
      case 4:
        faults.push({ kind: 'cut', from: [node], to: random.sample(all, random.between(1, n)), fromMs, toMs })
        break
      case 5:
        faults.push({ kind: 'loss', ppm: random.pick([10_000, 50_000, 200_000]), fromMs, toMs })
        break
      case 6:
        faults.push({
          kind: 'slow',
          nodes: [node],
          addUs: Math.floor(latencyMs * 1000 * random.between(1, 8)),
          fromMs,
          toMs,
        })
        break
      case 7:
        faults.push({ kind: 'clock', node, offsetMs: random.between(-400, 400), driftPpm: random.between(-200, 200) })
        break
      case 8:
        faults.push({ kind: 'slowExecution', node, us: random.pick([20_000, 100_000]), fromMs, toMs })
        break
      case 9:
        faults.push({ kind: 'executionThrows', node, commit: random.between(1, 20), times: random.between(1, 3) })
        break
      default:
        faults.push({ kind: 'scheduler', name: random.pick(SCHEDULER_NAMES), fromMs, toMs })
    }
  }
  // Everybody restarts together now and then.
  if (random.chance(0.05)) {
    const atMs = random.between(100, 1_000)
    for (const node of rest) faults.push({ kind: 'crash', node, atMs, upAtMs: atMs + 50, disk: 'keep' })
  }
  return faults
}
