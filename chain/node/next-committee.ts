import { type Committee, createCommittee, isWeakKey } from '#consensus'
import type { CallEngine } from '#evm'
import { bytesToBigint, compareBytes, fromHex, type Hex, toRawHex } from '#lib/bytes'
import { DecodeError } from '#lib/codec'
import { CodedError } from '#lib/errors'
import type { Authority, BlockNumber, Digest } from '#types'
import { decodeMembers, decodeWord, encodeStakingCall, type StakingMember } from './staking-abi.ts'

/** What the state after an epoch's last block says of the next epoch. */
export interface NextCommittee {
  readonly authorities: readonly Authority[]
  /** Multiaddrs without peer id, by authority. */
  readonly addresses: readonly (readonly string[])[]
  readonly epochSeed: Digest
  readonly epochDurationMs: number
  /** Why members, or the whole committee, are not what the contract says; operators must hear of it. */
  readonly alarm?: string
}

/** What goes on where the contract says nothing usable. */
export type CurrentCommittee = Pick<NextCommittee, 'authorities' | 'addresses' | 'epochSeed' | 'epochDurationMs'>

/** Above it the contract's period is not used: the bound is its own (60 days). */
const EPOCH_DURATION_SEC_MAX = 60 * 24 * 60 * 60
/** A node whose calls are all taken, or too slow, tries again; this often, then it stops. */
const ATTEMPTS = 60
const PAUSE_MS = 500

/**
 * Reads who validates next from the staking contract, in the state after `block`. A pure function of that state: a
 * member whose keys cannot be used is left out; an empty or unreadable committee keeps the current one. CodedError
 * `state unavailable` or `execution aborted` when this node cannot tell, which must never decide anything.
 */
export async function readNextCommittee(options: {
  readonly calls: Pick<CallEngine, 'call'>
  readonly block: BlockNumber
  readonly staking: Hex
  readonly current: CurrentCommittee
}): Promise<NextCommittee> {
  const { calls, block, current } = options
  const to = fromHex(options.staking)

  async function ask(data: Uint8Array): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        const outcome = await calls.call({ to, data }, { block })
        if (outcome.kind !== 'success') throw new DecodeError(`the staking contract answers with a ${outcome.kind}`)
        return outcome.output
      } catch (error) {
        if (!(error instanceof CodedError) || error.code === 'state unavailable' || attempt === ATTEMPTS) throw error
        await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
      }
    }
  }

  try {
    const epoch = bytesToBigint(decodeWord(await ask(encodeStakingCall('epoch()'))))
    if (epoch >= 2n ** 64n) throw new DecodeError('the epoch is no number')
    const epochSeed = decodeWord(await ask(encodeStakingCall('epochSeedOf(uint256)', epoch)))
    const durationSec = bytesToBigint(decodeWord(await ask(encodeStakingCall('epochDuration()'))))
    const elected = decodeMembers(await ask(encodeStakingCall('committeeOf(uint256)', epoch)))
    const members = usableMembers(elected)
    const committee = committeeOf(members)
    const usable = durationSec >= 1n && durationSec <= BigInt(EPOCH_DURATION_SEC_MAX)
    const left = elected.length - members.length
    return {
      authorities: committee.authorities,
      addresses: members.map(({ addresses }) => addresses.split('\n').filter(address => address.startsWith('/'))),
      epochSeed,
      epochDurationMs: usable ? Number(durationSec) * 1_000 : current.epochDurationMs,
      ...(left === 0 ? {} : { alarm: `${left} elected validators have unusable keys and are left out` }),
    }
  } catch (error) {
    const unusable = error instanceof DecodeError || (error instanceof CodedError && error.code === 'bad committee')
    if (!unusable) throw error
    const { authorities, addresses, epochSeed, epochDurationMs } = current
    const alarm = `the current committee goes on: ${error.message}`
    return { authorities, addresses, epochSeed, epochDurationMs, alarm }
  }
}

/** Anybody with enough stake gets a seat; one with bad keys must not keep the others from theirs. */
function usableMembers(members: readonly StakingMember[]): readonly StakingMember[] {
  const taken = new Set<string>()
  return [...members]
    .sort((a, b) => compareBytes(a.operator, b.operator))
    .filter(({ power, consensusKey, networkKey, checkpointKey }) => {
      const keys = [consensusKey, networkKey, checkpointKey]
      const names = keys.map(toRawHex)
      if (power < 1n || power > 2n ** 40n || keys.some(isWeakKey) || new Set(names).size < keys.length) return false
      if (names.some(name => taken.has(name))) return false
      for (const name of names) taken.add(name)
      return true
    })
}

function committeeOf(members: readonly StakingMember[]): Committee {
  return createCommittee(
    members.map(({ operator, consensusKey, networkKey, checkpointKey, power }, index) => ({
      index,
      operator,
      consensusKey,
      networkKey,
      checkpointKey,
      stake: Number(power),
    })),
  )
}
