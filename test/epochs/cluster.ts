import { join } from 'node:path'
import { createRecoveryPool, genesisBlock } from '#evm'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { createMetrics } from '#lib/metrics'
import { createMemoryHub, createMemoryNetwork, type MemoryHub } from '#p2p'
import { createMemoryStore, KEY_PREFIX, type Store } from '#storage'
import { createNodeParts, type NodeParts } from '../../chain/node/node-parts.ts'
import { createSigningGuard } from '../../chain/node/signing-guard.ts'
import type { TestNetwork } from './fixture.ts'

interface Disk {
  readonly chainStore: Store
  readonly consensusStore: Store
}

/** Whole nodes of one network in this process: memory stores that outlive a stop, a memory network, real clocks. */
export interface EpochCluster {
  node(index: number): NodeParts
  running(): readonly NodeParts[]
  /** `protocolVersion`: the highest that this node's program knows. */
  start(index: number, protocolVersion?: number): Promise<void>
  stop(index: number): Promise<void>
  /** Hands transactions to a node's pool, as RPC does. */
  add(index: number, raw: readonly Uint8Array[]): Promise<void>
  /** Waits until `holds`, at most `timeoutMs`; throws with a picture of the nodes. */
  until(what: string, holds: () => boolean, timeoutMs?: number): Promise<void>
  /** Takes everything from a stopped node that its consensus store held. */
  loseConsensusStore(index: number): void
  /** From now on this node cannot write how an epoch ended, until it is started again: as if it died at that instant. */
  breakRecords(index: number): void
  readonly failures: unknown[]
  consensusStore(index: number): Store
  /** The wire, for peers that are none of the validators. */
  readonly hub: MemoryHub
  close(): Promise<void>
}

const POLL_MS = 20

export function createEpochCluster(
  network: TestNetwork,
  folder: string,
  /** Milliseconds of commit time between snapshots; none are made when absent. */
  snapshotIntervalMs?: number,
): EpochCluster {
  const { genesis, keys } = network
  const hub = createMemoryHub({ link: { delayMs: 2, jitterMs: 2, lossPercent: 0 } })
  const genesisHash = genesisBlock(genesis).hash
  const disks = keys.map((): Disk => ({ chainStore: createMemoryStore(), consensusStore: createMemoryStore() }))
  const nodes = new Map<number, { readonly parts: NodeParts; readonly stop: () => Promise<void> }>()
  const failures: unknown[] = []
  const broken = new Set<number>()

  /** A store whose writes of epoch records fail while the node is in `broken`. */
  function breakable(index: number, store: Store): Store {
    return {
      get: key => store.get(key),
      scan: range => store.scan(range),
      close: () => store.close(),
      async write(operations, options) {
        if (broken.has(index) && operations.some(({ key }) => key[0] === KEY_PREFIX.epochs))
          throw new Error('disk gone')
        await store.write(operations, options)
      },
    }
  }

  const recovery = createRecoveryPool({ workers: 0 })
  const guardOf = (index: number) => join(folder, `guard-${index}`)
  // As a launch does for a key that was made for it and has never signed.
  for (const [index, { consensus }] of keys.entries())
    createSigningGuard({ path: guardOf(index), chainId: genesis.config.chainId, epoch: 0, key: consensus })

  const picture = () =>
    [...nodes].map(([index, { parts }]) => {
      const { epoch, lastCommitIndex, ended, closed, round, halted } = parts.epochs.current().core.status()
      return {
        index,
        epoch,
        lastCommitIndex,
        round,
        ended,
        closed,
        halted,
        head: parts.engine.chain.head().header.number,
      }
    })

  return {
    node: index => defined(nodes.get(index), 'the node runs').parts,
    running: () => [...nodes.values()].map(({ parts }) => parts),
    failures,
    hub,
    consensusStore: index => defined(disks[index], 'every validator has a disk').consensusStore,

    breakRecords: index => broken.add(index),

    loseConsensusStore(index) {
      const { chainStore } = defined(disks[index], 'every validator has a disk')
      disks[index] = { chainStore, consensusStore: createMemoryStore() }
    },

    async start(index, protocolVersion) {
      broken.delete(index)
      const own = defined(keys[index], 'a validator of the network')
      const disk = defined(disks[index], 'every validator has a disk')
      const wire = createMemoryNetwork(hub, { networkKeySeed: own.network.seed, genesisHash })
      const parts = await createNodeParts({
        genesis,
        keys: own,
        chainStore: disk.chainStore,
        consensusStore: breakable(index, disk.consensusStore),
        network: wire,
        recovery,
        registry: createMetrics({ build: { version: 'test' }, processMetrics: false }).registry,
        signingGuardPath: guardOf(index),
        historyBlocks: undefined,
        keptPeers: [],
        ...(snapshotIntervalMs === undefined
          ? {}
          : {
              snapshots: {
                path: join(folder, `snapshots-${index}`),
                intervalMs: snapshotIntervalMs,
                keep: 2,
                chunkBytes: 16 * 1024,
              },
            }),
        ...(protocolVersion === undefined ? {} : { protocolVersion }),
        clock: { now: () => Date.now() },
        log: silentLog,
        onFailure: error => failures.push(error),
      })
      nodes.set(index, {
        parts,
        async stop() {
          await wire.stop()
          await parts.stop()
        },
      })
      await parts.start()
    },

    async stop(index) {
      const node = defined(nodes.get(index), 'the node runs')
      nodes.delete(index)
      await node.stop()
    },

    async add(index, raw) {
      for (const verdict of await defined(nodes.get(index), 'the node runs').parts.pool.add(raw, 'local'))
        if (verdict.kind !== 'added') throw new Error(`the pool refused: ${verdict.message}`)
    },

    async until(what, holds, timeoutMs = 20_000) {
      const deadline = performance.now() + timeoutMs
      while (!holds()) {
        if (failures.length > 0) throw failures[0]
        if (performance.now() > deadline) throw new Error(`not in time: ${what} ${JSON.stringify(picture())}`)
        await new Promise(resolve => setTimeout(resolve, POLL_MS))
      }
    },

    async close() {
      for (const { stop } of nodes.values()) await stop()
      nodes.clear()
      await recovery.close()
    },
  }
}

/** Hashes of all blocks up to `height`, in order. */
export async function blockHashes({ engine }: NodeParts, height: number): Promise<readonly string[]> {
  const hashes: string[] = []
  for (let number = 0; number <= height; number++)
    hashes.push(toHex(defined(await engine.chain.blockByNumber(number), 'a block up to the head').hash))
  return hashes
}
