import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasync as fdatasyncBy,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { VertexSigner } from '#consensus'
import { equalBytes, fromHex, isHex, toHex, utf8 } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { reachFailPoint } from '#lib/fail-point'
import { createFile, replaceFile } from '#lib/files'
import { sha256 } from '#lib/hash'
import { type Digest, type Epoch, type Round, vertexSigningBytes } from '#types'
import type { Ed25519Key } from './keys/index.ts'

export type SigningGuardErrorCode =
  /** The file is not what was last written: torn, edited or damaged. */
  | 'signing guard corrupt'
  /** It belongs to another chain or another key. */
  | 'signing guard foreign'
  /** The validator already signed in a later epoch. */
  | 'signing guard epoch'
  /** Another vertex of this round, or a later round, was signed before. */
  | 'round already signed'
  /** The record could not be made durable; nothing is signed any more. */
  | 'signing guard failed'

export interface SigningGuardOptions {
  readonly path: string
  readonly chainId: number
  readonly epoch: Epoch
  readonly key: Ed25519Key
}

export interface SigningGuard extends VertexSigner {
  /**
   * True when there was no file: whether the key signed before is unknown (then the amnesia protocol decides). It stays
   * so over restarts until the first record.
   */
  readonly isNew: boolean
  /** Highest round of this epoch that may have been signed. */
  readonly lastSignedRound: Round | undefined
  /**
   * Makes a signed vertex's round durable: resolves when the disk has it (fdatasync beside the event loop). Call it when the
   * own vertex is stored, and publish only after it: recorded earlier, a kill in between would lose the round for good;
   * recorded later, a lost store could sign it twice. One call at a time.
   */
  record(round: Round, headerDigest: Digest): Promise<void>
  close(): void
}

interface Signed {
  readonly round: Round
  readonly digest: Digest
}

interface SignedRecord {
  readonly chainId: number
  readonly epoch: Epoch
  readonly publicKey: Uint8Array
  readonly signed: Signed | undefined
}

const fdatasync = promisify(fdatasyncBy)

/** The whole record lies in one disk sector and is overwritten in place, so a crash cannot tear it on sane hardware. */
const RECORD_BYTES = 512

/**
 * Signs vertices with the consensus key, and never lets two different ones of a round leave: before a vertex is
 * published, its round and digest are on disk ({@link SigningGuard.record}). A restart, a lost consensus store or a bug
 * in the core cannot make the validator equivocate. The same digest may be signed again. Only one process may use a file (the data directory's lock
 * sees to it). Errors: {@link SigningGuardErrorCode}.
 */
export function openSigningGuard(options: SigningGuardOptions): SigningGuard {
  return new FileSigningGuard(options)
}

/**
 * Writes the guard of keys that were made just now: they have signed nothing, so the node need not ask the others. Fails
 * with EEXIST when there is one.
 */
export function createSigningGuard({ path, chainId, epoch, key }: SigningGuardOptions): void {
  createFile(path, encodeRecord({ chainId, epoch, publicKey: key.publicKey, signed: undefined }), 0o600)
}

class FileSigningGuard implements SigningGuard {
  readonly isNew: boolean
  readonly #options: SigningGuardOptions
  /** Absent until something is recorded, when there was no file. */
  #handle: number | undefined
  /** On disk. */
  #last: Signed | undefined
  /** The newest that this process signed; ahead of `#last` until it is recorded. */
  #signed: Signed | undefined
  #failed = false

