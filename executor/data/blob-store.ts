/**
 * Blobs on disk under the SHA-256 of their content. A blob is acknowledged only when its bytes and its directory entry
 * are on disk; it is read back only when it still has its hash.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CodedError } from '#lib/errors'

export const STORE_ERRORS = {
  /** The blob is larger than this store takes. */
  BLOB_TOO_LARGE: 'BLOB_TOO_LARGE',
  /** The store is full. */
  QUOTA_EXCEEDED: 'QUOTA_EXCEEDED',
  /** The content does not have the hash that the sender announced. */
  HASH_MISMATCH: 'HASH_MISMATCH',
  /** The file on disk has lost its hash; it was put aside. */
  BLOB_CORRUPT: 'BLOB_CORRUPT',
} as const
export type StoreErrorCode = (typeof STORE_ERRORS)[keyof typeof STORE_ERRORS]
export class StoreError extends CodedError<StoreErrorCode> {
  override name = 'StoreError'
}

export interface BlobStoreOptions {
  readonly dir: string
  readonly blobBytesMax: number
  readonly quotaBytes: number
}

export interface StoredBlob {
  /** 64 hexadecimal digits. */
  readonly hash: string
  readonly size: number
}

export interface BlobStore {
  /** Takes a stream of chunks; `expectedHash`, when given, must be its hash. Storing a known blob again costs nothing. */
  put(chunks: AsyncIterable<Uint8Array>, expectedHash?: string): Promise<StoredBlob>
  /** The bytes, checked; undefined when the store has no such blob. */
  get(hash: string): Promise<Uint8Array | undefined>
  /** The same for blobs that should not be held in memory: hashed from disk first, then read again. */
  stream(hash: string): Promise<Readable | undefined>
  size(hash: string): Promise<number | undefined>
  readonly usedBytes: number
}

const HASH = /^[0-9a-f]{64}$/

/** Opens the store in `dir`, removes what an interrupted upload left, and counts what is there. */
export async function openBlobStore({ dir, blobBytesMax, quotaBytes }: BlobStoreOptions): Promise<BlobStore> {
  const incoming = join(dir, 'incoming')
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { recursive: true })
  let usedBytes = 0
  for (const folder of await readdir(dir)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue
    for (const name of await readdir(join(dir, folder))) {
      if (HASH.test(name)) usedBytes += (await stat(join(dir, folder, name))).size
    }
  }
  const folderOf = (hash: string): string => join(dir, hash.slice(0, 2))
  const pathOf = (hash: string): string => join(folderOf(hash), hash)

  async function size(hash: string): Promise<number | undefined> {
    if (!HASH.test(hash)) return undefined
    try {
      return (await stat(pathOf(hash))).size
    } catch {
      return undefined
    }
  }

  async function put(chunks: AsyncIterable<Uint8Array>, expectedHash?: string): Promise<StoredBlob> {
    const temporary = join(incoming, randomUUID())
    const file = await open(temporary, 'wx', 0o644)
    const hasher = createHash('sha256')
    let length = 0
    let stored = false
    try {
      try {
        for await (const chunk of chunks) {
          length += chunk.length
          // Bytes under way count at once, so that parallel uploads cannot pass the quota together.
          usedBytes += chunk.length
          if (length > blobBytesMax) {
            throw new StoreError(STORE_ERRORS.BLOB_TOO_LARGE, 'the blob is too large', { data: { blobBytesMax } })
          }
          if (usedBytes > quotaBytes) {
            throw new StoreError(STORE_ERRORS.QUOTA_EXCEEDED, 'the store is full', { data: { quotaBytes } })
          }
          hasher.update(chunk)
          await file.appendFile(chunk)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      const hash = hasher.digest('hex')
      if (expectedHash !== undefined && hash !== expectedHash) {
        throw new StoreError(STORE_ERRORS.HASH_MISMATCH, 'the content has another hash', {
          data: { hash, expectedHash },
        })
      }
      const known = await size(hash)
      if (known === undefined) {
        await mkdir(folderOf(hash), { recursive: true })
        await rename(temporary, pathOf(hash))
        await syncFolder(folderOf(hash))
        await syncFolder(dir)
        stored = true
      }
      return { hash, size: length }
    } finally {
      if (!stored) {
        usedBytes -= length
        await rm(temporary, { force: true })
      }
    }
  }

  async function get(hash: string): Promise<Uint8Array | undefined> {
    if (!HASH.test(hash)) return undefined
    let bytes: Buffer
    try {
      bytes = await readFile(pathOf(hash))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    if (createHash('sha256').update(bytes).digest('hex') !== hash) return putAside(hash, bytes.length)
    return bytes
  }

  async function stream(hash: string): Promise<Readable | undefined> {
    const length = await size(hash)
    if (length === undefined) return undefined
    const hasher = createHash('sha256')
    await pipeline(createReadStream(pathOf(hash)), hasher)
    if (hasher.digest('hex') !== hash) return putAside(hash, length)
    return createReadStream(pathOf(hash))
  }

  /** Out of the way, so that the right bytes can be stored again; kept for whoever wants to know what happened. */
  async function putAside(hash: string, length: number): Promise<never> {
    await rename(pathOf(hash), `${pathOf(hash)}.corrupt`).catch(() => {})
    usedBytes -= length
    throw new StoreError(STORE_ERRORS.BLOB_CORRUPT, 'the stored blob has lost its hash', { data: { hash } })
  }

  return {
    put,
    get,
    stream,
    size,
    get usedBytes() {
      return usedBytes
    },
  }
}

/** Makes a rename durable: the directory itself is written out. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
