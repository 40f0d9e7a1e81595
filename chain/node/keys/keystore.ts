import {
  createCipheriv,
  createDecipheriv,
  pbkdf2Sync,
  randomBytes,
  randomUUID,
  scryptSync,
  timingSafeEqual,
} from 'node:crypto'
import { concat, equalBytes, fromHex, toRawHex, utf8 } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256, sha256 } from '#lib/hash'
import { type AccountKey, accountOfPrivateKey } from './account-key.ts'
import { type Ed25519Key, ed25519KeyOfSeed } from './ed25519-key.ts'

/** Cost of the password: scrypt's N. 262,144 takes about half a second and 256 MiB. */
export const SCRYPT_N = 262_144
/** For devnets and tests: geth's "light" keystore. */
export const SCRYPT_N_LIGHT = 4_096

// A keystore from elsewhere must not make us allocate what it likes.
const SCRYPT_N_MAX = 2 ** 20
const PBKDF2_ROUNDS_MAX = 2 ** 22

const broken = (message: string, cause?: unknown) => new CodedError('keystore invalid', message, { cause })

/** EIP-2335 (version 4) in JSON, for an Ed25519 key; `description` tells the keys of one validator apart. */
export function encryptEd25519(key: Ed25519Key, password: string, description: string, n = SCRYPT_N): string {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derived = derive(normalizePassword(password), salt, { n, r: 8, p: 1 })
  const message = aes128Ctr(derived.subarray(0, 16), iv, key.seed, 'encrypt')
  const keystore = {
    crypto: {
      kdf: { function: 'scrypt', params: { dklen: 32, n, r: 8, p: 1, salt: toRawHex(salt) }, message: '' },
      checksum: { function: 'sha256', params: {}, message: toRawHex(sha256(derived.subarray(16, 32), message)) },
      cipher: { function: 'aes-128-ctr', params: { iv: toRawHex(iv) }, message: toRawHex(message) },
    },
    description,
    pubkey: toRawHex(key.publicKey),
    path: '',
    uuid: randomUUID(),
    version: 4,
  }
  return `${JSON.stringify(keystore, null, 2)}\n`
}

/** CodedError `wrong password` or `keystore invalid`. */
export function decryptEd25519(json: string, password: string): Ed25519Key {
  const keystore = parse(json, 4)
  const seed = decryptEip2335(keystore, password)
  if (seed.length !== 32) throw broken('the secret does not have 32 bytes')
  const key = ed25519KeyOfSeed(seed)
  if (!equalBytes(key.publicKey, bytesAt(keystore, 'pubkey'))) throw broken('the public key does not match the secret')
  return key
}

/** The secret of any EIP-2335 keystore with scrypt or PBKDF2, SHA-256 and AES-128-CTR. */
export function decryptEip2335(keystore: Fields, password: string): Uint8Array {
  const crypto = fieldsAt(keystore, 'crypto')
  const [kdf, checksum, cipher] = [fieldsAt(crypto, 'kdf'), fieldsAt(crypto, 'checksum'), fieldsAt(crypto, 'cipher')]
  expectText(checksum, 'function', 'sha256')
  expectText(cipher, 'function', 'aes-128-ctr')
  const params = fieldsAt(kdf, 'params')
  const derived = deriveBy(kdf.function, normalizePassword(password), params)
  const message = bytesAt(cipher, 'message')
  checkMac(sha256(derived.subarray(16, 32), message), bytesAt(checksum, 'message'))
  return aes128Ctr(derived.subarray(0, 16), bytesAt(fieldsAt(cipher, 'params'), 'iv'), message, 'decrypt')
}

/** The keystore of geth (Web3 Secret Storage, version 3) in JSON, as every Ethereum wallet imports it. */
export function encryptAccount(account: AccountKey, password: string, n = SCRYPT_N): string {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derived = derive(utf8(password), salt, { n, r: 8, p: 1 })
  const ciphertext = aes128Ctr(derived.subarray(0, 16), iv, account.privateKey, 'encrypt')
  const keystore = {
    address: toRawHex(account.address),
    crypto: {
      cipher: 'aes-128-ctr',
      ciphertext: toRawHex(ciphertext),
      cipherparams: { iv: toRawHex(iv) },
      kdf: 'scrypt',
      kdfparams: { dklen: 32, n, p: 1, r: 8, salt: toRawHex(salt) },
      mac: toRawHex(keccak256(concat(derived.subarray(16, 32), ciphertext))),
    },
    id: randomUUID(),
    version: 3,
  }
  return `${JSON.stringify(keystore, null, 2)}\n`
}

