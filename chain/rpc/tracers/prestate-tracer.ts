import type { LiveState, TraceStep } from '#evm'
import { equalBytes, fromHex, type Hex, toHex } from '#lib/bytes'
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
  readonly exists: boolean
  readonly balance: bigint
  readonly nonce: bigint
  readonly code: Uint8Array
  readonly codeHash: Uint8Array | undefined
  readonly storage: Map<Hex, Hex>
}

const ACCOUNTS_MAX = 50_000
const ZERO_WORD: Hex = `0x${'0'.repeat(64)}`
/** Where on the stack an instruction names an account. */
const ADDRESS_AT: Readonly<Record<number, number>> = {
  49: -1, // BALANCE
  59: -1, // EXTCODESIZE
  60: -1, // EXTCODECOPY
  63: -1, // EXTCODEHASH
  241: -2, // CALL
  242: -2, // CALLCODE
  244: -2, // DELEGATECALL
  250: -2, // STATICCALL
  255: -1, // SELFDESTRUCT
}

/** go-ethereum's prestateTracer: what an execution needs of the state, or what it changes. */
export function prestateTracer(options: PrestateOptions): Tracer {
  const touched = new Map<Hex, Touched>()
  let created: readonly Hex[] = []
  let post: Record<string, unknown> = {}

  async function touch(address: Uint8Array, state: LiveState): Promise<Touched> {
    const key = toHex(address)
    const known = touched.get(key)
    if (known !== undefined) return known
    if (touched.size >= ACCOUNTS_MAX) throw new TraceTooLarge('trace touches too many accounts')
    const account = await state.account(address)
    const code = account === undefined ? new Uint8Array(0) : await state.code(address)
    const entry: Touched = {
      exists: account !== undefined,
      balance: account?.balance ?? 0n,
      nonce: account?.nonce ?? 0n,
      code,
      codeHash: account?.codeHash,
      storage: new Map(),
    }
    touched.set(key, entry)
    return entry
  }

  async function touchSlot(step: TraceStep, state: LiveState): Promise<void> {
    const entry = await touch(step.address, state)
    const slot: Hex = `0x${(step.stack.at(-1) ?? 0n).toString(16).padStart(64, '0')}`
    if (entry.storage.has(slot)) return
    if (entry.storage.size >= ACCOUNTS_MAX) throw new TraceTooLarge('trace touches too many slots')
    entry.storage.set(slot, toHex(await state.storage(step.address, fromHex(slot))))
  }

  async function readPost(state: LiveState): Promise<Record<string, unknown>> {
    const changed: Record<string, unknown> = {}
    for (const [key, before] of touched) {
      const address = fromHex(key)
      const account = await state.account(address)
      if (account === undefined) continue
      const fields: Record<string, unknown> = {}
      if (account.balance !== before.balance) fields.balance = toQuantity(account.balance)
      if (account.nonce !== before.nonce) fields.nonce = Number(account.nonce)
      if (!options.disableCode && !equalBytes(account.codeHash, before.codeHash ?? EMPTY_CODE_HASH)) {
        fields.code = toHex(await state.code(address))
      }
      if (!options.disableStorage) {
        const storage: Record<Hex, Hex> = {}
        for (const [slot, value] of [...before.storage]) {
          const now = toHex(await state.storage(address, fromHex(slot)))
          if (now === value) before.storage.delete(slot)
          else if (now !== ZERO_WORD) storage[slot] = now
        }
        if (Object.keys(storage).length > 0) fields.storage = storage
        // A slot that was cleared is a change that only the first half shows.
        if (Object.keys(fields).length === 0 && before.storage.size > 0) {
          changed[key] = {}
          continue
        }
      }
      if (Object.keys(fields).length === 0) unchanged.add(key)
      else changed[key] = fields
    }
    return changed
  }
  const unchanged = new Set<Hex>()

  return {
    observer: {
      async start(subject, state) {
        await touch(subject.coinbase, state)
        await touch(subject.from, state)
        if (subject.to !== undefined) await touch(subject.to, state)
        for (const authority of subject.authorities) await touch(authority, state)
      },
      async step(step, state) {
        if (step.opcode === 0x54 || step.opcode === 0x55) {
          if (!options.disableStorage && step.stack.length > 0) await touchSlot(step, state)
          return
        }
        const at = ADDRESS_AT[step.opcode]
        const word = at === undefined ? undefined : step.stack.at(at)
        if (word === undefined) return
        const text = (word & ((1n << 160n) - 1n)).toString(16).padStart(40, '0')
        await touch(fromHex(text), state)
      },
      async enter(frame, state) {
        if (frame.to !== undefined) await touch(frame.to, state)
      },
      exit(end) {
        // Created in this execution: it had no state before.
        if (end.created === undefined) return
        const key = toHex(end.created)
        created = [...created, key]
        if (touched.has(key)) return
        const empty = { exists: false, balance: 0n, nonce: 0n, code: new Uint8Array(0), codeHash: undefined }
        touched.set(key, { ...empty, storage: new Map() })
      },
      async end(_result, state) {
        if (options.diffMode) post = await readPost(state)
      },
    },
    result() {
      const pre: Record<string, unknown> = {}
      for (const [key, entry] of touched) {
        if (!entry.exists && (options.diffMode || !options.includeEmpty) && created.includes(key)) continue
        if (!entry.exists && options.diffMode) continue
        if (options.diffMode && unchanged.has(key)) continue
        pre[key] = preOf(entry, options)
      }
      return options.diffMode ? { post, pre } : pre
    },
  }
}

function preOf(entry: Touched, options: PrestateOptions): Record<string, unknown> {
  const slots = [...entry.storage].filter(([, value]) => !options.diffMode || value !== ZERO_WORD)
  return {
    balance: toQuantity(entry.balance),
    ...(entry.nonce === 0n ? {} : { nonce: Number(entry.nonce) }),
    ...(entry.code.length === 0 || options.disableCode
      ? {}
      : { code: toHex(entry.code), codeHash: toHex(entry.codeHash ?? EMPTY_CODE_HASH) }),
    ...(slots.length === 0 || options.disableStorage ? {} : { storage: Object.fromEntries(slots) }),
  }
}
