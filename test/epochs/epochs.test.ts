import { afterEach, describe, expect, it } from 'vitest'
import { type CertifiedEpochRecord, decodeCertifiedRecord, followEpochs, verifyEpochRecord } from '#consensus'
import { defined } from '#lib/assert'
import { toHex, toRawHex } from '#lib/bytes'
import type { NodeParts } from '../../chain/node/node-parts.ts'
import { temporaryFolders } from '../node-parts/folder.ts'
import { blockHashes, createEpochCluster, type EpochCluster } from './cluster.ts'
import { OGPU, registrationOf, stakingCall, type TestNetwork, testNetwork, transferOf, userAddress } from './fixture.ts'

const folder = temporaryFolders()
const EPOCH_MS = 2_000

let cluster: EpochCluster | undefined
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

async function startCluster(options: { readonly candidates?: number; readonly electsCommittee?: boolean } = {}) {
  const timestampSec = Math.floor(Date.now() / 1_000)
  const network = await testNetwork({
    validators: 4,
    ...options,
    timestampSec,
    consensus: { epochDurationMs: EPOCH_MS },
  })
  cluster = createEpochCluster(network, folder())
  for (let i = 0; i < 4; i++) await cluster.start(i)
  return { cluster, network }
}

const epochOf = (parts: NodeParts) => parts.epochs.current().setup.epoch
const operatorsOf = (parts: NodeParts) =>
  parts.epochs.current().setup.committee.authorities.map(({ operator }) => toRawHex(operator))
const operators = ({ keys }: TestNetwork, ...indices: readonly number[]) =>
  indices.map(index => toRawHex(defined(keys[index], 'a validator').operator.address)).sort()

/** All running nodes have the same blocks up to the lowest head. */
async function expectSameChain({ running }: EpochCluster): Promise<number> {
  const height = Math.min(...running().map(({ engine }) => engine.chain.head().header.number))
  const [first, ...others] = await Promise.all(running().map(parts => blockHashes(parts, height)))
  for (const hashes of others) expect(hashes).toEqual(first)
  return height
}

/** Every user sends transfers through every node until the returned function is called. */
function load({ add }: EpochCluster, nodes: readonly number[]): () => Promise<number> {
  let nonce = 0n
  let running = true
  const done = (async () => {
    for (; running; nonce++) {
      for (let user = 0; user < 4; user++) await add(nodes[user % nodes.length] ?? 0, [transferOf(user, nonce)])
      await new Promise(resolve => setTimeout(resolve, 25))
    }
  })()
  return async () => {
    running = false
    await done
    return Number(nonce)
  }
}

const nonceOf = async (parts: NodeParts): Promise<bigint> => {
  const state = await parts.engine.chain.stateAt(parts.engine.chain.head().header.number)
  return (await state.account(userAddress(0)))?.nonce ?? 0n
}

