/** Who takes part in a random run, which contracts they call, and what they can do. */
import type { Hex } from '#lib/bytes'
import { type ContractKey, createTestChain, type Handle, type Sent, type TestChain } from './harness.ts'

/** Contracts whose functions are called; a run that is long enough reaches every one that anybody may call. */
export const FUZZED = {
  vault: 'vault',
  nexus: 'nexus',
  controller: 'controller',
  terminal: 'terminal',
  policies: 'policyRegistry',
  proofs: 'proofManager',
  audits: 'auditManager',
  router: 'stakeRouter',
  data: 'dataRegistry',
  checkpoints: 'checkpoints',
  batches: 'receiptBatches',
  staking: 'staking',
  fees: 'feeCollector',
  wrapped: 'wrappedOgpu',
} as const satisfies Record<string, ContractKey>

export type Fuzzed = keyof typeof FUZZED

/** What only somebody in particular may call, or what needs a signature: tried as mischief, or elsewhere. */
const NOT_OPEN =
  /\.(set(Manager|Terminal|Vault|Nexus|ManualPaysAll|TaskStatus|SourceStatus|ResponseStatus|StatusAsClient|DefaultAgent|MinStake|EpochDuration|UnbondingPeriod|MinSelfStake|CommitteeSize|BurnBps|MaxUnbondingPeriod|MinLockupPerSource|RetentionPeriod|EarningsToMaster|Whitelist)|transferOwnership|renounceOwnership|freezePayment|releasePayment|processPayment|settle|payPart|reserve|release|sanction|forfeitRetained|waive|withdrawSanctionOf|emitTaskPublished|confirmAs|attemptFor|respondFor|onVerdict|touch|open|reopen|slash|slashChallenger|registerFor|seatFirstCommittee|permit|delegateBySig|transferWithAuthorization|receiveWithAuthorization|cancelAuthorization)$/

/** Every function that anybody may call, as contract.method. */
export async function openFunctions(): Promise<string[]> {
  const chain = await createTestChain()
  const names: string[] = []
  for (const [label, key] of Object.entries(FUZZED)) {
    chain.contract(key).abi.forEachFunction(f => {
      if (f.stateMutability !== 'view' && f.stateMutability !== 'pure') names.push(`${label}.${f.name}`)
    })
  }
  return [...new Set(names)].filter(name => !NOT_OPEN.test(name)).sort()
}

export interface FuzzSource {
  readonly address: Hex
  readonly client: Hex
  readonly manual: boolean
}

/** The people and what they can do. */
export interface Crowd {
  readonly chain: TestChain
  readonly contracts: Readonly<Record<Fuzzed, Handle>>
  readonly clients: readonly Hex[]
  readonly providers: readonly Hex[]
  /** `masters[i]` is the one of `providers[i]`. */
  readonly masters: readonly Hex[]
  readonly auditors: readonly Hex[]
  readonly sources: readonly FuzzSource[]
  /** A source that nobody works on, for calls that would spoil one. */
  readonly spare: Hex
  readonly exact: Hex
  readonly requests: Map<Hex, Hex>
  /** Everybody with an account in the vault; the last two are contracts. */
  accounts(): readonly Hex[]
  calls(): number
  random(): number
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  seldom(probability: number, act: () => Promise<boolean>): Promise<boolean>
  mine(blocks: number): void
  balanceOf(address: Hex): bigint
  fund(address: Hex, wei: bigint): void
  attempt(contract: Handle, from: Hex, method: string, args: readonly unknown[], value?: bigint): Promise<boolean>
  send(contract: Handle, from: Hex, method: string, args: readonly unknown[], value?: bigint): Promise<Sent | undefined>
}
