import { concat, equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp, uintToRlp } from '#lib/rlp'
import type { Address } from '#types'
import { hasCode, hasStorage, isEmptyAccount, NEW_ACCOUNT } from '../state/account.ts'
import { type ByteKey, keyOf } from '../state/byte-keys.ts'
import { analyse } from './code.ts'
import { runFrame } from './frame.ts'
import { BYTES_MAX, Memory } from './memory.ts'
import {
  accountOf,
  addressCost,
  codeAt,
  delegateOf,
  type Ending,
  Escape,
  entryOf,
  type Frame,
  now,
  type Run,
} from './run.ts'
import { bytesToWord, wordToBytes } from './words.ts'

const EMPTY = new Uint8Array(0)
const DEPTH_MAX = 1_024
/** Nesting beyond this goes to the other interpreter, which does not use the JavaScript stack. */
const OWN_DEPTH_MAX = 200
const INIT_CODE_BYTES_MAX = 49_152
const CODE_BYTES_MAX = 24_576
const NONCE_MAX = (1n << 64n) - 1n
const BALANCE_MAX = (1n << 256n) - 1n

/** What an opcode that runs another frame leaves: the word that it pushes and the new return data. */
interface Nested {
  readonly word: bigint
  readonly returned: Uint8Array
}

const FAILED: Nested = { word: 0n, returned: EMPTY }

export interface CallMemory {
  readonly inOffset: number
  readonly inLength: number
  readonly outOffset: number
  readonly outLength: number
}

/** A message call (Yellow Paper, Θ). `gas` is what the callee gets. */
export interface Call {
  readonly caller: Address
  /** Whose code runs; the same as `to` except for CALLCODE and DELEGATECALL. */
  readonly codeAddress: Address
  readonly codeKey: ByteKey
  readonly to: Address
  /** What moves; undefined for DELEGATECALL, which only shows `shown`. */
  readonly transfer: bigint | undefined
  readonly shownCaller: bigint
  readonly shownValue: bigint
  readonly data: Uint8Array
  readonly gas: number
  readonly isStatic: boolean
  readonly depth: number
}

export interface Result {
  readonly ending: Ending
  readonly gasLeft: number
  readonly output: Uint8Array
}

/** CALL, CALLCODE, DELEGATECALL, STATICCALL. Undefined means out of gas; `frame.gas` is kept up to date. */
export function callFrom(
  run: Run,
  frame: Frame,
  op: number,
  requested: bigint,
  target: Address,
  value: bigint,
  at: CallMemory,
): Nested | undefined {
  const { memory } = frame
  const inEnd = at.inLength === 0 ? 0 : at.inOffset + at.inLength
  const outEnd = at.outLength === 0 ? 0 : at.outOffset + at.outLength
  const end = Math.max(inEnd, outEnd)
  if (end > BYTES_MAX) return undefined
  const key = keyOf(target)
  let gas = frame.gas - memory.costOf(end) - addressCost(run, key)
  if (gas < 0) return undefined
  const { account } = entryOf(run, key, target)
  const delegate = delegateOf(run, account)
  if (delegate !== undefined) gas -= addressCost(run, keyOf(delegate))
  if (value !== 0n) {
    gas -= 9_000
    if (op === 0xf1 && (account === undefined || isEmptyAccount(account))) gas -= 25_000
  }
  if (gas < 0) return undefined
  memory.grow(end)
  // EIP-150: all but one 64th.
  const available = gas - Math.floor(gas / 64)
  let given = requested < BigInt(available) ? Number(requested) : available
  gas -= given
  if (value !== 0n) given += 2_300
  frame.gas = gas

  const isOwn = op === 0xf2 || op === 0xf4
  const isTooDeep = frame.depth + 1 > DEPTH_MAX
  if (isTooDeep || (value !== 0n && (frame.entry.account?.balance ?? 0n) < value)) {
    frame.gas += given
    return FAILED
  }
  const result = runCall(run, {
    caller: frame.self,
    codeAddress: target,
    codeKey: key,
    to: isOwn ? frame.self : target,
    transfer: op === 0xf4 ? undefined : value,
    shownCaller: op === 0xf4 ? frame.caller : frame.selfWord,
    shownValue: op === 0xf4 ? frame.value : value,
    data: at.inLength === 0 ? EMPTY : memory.read(at.inOffset, at.inLength),
    gas: given,
    isStatic: frame.isStatic || op === 0xfa,
    depth: frame.depth + 1,
  })
  frame.gas += result.gasLeft
  const { output } = result
  if (at.outLength > 0 && output.length > 0) {
    memory.write(at.outOffset, output, 0, Math.min(at.outLength, output.length))
  }
  return { word: result.ending === 'success' ? 1n : 0n, returned: output }
}

