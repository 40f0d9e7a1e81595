import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { fromHex, isHex, toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import type { Digest } from '#types'
import { createFile } from './files.ts'

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

/** Directories that this very process holds: its own process id in a LOCK file then means "in use", not "stale". */
const heldHere = new Set<string>()

function lock(path: string): () => void {
  const file = join(path, LOCK)
  const inUse = (holder: string) =>
    failed(
      'data directory in use',
      `${path} is used by another node (${holder}): stop that one, or give this one its own --data-dir`,
    )
  if (heldHere.has(path)) throw inUse('in this process')
  const own = `${JSON.stringify({ pid: process.pid, started: startOf(process.pid) })}\n`
  for (let attempt = 0; ; attempt++) {
    try {
      createWhole(file, own)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 5) {
        throw failed('data directory unwritable', `cannot write ${file}: ${messageOf(error)}`, error)
      }
    }
    const seen = readIfThere(file)
    if (seen === undefined) continue
    const holder = holderOf(seen)
    if (holder !== undefined) throw inUse(`process ${holder}`)
    removeStale(file, seen)
  }
  heldHere.add(path)
  return () => {
    if (!heldHere.delete(path)) return
    if (readIfThere(file) === own) rmSync(file, { force: true })
  }
}

/** Fails with EEXIST like an exclusive open, but nobody ever sees the file without its text. */
function createWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`
  rmSync(temporary, { force: true })
  createFile(temporary, text, 0o600)
  try {
    linkSync(temporary, file)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Process id of the living process that wrote the lock; `undefined` when it is gone. */
function holderOf(text: string): number | undefined {
  let pid: unknown
  let started: unknown
  try {
    ;({ pid, started } = JSON.parse(text))
  } catch {
    return undefined
  }
  // Our own id was another process's before a reboot, or in another container's numbering.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
  }
  // The id lives, but it may have been given to another process since.
  return started === startOf(pid) ? pid : undefined
}

/** When the process started, in the kernel's ticks since boot, with the boot; a constant where there is no /proc. */
function startOf(pid: number): string {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (boot === undefined || stat === undefined) return 'unknown'
  // Field 22; the second one (the name) is in parentheses and may hold blanks.
  return `${boot.trim()} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
}

/** Takes a stale lock away. If another process replaced it in this moment, that one's lock is put back. */
function removeStale(file: string, seen: string): void {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  if (readIfThere(aside) !== seen && !existsSync(file)) linkSync(aside, file)
  rmSync(aside, { force: true })
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
