import type { Address, BlockNumber, Digest } from '#types'
import { hasCode, type StateAccount } from '../state/account.ts'
import type { ByteKey } from '../state/byte-keys.ts'
import type { JournalState, Maybe, StateEntry } from '../state/journal-state.ts'
import { type Code, codeOf } from './code.ts'
import type { Memory } from './memory.ts'
import type { Substate } from './substate.ts'

/** What a precompile gave back; undefined output means that it failed and took all gas. */
export interface PrecompileResult {
  readonly gasUsed: number
  readonly output: Uint8Array | undefined
}

/** Everything that one transaction's frames share. Words are what opcodes push. */
export interface Run {
  readonly state: JournalState
  readonly sub: Substate
  readonly isPrague: boolean
  readonly costs: Uint16Array
  readonly chainId: bigint
  readonly origin: bigint
  readonly gasPrice: bigint
  readonly coinbase: bigint
  readonly timestamp: bigint
  readonly number: bigint
  readonly prevRandao: bigint
  readonly gasLimit: bigint
  readonly baseFee: bigint
  readonly blobBaseFee: bigint
  readonly blobHashes: readonly bigint[]
  readonly blockHash: (number: BlockNumber) => Digest
  /** Undefined when the address holds no precompile. */
  readonly precompile: (key: ByteKey, data: Uint8Array, gas: number) => PrecompileResult | undefined
  /** Stacks by depth, reused between frames. */
  readonly stacks: bigint[][]
  /** The same for memories. */
  readonly memories: Memory[]
}

/** One execution of code. */
export interface Frame {
  readonly code: Code
  readonly self: Address
  readonly selfKey: ByteKey
  readonly selfWord: bigint
  /** The account whose storage the code sees. */
  readonly entry: StateEntry
  /** Its warm slots. */
  readonly warmSlots: Set<ByteKey>
  readonly caller: bigint
  readonly value: bigint
  readonly data: Uint8Array
  readonly isStatic: boolean
  readonly depth: number
  readonly memory: Memory
  /** Left over; counts down while the frame runs. */
  gas: number
  output: Uint8Array
}

/** How a frame ended: success, or why not. A halt takes all gas; a revert leaves what is left. */
export type Ending = 'success' | 'revert' | Halt
/** go-ethereum's words for exceptional halts. */
export type Halt =
  | 'out of gas'
  | 'stack underflow'
  | 'stack limit reached 1024 (1023)'
  | 'invalid jump destination'
  | 'invalid opcode'
  | 'write protection'
  | 'return data out of bounds'
  | 'contract creation code storage out of gas'
  | 'max code size exceeded'
  | 'contract address collision'
  | 'invalid code: must not begin with 0xef'
  | 'precompile failed'

/**
 * This interpreter cannot or should not go on: state that has to be fetched, a precompile that answers later, calls
 * nested so deeply that the JavaScript stack is at stake. The message is run again by the other interpreter, from
 * scratch; both give the same results.
 */
export class Escape extends Error {
  override name = 'Escape'
}

/** A value that must be at hand. */
export function now<T>(value: Maybe<T>): T {
  if (value instanceof Promise) throw new Escape('state is not at hand')
  return value
}

export function accountOf(run: Run, address: Address): StateAccount | undefined {
  return now(run.state.account(address))
}

export function entryOf(run: Run, key: ByteKey, address: Address): StateEntry {
  return now(run.state.entry(key, address))
}

/** The account's code; undefined when it has none. */
export function codeAt(run: Run, account: StateAccount | undefined): Code | undefined {
  if (account === undefined || !hasCode(account)) return undefined
  return codeOf(account.codeHash, () => now(run.state.codeByHash(account.codeHash)))
}

/** Gas of touching an address (EIP-2929). */
export function addressCost(run: Run, key: ByteKey): number {
  return run.sub.warmAddress(key) ? 100 : 2_600
}

/** EIP-7702: the account whose code runs in place of this one's. */
export function delegateOf(run: Run, account: StateAccount | undefined): Address | undefined {
  return run.isPrague ? codeAt(run, account)?.delegate : undefined
}
