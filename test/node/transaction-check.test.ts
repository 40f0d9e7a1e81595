import { afterEach, describe, expect, test } from 'vitest'
import {
  createCommittee,
  createConsensus,
  createVertexVerifier,
  decodeStreamFrame,
  encodeStreamFrame,
  type Input,
} from '#consensus'
import { createTransactionCheck } from '#evm'
import { defined } from '#lib/assert'
import { EMPTY, utf8 } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { createMemoryHub, createMemoryNetwork, type MessageVerdict, type Network, peerIdOfSeed } from '#p2p'
import { DEFAULT_CONSENSUS_PARAMS, genesisVertices, sealVertex, signTransaction, VERTEX_VERSION } from '#types'
import { createValidatorLink } from '../../chain/node/validator-link.ts'
import { CHAIN_ID, Cluster, optionsFor, signerOf } from '../consensus/cluster.ts'
import { genesisFile, keyOfUser } from '../evm/fixtures.ts'
import { GENESIS, QUICK, seedOf } from '../p2p/fixture.ts'
import { FOUR, storedLog, until } from './fixture.ts'

const ZERO = new Uint8Array(32)
const committee = createCommittee(FOUR.map(({ authority }) => authority))
const checkTransaction = createTransactionCheck({ genesis: genesisFile({ chainId: CHAIN_ID }), protocolVersion: 1 })
const verifier = createVertexVerifier({
  chainId: CHAIN_ID,
  epoch: 0,
  committee,
  params: DEFAULT_CONSENSUS_PARAMS,
  previousEpochRecord: ZERO,
  checkTransaction,
})

function transfer(fields: { readonly chainId?: bigint; readonly gasLimit?: bigint; readonly type?: 2 | 3 } = {}) {
  const { chainId = BigInt(CHAIN_ID), gasLimit = 21_000n, type = 2 } = fields
  return signTransaction(
    {
      type,
      ...{ chainId, nonce: 0n, gasLimit, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 1n },
      ...{ to: new Uint8Array(20).fill(1), value: 1n, data: EMPTY, accessList: [] },
      ...(type === 3 ? { maxFeePerBlobGas: 1n, blobVersionedHashes: [new Uint8Array(32).fill(1)] } : {}),
    },
    keyOfUser(1),
  ).raw
}

/** A vertex of round 1 that is valid but for what it carries. */
function vertexWith(author: number, transactions: readonly Uint8Array[]) {
  const genesis = genesisVertices({
    ...{ chainId: CHAIN_ID, epoch: 0, size: 4, committeeDigest: committee.digest, previousEpochRecord: ZERO },
  })
  const others = [0, 1, 2, 3].filter(index => index !== author)
  const parents = [author, ...others].map(index => {
    const { round, author: of, digest } = defined(genesis[index], 'a genesis vertex')
    return { round, author: of, digest }
  })
  const key = signerOf(defined(FOUR[author], 'a validator'))
  const lists = { commitVotes: [], execVotes: [], system: [] }
  return sealVertex(
    {
      ...{ version: VERTEX_VERSION, chainId: CHAIN_ID, epoch: 0, round: 1, author, timestampMs: 5, parents },
      ...lists,
      transactions,
    },
    digest => key.sign(1, digest),
  )
}

const running: Network[] = []
afterEach(async () => {
  for (const network of running.splice(0)) await network.stop()
})

describe('a validator that carries what is no transaction of this chain', () => {
  test.each([
    ['junk', Uint8Array.of(0xc1, 0x01), 'malformed'],
    ['blobs', transfer({ type: 3 }), 'unsupported type'],
    ['more gas than a transaction may have', transfer({ gasLimit: 2n ** 24n + 1n }), 'gas limit too high'],
    ['less gas than it costs to begin', transfer({ gasLimit: 20_000n }), 'intrinsic gas'],
    ['a foreign chain', transfer({ chainId: 1n }), 'wrong chain'],
  ])('has its vertex rejected with the reason, and is scored down: %s', async (_what, bytes, reason) => {
    const hub = createMemoryHub()
    const peers = [0, 1].map(index => peerIdOfSeed(seedOf(index)))
    const members = new Map(peers.map((peer, index) => [peer, index]))
    const [us, them] = await Promise.all(
      [0, 1].map(async index => {
        const network = createMemoryNetwork(hub, { networkKeySeed: seedOf(index), genesisHash: GENESIS, limits: QUICK })
        running.push(network)
        network.setCommittee(members)
        await network.start()
        return network
      }),
    )
    if (us === undefined || them === undefined) throw new Error('two networks')
    const inputs: Input[] = []
    const verdicts: MessageVerdict[] = []
    const link = createValidatorLink({
      ...{ network: us, peers, own: 0, epoch: 0, verifier, openRounds: () => ({ above: 0, upTo: 10 }) },
      consensusLog: await storedLog(new Cluster(FOUR).node(0)),
      clock: { now: () => 1 },
      log: silentLog,
    })
    us.onFrame('vertices', async (from, frame) => {
      const decoded = decodeStreamFrame(frame)
      if (decoded.kind !== 'accept') throw new Error('a frame of ours')
      const verdict = await link.onFrame(from, decoded.value)
      verdicts.push(verdict)
      return verdict
    })
    link.start(input => inputs.push(input) > 0)
    us.keep([{ id: them.self, addresses: them.addresses() }])
    await until(() => us.peers().length === 1 && them.peers().length === 1)
    const send = (transactions: readonly Uint8Array[]) => {
      const vertices = [vertexWith(1, transactions).bytes]
      them.send(us.self, 'vertices', encodeStreamFrame({ kind: 'own', vertices }))
    }
    send([transfer(), bytes])
    await until(() => verdicts.length === 1)
    expect(verdicts).toEqual([{ kind: 'reject', reason: `vertex: transaction (${reason})` }])
    await until(() => (us.peers()[0]?.score ?? 0) < 0)
    expect(inputs.filter(({ kind }) => kind === 'vertices')).toEqual([])
    // Without it the same vertex is taken.
    send([transfer()])
    await until(() => inputs.some(({ kind }) => kind === 'vertices'))
    expect(verdicts[1]).toEqual({ kind: 'accept' })
  })

  test('does not hinder a node whose own log holds such a vertex: what is stored is taken as it is', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    for (const index of [0, 1, 2, 3])
      cluster.feed(index, { kind: 'payload', transactions: [utf8(`junk of ${index}`)], nowMs: cluster.nowMs })
    cluster.run(2_000)
    const { log, core } = cluster.node(0)
    const carried = cluster.vertices(0).filter(({ transactions }) => transactions.length > 0)
    expect(carried.length).toBeGreaterThan(0)
    expect(carried.every(({ bytes }) => verifier.verify(bytes).kind === 'reject')).toBe(true)
    const again = createConsensus({ ...optionsFor(FOUR, 0), log })
    expect(again.status().lastCommitIndex).toBe(core.status().lastCommitIndex)
    expect(again.status().lastCommitDigest).toEqual(core.status().lastCommitDigest)
  })
})
