/** What a provider does next for a task: a pure function of the chain's state and of what is on our disk. */
import type { Policy, Seat, TaskInfo } from '@ogpu/sdk'

export interface Situation {
  readonly info: TaskInfo
  /** Undefined for a plain task. */
  readonly policy: Policy | undefined
  /** Our account. */
  readonly me: string
  /** Unix seconds by the chain's clock. */
  readonly nowSeconds: number
  /** Files are fetched and checked: the job can be run. */
  readonly prepared: boolean
  /** Output, roots and salt are on disk. */
  readonly computed: boolean
  /** Plain tasks only. */
  readonly attempted: boolean
  readonly responded: boolean
}

export type Step =
  /** Fetch and check the files, so that only a job that can be run is accepted. */
  | 'prepare'
  /** Take a seat. */
  | 'accept'
  /** Claim a plain task. */
  | 'attempt'
  | 'run'
  | 'commit'
  | 'reveal'
  /** Post the link of a plain task's result. */
  | 'respond'
  /** Nothing of our own; maybe a call that anybody may make. */
  | 'watch'
  | 'finish'

export interface Decision {
  readonly step: Step
  /** For the log, and for `finish` the outcome on record. */
  readonly reason: string
}

function decision(step: Step, reason: string): Decision {
  return { step, reason }
}

export function decide(situation: Situation): Decision {
  return situation.policy === undefined ? decidePlain(situation) : decidePolicy(situation, situation.policy)
}

export function seatOf(info: TaskInfo, me: string): Seat | undefined {
  const mine = info.proof?.seats.filter(seat => seat.provider.toLowerCase() === me.toLowerCase()) ?? []
  // A provider may hold a vacated seat and, after reopening, a new one: the last one counts.
  return mine.at(-1)
}

function decidePolicy(situation: Situation, policy: Policy): Decision {
  const { info, me, prepared, computed } = situation
  const phase = info.proof?.phase ?? 'Open'
  if (info.status === 'CANCELED' || info.status === 'EXPIRED') return decision('finish', info.status)
  const seat = seatOf(info, me)
  if (phase === 'Final' || phase === 'Failed')
    return decision('finish', seat === undefined ? 'NOT_SEATED' : phase.toUpperCase())
  if (seat === undefined) {
    if (phase !== 'Open') return decision('watch', 'seats are taken')
    const taken = info.proof?.seats.filter(other => other.state !== 'Vacated').length ?? 0
    if (taken >= policy.redundancy) return decision('watch', 'seats are taken')
    if (situation.nowSeconds >= info.expiryTime) return decision('finish', 'EXPIRED')
    return prepared ? decision('accept', 'a seat is free') : decision('prepare', 'a seat is free')
  }
  switch (seat.state) {
    case 'Accepted':
      if (phase !== 'Open' && phase !== 'Assigned') return decision('watch', 'too late to commit')
      if (computed) return decision('commit', 'the result is on disk')
      return prepared ? decision('run', 'seated') : decision('prepare', 'seated')
    case 'Committed':
      if (phase !== 'Revealing') return decision('watch', 'others still compute')
      return computed ? decision('reveal', 'all seats committed') : decision('watch', 'the salt is lost')
    case 'Vacated':
      return decision('finish', 'VACATED')
    default:
      return decision('watch', 'revealed')
  }
}

function decidePlain(situation: Situation): Decision {
  const { info, prepared, computed, attempted, responded } = situation
  switch (info.status) {
    case 'CANCELED':
    case 'EXPIRED':
      return decision('finish', info.status)
    case 'FINALIZED':
      return decision('finish', info.winningProvider?.toLowerCase() === situation.me.toLowerCase() ? 'FINAL' : 'LOST')
    default:
  }
  if (responded) return decision('watch', 'the client confirms')
  if (situation.nowSeconds >= info.expiryTime) return decision('finish', 'EXPIRED')
  if (!prepared && !computed) return decision('prepare', 'open')
  if (!attempted) return decision('attempt', 'open')
  return computed ? decision('respond', 'the result is on disk') : decision('run', 'attempted')
}