/** Runs a call in a state of its own that is kept only on success. */
export function runCall(run: Run, call: Call): Result {
  const { state, sub } = run
  if (call.depth > OWN_DEPTH_MAX) throw new Escape('calls are nested deeply')
  const snapshot = sub.snapshot()
  state.checkpoint()
  if (call.transfer !== undefined) move(run, call.caller, call.to, call.transfer)
  const result = runCode(run, call)
  if (result.ending === 'success') state.commit()
  else {
    state.revert()
    sub.revert(snapshot)
  }
  return result
}

function runCode(run: Run, call: Call): Result {
  const { codeAddress, codeKey, gas } = call
  const precompiled = run.precompile(codeKey, call.data, gas)
  if (precompiled !== undefined) {
    const { gasUsed, output } = precompiled
    if (output === undefined) return { ending: 'precompile failed', gasLeft: 0, output: EMPTY }
    return { ending: 'success', gasLeft: gas - gasUsed, output }
  }
  const { account } = entryOf(run, codeKey, codeAddress)
  const delegate = delegateOf(run, account)
  const code = codeAt(run, delegate === undefined ? account : accountOf(run, delegate))
  if (code === undefined) return { ending: 'success', gasLeft: gas, output: EMPTY }
  const { to, shownCaller, shownValue, data, isStatic, depth } = call
  const frame = newFrame(run, code, to, shownCaller, shownValue, data, gas, isStatic, depth)
  return finished(runFrame(run, frame), frame)
}

function finished(ending: Ending, frame: Frame): Result {
  if (ending === 'success') return { ending, gasLeft: frame.gas, output: frame.output }
  if (ending === 'revert') return { ending, gasLeft: frame.gas, output: frame.output }
  return { ending, gasLeft: 0, output: EMPTY }
}

/** CREATE and CREATE2. Undefined means out of gas. */
export function createFrom(
  run: Run,
  frame: Frame,
  value: bigint,
  offset: number,
  length: number,
  salt: bigint | undefined,
): Nested | undefined {
  const { memory } = frame
  const end = length === 0 ? 0 : offset + length
  if (end > BYTES_MAX || length > INIT_CODE_BYTES_MAX) return undefined
  const words = Math.ceil(length / 32)
  let gas = frame.gas - memory.costOf(end) - 2 * words - (salt === undefined ? 0 : 6 * words)
  if (gas < 0) return undefined
  memory.grow(end)
  const init = length === 0 ? EMPTY : memory.read(offset, length)
  const account = accountOf(run, frame.self) ?? NEW_ACCOUNT
  frame.gas = gas
  if (frame.depth + 1 > DEPTH_MAX || account.balance < value || account.nonce >= NONCE_MAX) return FAILED
  const given = gas - Math.floor(gas / 64)
  gas -= given
  now(run.state.setAccount(frame.self, { ...account, nonce: account.nonce + 1n }))
  const address =
    salt === undefined
      ? keccak256(encodeRlp([frame.self, uintToRlp(account.nonce)])).slice(12)
      : keccak256(concat(Uint8Array.of(0xff), frame.self, wordToBytes(salt), keccak256(init))).slice(12)
  run.sub.warmAddress(keyOf(address))
  const result = runCreation(run, { creator: frame.self, address, value, init, gas: given, depth: frame.depth + 1 })
  frame.gas = gas + result.gasLeft
  return {
    word: result.ending === 'success' ? bytesToWord(address) : 0n,
    returned: result.ending === 'revert' ? result.output : EMPTY,
  }
}

export interface Creation {
  readonly creator: Address
  readonly address: Address
  readonly value: bigint
  readonly init: Uint8Array
  readonly gas: number
  readonly depth: number
}

