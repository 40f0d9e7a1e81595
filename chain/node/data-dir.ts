import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fromHex, isHex, toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { createFile } from '#lib/files'
import { takeLock } from '#lib/lock'
import type { Digest } from '#types'

export type DataDirectoryErrorCode =
  /** Another process works in it. */
  | 'data directory in use'
  /** It belongs to a network with another genesis. */
  | 'data directory foreign'
  /** It was written by a newer version. */
  | 'data directory newer'
  /** Its marker is damaged. */
  | 'data directory damaged'
  /** Nothing that a node made is there. */
  | 'data directory missing'
  /** It holds files that are not ours. */
  | 'data directory not empty'
  | 'data directory unwritable'

export interface DataDirectoryOptions {
  readonly path: string
  readonly chainId: number
  readonly genesisHash: Digest
}

/** A data directory that this process has locked. */
export interface DataDirectory {
  /** Absolute. */
  readonly path: string
  /** LevelDB with chain, state and consensus log. */
  readonly storePath: string
  readonly keysPath: string
  readonly signingGuardPath: string
  /** Network key of a node without validator keys (`openNodeKey`). */
  readonly nodeKeyPath: string
  /** Secret of the operator's JSON-RPC listener. */
  readonly adminSecretPath: string
  readonly logsPath: string
  /** Snapshots for other nodes. */
  readonly snapshotsPath: string
  /** True when no node ran here before. */
  readonly isNew: boolean
  /** Gives the lock back. */
  close(): void
}

const FORMAT = 1
const LOCK = 'LOCK'
const MARKER = 'network.json'
const KNOWN = new Set([
  LOCK,
  MARKER,
  'store',
  'keys',
  'signing-guard',
  'node-key',
  'admin-secret',
  'logs',
  'snapshots',
  'genesis.json',
  'config.json',
  'lost+found',
])

/** Locks the directory, making it when needed, and checks that it belongs to this network. {@link DataDirectoryErrorCode} */
export function openDataDirectory(options: DataDirectoryOptions): DataDirectory {
  const path = resolve(options.path)
  makeWritable(path)
  const unlock = lock(path)
  try {
    const isNew = checkMarker(path, options)
    return {
      path,
      storePath: join(path, 'store'),
      keysPath: join(path, 'keys'),
      signingGuardPath: join(path, 'signing-guard'),
      nodeKeyPath: join(path, 'node-key'),
      adminSecretPath: join(path, 'admin-secret'),
      logsPath: join(path, 'logs'),
      snapshotsPath: join(path, 'snapshots'),
      isNew,
      close: unlock,
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Locks a directory in which a node has run, for whatever network that was. {@link DataDirectoryErrorCode} */
export function openExistingDataDirectory(path: string): DataDirectory {
  const marker = join(resolve(path), MARKER)
  if (!existsSync(marker)) {
    throw failed('data directory missing', `${path} holds no ${MARKER}, so no node has run there: see --data-dir`)
  }
  const { chainId, genesisHash } = readMarker(marker)
  return openDataDirectory({ path, chainId, genesisHash: fromHex(genesisHash) })
}

const failed = (code: DataDirectoryErrorCode, message: string, cause?: unknown) =>
  new CodedError<DataDirectoryErrorCode>(code, message, { cause })

function makeWritable(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw failed(
      'data directory unwritable',
      `cannot write to the data directory ${path} (${messageOf(error)}): make its owner the user that runs the node ` +
        '(in a container: the volume must belong to uid 10001), or choose another place with --data-dir',
      error,
    )
  }
}

// ---- the network's marker ----

function checkMarker(path: string, { chainId, genesisHash }: DataDirectoryOptions): boolean {
  const marker = join(path, MARKER)
  if (!existsSync(marker)) {
    const foreign = readdirSync(path).find(
      name => !KNOWN.has(name) && !name.startsWith(`${LOCK}.`) && !name.startsWith('signing-guard.'),
    )
    if (foreign !== undefined || existsSync(join(path, 'store'))) {
      throw failed(
        'data directory not empty',
        `${path} holds "${foreign ?? 'store'}" but no ${MARKER}, so it is no data directory of a node: choose an empty ` +
          'place with --data-dir',
      )
    }
    const fields = { format: FORMAT, chainId, genesisHash: toHex(genesisHash) }
    try {
      createFile(marker, `${JSON.stringify(fields, null, 2)}\n`)
    } catch (error) {
      throw failed('data directory unwritable', `cannot write ${marker}: ${messageOf(error)}`, error)
    }
    return true
  }
  const found = readMarker(marker)
  if (found.format > FORMAT) {
    throw failed(
      'data directory newer',
      `${path} was written by a newer version (format ${found.format}, this one knows ${FORMAT}): upgrade the node`,
    )
  }
  if (found.chainId !== chainId || found.genesisHash !== toHex(genesisHash)) {
    throw failed(
      'data directory foreign',
      `${path} holds chain ${found.chainId} with genesis ${found.genesisHash}, not chain ${chainId} with genesis ` +
        `${toHex(genesisHash)}. Choose another --data-dir for this network, or remove that one if its chain is no ` +
        'longer needed (keep its keys and its signing-guard file).',
    )
  }
  return false
}

interface Marker {
  readonly format: number
  readonly chainId: number
  readonly genesisHash: string
}

function readMarker(path: string): Marker {
  try {
    const { format, chainId, genesisHash } = JSON.parse(readFileSync(path, 'utf8'))
    if (Number.isSafeInteger(format) && Number.isSafeInteger(chainId) && isHex(genesisHash, 32)) {
      return { format, chainId, genesisHash }
    }
  } catch (error) {
    throw failed('data directory damaged', `cannot read ${path}: ${messageOf(error)}; restore it from a backup`, error)
  }
  throw failed('data directory damaged', `${path} is damaged: restore it from a backup`)
}

// ---- the lock ----

function lock(path: string): () => void {
  try {
    return takeLock(join(path, LOCK))
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    if (error.code !== 'locked') throw failed('data directory unwritable', error.message, error)
    throw failed(
      'data directory in use',
      `${path} is used by another node (${error.data.holder}): stop that one, or give this one its own --data-dir`,
      error,
    )
  }
}
