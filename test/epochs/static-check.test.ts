import { afterEach, expect, test } from 'vitest'
import { utf8 } from '#lib/bytes'
import { createConsensusLog } from '../../chain/node/consensus-log.ts'
import { temporaryFolders } from '../node-parts/folder.ts'
import { createEpochCluster, type EpochCluster } from './cluster.ts'
import { testNetwork, transferOf } from './fixture.ts'

const folder = temporaryFolders()
let cluster: EpochCluster | undefined
afterEach(async () => {
  await cluster?.close()
})

test('a validator leaves out of its vertices what the others would have to reject them for', async () => {
  const timestampSec = Math.floor(Date.now() / 1_000)
  const network = await testNetwork({ validators: 4, timestampSec, electsCommittee: false })
  cluster = createEpochCluster(network, folder())
  for (let i = 0; i < 4; i++) await cluster.start(i)
  const { pool, engine, epochs } = cluster.node(0)
  // A pool with a fault: it hands out what it should have refused.
  const junk = utf8('junk that no pool would admit')
  let handedOut = 0
  const take = pool.take.bind(pool)
  pool.take = room => {
    handedOut += 1
    return [junk, ...take(room)]
  }
  await cluster.add(0, [transferOf(0, 0n)])
  await cluster.until('the transfer', () => engine.chain.head().header.number > 0 && pool.status().pending === 0)
  expect(handedOut).toBeGreaterThan(0)
  const { round, lastCommitIndex } = epochs.current().core.status()
  await cluster.until('rounds more', () => epochs.current().core.status().lastCommitIndex > lastCommitIndex + 5)
  const carried: Uint8Array[] = []
  for await (const vertex of createConsensusLog(cluster.consensusStore(1), 0).rounds(1, round))
    if (vertex.author === epochs.current().own) carried.push(...vertex.transactions)
  expect(carried).toEqual([transferOf(0, 0n)])
  expect(cluster.failures).toEqual([])
})
