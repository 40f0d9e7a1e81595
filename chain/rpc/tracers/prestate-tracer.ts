import type { LiveState, TraceStep } from '#evm'
import { concat, equalBytes, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp, uintToRlp } from '#lib/rlp'
import { EMPTY_CODE_HASH } from '#types'
import { toQuantity } from '../format.ts'
import { type Tracer, TraceTooLarge } from './tracer.ts'

export interface PrestateOptions {
  readonly diffMode: boolean
  readonly disableCode: boolean
  readonly disableStorage: boolean
  readonly includeEmpty: boolean
}

interface Touched {
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly codeHash: Uint8Array
  readonly storage: Map<Hex, Hex>
}

const ACCOUNTS_MAX = 50_000
const ZERO_WORD: Hex = `0x${'0'.repeat(64)}`
const OP = { balance: 0x31, sload: 0x54, sstore: 0x55, create: 0xf0, create2: 0xf5, selfdestruct: 0xff }
/** BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT: the account is on top of the stack. */
const NAMES_TOP: readonly number[] = [OP.balance, 0x3b, 0x3c, 0x3f, OP.selfdestruct]
/** CALL, CALLCODE, DELEGATECALL, STATICCALL: it is below. */
const NAMES_SECOND: readonly number[] = [0xf1, 0xf2, 0xf4, 0xfa]

