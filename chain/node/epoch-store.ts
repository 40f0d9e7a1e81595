import {
  type CertifiedEpochRecord,
  createCommittee,
  decodeCertifiedRecord,
  type EpochSignature,
  type EpochStart,
  encodeCertifiedRecord,
  epochRecordDigest,
} from '#consensus'
import { toHex, utf8 } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { accept, reject, type Verdict } from '#lib/verdict'
import { type PeerId, peerIdOfPublicKey } from '#p2p'
import { KEY_PREFIX, type Store, storeKey } from '#storage'
import { type ConsensusParams, type Epoch, type GenesisFile, secondsToMs, ZERO_DIGEST } from '#types'
import { committeeOfGenesis, ogpuConfigOf } from './committee.ts'

/** No commit may end the epoch of a network whose committee is fixed. */
const EPOCH_WITHOUT_END_MS = 2 ** 52

/** Everything that is fixed during one epoch. */
export interface EpochSetup extends EpochStart {
  readonly params: ConsensusParams
  readonly protocolVersion: number
  readonly names: readonly string[]
  /** In committee order. */
  readonly peers: readonly PeerId[]
  /** Multiaddrs without peer id. */
  readonly addresses: readonly (readonly string[])[]
}

/** How an epoch ended, and what a record leaves out that the next epoch needs. */
export interface EndedEpoch extends CertifiedEpochRecord {
  readonly addresses: readonly (readonly string[])[]
}

/** The records of ended epochs on disk, and the setup of every epoch that follows from them. */
export interface EpochStore {
  /** Durable when it resolves. */
  put(ended: EndedEpoch): Promise<void>
  get(epoch: Epoch): EndedEpoch | undefined
  /** CodedError `epoch record missing` when the record of the epoch before is not here. */
  setupOf(epoch: Epoch): EpochSetup
}

export function createEpochStore(store: Store, genesis: GenesisFile): EpochStore {
  const { chainId } = genesis.config
  const { consensus, epochSeed, stakingContract } = ogpuConfigOf(genesis)
  const first = committeeOfGenesis(genesis)
  const nameOf = new Map(
    first.committee.authorities.map(({ operator }, index) => [toHex(operator), first.names[index] as string]),
  )
  const keyOf = (epoch: Epoch) => storeKey(KEY_PREFIX.epochs, new Writer(4).u32(epoch).finish())
  const setups = new Map<Epoch, EpochSetup>()

  function get(epoch: Epoch): EndedEpoch | undefined {
    const bytes = store.get(keyOf(epoch))
    if (bytes === undefined) return undefined
    const ended = decodeEndedEpoch(bytes)
    if (ended.kind === 'accept') return ended.value
    throw new CodedError(
      'store corrupt',
      'the record of an epoch is damaged; start from a snapshot of the network, with a new data directory',
      { data: { epoch } },
    )
  }

  function firstSetup(): EpochSetup {
    const epochDurationMs = stakingContract === undefined ? EPOCH_WITHOUT_END_MS : consensus.epochDurationMs
    return {
      epoch: 0,
      committee: first.committee,
      epochSeed: Buffer.from(epochSeed.slice(2), 'hex'),
      epochStartMs: secondsToMs(BigInt(genesis.timestamp)),
      previousEpochRecord: ZERO_DIGEST,
      params: { ...consensus, epochDurationMs },
      protocolVersion: 1,
      names: first.names,
      peers: first.peers,
      addresses: first.addresses,
    }
  }

  function laterSetup(epoch: Epoch): EpochSetup {
    const ended = get(epoch - 1)
    if (ended === undefined) {
      const text = `the record of epoch ${epoch - 1} is not in the consensus store: restore the data directory, or start anew`
      throw new CodedError('epoch record missing', text, { data: { epoch: epoch - 1 } })
    }
    const { record, addresses } = ended
    const committee = createCommittee(record.nextAuthorities)
    return {
      epoch,
      committee,
      epochSeed: record.nextEpochSeed,
      epochStartMs: record.nextEpochStartMs,
      previousEpochRecord: epochRecordDigest(record, chainId),
      params: { ...consensus, epochDurationMs: record.nextEpochDurationMs },
      protocolVersion: record.nextProtocolVersion,
      names: committee.authorities.map(({ operator }) => nameOf.get(toHex(operator)) ?? toHex(operator)),
      peers: committee.authorities.map(({ networkKey }) => peerIdOfPublicKey(networkKey)),
      addresses,
    }
  }

  return {
    get,
    put: ended => store.write([{ key: keyOf(ended.record.epoch), value: encodeEndedEpoch(ended) }], { durable: true }),
    setupOf(epoch) {
      const known = setups.get(epoch)
      if (known !== undefined) return known
      const setup = epoch === 0 ? firstSetup() : laterSetup(epoch)
      // Only the newest are asked for again and again.
      for (const old of setups.keys()) if (setups.size >= SETUPS_KEPT) setups.delete(old)
      setups.set(epoch, setup)
      return setup
    },
  }
}

const SETUPS_KEPT = 4

/** Bytes of an ended epoch for the store and for nodes that lack it. */
export function encodeEndedEpoch({ addresses, ...certified }: EndedEpoch): Uint8Array {
  const record = encodeCertifiedRecord(certified)
  const out = new Writer(record.length + 256).u32(record.length).bytes(record)
  out.u16(addresses.length)
  for (const list of addresses) {
    const text = utf8(list.join('\n'))
    out.u16(text.length).bytes(text)
  }
  return out.finish()
}

/** Strict inverse of {@link encodeEndedEpoch}. Nothing vouches for the addresses: they only say where to dial. */
export function decodeEndedEpoch(bytes: Uint8Array): Verdict<EndedEpoch, 'malformed'> {
  try {
    const reader = new Reader(bytes)
    const certified = decodeCertifiedRecord(reader.bytes(reader.u32()))
    if (certified.kind !== 'accept') return reject('malformed')
    const addresses: string[][] = []
    for (let left = reader.u16(); left > 0; left--) {
      const text = new TextDecoder().decode(reader.bytes(reader.u16()))
      addresses.push(text === '' ? [] : text.split('\n'))
    }
    reader.end()
    if (addresses.length !== certified.value.record.nextAuthorities.length) return reject('malformed')
    return accept({ ...certified.value, addresses })
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed')
    throw error
  }
}

/** The same record with more signatures. */
export function withSignatures(ended: EndedEpoch, signatures: readonly EpochSignature[]): EndedEpoch {
  return { ...ended, signatures }
}
