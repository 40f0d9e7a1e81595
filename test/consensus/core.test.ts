import { describe, expect, test } from 'vitest'
import { toHex } from '#lib/bytes'
import { Cluster, makeValidators } from './cluster.ts'

describe('a cluster of cores with signatures', () => {
  test('four cores make the same commits, one per round', () => {
    const cluster = new Cluster(makeValidators([1, 1, 1, 1]))
    cluster.start()
    cluster.run(3_000)
    const chains = cluster.nodes.map(node => node.commits.map(commit => toHex(commit.digest)))
    const shortest = Math.min(...chains.map(chain => chain.length))
    expect(shortest).toBeGreaterThan(40)
    for (const chain of chains) expect(chain.slice(0, shortest)).toEqual(chains[0]?.slice(0, shortest))
    for (const node of cluster.nodes) {
      expect(node.alarms()).toEqual([])
      expect(node.core.status().suspended).toBe(0)
    }
  })

  test('a network of one validator commits alone', () => {
    const cluster = new Cluster(makeValidators([5]))
    cluster.start()
    cluster.run(2_000)
    expect(cluster.node(0).commits.length).toBeGreaterThan(30)
  })
})
