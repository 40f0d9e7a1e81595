/** What an auditor does. */
import type { OgpuClient, Sent } from '../client.ts'
import { auditSealOf, ZERO_HASH } from '../proof/program.ts'
import { requireAddress } from './require-address.ts'

const LAST_CALLER_GAS = 1_200_000n

/** Becomes an auditor with a part of the caller's own lockup; does nothing for one that is enrolled. */
export async function enrolAuditor(
  client: OgpuClient,
  options: { readonly stakeWei: bigint },
): Promise<Sent | undefined> {
  const [enrolled] = await client.read('auditManager', 'isAuditor', [requireAddress(client)])
  return enrolled ? undefined : client.send('auditManager', 'enrol', [options.stakeWei])
}

/** Stops being drawn and frees the stake; not while an own audit is open. */
export function resignAuditor(client: OgpuClient): Promise<Sent> {
  return client.send('auditManager', 'resign')
}

/** Smallest stake of an auditor, wei. */
export async function readAuditorStakeMin(client: OgpuClient): Promise<bigint> {
  const [stake] = await client.read('auditManager', 'minStake')
  return stake
}

export interface AuditState {
  readonly round: number
  readonly open: boolean
  readonly drawn: number
  readonly committed: number
  readonly revealed: number
  /** Blocks. */
  readonly commitDeadline: number
  readonly revealDeadline: number
  /** Of the draw; picks what a report shows. */
  readonly seed: string
}

export async function readAudit(client: OgpuClient, options: { readonly task: string }): Promise<AuditState> {
  const [audit] = await client.read('auditManager', 'auditOf', [options.task])
  return {
    round: Number(audit.round),
    open: audit.open,
    drawn: Number(audit.drawn),
    committed: Number(audit.committed),
    revealed: Number(audit.revealed),
    commitDeadline: Number(audit.commitDeadline),
    revealDeadline: Number(audit.revealDeadline),
    seed: audit.seed,
  }
}

export interface AuditVerdict {
  readonly task: string
  /** The auditor's own `digestOf(outRoot, traceRoot)` for exact programs. */
  readonly verdict: string
  /** `auditReportOf` for exact programs; none when absent. */
  readonly report?: string
  readonly salt: string
}

/** Posts the seal of a verdict. Store the salt durably first. */
export function commitAudit(client: OgpuClient, audit: AuditVerdict): Promise<Sent> {
  const sealed = auditSealOf({ report: ZERO_HASH, ...audit, auditor: requireAddress(client) })
  return client.send('auditManager', 'commitAudit', [audit.task, sealed], { extraGas: LAST_CALLER_GAS })
}

/** Opens the verdict, once all drawn auditors committed or their deadline passed. */
export function revealAudit(client: OgpuClient, audit: AuditVerdict): Promise<Sent> {
  const args = [audit.task, audit.verdict, audit.report ?? ZERO_HASH, audit.salt]
  return client.send('auditManager', 'revealAudit', args, { extraGas: LAST_CALLER_GAS })
}

/** Closes an audit whose deadlines passed. Anybody. */
export function resolveAudit(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  return client.send('auditManager', 'resolve', [options.task], { extraGas: LAST_CALLER_GAS })
}
