import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM, type Log } from '@ethereumjs/evm'
import { Account, Address, createAddressFromString } from '@ethereumjs/util'
import { AbiCoder, Interface, type InterfaceAbi } from 'ethers'
import { assert } from '#lib/assert'
import { concat, EMPTY, fromHex, type Hex, toHex } from '#lib/bytes'
import { MemoryState } from './memory-state.ts'

/** Block that calls run in. The owner of a machine moves it on. */
export interface MachineBlock {
  number: bigint
  timestamp: bigint
}

export interface MachineCall {
  readonly from: Hex
  readonly to: Hex
  readonly data?: Uint8Array
  readonly value?: bigint
}

export interface MachineResult {
  readonly ok: boolean
  readonly output: Uint8Array
  /** Gas of the execution, before refunds and without what a transaction costs by itself. */
  readonly executionGas: bigint
  readonly gasRefund: bigint
  readonly logs: readonly Log[]
}

/** An EVM (fork Osaka) over a state in memory: runs constructors at addresses of our choice, and calls. */
export interface Machine {
  readonly state: MemoryState
  readonly evm: EVM
  readonly block: MachineBlock
  setBalance(address: Hex, balance: bigint): Promise<void>
  balanceOf(address: Hex): Promise<bigint>
  setCode(address: Hex, code: Uint8Array): Promise<void>
  /** Runs creation code as a constructor *at* `address`, so that it may cache its own address, and keeps what it returns. */
  construct(address: Hex, creation: Uint8Array, from: Hex): Promise<void>
  /** Executes a call; changes stay when it succeeds. */
  call(call: MachineCall): Promise<MachineResult>
}

const GAS_LIMIT = 1_000_000_000n

export async function createMachine(options: { chainId: number; timestamp: bigint }): Promise<Machine> {
  const common = new Common({
    chain: { ...Mainnet, chainId: options.chainId },
    hardfork: Hardfork.Osaka,
  })
  const state = new MemoryState()
  const evm = await createEVM({
    common,
    stateManager: state,
    blockchain: blockHashes(),
  })
  const block: MachineBlock = { number: 0n, timestamp: options.timestamp }
  const header = () => ({
    header: {
      number: block.number,
      timestamp: block.timestamp,
      coinbase: new Address(new Uint8Array(20)),
      difficulty: 0n,
      prevRandao: new Uint8Array(32),
      gasLimit: GAS_LIMIT,
      baseFeePerGas: 0n,
      getBlobGasPrice: () => 1n,
    },
  })

  async function setBalance(address: Hex, balance: bigint): Promise<void> {
    await state.modifyAccountFields(createAddressFromString(address), { balance })
  }

  async function setCode(address: Hex, code: Uint8Array): Promise<void> {
    // EIP-161: a contract starts with nonce one.
    await state.putAccount(createAddressFromString(address), new Account(1n, await balanceOf(address)))
    await state.putCode(createAddressFromString(address), code)
  }

  async function balanceOf(address: Hex): Promise<bigint> {
    return (await state.getAccount(createAddressFromString(address)))?.balance ?? 0n
  }

  async function construct(address: Hex, creation: Uint8Array, from: Hex): Promise<void> {
    const to = createAddressFromString(address)
    await state.modifyAccountFields(to, { nonce: 1n })
    const result = await evm.runCode({
      code: creation,
      data: EMPTY,
      to,
      caller: createAddressFromString(from),
      gasLimit: GAS_LIMIT,
      block: header(),
    })
    evm.journal.cleanJournal()
    state.clearCaches()
    if (result.exceptionError !== undefined) {
      throw new Error(`constructor at ${address}: ${revertReason(result.returnValue) ?? result.exceptionError.error}`)
    }
    await state.putCode(to, result.returnValue)
  }

  async function call(message: MachineCall): Promise<MachineResult> {
    const from = createAddressFromString(message.from)
    const to = createAddressFromString(message.to)
    state.clearCaches()
    // What a transaction finds warm: sender, receiver, coinbase and the precompiles (EIP-2929, EIP-3651).
    for (const address of [from.bytes, to.bytes, new Uint8Array(20)]) evm.journal.addAlwaysWarmAddress(toHex(address))
    for (const name of evm.precompiles.keys()) evm.journal.addAlwaysWarmAddress(`0x${name}`)
    const { execResult } = await evm.runCall({
      caller: from,
      to,
      data: message.data ?? EMPTY,
      value: message.value ?? 0n,
      gasLimit: GAS_LIMIT,
      block: header(),
    })
    await evm.journal.cleanup()
    evm.transientStorage.clear()
    return {
      ok: execResult.exceptionError === undefined,
      output: execResult.returnValue,
      executionGas: execResult.executionGasUsed,
      gasRefund: execResult.gasRefund ?? 0n,
      logs: execResult.logs ?? [],
    }
  }

  return { state, evm, block, setBalance, balanceOf, setCode, construct, call }
}

/** Creation code followed by its ABI-encoded constructor arguments. */
export function creationCode(bytecode: Hex, abi: InterfaceAbi, args: readonly unknown[]): Uint8Array {
  return concat(fromHex(bytecode), fromHex(new Interface(abi).encodeDeploy(args)))
}

/** Text of a revert: `Error(string)` or the selector of a custom error; undefined for an empty answer. */
export function revertReason(output: Uint8Array): string | undefined {
  if (output.length < 4) return undefined
  const selector = toHex(output.subarray(0, 4))
  if (selector !== '0x08c379a0') return `custom error ${toHex(output)}`
  return AbiCoder.defaultAbiCoder().decode(['string'], output.subarray(4))[0] as string
}

// Hashes of blocks that were never made: distinct and fixed.
function blockHashes() {
  const source = {
    getBlock: async (id: number) => ({ hash: () => fromHex(id.toString(16).padStart(64, 'b')) }),
    putBlock: async () => {},
    shallowCopy: () => source,
  }
  return source
}

/** Calls and insists on success. */
export async function mustCall(machine: Machine, message: MachineCall): Promise<Uint8Array> {
  const result = await machine.call(message)
  assert(result.ok, `genesis call to ${message.to} failed: ${revertReason(result.output) ?? toHex(result.output)}`)
  return result.output
}
