import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeSnapshotManifest, type SnapshotManifest, snapshotIdentity } from '#evm'
import type { BlockNumber, Digest } from '#types'

/** A finished snapshot on disk. */
export interface StoredSnapshot {
  readonly height: BlockNumber
  readonly identity: Digest
  readonly manifest: SnapshotManifest
}

/** The snapshots of a node: a folder for each height with `manifest` and the chunks; `.partial` while it is made. */
export interface SnapshotFolder {
  /** Newest first. */
  list(): readonly StoredSnapshot[]
  manifest(height: BlockNumber): Promise<Uint8Array | undefined>
  chunk(height: BlockNumber, index: number): Promise<Uint8Array | undefined>
  /** Begins a snapshot anew. */
  begin(height: BlockNumber): void
  writeChunk(height: BlockNumber, index: number, bytes: Uint8Array): Promise<void>
  /** Makes a begun snapshot one that is offered, and deletes all but the newest `keep`. */
  finish(height: BlockNumber, manifest: Uint8Array, keep: number): Promise<void>
  discard(height: BlockNumber): void
}

const MANIFEST = 'manifest'
const PARTIAL = '.partial'
const chunkName = (index: number) => index.toString().padStart(6, '0')

/** Opens the folder, making it when needed; what a killed process left unfinished is deleted. */
export function openSnapshotFolder(path: string): SnapshotFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const finished = new Map<BlockNumber, StoredSnapshot>()
  for (const name of readdirSync(path)) {
    const snapshot = name.endsWith(PARTIAL) ? undefined : readSnapshot(join(path, name), Number(name))
    if (snapshot === undefined) rmSync(join(path, name), { recursive: true, force: true })
    else finished.set(snapshot.height, snapshot)
  }
  const pathOf = (height: BlockNumber) => join(path, String(height))
  const partialOf = (height: BlockNumber) => pathOf(height) + PARTIAL

  return {
    list: () => [...finished.values()].sort((a, b) => b.height - a.height),
    manifest: async height => (finished.has(height) ? await readFile(join(pathOf(height), MANIFEST)) : undefined),
    async chunk(height, index) {
      const snapshot = finished.get(height)
      if (snapshot === undefined || index >= snapshot.manifest.chunks.length) return undefined
      return await readFile(join(pathOf(height), chunkName(index)))
    },
    begin(height) {
      rmSync(partialOf(height), { recursive: true, force: true })
      mkdirSync(partialOf(height), { mode: 0o700 })
    },
    writeChunk: (height, index, bytes) => writeFile(join(partialOf(height), chunkName(index)), bytes, { mode: 0o600 }),
    async finish(height, manifest, keep) {
      const file = await open(join(partialOf(height), MANIFEST), 'wx', 0o600)
      await file.writeFile(manifest)
      await file.sync()
      await file.close()
      rmSync(pathOf(height), { recursive: true, force: true })
      renameSync(partialOf(height), pathOf(height))
      const snapshot = readSnapshot(pathOf(height), height)
      if (snapshot !== undefined) finished.set(height, snapshot)
      for (const old of [...finished.keys()].sort((a, b) => b - a).slice(keep)) {
        finished.delete(old)
        rmSync(pathOf(old), { recursive: true, force: true })
      }
    },
    discard: height => rmSync(partialOf(height), { recursive: true, force: true }),
  }
}

/** Undefined for anything that is no whole snapshot; the chunks prove themselves when somebody gets them. */
function readSnapshot(path: string, height: BlockNumber): StoredSnapshot | undefined {
  try {
    const manifest = decodeSnapshotManifest(readFileSync(join(path, MANIFEST)))
    if (manifest.kind !== 'accept' || manifest.value.header.number !== height) return undefined
    return { height, identity: snapshotIdentity(manifest.value), manifest: manifest.value }
  } catch {
    return undefined
  }
}
