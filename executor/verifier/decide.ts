/** What a verifier does next for a task: a pure function of the chain's state and of what is on our disk. */
import type { AuditState, TaskInfo } from '@ogpu/sdk'
import type { AuditVote } from '../sidecar/chain.ts'
import type { AuditRecord } from './records.ts'

export interface AuditSituation {
  readonly info: TaskInfo
  readonly block: number
  readonly record: AuditRecord
  /** Present while an audit runs. */
  readonly audit: AuditState | undefined
  /** Our own vote in it. */
  readonly vote: AuditVote | undefined
  /** This task is one of those that we check without being drawn. */
  readonly checks: boolean
}

export type AuditStep =
  /** Run the program, keep the digest and a salt. */
  | 'compute'
  | 'commit'
  | 'reveal'
  /** Close an audit whose deadlines passed. */
  | 'resolve'
  /** Run the program and compare, although nobody asked. */
  | 'check'
  | 'challenge'
  /** Maybe a call that anybody may make. */
  | 'watch'
  | 'finish'

export function decideAudit({ info, block, record, audit, vote, checks }: AuditSituation): AuditStep {
  const phase = info.proof?.phase
  if (phase === undefined || phase === 'Final' || phase === 'Failed') return 'finish'
  if (info.status === 'CANCELED' || info.status === 'EXPIRED') return 'finish'
  if (phase === 'Auditing' && audit?.open === true) {
    if (block > audit.revealDeadline && audit.revealDeadline > 0) return 'resolve'
    const commitsOver = audit.committed >= audit.drawn || (audit.commitDeadline > 0 && block > audit.commitDeadline)
    if (vote === undefined || vote.revealed) return 'watch'
    if (!vote.committed) {
      if (commitsOver) return 'watch'
      return record.verdict?.round === vote.round ? 'commit' : 'compute'
    }
    return commitsOver && record.verdict?.round === vote.round ? 'reveal' : 'watch'
  }
  if (phase === 'Window' && !info.proof?.audited && checks && info.proof?.result !== undefined) {
    if (record.checked === undefined) return 'check'
    if (record.checked === 'wrong' && !info.proof.challenged) return 'challenge'
  }
  return 'watch'
}
