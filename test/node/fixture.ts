import { createMemoryStore, type Store } from '#storage'
import { type ConsensusLog, createConsensusLog } from '../../chain/node/consensus-log.ts'
import { Cluster, makeValidators, type TestNode } from '../consensus/cluster.ts'

export const FOUR = makeValidators([1, 1, 1, 1])

/** A real DAG with real signatures: four cores in virtual time, with short schedule windows so that checkpoints exist. */
export function grownCluster(untilMs = 4_000): Cluster {
  const cluster = new Cluster(FOUR, { scheduleWindowCommits: 7, gcDepth: 10 })
  cluster.start()
  cluster.run(untilMs)
  return cluster
}

/** The consensus log of a node of the cluster, written record by record as its driver would. */
export async function storedLog(node: TestNode, store: Store = createMemoryStore()): Promise<ConsensusLog> {
  const log = createConsensusLog(store, 0)
  for (const record of node.log) await log.append([record], { durable: false })
  return log
}

/** Resolves once `holds` is true; fails after `timeoutMs`. */
export async function until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error('waited in vain')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
