import { afterEach, describe, expect, it } from 'vitest'
import { nextProtocolVersion, supportedVersion, versionSupportItem } from '#consensus'
import { CodedError } from '#lib/errors'
import type { SystemItem } from '#types'
import { committeeOfGenesis } from '../../chain/node/committee.ts'
import { temporaryFolders } from '../node-parts/folder.ts'
import { createEpochCluster, type EpochCluster } from './cluster.ts'
import { testNetwork } from './fixture.ts'

const folder = temporaryFolders()
const EPOCH_MS = 2_500

let cluster: EpochCluster | undefined
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

async function start(versions: readonly (number | undefined)[]) {
  const timestampSec = Math.floor(Date.now() / 1_000)
  const network = await testNetwork({ validators: 4, timestampSec, consensus: { epochDurationMs: EPOCH_MS } })
  cluster = createEpochCluster(network, folder())
  for (const [index, version] of versions.entries()) await cluster.start(index, version)
  return { cluster, network }
}

const versionOf = (cluster: EpochCluster, index: number) => cluster.node(index).epochs.current().setup.protocolVersion
const epochOf = (cluster: EpochCluster, index: number) => cluster.node(index).epochs.current().setup.epoch

describe('a protocol version', () => {
  it('begins with the epoch after a quorum knows it, and a node that does not know it stops before', {
    timeout: 60_000,
  }, async () => {
    const { cluster } = await start([2, 2, 2, 1])
    const { failures } = cluster
    const deadline = Date.now() + 30_000
    while (failures.length === 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
    const [failure] = failures.splice(0)
    expect(failure).toBeInstanceOf(CodedError)
    expect(failure).toMatchObject({
      code: 'protocol version unknown',
      data: { protocolVersion: 2, knownVersion: 1 },
    })
    expect(String(failure)).toContain('Install a release that knows version 2')
    const left = epochOf(cluster, 3)
    expect(versionOf(cluster, 3)).toBe(1)
    const { number } = cluster.node(3).engine.chain.head().header
    await cluster.stop(3)
    // It refuses to start again, too: nothing is signed or executed under unknown rules.
    await expect(cluster.start(3, 1)).rejects.toMatchObject({ code: 'protocol version unknown' })
    await cluster.until('the others at the next version', () =>
      [0, 1, 2].every(index => epochOf(cluster, index) > left && versionOf(cluster, index) === 2),
    )
    // With the new release it goes on where it stopped.
    await cluster.start(3, 2)
    await cluster.until(
      'the upgraded node beyond its stop',
      () => versionOf(cluster, 3) === 2 && cluster.node(3).engine.chain.head().header.number > number,
      30_000,
    )
    expect(failures).toEqual([])
  })

  it('does not begin while less than a quorum knows it', { timeout: 60_000 }, async () => {
    const { cluster } = await start([2, 2, 1, 1])
    await cluster.until('an epoch change', () => [0, 1, 2, 3].every(index => epochOf(cluster, index) >= 1), 30_000)
    expect([0, 1, 2, 3].map(index => versionOf(cluster, index))).toEqual([1, 1, 1, 1])
    expect(cluster.failures).toEqual([])
  })
})

describe('the count of who knows a version', () => {
  const said = (author: number, round: number, ...system: SystemItem[]) => ({ author, round, system })
  const known = (author: number, round: number, version: number) => said(author, round, versionSupportItem(version))

  async function next(current: number, vertices: Parameters<typeof nextProtocolVersion>[2]) {
    const { genesis } = await testNetwork({ validators: 4, timestampSec: 1_800_000_000 })
    return nextProtocolVersion(current, committeeOfGenesis(genesis).committee, vertices)
  }

  it('takes the highest that a quorum knows, by the last word of each', async () => {
    expect(await next(1, [known(0, 16, 3), known(1, 16, 2), known(2, 16, 2)])).toBe(2)
    expect(await next(1, [known(0, 16, 3), known(1, 16, 3), known(2, 16, 2), known(3, 16, 3)])).toBe(3)
    expect(await next(1, [known(0, 16, 2), known(1, 16, 2), known(2, 16, 1), known(2, 32, 2)])).toBe(2)
    expect(await next(1, [known(0, 16, 2), known(1, 16, 2), known(2, 32, 1), known(2, 16, 2)])).toBe(1)
    expect(await next(2, [known(0, 16, 1), known(1, 16, 1), known(2, 16, 1), known(3, 16, 1)])).toBe(2)
    expect(await next(1, [])).toBe(1)
  })

  it('does not depend on the order of twins, and reads nothing into other rounds or broken items', async () => {
    const twins = [known(2, 16, 2), known(2, 16, 1)]
    const others = [known(0, 16, 2), known(1, 16, 2)]
    expect(await next(1, [...others, ...twins])).toBe(1)
    expect(await next(1, [...twins.toReversed(), ...others])).toBe(1)
    expect(await next(1, [...others, known(2, 17, 2)])).toBe(1)
    expect(supportedVersion(said(0, 16, { kind: 2, bytes: Uint8Array.of(2) }))).toBeUndefined()
    expect(supportedVersion(known(0, 16, 513))).toBe(513)
  })
})