  constructor(options: SigningGuardOptions) {
    this.#options = options
    const { path } = options
    this.isNew = !existsSync(path)
    try {
      // No file is made here: one that says "nothing signed" would end the question to the others if we died while asking.
      if (this.isNew) accessSync(dirname(path), constants.W_OK)
      else this.#handle = openSync(path, 'r+')
    } catch (error) {
      throw guardError('signing guard failed', `cannot open ${path}: ${messageOf(error)}`, {}, error)
    }
    if (this.#handle === undefined) return
    try {
      this.#last = this.#accept(this.#read(this.#handle))
    } catch (error) {
      closeSync(this.#handle)
      throw error
    }
  }

  get lastSignedRound(): Round | undefined {
    return this.#last?.round
  }

  sign(round: Round, headerDigest: Digest): Uint8Array {
    if (this.#failed) throw guardError('signing guard failed', 'an earlier write failed: restart the node', { round })
    const last = this.#signed ?? this.#last
    if (
      last !== undefined &&
      (round < last.round || (round === last.round && !equalBytes(headerDigest, last.digest)))
    ) {
      throw guardError(
        'round already signed',
        `round ${round} is refused: this key signed round ${last.round} of epoch ${this.#options.epoch} before`,
        { round, lastSignedRound: last.round, digest: toHex(headerDigest), lastDigest: toHex(last.digest) },
      )
    }
    if (last === undefined || round > last.round) this.#signed = { round, digest: headerDigest.slice() }
    return this.#options.key.sign(vertexSigningBytes(headerDigest))
  }

  async record(round: Round, headerDigest: Digest): Promise<void> {
    if (this.#failed) throw guardError('signing guard failed', 'an earlier write failed: restart the node', { round })
    // An old vertex that came back from the others and is sent again says nothing of what else was signed.
    if (this.#handle === undefined && this.#signed === undefined) return
    if (this.#last === undefined || round > this.#last.round) await this.#write({ round, digest: headerDigest.slice() })
  }

  close(): void {
    this.#failed = true
    if (this.#handle !== undefined) closeSync(this.#handle)
    this.#handle = undefined
  }

  async #write(signed: Signed): Promise<void> {
    const { chainId, epoch, key, path } = this.#options
    try {
      const text = encodeRecord({ chainId, epoch, publicKey: key.publicKey, signed })
      if (this.#handle === undefined) {
        replaceFile(path, text, 0o600)
        this.#handle = openSync(path, 'r+')
      } else {
        const bytes = Buffer.from(text, 'latin1')
        if (writeSync(this.#handle, bytes, 0, RECORD_BYTES, 0) !== RECORD_BYTES) throw new Error('short write')
        reachFailPoint('guard-before-sync')
        await fdatasync(this.#handle)
      }
    } catch (error) {
      // After a failed sync nobody knows what is on disk: fail-stop (the page cache may lie about a retry).
      this.#failed = true
      throw guardError('signing guard failed', `cannot write ${path}: ${messageOf(error)}`, {}, error)
    }
    this.#last = signed
  }

  #read(handle: number): SignedRecord {
    const { path } = this.#options
    const bytes = Buffer.alloc(RECORD_BYTES)
    const record =
      fstatSync(handle).size === RECORD_BYTES && readSync(handle, bytes, 0, RECORD_BYTES, 0) === RECORD_BYTES
        ? decodeRecord(bytes.toString('latin1'))
        : undefined
    if (record !== undefined) return record
    throw guardError(
      'signing guard corrupt',
      `${path} is damaged, so it is unknown which rounds this key has signed. Nothing is signed. Restore the file from ` +
        'the moment of the last shutdown (never an older copy), or move it away: the node then asks the other ' +
        'validators before it signs again.',
    )
  }

  #accept(record: SignedRecord): Signed | undefined {
    const { chainId, epoch, key, path } = this.#options
    if (record.chainId !== chainId || !equalBytes(record.publicKey, key.publicKey)) {
      throw guardError(
        'signing guard foreign',
        `${path} was written for chain ${record.chainId} and key ${toHex(record.publicKey)}, not for chain ${chainId} ` +
          `and key ${toHex(key.publicKey)}. Use the data directory that belongs to this key.`,
      )
    }
    if (record.epoch > epoch) {
      throw guardError(
        'signing guard epoch',
        `this key already signed in epoch ${record.epoch}, and is asked to sign in epoch ${epoch}. The consensus store ` +
          'is older than the guard: let the node catch up as an observer first.',
        { signedEpoch: record.epoch, epoch },
      )
    }
    return record.epoch === epoch ? record.signed : undefined
  }
}

function guardError(
  code: SigningGuardErrorCode,
  message: string,
  data: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): CodedError<SigningGuardErrorCode> {
  return new CodedError(code, message, { data, cause })
}

/** One line of JSON that operators can read, its checksum at the end, blanks up to the sector. */
function encodeRecord(record: SignedRecord): string {
  const body = JSON.stringify({
    version: 1,
    chainId: record.chainId,
    epoch: record.epoch,
    publicKey: toHex(record.publicKey),
    round: record.signed?.round ?? null,
    digest: record.signed === undefined ? null : toHex(record.signed.digest),
  })
  return `${`${body} ${toHex(sha256(utf8(body)))}`.padEnd(RECORD_BYTES - 1)}\n`
}

function decodeRecord(text: string): SignedRecord | undefined {
  const line = text.trimEnd()
  const space = line.lastIndexOf(' ')
  const body = line.slice(0, space)
  if (space < 0 || line.slice(space + 1) !== toHex(sha256(utf8(body)))) return undefined
  try {
    return recordOf(JSON.parse(body))
  } catch {
    return undefined
  }
}

function recordOf(fields: Readonly<Record<string, unknown>>): SignedRecord | undefined {
  const { version, chainId, epoch, publicKey, round, digest } = fields
  if (version !== 1 || !isCount(chainId) || !isCount(epoch) || !isHex(publicKey, 32)) return undefined
  const record = { chainId, epoch, publicKey: fromHex(publicKey) }
  if (round === null && digest === null) return { ...record, signed: undefined }
  if (!isCount(round) || !isHex(digest, 32)) return undefined
  return { ...record, signed: { round, digest: fromHex(digest) } }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