/** Runs init code and deploys what it returns (Yellow Paper, Λ). The creator's nonce has been raised. */
export function runCreation(run: Run, creation: Creation): Result {
  const { state, sub } = run
  const { address } = creation
  if (creation.depth > OWN_DEPTH_MAX) throw new Escape('calls are nested deeply')
  const existing = accountOf(run, address)
  // EIP-684, EIP-7610.
  if (existing !== undefined && (existing.nonce > 0n || hasCode(existing) || hasStorage(existing))) {
    return { ending: 'contract address collision', gasLeft: 0, output: EMPTY }
  }
  const snapshot = sub.snapshot()
  state.checkpoint()
  sub.markCreated(keyOf(address))
  sub.touched.push(address)
  now(state.clearStorage(address))
  now(state.setAccount(address, { ...NEW_ACCOUNT, nonce: 1n, balance: existing?.balance ?? 0n }))
  move(run, creation.creator, address, creation.value)
  const result = deploy(run, creation)
  if (result.ending === 'success') state.commit()
  else {
    state.revert()
    sub.revert(snapshot)
  }
  return result
}

function deploy(run: Run, creation: Creation): Result {
  const caller = bytesToWord(creation.creator)
  const code = analyse(creation.init)
  const { address, value, gas, depth } = creation
  const frame = newFrame(run, code, address, caller, value, EMPTY, gas, false, depth)
  const ending = runFrame(run, frame)
  if (ending !== 'success') return finished(ending, frame)
  const { output } = frame
  const halted = (halt: Ending): Result => ({ ending: halt, gasLeft: 0, output: EMPTY })
  if (output.length > CODE_BYTES_MAX) return halted('max code size exceeded')
  if (output[0] === 0xef) return halted('invalid code: must not begin with 0xef')
  const gasLeft = frame.gas - 200 * output.length
  if (gasLeft < 0) return halted('contract creation code storage out of gas')
  if (output.length > 0) now(run.state.setCode(creation.address, output))
  return { ending, gasLeft, output }
}

/** SELFDESTRUCT (EIP-6780); false when out of gas. */
export function destroy(run: Run, frame: Frame, heir: Address): boolean {
  const { sub, state } = run
  const own = accountOf(run, frame.self) ?? NEW_ACCOUNT
  let cost = sub.warmAddress(keyOf(heir)) ? 0 : 2_600
  if (own.balance > 0n) {
    const account = accountOf(run, heir)
    if (account === undefined || isEmptyAccount(account)) cost += 25_000
  }
  frame.gas -= cost
  if (frame.gas < 0) return false
  const isNew = sub.created.has(frame.selfKey)
  if (!equalBytes(heir, frame.self)) move(run, frame.self, heir, own.balance)
  // What a new contract leaves to itself is gone.
  else if (isNew) now(state.setAccount(frame.self, { ...own, balance: 0n }))
  if (isNew) sub.markDestroyed(frame.selfKey, frame.self)
  sub.touched.push(frame.self)
  return true
}

/** Moves wei; both accounts count as touched (EIP-161). */
function move(run: Run, from: Address, to: Address, wei: bigint): void {
  run.sub.touched.push(to)
  if (wei === 0n) return
  const sender = accountOf(run, from) ?? NEW_ACCOUNT
  now(run.state.setAccount(from, { ...sender, balance: sender.balance - wei }))
  const recipient = accountOf(run, to) ?? NEW_ACCOUNT
  // Only a genesis with absurd balances gets here; one place decides what it means.
  if (recipient.balance + wei > BALANCE_MAX) throw new Escape('balance above 2^256')
  now(run.state.setAccount(to, { ...recipient, balance: recipient.balance + wei }))
}

function newFrame(
  run: Run,
  code: Frame['code'],
  self: Address,
  caller: bigint,
  value: bigint,
  data: Uint8Array,
  gas: number,
  isStatic: boolean,
  depth: number,
): Frame {
  const selfKey: ByteKey = keyOf(self)
  return {
    code,
    self,
    selfKey,
    selfWord: bytesToWord(self),
    caller,
    value,
    data,
    isStatic,
    depth,
    entry: entryOf(run, selfKey, self),
    warmSlots: run.sub.slotsOf(selfKey),
    memory: memoryFor(run, depth),
    gas,
    output: EMPTY,
  }
}

// Whatever leaves a frame is a copy, so that the next one at its depth may use the same memory.
function memoryFor(run: Run, depth: number): Memory {
  const known = run.memories[depth]
  if (known !== undefined) {
    known.reset()
    return known
  }
  const memory = new Memory()
  run.memories[depth] = memory
  return memory
}

/** The delegate of a transaction's target is warm from the start (EIP-7702). */
export function warmDelegate(run: Run, address: Address): void {
  const delegate = delegateOf(run, accountOf(run, address))
  if (delegate !== undefined) run.sub.warmAddress(keyOf(delegate))
}
