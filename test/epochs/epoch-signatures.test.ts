import { afterEach, describe, expect, it } from 'vitest'
import {
  decodeCertifiedRecord,
  encodeCertifiedRecord,
  epochRecordDigest,
  epochRecordSigningBytes,
  verifyEpochRecord,
} from '#consensus'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import { sha256 } from '#lib/hash'
import type { Network, PeerId } from '#p2p'
import { createMemoryStore } from '#storage'
import { createEpochSignatures, type EpochSignatures, encodeRecordRequest } from '../../chain/node/epoch-signatures.ts'
import { createEpochStore, type EndedEpoch, type EpochStore } from '../../chain/node/epoch-store.ts'
import { testNetwork } from './fixture.ts'

const network = await testNetwork({ validators: 4, timestampSec: 1_800_000_000 })
const { chainId } = network.genesis.config

function ended(store: EpochStore, seed = 1): EndedEpoch {
  const { committee, addresses } = store.setupOf(0)
  return {
    record: {
      epoch: 0,
      lastCommitIndex: 7,
      lastCommitDigest: sha256(Uint8Array.of(1)),
      lastBlockNumber: 5,
      lastBlockHash: sha256(Uint8Array.of(2)),
      nextAuthorities: committee.authorities,
      nextEpochSeed: sha256(Uint8Array.of(seed)),
      nextEpochStartMs: 1_800_000_060_000,
      nextEpochDurationMs: 60_000,
      nextProtocolVersion: 1,
      previousRecordDigest: new Uint8Array(32),
    },
    signatures: [],
    addresses,
  }
}

/** Keys of the validator with this committee index. */
const keysOf = (store: EpochStore, author: number) => {
  const peer = store.setupOf(0).committee.authorities[author]
  return defined(
    network.keys.find(({ checkpoint }) =>
      Buffer.from(checkpoint.publicKey).equals(defined(peer, 'a member').checkpointKey),
    ),
    'its keys',
  )
}

const running: EpochSignatures[] = []
afterEach(() => {
  for (const one of running.splice(0)) one.stop()
})

/** Validator 0 collects; `answers` are what the others say. */
function collector(answers: (author: number, request: Uint8Array) => Uint8Array | undefined) {
  const store = createEpochStore(createMemoryStore(), network.genesis)
  const { peers } = store.setupOf(0)
  const reports: string[] = []
  let differing = 0
  const wire = {
    self: defined(peers[0], 'ourselves'),
    async request(peer: PeerId, _protocol: string, body: Uint8Array) {
      const answer = answers(peers.indexOf(peer), body)
      if (answer === undefined) throw new Error('refused')
      return answer
    },
    report: (_peer: PeerId, _points: number, reason: string) => reports.push(reason),
  } as unknown as Network
  const signatures = createEpochSignatures({
    chainId,
    network: wire,
    store,
    key: keysOf(store, 0).checkpoint,
    log: silentLog,
    onDiffering: () => {
      differing += 1
    },
    onFailure: error => reports.push(String(error)),
  })
  running.push(signatures)
  return { store, signatures, reports, differing: () => differing }
}

const reference = createEpochStore(createMemoryStore(), network.genesis)
const digest = epochRecordDigest(ended(reference).record, chainId)
const signatureOf = (author: number) => ({
  author,
  signature: keysOf(reference, author).checkpoint.sign(epochRecordSigningBytes(digest)),
})

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 8_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('not in time')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const certified = (store: EpochStore) => {
  const record = store.get(0)
  return record !== undefined && verifyEpochRecord(record, store.setupOf(0).committee, chainId).kind === 'accept'
}

describe('signatures of an epoch record', () => {
  it('are collected from the members until they weigh a quorum, and given to who asks', async () => {
    const { store, signatures } = collector(author =>
      author === 3 ? undefined : encodeCertifiedRecord({ ...ended(reference), signatures: [signatureOf(author)] }),
    )
    expect(signatures.answer(encodeRecordRequest(0))).toBeUndefined()
    await signatures.collect(store.setupOf(0), ended(store))
    const first = decodeCertifiedRecord(defined(signatures.answer(encodeRecordRequest(0)), 'an answer'))
    expect(first).toMatchObject({ kind: 'accept', value: { signatures: [{ author: 0 }] } })
    await until(() => certified(store))
    expect(signatures.answer(Uint8Array.of(1, 2, 3))).toBeUndefined()
    expect(signatures.answer(encodeRecordRequest(2 ** 40))).toBeUndefined()
    expect(store.setupOf(1)).toMatchObject({ epoch: 1, epochStartMs: 1_800_000_060_000 })
  })

  it('are refused when forged, and who sent them is blamed', async () => {
    const forged = { author: 2, signature: signatureOf(1).signature }
    const { store, signatures, reports } = collector(() =>
      encodeCertifiedRecord({ ...ended(reference), signatures: [forged] }),
    )
    await signatures.collect(store.setupOf(0), ended(store))
    await until(() => reports.length > 0)
    expect(reports[0]).toBe('forged epoch signature')
    expect(store.get(0)?.signatures.map(({ author }) => author)).toEqual([0])
  })

  it('of another record raise an alarm and are not taken', async () => {
    const { store, signatures, differing } = collector(() => encodeCertifiedRecord(ended(reference, 9)))
    await signatures.collect(store.setupOf(0), ended(store))
    await until(() => differing() > 0)
    expect(store.get(0)?.signatures.length).toBe(1)
  })
})
