import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeSnapshotManifest, genesisBlock, snapshotIdentity } from '#evm'
import { defined } from '#lib/assert'
import { toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import type { Network } from '#p2p'
import { openSnapshotFolder } from '../../chain/node/snapshot-folder.ts'
import {
  decodeSnapshotOffers,
  decodeSnapshotRequest,
  encodeSnapshotOffers,
  encodeSnapshotRequest,
  type SnapshotRequest,
} from '../../chain/node/snapshot-protocol.ts'
import { type SnapshotServerLimits, serveSnapshots } from '../../chain/node/snapshot-server.ts'
import { killGenesis } from '../evm/kill-workload.ts'
import { temporaryFolders } from '../node-parts/folder.ts'

const folder = temporaryFolders()
const { header } = genesisBlock(killGenesis()).block
const chunk = new Uint8Array(1_000).fill(7)

function manifestOf(height: number) {
  const chunks = [{ digest: sha256(chunk), bytes: chunk.length }]
  return { header: { ...header, number: height }, certificate: utf8('certificate'), chunks }
}

async function withSnapshots(path: string, heights: readonly number[], keep = 2) {
  const snapshots = openSnapshotFolder(path)
  for (const height of heights) {
    snapshots.begin(height)
    await snapshots.writeChunk(height, 0, chunk)
    await snapshots.finish(height, encodeSnapshotManifest(manifestOf(height)), keep)
  }
  return snapshots
}

describe('the folder of snapshots', () => {
  test('keeps the newest, survives a restart, and forgets what was not finished', async () => {
    const path = join(folder(), 'snapshots')
    const snapshots = await withSnapshots(path, [10, 20, 30])
    expect(snapshots.list().map(({ height }) => height)).toEqual([30, 20])
    snapshots.begin(40)
    await snapshots.writeChunk(40, 0, chunk)
    mkdirSync(join(path, 'nonsense'))
    const again = openSnapshotFolder(path)
    expect(again.list().map(({ height }) => height)).toEqual([30, 20])
    expect(readdirSync(path).sort()).toEqual(['20', '30'])
    expect(await again.chunk(30, 0)).toEqual(Buffer.from(chunk))
    expect(await again.chunk(30, 1)).toBeUndefined()
    expect(await again.chunk(10, 0)).toBeUndefined()
    expect(await again.manifest(10)).toBeUndefined()
    expect(existsSync(join(path, '40.partial'))).toBe(false)
  })
})

describe('the server of snapshots', () => {
  async function server(limits: Partial<SnapshotServerLimits>) {
    let nowMs = 0
    let handler: ((from: string, body: Uint8Array) => Promise<Uint8Array | undefined>) | undefined
    const network = {
      onRequest(_: string, given: typeof handler) {
        handler = given
      },
    } as unknown as Network
    const snapshots = await withSnapshots(join(folder(), 'snapshots'), [10])
    serveSnapshots({ network, folder: snapshots, limits, nowMs: () => nowMs })
    return {
      ask: (from: string, request: SnapshotRequest) =>
        defined(handler, 'a handler')(from, encodeSnapshotRequest(request)),
      raw: (body: Uint8Array) => defined(handler, 'a handler')('a', body),
      wait: (ms: number) => {
        nowMs += ms
      },
    }
  }
  const part: SnapshotRequest = { kind: 'chunk', height: 10, index: 0 }

  test('offers what is there, and answers nothing else', async () => {
    const { ask, raw } = await server({})
    const offers = decodeSnapshotOffers(defined(await ask('a', { kind: 'list' }), 'offers'))
    expect(offers?.map(({ height, identity }) => [height, toHex(identity)])).toEqual([
      [10, toHex(snapshotIdentity(manifestOf(10)))],
    ])
    expect(await ask('a', part)).toEqual(Buffer.from(chunk))
    expect(await ask('a', { ...part, height: 11 })).toBeUndefined()
    expect(await ask('a', { ...part, index: 1 })).toBeUndefined()
    for (const body of [new Uint8Array(0), Uint8Array.of(9), Uint8Array.of(1, 1), new Uint8Array(64).fill(255)])
      expect(await raw(body)).toBeUndefined()
  })

  test('gives a peer, and all together, no more than their share of bytes', async () => {
    const { ask, wait } = await server({
      peerBytesPerSecond: 1_000,
      peerBytesBurst: 2_000,
      bytesPerSecond: 2_000,
      bytesBurst: 3_000,
    })
    expect(await ask('a', part)).toBeDefined()
    expect(await ask('a', part)).toBeDefined()
    expect(await ask('a', part)).toBeUndefined()
    expect(await ask('b', part)).toBeDefined()
    // The common share is used up now, whoever asks.
    expect(await ask('c', part)).toBeUndefined()
    wait(1_000)
    expect(await ask('a', part)).toBeDefined()
    expect(await ask('a', part)).toBeUndefined()
    expect(await ask('c', part)).toBeDefined()
  })

  test('reads a bounded number of files at a time', async () => {
    const { ask } = await server({ readsMax: 2 })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => ask(`peer ${i}`, part)))
    expect(answers.filter(answer => answer !== undefined)).toHaveLength(2)
    expect(await ask('later', part)).toBeDefined()
  })
})

describe('the messages about snapshots', () => {
  test('are read back, and no bytes are more than refused', () => {
    const requests: readonly SnapshotRequest[] = [
      { kind: 'list' },
      { kind: 'manifest', height: 2 ** 40 },
      { kind: 'chunk', height: 1, index: 2 ** 32 - 1 },
    ]
    for (const request of requests) expect(decodeSnapshotRequest(encodeSnapshotRequest(request))).toEqual(request)
    const offers = [{ height: 2 ** 47, identity: sha256(utf8('x')) }]
    expect(decodeSnapshotOffers(encodeSnapshotOffers(offers))).toEqual(offers)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        decodeSnapshotRequest(bytes)
        decodeSnapshotOffers(bytes)
      }),
    )
  })
})
