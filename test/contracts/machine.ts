/**
 * A chain without blocks: the interpreter that executes our blocks (chain/evm/interpreter) over one state in memory. Each
 * call is a transaction of its own, with the gas that it would cost.
 */

import { Address as MachineAddress } from '@ethereumjs/util'
import { assert } from '#lib/assert'
import { EMPTY, fromHex, type Hex, toHex } from '#lib/bytes'
import type { GenesisFile, Log } from '#types'
import { intrinsicGas } from '../../chain/evm/gas.ts'
import { forkScheduleOfGenesis } from '../../chain/evm/genesis.ts'
import { applyMessageHere } from '../../chain/evm/interpreter/message.ts'
import { createMachine, rulesOf } from '../../chain/evm/machine.ts'
import { creationAddress } from '../../chain/evm/message.ts'
import { NEW_ACCOUNT } from '../../chain/evm/state/account.ts'
import { JournalState } from '../../chain/evm/state/journal-state.ts'

export interface CallResult {
  readonly ok: boolean
  readonly output: Uint8Array
  /** What a transaction with this call pays for: intrinsic gas, calldata, execution less refunds, the EIP-7623 floor. */
  readonly gas: bigint
  readonly logs: readonly Log[]
}

export interface TestMachine {
  /** Block that calls run in. Whoever has the machine moves it on. */
  readonly block: { number: bigint; timestamp: bigint }
  balanceOf(address: Hex): bigint
  codeOf(address: Hex): Uint8Array
  setBalance(address: Hex, balance: bigint): void
  setCode(address: Hex, code: Uint8Array): void
  call(from: Hex, to: Hex, data: Uint8Array, value?: bigint): CallResult
  /** Runs `code` as a contract's creation; where it is follows from the sender's nonce. */
  create(from: Hex, code: Uint8Array, value?: bigint): CallResult & { readonly address: Hex }
  /** Runs `body` and takes back everything that it did to the state. */
  undo<T>(body: () => T): T
  /** Opens a checkpoint; the function returned takes the state back to it. */
  mark(): () => void
}

/** More than any call needs, and less than the interpreter's bound. */
const GAS_LIMIT = 250_000_000n

/** A machine with the accounts of a genesis file. */
export async function createTestMachine(genesis: GenesisFile): Promise<TestMachine> {
  const { chainId } = genesis.config
  const timestamp = BigInt(genesis.timestamp)
  const schedule = forkScheduleOfGenesis(genesis)
  const rules = rulesOf(schedule.at(0, timestamp), BigInt(chainId), schedule)
  // Hashes of blocks that were never made: distinct and fixed.
  const hashOf = (number: number) => fromHex(number.toString(16).padStart(64, 'b'))
  const machine = await createMachine(rules, hashOf)
  const state = new JournalState({ account: () => undefined, slot: () => EMPTY, code: () => EMPTY })
  machine.state.attach(state)
  const block = { number: 1n, timestamp: timestamp + 1n }
  const noCoinbase = new MachineAddress(new Uint8Array(20))

  const balanceOf = (address: Hex) => state.accountNow(fromHex(address))?.balance ?? 0n
  function setBalance(address: Hex, balance: bigint): void {
    const at = fromHex(address)
    state.setAccount(at, { ...(state.accountNow(at) ?? NEW_ACCOUNT), balance })
  }
  function setCode(address: Hex, code: Uint8Array): void {
    const at = fromHex(address)
    // EIP-161: a contract starts with nonce one.
    state.setAccount(at, { ...(state.accountNow(at) ?? NEW_ACCOUNT), nonce: 1n })
    state.setCode(at, code)
  }
  function run(from: Hex, to: Hex | undefined, data: Uint8Array, value: bigint): CallResult {
    const { gas: intrinsic, floor } = intrinsicGas(rules, { to, data })
    const header = {
      number: block.number,
      timestamp: block.timestamp,
      coinbase: noCoinbase,
      difficulty: 0n,
      prevRandao: new Uint8Array(32),
      gasLimit: GAS_LIMIT,
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 1n,
    }
    const message = {
      sender: fromHex(from),
      to: to === undefined ? undefined : fromHex(to),
      value,
      data,
      gasLimit: GAS_LIMIT,
      intrinsicGas: intrinsic,
      floorGas: floor,
      gasPrice: 0n,
      tip: 0n,
      blobFee: 0n,
      accessList: [],
      authorizations: [],
      blobVersionedHashes: [],
    }
    const result = applyMessageHere(machine, { header }, message, hashOf)
    return { ok: result.exception === undefined, output: result.output, gas: result.gasUsed, logs: result.logs }
  }

  const call = (from: Hex, to: Hex, data: Uint8Array, value = 0n) => run(from, to, data, value)
  function create(from: Hex, code: Uint8Array, value = 0n): CallResult & { readonly address: Hex } {
    const nonce = state.accountNow(fromHex(from))?.nonce ?? 0n
    const address = toHex(creationAddress(fromHex(from), nonce))
    return { ...run(from, undefined, code, value), address }
  }

  for (const [address, account] of Object.entries(genesis.alloc) as [Hex, (typeof genesis.alloc)[Hex]][]) {
    setBalance(address, BigInt(account.balance ?? '0x0'))
    if (account.code !== undefined) setCode(address, fromHex(account.code))
    for (const [slot, value] of Object.entries(account.storage ?? {})) {
      state.setStorage(fromHex(address), fromHex(slot), withoutZeros(fromHex(value)))
    }
  }
  return {
    block,
    balanceOf,
    codeOf(address) {
      const code = state.code(fromHex(address))
      assert(!(code instanceof Promise), 'the machine has its state at hand')
      return code
    },
    setBalance,
    setCode,
    call,
    create,
    undo(body) {
      state.checkpoint()
      try {
        return body()
      } finally {
        state.revert()
      }
    },
    mark() {
      state.checkpoint()
      return () => state.revert()
    },
  }
}

function withoutZeros(value: Uint8Array): Uint8Array {
  const start = value.findIndex(byte => byte !== 0)
  return start < 0 ? EMPTY : value.subarray(start)
}
