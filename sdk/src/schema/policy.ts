/** Verification policies: the contract's numbers, with the rules between them checked before anything is sent. */
import { SDK_ERRORS, SdkError } from '../errors.ts'

/** `Policy` of the PolicyRegistry. All `…Blocks` count blocks of the chain, `…Bps` are 1/10,000. */
export interface Policy {
  readonly programId: string
  /** Seats: how many providers compute a task, 1–16. */
  readonly redundancy: number
  /** Equal results that count as the result: more than half of `redundancy`. */
  readonly quorum: number
  readonly auditors: number
  readonly auditQuorum: number
  readonly jury: number
  readonly reassignMax: number
  readonly auditRateBps: number
  readonly auditFeeBps: number
  /** Bond of a seat as a multiple of its share of the payment. */
  readonly bondBps: number
  readonly bondMin: bigint
  readonly acceptBlocks: number
  readonly commitBlocks: number
  readonly revealBlocks: number
  readonly auditBlocks: number
  readonly windowBlocks: number
  readonly heartbeatBlocks: number
  /** How often a task that ended without a result starts again with other providers, 0–7. */
  readonly retryMax: number
  /** Part of the pay that goes to whoever did the steps, at most 9,000; needs a redundancy of one. */
  readonly checkpointBps: number
  /** Steps of a whole task, for `checkpointBps`. */
  readonly checkpointSteps: number
  /** Availability receipts that the blob of a checkpoint needs, 0–15. */
  readonly checkpointReceipts: number
}

/** Starting values of docs: two of three, one task in ten audited, bonds of ten times the pay. */
const DEFAULTS: Omit<Policy, 'programId'> = {
  redundancy: 3,
  quorum: 2,
  auditors: 1,
  auditQuorum: 1,
  jury: 0,
  reassignMax: 3,
  auditRateBps: 1_000,
  auditFeeBps: 1_000,
  bondBps: 100_000,
  bondMin: 10n ** 15n,
  acceptBlocks: 40,
  commitBlocks: 240,
  revealBlocks: 120,
  auditBlocks: 240,
  windowBlocks: 60,
  heartbeatBlocks: 0,
  retryMax: 0,
  checkpointBps: 0,
  checkpointSteps: 0,
  checkpointReceipts: 0,
}

/**
 * A policy for a program, from defaults and what differs; SdkError INVALID_ARGUMENT names a field that breaks a rule.
 *
 * @example makePolicy({ programId, redundancy: 3, quorum: 2, auditRateBps: 10_000 })
 */
export function makePolicy(chosen: Pick<Policy, 'programId'> & Partial<Policy>): Policy {
  const policy = { ...DEFAULTS, ...chosen }
  const rules: readonly (readonly [keyof Policy, boolean])[] = [
    ['programId', /^0x[0-9a-f]{64}$/i.test(policy.programId)],
    ['redundancy', within(policy.redundancy, 1, 16)],
    ['quorum', within(policy.quorum, Math.floor(policy.redundancy / 2) + 1, policy.redundancy)],
    ['auditors', within(policy.auditors, 0, 7)],
    [
      'auditQuorum',
      policy.auditors === 0
        ? policy.auditQuorum === 0
        : within(policy.auditQuorum, Math.floor(policy.auditors / 2) + 1, policy.auditors),
    ],
    ['jury', within(policy.jury, 0, 15)],
    ['reassignMax', within(policy.reassignMax, 0, 16)],
    ['retryMax', within(policy.retryMax, 0, 7)],
    ['checkpointBps', within(policy.checkpointBps, 0, policy.redundancy === 1 ? 9_000 : 0)],
    ['checkpointSteps', within(policy.checkpointSteps, policy.checkpointBps > 0 ? 1 : 0, 2 ** 32 - 1)],
    ['checkpointReceipts', within(policy.checkpointReceipts, 0, 15)],
    ['auditRateBps', within(policy.auditRateBps, 0, 10_000)],
    ['auditFeeBps', within(policy.auditFeeBps, 0, 5_000)],
    ['bondBps', within(policy.bondBps, 0, 2 ** 32 - 1)],
    ['bondMin', policy.bondMin >= 0n && policy.bondMin < 2n ** 96n],
  ]
  for (const [field, holds] of rules) if (!holds) refuse(field)
  const blocks = ['acceptBlocks', 'commitBlocks', 'revealBlocks', 'auditBlocks', 'windowBlocks'] as const
  for (const field of blocks) if (!within(policy[field], 1, 2 ** 32 - 1)) refuse(field)
  if (!within(policy.heartbeatBlocks, 0, 2 ** 32 - 1)) refuse('heartbeatBlocks')
  return policy
}

function within(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max
}

function refuse(field: keyof Policy): never {
  throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, `the policy breaks a rule at ${field}`, { data: { field } })
}