/** CodedError `wrong password` or `keystore invalid`. */
export function decryptAccount(json: string, password: string): AccountKey {
  const keystore = parse(json, 3)
  // geth writes `crypto`, some wallets `Crypto`.
  const crypto = fieldsAt(keystore, 'Crypto' in keystore ? 'Crypto' : 'crypto')
  expectText(crypto, 'cipher', 'aes-128-ctr')
  const derived = deriveBy(crypto.kdf, utf8(password), fieldsAt(crypto, 'kdfparams'))
  const ciphertext = bytesAt(crypto, 'ciphertext')
  checkMac(keccak256(concat(derived.subarray(16, 32), ciphertext)), bytesAt(crypto, 'mac'))
  const secret = aes128Ctr(
    derived.subarray(0, 16),
    bytesAt(fieldsAt(crypto, 'cipherparams'), 'iv'),
    ciphertext,
    'decrypt',
  )
  let account: AccountKey
  try {
    account = accountOfPrivateKey(secret)
  } catch (error) {
    throw broken('the secret is no private key', error)
  }
  if (!equalBytes(account.address, bytesAt(keystore, 'address'))) throw broken('the address does not match the secret')
  return account
}

/** Parses the JSON of a keystore and checks its version. CodedError `keystore invalid`. */
export function parse(json: string, version: number): Fields {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw broken('the file is not JSON', error)
  }
  if (!isFields(value)) throw broken('the file is not a JSON object')
  if (value.version !== version) throw broken(`version ${version} is wanted, not ${String(value.version)}`)
  return value
}

interface Costs {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** By the function that a keystore names: scrypt, or PBKDF2 with HMAC-SHA-256, as other tools write them. */
function deriveBy(kdf: unknown, password: Uint8Array, params: Fields): Uint8Array {
  const salt = bytesAt(params, 'salt')
  if (kdf === 'scrypt') return derive(password, salt, costsOf(params))
  if (kdf !== 'pbkdf2') throw broken('its key derivation is neither scrypt nor pbkdf2')
  const { c, dklen, prf } = params
  const isCount = typeof c === 'number' && Number.isSafeInteger(c) && c >= 1 && c <= PBKDF2_ROUNDS_MAX
  if (!isCount || dklen !== 32 || prf !== 'hmac-sha256') throw broken('the pbkdf2 parameters are not acceptable')
  return new Uint8Array(pbkdf2Sync(password, salt, c, 32, 'sha256'))
}

function derive(password: Uint8Array, salt: Uint8Array, { n, r, p }: Costs): Uint8Array {
  return new Uint8Array(scryptSync(password, salt, 32, { N: n, r, p, maxmem: 128 * n * r + 2 ** 20 * p * r }))
}

function costsOf(params: Fields): Costs {
  const { n, r, p, dklen } = params
  const inRange = (value: unknown, max: number): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max
  if (dklen !== 32 || !inRange(n, SCRYPT_N_MAX) || !inRange(r, 8) || !inRange(p, 8) || n < 2 || (n & (n - 1)) !== 0) {
    throw broken('the scrypt parameters are not acceptable')
  }
  return { n, r, p }
}

function aes128Ctr(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array, way: 'encrypt' | 'decrypt'): Uint8Array {
  if (iv.length !== 16) throw broken('the initialisation vector does not have 16 bytes')
  const cipher = (way === 'encrypt' ? createCipheriv : createDecipheriv)('aes-128-ctr', key, iv)
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]))
}

function checkMac(computed: Uint8Array, stored: Uint8Array): void {
  if (stored.length !== computed.length) throw broken('the checksum has a wrong length')
  if (!timingSafeEqual(computed, stored))
    throw new CodedError('wrong password', 'the password does not open this keystore')
}

/** EIP-2335: NFKD, then without C0, C1 and Delete control codes. */
function normalizePassword(password: string): Uint8Array {
  const kept = [...password.normalize('NFKD')].filter(character => {
    const code = character.codePointAt(0) ?? 0
    return code > 0x1f && !(code >= 0x7f && code <= 0x9f)
  })
  return utf8(kept.join(''))
}

export type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldsAt(fields: Fields, name: string): Fields {
  const value = fields[name]
  if (!isFields(value)) throw broken(`"${name}" is missing`)
  return value
}

function bytesAt(fields: Fields, name: string): Uint8Array {
  const value = fields[name]
  if (typeof value !== 'string' || value.length > 1024) throw broken(`"${name}" is missing`)
  try {
    return fromHex(value)
  } catch (error) {
    throw broken(`"${name}" is not hexadecimal`, error)
  }
}

function expectText(fields: Fields, name: string, wanted: string): void {
  if (fields[name] !== wanted) throw broken(`"${name}" must be ${wanted}`)
}
