import type { Committee, EpochRecord, LeaderSchedule, VertexRules } from '#consensus'
import { type Authority, type ConsensusParams, type Digest, genesisVertices, type Vertex } from '#types'
import type { CoreModule } from './core.ts'
import { CHAIN_ID } from './identity.ts'
import type { Seat } from './staking.ts'

/** Everything that is fixed in one epoch. Machines are numbers of the run, authorities are places in the committee. */
export interface EpochSetup {
  readonly epoch: number
  /** Machine by authority. */
  readonly members: readonly number[]
  readonly seats: readonly Seat[]
  readonly stakes: readonly number[]
  readonly authorities: readonly Authority[]
  readonly committee: Committee
  readonly quorum: number
  readonly genesis: readonly Vertex[]
  readonly rules: VertexRules
  /** Who leads before reputation swaps. */
  readonly schedule: LeaderSchedule
  readonly epochSeed: Digest
  readonly startMs: number
  readonly previousRecord: Digest
}

export interface EpochIdentity {
  readonly epoch: number
  readonly seats: readonly Seat[]
  readonly epochSeed: Digest
  readonly startMs: number
  readonly previousRecord: Digest
}

/** Members in canonical order: ascending operator address, which is the order of the machines. */
export function authoritiesOf(machines: readonly Authority[], seats: readonly Seat[]): Authority[] {
  return seats.map(({ machine, stake }, index) => ({ ...(machines[machine] as Authority), index, stake }))
}

export function buildSetup(
  core: CoreModule,
  machines: readonly Authority[],
  identity: EpochIdentity,
  params: ConsensusParams,
  leaders: 'roundRobin' | 'schedule',
): EpochSetup {
  const { epoch, seats, epochSeed, startMs, previousRecord } = identity
  const authorities = authoritiesOf(machines, seats)
  const committee = core.createCommittee(authorities)
  const genesis = genesisVertices({
    chainId: CHAIN_ID,
    epoch,
    size: seats.length,
    committeeDigest: committee.digest,
    previousEpochRecord: previousRecord,
  })
  const total = seats.reduce((sum, seat) => sum + seat.stake, 0)
  return {
    epoch,
    members: seats.map(seat => seat.machine),
    seats,
    stakes: seats.map(seat => seat.stake),
    authorities,
    committee,
    quorum: total - Math.floor((total - 1) / 3),
    genesis,
    rules: { chainId: CHAIN_ID, epoch, committee, params, genesis: genesis.map(vertex => vertex.digest) },
    schedule:
      leaders === 'roundRobin'
        ? core.createRoundRobin(seats.length, params.leadersPerRound)
        : core.createStakeSchedule(committee, { chainId: CHAIN_ID, epoch, epochSeed }, params.leadersPerRound),
    epochSeed,
    startMs,
    previousRecord,
  }
}

/** How an epoch ended at one node: durable before the next one begins. */
export interface EndedEpoch {
  readonly record: EpochRecord
  readonly digest: Digest
  readonly next: EpochSetup
  /** Signatures of members of the epoch that ended, by authority. */
  readonly signatures: Map<number, Uint8Array>
}
