import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, isHex, toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { createFile } from '#lib/files'
import { accountOfPrivateKey } from './account-key.ts'
import { ed25519KeyOfSeed } from './ed25519-key.ts'
import { decryptAccount, decryptEd25519, encryptAccount, encryptEd25519, SCRYPT_N } from './keystore.ts'
import { publicKeysOf, type ValidatorKeys } from './validator-keys.ts'

const FILES = {
  consensus: 'consensus-key.json',
  network: 'network-key.json',
  checkpoint: 'checkpoint-key.json',
  operator: 'operator-account.json',
} as const
const DEV_FILE = 'UNENCRYPTED-DEVELOPMENT-KEYS.json'
const PUBLIC_FILE = 'public-keys.json'
const DEV_WARNING = 'DEVELOPMENT ONLY: these secrets are not encrypted. Never use them on a network with value.'

export interface LoadedKeys extends ValidatorKeys {
  /** True when they lay unencrypted: a network with value must refuse them. */
  readonly development: boolean
}

/**
 * Writes each key encrypted under `password` (files 0600 in a directory 0700), and the public ones in clear beside them.
 * Existing keys are never overwritten. CodedError `keys exist`, `keys not written`.
 * @param scryptN cost of guessing the password; lower it only in tests
 */
export function saveKeys(directory: string, keys: ValidatorKeys, password: string, scryptN = SCRYPT_N): void {
  if (password.length === 0) throw new CodedError('password empty', 'an empty password protects nothing')
  prepare(directory)
  write(directory, FILES.consensus, encryptEd25519(keys.consensus, password, 'ogpu consensus key', scryptN))
  write(directory, FILES.network, encryptEd25519(keys.network, password, 'ogpu network key', scryptN))
  write(directory, FILES.checkpoint, encryptEd25519(keys.checkpoint, password, 'ogpu checkpoint key', scryptN))
  write(directory, FILES.operator, encryptAccount(keys.operator, password, scryptN))
  write(directory, PUBLIC_FILE, `${JSON.stringify(publicKeysOf(keys), null, 2)}\n`)
}

/** Writes all keys in clear, for devnets; the file's name and first field say so. */
export function saveDevKeys(directory: string, keys: ValidatorKeys): void {
  prepare(directory)
  const secrets = {
    warning: DEV_WARNING,
    consensus: toHex(keys.consensus.seed),
    network: toHex(keys.network.seed),
    checkpoint: toHex(keys.checkpoint.seed),
    operator: toHex(keys.operator.privateKey),
  }
  write(directory, DEV_FILE, `${JSON.stringify(secrets, null, 2)}\n`)
  write(directory, PUBLIC_FILE, `${JSON.stringify(publicKeysOf(keys), null, 2)}\n`)
}

/** The kinds of a validator's keys, with the files that hold them. */
export const KEY_KINDS = ['consensus', 'network', 'checkpoint', 'operator'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

export function keyFileName(kind: KeyKind): string {
  return FILES[kind]
}

/** One key as a keystore of its own under `password`: EIP-2335, or geth's for the operator's account. */
export function encryptKey(kind: KeyKind, keys: ValidatorKeys, password: string, scryptN = SCRYPT_N): string {
  if (password.length === 0) throw new CodedError('password empty', 'an empty password protects nothing')
  if (kind === 'operator') return encryptAccount(keys.operator, password, scryptN)
  return encryptEd25519(keys[kind], password, `ogpu ${kind} key`, scryptN)
}

/** A validator's keys out of one keystore for each kind; the opposite of {@link encryptKey}. */
export function decryptKeys(keystores: Readonly<Record<KeyKind, string>>, password: string): ValidatorKeys {
  return {
    consensus: decryptEd25519(keystores.consensus, password),
    network: decryptEd25519(keystores.network, password),
    checkpoint: decryptEd25519(keystores.checkpoint, password),
    operator: decryptAccount(keystores.operator, password),
  }
}

/** Whether the directory holds keys, and which form needs what to be loaded. */
export function keysForm(directory: string): 'encrypted' | 'development' | 'none' {
  if (Object.values(FILES).some(file => existsSync(join(directory, file)))) return 'encrypted'
  return existsSync(join(directory, DEV_FILE)) ? 'development' : 'none'
}

/**
 * Reads what {@link saveKeys} or {@link saveDevKeys} wrote. CodedError `keys missing`, `keys exposed` (others can read
 * the files), `password missing`, `wrong password`, `keystore invalid`.
 */
export function loadKeys(directory: string, password?: string): LoadedKeys {
  switch (keysForm(directory)) {
    case 'none':
      throw new CodedError(
        'keys missing',
        `there are no validator keys in ${directory}; make them with "ogpu keys new", or start without --validator`,
      )
    case 'development':
      return { ...loadDevKeys(directory), development: true }
    case 'encrypted':
      if (password === undefined) {
        throw new CodedError(
          'password missing',
          'the validator keys are encrypted: give the file that holds their password with --password-file',
        )
      }
      return {
        consensus: decryptEd25519(read(directory, FILES.consensus), password),
        network: decryptEd25519(read(directory, FILES.network), password),
        checkpoint: decryptEd25519(read(directory, FILES.checkpoint), password),
        operator: decryptAccount(read(directory, FILES.operator), password),
        development: false,
      }
  }
}

function loadDevKeys(directory: string): ValidatorKeys {
  const invalid = (why: string, cause?: unknown) => new CodedError('keystore invalid', `${DEV_FILE}: ${why}`, { cause })
  let fields: Record<string, unknown>
  try {
    fields = { ...JSON.parse(read(directory, DEV_FILE)) }
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw invalid('not JSON', error)
  }
  const secret = (name: string) => {
    const value = fields[name]
    if (!isHex(value, 32)) throw invalid(`"${name}" is not 32 bytes of hexadecimal`)
    return fromHex(value)
  }
  try {
    return {
      consensus: ed25519KeyOfSeed(secret('consensus')),
      network: ed25519KeyOfSeed(secret('network')),
      checkpoint: ed25519KeyOfSeed(secret('checkpoint')),
      operator: accountOfPrivateKey(secret('operator')),
    }
  } catch (error) {
    if (error instanceof RangeError) throw invalid('"operator" is no private key', error)
    throw error
  }
}

function prepare(directory: string): void {
  if (keysForm(directory) !== 'none') {
    throw new CodedError(
      'keys exist',
      `${directory} already holds keys; keys are never overwritten: choose another place`,
    )
  }
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
  } catch (error) {
    throw new CodedError('keys not written', `cannot prepare ${directory}: ${messageOf(error)}`, { cause: error })
  }
}

function write(directory: string, file: string, text: string): void {
  try {
    createFile(join(directory, file), text, 0o600)
  } catch (error) {
    throw new CodedError('keys not written', `cannot write ${file}: ${messageOf(error)}`, { cause: error })
  }
}

function read(directory: string, file: string): string {
  const path = join(directory, file)
  try {
    const { mode, size } = lstatSync(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new CodedError('keys exposed', `others can read ${path}: run "chmod 600 ${path}" and consider new keys`)
    }
    if (size > 64 * 1024) throw new CodedError('keystore invalid', `${path} is too large for a keystore`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw new CodedError('keys missing', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