/** go-ethereum's prestateTracer: what an execution needs of the state, or what it changes. */
export function prestateTracer(options: PrestateOptions): Tracer {
  const touched = new Map<Hex, Touched>()
  const ended = new Set<Hex>()
  const unchanged = new Set<Hex>()
  let post: Record<string, unknown> = {}

  async function touch(address: Uint8Array, state: LiveState): Promise<Touched> {
    const key = toHex(address)
    const known = touched.get(key)
    if (known !== undefined) return known
    if (touched.size >= ACCOUNTS_MAX) throw new TraceTooLarge('trace touches too many accounts')
    const account = await state.account(address)
    const entry: Touched = {
      balance: account?.balance ?? 0n,
      nonce: account?.nonce ?? 0n,
      code: account === undefined ? new Uint8Array(0) : await state.code(address),
      codeHash: account?.codeHash ?? EMPTY_CODE_HASH,
      storage: new Map(),
    }
    touched.set(key, entry)
    return entry
  }

  // With the account whose code runs in its place (EIP-7702).
  async function touchCallee(address: Uint8Array, state: LiveState): Promise<void> {
    const { code } = await touch(address, state)
    const live = code.length === 0 ? await state.code(address) : code
    if (isDelegation(live)) await touch(live.slice(3), state)
  }

  async function touchSlot(step: TraceStep, state: LiveState): Promise<void> {
    const entry = await touch(step.address, state)
    const slot: Hex = `0x${(step.stack.at(-1) ?? 0n).toString(16).padStart(64, '0')}`
    if (entry.storage.has(slot)) return
    if (entry.storage.size >= ACCOUNTS_MAX) throw new TraceTooLarge('trace touches too many slots')
    entry.storage.set(slot, toHex(await state.storage(step.address, fromHex(slot))))
  }

  async function touchCreated(step: TraceStep, state: LiveState): Promise<void> {
    const { address, opcode, stack, memory } = step
    if (opcode === OP.create) {
      const nonce = (await state.account(address))?.nonce ?? 0n
      await touch(creationAddress(address, nonce), state)
      return
    }
    const [offset, length, salt] = [stack.at(-2), stack.at(-3), stack.at(-4)]
    if (offset === undefined || length === undefined || salt === undefined || length > INIT_CODE_BYTES_MAX) return
    const init = new Uint8Array(Number(length))
    if (length > 0n) init.set(memory.subarray(Number(offset), Number(offset + length)))
    const saltBytes = fromHex(salt.toString(16).padStart(64, '0'))
    await touch(keccak256(concat(Uint8Array.of(0xff), address, saltBytes, keccak256(init))).slice(12), state)
  }

  async function readPost(state: LiveState): Promise<Record<string, unknown>> {
    const changed: Record<string, unknown> = {}
    for (const [key, before] of touched) {
      const address = fromHex(key)
      const account = await state.account(address)
      // What ended has no state afterwards, and all that was read of it before.
      if (account === undefined && ended.has(key)) continue
      const fields: Record<string, unknown> = {}
      const { balance, nonce, codeHash } = account ?? { balance: 0n, nonce: 0n, codeHash: EMPTY_CODE_HASH }
      if (balance !== before.balance) fields.balance = toQuantity(balance)
      if (nonce !== before.nonce) fields.nonce = Number(nonce)
      if (!equalBytes(codeHash, before.codeHash)) {
        fields.codeHash = toHex(codeHash)
        if (!options.disableCode) fields.code = toHex(await state.code(address))
      }
      let isCleared = false
      if (!options.disableStorage) {
        const storage: Record<Hex, Hex> = {}
        for (const [slot, value] of [...before.storage]) {
          const now = toHex(await state.storage(address, fromHex(slot)))
          if (now === value) before.storage.delete(slot)
          else if (now !== ZERO_WORD) storage[slot] = now
          else isCleared = true
          if (value === ZERO_WORD) before.storage.delete(slot)
        }
        if (Object.keys(storage).length > 0) fields.storage = storage
      }
      // A slot that was cleared is a change that only the first half shows.
      if (Object.keys(fields).length === 0 && !isCleared) unchanged.add(key)
      else changed[key] = fields
    }
    return changed
  }

  return {
    observer: {
      async start(subject, state) {
        await touch(subject.from, state)
        if (subject.to !== undefined) await touchCallee(subject.to, state)
        else {
          const nonce = (await state.account(subject.from))?.nonce ?? 0n
          await touch(creationAddress(subject.from, nonce), state)
        }
        await touch(subject.coinbase, state)
        for (const authority of subject.authorities) await touch(authority, state)
      },
      async step(step, state) {
        const { opcode, stack } = step
        if (opcode === OP.sload || opcode === OP.sstore) {
          if (!options.disableStorage && stack.length > 0) await touchSlot(step, state)
          return
        }
        if (opcode === OP.create || opcode === OP.create2) return touchCreated(step, state)
        const isCall = NAMES_SECOND.includes(opcode)
        const word = isCall ? stack.at(-2) : NAMES_TOP.includes(opcode) ? stack.at(-1) : undefined
        if (word === undefined) return
        const address = fromHex((word & ((1n << 160n) - 1n)).toString(16).padStart(40, '0'))
        if (isCall) await touchCallee(address, state)
        else await touch(address, state)
        if (opcode === OP.selfdestruct) ended.add(toHex(step.address))
      },
      async end(_result, state) {
        if (options.diffMode) post = await readPost(state)
      },
    },
    result() {
      const pre: Record<string, unknown> = {}
      for (const [key, entry] of touched) {
        if (unchanged.has(key)) continue
        if (isEmpty(entry) && !options.includeEmpty) continue
        pre[key] = preOf(entry, options)
      }
      return options.diffMode ? { post, pre } : pre
    },
  }
}

/** A word may be any length; no code is longer than this. */
const INIT_CODE_BYTES_MAX = 1n << 20n

function isEmpty({ balance, nonce, code }: Touched): boolean {
  return balance === 0n && nonce === 0n && code.length === 0
}

function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
}

function creationAddress(creator: Uint8Array, nonce: bigint): Uint8Array {
  return keccak256(encodeRlp([creator, uintToRlp(nonce)])).slice(12)
}

function preOf(entry: Touched, options: PrestateOptions): Record<string, unknown> {
  return {
    balance: toQuantity(entry.balance),
    ...(entry.nonce === 0n ? {} : { nonce: Number(entry.nonce) }),
    ...(entry.code.length === 0 || options.disableCode ? {} : { code: toHex(entry.code) }),
    ...(entry.code.length === 0 ? {} : { codeHash: toHex(entry.codeHash) }),
    ...(entry.storage.size === 0 || options.disableStorage ? {} : { storage: Object.fromEntries(entry.storage) }),
  }
}