describe('epoch changes', () => {
  it('go on under load: every node ends every epoch alike, and no transaction is lost', {
    timeout: 60_000,
  }, async () => {
    const { cluster, network } = await startCluster()
    const stop = load(cluster, [0, 1, 2, 3])
    await cluster.until('three epoch changes', () => cluster.running().every(parts => epochOf(parts) >= 3), 30_000)
    const sent = await stop()
    await cluster.until('empty pools', () => cluster.running().every(({ pool }) => pool.status().pending === 0))
    await expectSameChain(cluster)
    for (const parts of cluster.running()) {
      expect(operatorsOf(parts)).toEqual(operators(network, 0, 1, 2, 3))
      // The pool of a node that is a commit behind may be empty too.
      await expect.poll(() => nonceOf(parts), { timeout: 10_000 }).toBe(BigInt(sent))
    }
    // The chain of records is signed by quorums: a newcomer follows it without executing anything.
    const [first] = cluster.running()
    const { epochs } = defined(first, 'a node')
    await cluster.until('certified records', () =>
      [0, 1, 2].every(epoch => {
        const record = recordOf(epochs, epoch)
        return (
          record !== undefined && verifyEpochRecord(record, epochs.setupOf(epoch).committee, 1071).kind === 'accept'
        )
      }),
    )
    const records = [0, 1, 2].map(epoch => defined(recordOf(epochs, epoch), 'a record'))
    const followed = followEpochs(epochs.setupOf(0), records, 1071)
    expect(followed).toMatchObject({ kind: 'accept', value: { epoch: 3 } })
    const digests = cluster.running().map(parts => toHex(parts.epochs.setupOf(3).previousEpochRecord))
    expect(new Set(digests).size).toBe(1)
    expect(epochs.dag.status()).toMatchObject({ committeeSize: 4 })
    expect(cluster.failures).toEqual([])
  })

  it('seat who joined and unseat who left, by stake transactions', { timeout: 60_000 }, async () => {
    const { cluster, network } = await startCluster({ candidates: 1 })
    await cluster.start(4)
    const joining = defined(network.keys[4], 'a candidate')
    const args = [registrationOf(joining), 500]
    await cluster.add(0, [
      stakingCall(network, 4, { nonce: 0n, method: 'register', args, value: 100n * OGPU }),
      stakingCall(network, 0, { nonce: 0n, method: 'retire' }),
    ])
    const next = operators(network, 1, 2, 3, 4)
    await cluster.until('the new committee on all five nodes', () =>
      cluster.running().every(parts => epochOf(parts) >= 1 && operatorsOf(parts).join() === next.join()),
    )
    const joined = cluster.node(4)
    expect(joined.epochs.current().own).toBeDefined()
    expect(cluster.node(0).epochs.current().own).toBeUndefined()
    const epoch = epochOf(joined)
    await cluster.until('two more epochs', () => cluster.running().every(parts => epochOf(parts) >= epoch + 2), 30_000)
    // The one who joined makes vertices that count; the one who left follows.
    const own = defined(joined.epochs.current().own, 'a seat')
    await cluster.until('vertices of the new member', () => {
      const [row] = cluster
        .node(1)
        .epochs.dag.validators()
        .filter(({ index }) => index === own)
      return Number(row?.lastRound) > 0
    })
    await expectSameChain(cluster)
    expect(cluster.failures).toEqual([])
  })

  it('go on while a node is stopped at the boundary and comes back', { timeout: 60_000 }, async () => {
    const { cluster } = await startCluster()
    for (let round = 1; round <= 2; round++) {
      const parts = cluster.node(2)
      const epoch = epochOf(parts)
      await cluster.until(
        'the end of an epoch',
        () => parts.epochs.current().core.status().ended || epochOf(parts) > epoch,
      )
      await cluster.stop(2)
      await cluster.start(2)
      await cluster.until('the next epoch', () => cluster.running().every(one => epochOf(one) > epoch + 1), 30_000)
    }
    await expectSameChain(cluster)
    expect(cluster.failures).toEqual([])
  })

  it('are made up for by a node that died between the last block and its record', { timeout: 60_000 }, async () => {
    const { cluster } = await startCluster()
    cluster.breakRecords(1)
    const broken = cluster.node(1)
    const deadline = Date.now() + 10 * EPOCH_MS
    while (cluster.failures.length === 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
    expect(cluster.failures.splice(0).map(String)).toEqual(['Error: disk gone'])
    expect(epochOf(broken)).toBe(0)
    await cluster.stop(1)
    await cluster.start(1)
    expect(epochOf(cluster.node(1))).toBe(1)
    await cluster.until('two more epochs', () => cluster.running().every(parts => epochOf(parts) >= 3), 30_000)
    const digests = cluster.running().map(parts => toHex(parts.epochs.setupOf(1).previousEpochRecord))
    expect(new Set(digests).size).toBe(1)
    await expectSameChain(cluster)
    expect(cluster.failures).toEqual([])
  })

  it('are known again to a node that lost its consensus store: it asks the others for the records', {
    timeout: 60_000,
  }, async () => {
    const { cluster } = await startCluster()
    await cluster.until('a second epoch', () => cluster.running().every(parts => epochOf(parts) >= 1), 30_000)
    await cluster.until('blocks of it', () => {
      const { engine } = cluster.node(3)
      return engine.lastExecuted().epoch >= 1
    })
    await cluster.stop(3)
    cluster.loseConsensusStore(3)
    await cluster.start(3)
    expect(epochOf(cluster.node(3))).toBeGreaterThanOrEqual(1)
    const at = epochOf(cluster.node(3))
    await cluster.until('an epoch more', () => cluster.running().every(parts => epochOf(parts) > at), 30_000)
    await expectSameChain(cluster)
    expect(cluster.failures).toEqual([])
  })

  it('are caught up with by a node that was off for whole epochs', { timeout: 60_000 }, async () => {
    const { cluster } = await startCluster()
    await cluster.until('a first block', () => cluster.node(3).engine.chain.head().header.number > 0)
    // On a busy machine the first epoch may be over before the first block.
    const left = epochOf(cluster.node(3))
    await cluster.stop(3)
    const behind = (parts: NodeParts) => epochOf(parts) < left + 3
    await cluster.until('two epochs without it', () => !cluster.running().some(behind), 30_000)
    await cluster.start(3)
    expect(epochOf(cluster.node(3))).toBeLessThanOrEqual(left + 1)
    const others = [0, 1, 2].map(index => cluster.node(index))
    await cluster.until(
      'the epoch of the others',
      () => others.some(one => epochOf(one) === epochOf(cluster.node(3))),
      30_000,
    )
    const epoch = epochOf(cluster.node(3))
    await cluster.until('one more epoch', () => cluster.running().every(parts => epochOf(parts) > epoch), 30_000)
    await expectSameChain(cluster)
    expect(cluster.failures).toEqual([])
  })

  it('do not happen where the genesis names no staking contract', { timeout: 30_000 }, async () => {
    const { cluster } = await startCluster({ electsCommittee: false })
    const later = Date.now() + 2 * EPOCH_MS
    await cluster.until('two epochs of time', () => Date.now() > later)
    for (const parts of cluster.running()) {
      expect(epochOf(parts)).toBe(0)
      expect(parts.epochs.current().core.status().ended).toBe(false)
    }
    expect(await expectSameChain(cluster)).toBeGreaterThan(2)
  })
})

function recordOf(epochs: NodeParts['epochs'], epoch: number): CertifiedEpochRecord | undefined {
  const bytes = epochs.record(epoch)
  const decoded = bytes === undefined ? undefined : decodeCertifiedRecord(bytes)
  return decoded?.kind === 'accept' ? decoded.value : undefined
}
