import { equalBytes } from '#lib/bytes'
import { RlpReader } from '#lib/rlp'
import { type Account, type Digest, EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from '#types'

/** A state account as the trie holds it. Never changed in place: a change makes a new record. */
export interface StateAccount extends Account {
  readonly storageRoot: Digest
}

/** The record of an account that was just touched for the first time. */
export const NEW_ACCOUNT: StateAccount = {
  nonce: 0n,
  balance: 0n,
  codeHash: EMPTY_CODE_HASH,
  storageRoot: EMPTY_TRIE_ROOT,
}

/** EIP-161: no nonce, no balance, no code. */
export function isEmptyAccount(account: StateAccount): boolean {
  return account.nonce === 0n && account.balance === 0n && !hasCode(account)
}

export function hasCode(account: Account): boolean {
  return account.codeHash !== EMPTY_CODE_HASH && !equalBytes(account.codeHash, EMPTY_CODE_HASH)
}

export function hasStorage(account: StateAccount): boolean {
  return !isEmptyRoot(account.storageRoot)
}

function isEmptyRoot(root: Digest): boolean {
  return root === EMPTY_TRIE_ROOT || equalBytes(root, EMPTY_TRIE_ROOT)
}

export function sameAccount(a: StateAccount | undefined, b: StateAccount | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  return (
    a.nonce === b.nonce &&
    a.balance === b.balance &&
    equalBytes(a.codeHash, b.codeHash) &&
    equalBytes(a.storageRoot, b.storageRoot)
  )
}

const scratch = new Uint8Array(128)
const wide = new DataView(new ArrayBuffer(32))
const wideBytes = new Uint8Array(wide.buffer)

/** RLP of the account as the leaf of the state trie, with `storageRoot` in place of its own when given. */
export function encodeAccount(account: StateAccount, storageRoot = account.storageRoot): Uint8Array {
  return encode(account, storageRoot, false)
}

/** Where the storage root begins, counted from the end of {@link encodeAccount}: two hashes and the head of one. */
const ROOT_FROM_END = 32 + 1 + 32

/** Puts another storage root into what {@link encodeAccount} returned. */
export function setStorageRoot(encoded: Uint8Array, storageRoot: Digest): void {
  encoded.set(storageRoot, encoded.length - ROOT_FROM_END)
}

/** The same with the hashes of "no code" and "no storage" left out: the form in the flat store. */
export function encodeSlimAccount(account: StateAccount): Uint8Array {
  return encode(account, account.storageRoot, true)
}

/** Inverse of {@link encodeSlimAccount}; throws DecodeError on foreign bytes. */
export function decodeSlimAccount(bytes: Uint8Array): StateAccount {
  const fields = new RlpReader(bytes).list()
  const nonce = fields.uint(8)
  const balance = fields.uint(32)
  const storageRoot = fields.bytes()
  const codeHash = fields.bytes()
  fields.end()
  return {
    nonce,
    balance,
    codeHash: codeHash.length === 0 ? EMPTY_CODE_HASH : codeHash.slice(),
    storageRoot: storageRoot.length === 0 ? EMPTY_TRIE_ROOT : storageRoot.slice(),
  }
}

// Written by hand: this runs for every changed account of every block.
function encode(account: StateAccount, storageRoot: Digest, slim: boolean): Uint8Array {
  let at = 2
  at = writeUint(account.nonce, at)
  at = writeUint(account.balance, at)
  at = writeHash(storageRoot, slim && isEmptyRoot(storageRoot), at)
  at = writeHash(account.codeHash, slim && !hasCode(account), at)
  const length = at - 2
  if (length < 56) {
    scratch[1] = 0xc0 + length
    return scratch.slice(1, at)
  }
  scratch[0] = 0xf8
  scratch[1] = length
  return scratch.slice(0, at)
}

function writeHash(hash: Uint8Array, omit: boolean, start: number): number {
  if (omit) {
    scratch[start] = 0x80
    return start + 1
  }
  scratch[start] = 0xa0
  scratch.set(hash, start + 1)
  return start + 33
}

function writeUint(value: bigint, start: number): number {
  if (value < 0x80n) {
    scratch[start] = value === 0n ? 0x80 : Number(value)
    return start + 1
  }
  wide.setBigUint64(24, value)
  let first = 24
  if (value > 0xffff_ffff_ffff_ffffn) {
    wide.setBigUint64(16, value >> 64n)
    wide.setBigUint64(8, value >> 128n)
    wide.setBigUint64(0, value >> 192n)
    first = 0
  }
  while (wideBytes[first] === 0) first++
  scratch[start] = 0x80 + 32 - first
  for (let i = first, at = start + 1; i < 32; i++, at++) scratch[at] = wideBytes[i] as number
  return start + 1 + 32 - first
}

/** Inverse of {@link encodeAccount}; throws DecodeError on foreign bytes. */
export function decodeAccount(bytes: Uint8Array): StateAccount {
  const fields = new RlpReader(bytes).list()
  const account = {
    nonce: fields.uint(8),
    balance: fields.uint(32),
    storageRoot: fields.fixed(32).slice(),
    codeHash: fields.fixed(32).slice(),
  }
  fields.end()
  return account
}
