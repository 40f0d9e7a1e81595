import type { EVMResult, ExecResult } from '@ethereumjs/evm'
import { Address as MachineAddress } from '@ethereumjs/util'
import { EMPTY, toRawHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp, uintToRlp } from '#lib/rlp'
import { type AccessListEntry, type Address, type Authorization, type Digest, type Log, recoverAuthority } from '#types'
import { AUTHORIZATION_BASE_GAS, AUTHORIZATION_GAS } from './gas.ts'
import { haltReason } from './halts.ts'
import type { Machine } from './machine.ts'
import { hasCode, NEW_ACCOUNT, type StateAccount } from './state/account.ts'
import type { JournalState } from './state/journal-state.ts'

/** The block as the EVM sees it. */
export interface MachineBlock {
  readonly header: {
    readonly number: bigint
    readonly coinbase: MachineAddress
    readonly timestamp: bigint
    readonly difficulty: bigint
    readonly prevRandao: Uint8Array
    readonly gasLimit: bigint
    readonly baseFeePerGas?: bigint
    getBlobGasPrice(): bigint | undefined
  }
}

/** A message that passed every check: what it costs is affordable and its nonce is right. */
export interface Message {
  readonly sender: Address
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: Uint8Array
  readonly gasLimit: bigint
  readonly intrinsicGas: bigint
  readonly floorGas: bigint
  /** Wei per gas that the sender pays. */
  readonly gasPrice: bigint
  /** Wei per gas of it that the coinbase gets. */
  readonly tip: bigint
  /** Wei for blobs; burned. */
  readonly blobFee: bigint
  readonly accessList: readonly AccessListEntry[]
  readonly authorizations: readonly Authorization[]
  readonly blobVersionedHashes: readonly Digest[]
}

export interface MessageResult {
  readonly gasUsed: bigint
  /** Gas used before refunds were taken off: the most that was needed at any moment. */
  readonly peakGas: bigint
  /** Undefined on success; `revert`, or why the outermost frame halted in go-ethereum's words. */
  readonly exception: string | undefined
  readonly output: Uint8Array
  readonly logs: readonly Log[]
}

/**
 * Runs one message on the machine's state, from taking its fee to clearing touched accounts (Yellow Paper, Υ). Throws
 * only where the interpreter itself fails; the caller must then undo to its own checkpoint.
 */
export async function applyMessage(machine: Machine, block: MachineBlock, message: Message): Promise<MessageResult> {
  const { evm, rules } = machine
  const { state } = machine.state
  state.beginTransaction()
  warmUp(machine, block, message)
  await chargeSender(state, message)
  let refund = 0n
  for (const authorization of message.authorizations) refund += await authorize(machine, authorization)

  const result = await evm.runCall({
    block,
    gasPrice: message.gasPrice,
    caller: new MachineAddress(message.sender),
    gasLimit: message.gasLimit - message.intrinsicGas,
    ...(message.to === undefined ? {} : { to: new MachineAddress(message.to) }),
    value: message.value,
    data: message.data,
    blobVersionedHashes: message.blobVersionedHashes.map(hash => `0x${toRawHex(hash)}` as const),
    skipNonceIncrement: true,
  })
  const { execResult } = result

  const peakGas = message.intrinsicGas + execResult.executionGasUsed
  refund += execResult.gasRefund ?? 0n
  const refundMax = peakGas / (rules.isLondon ? 5n : 2n)
  let gasUsed = peakGas - (refund < refundMax ? refund : refundMax)
  if (gasUsed < message.floorGas) gasUsed = message.floorGas

  await settle(machine, block, message, gasUsed)
  await selfDestruct(machine, result)
  await evm.journal.cleanup()
  return {
    gasUsed,
    peakGas: peakGas < message.floorGas ? message.floorGas : peakGas,
    exception: exceptionOf(execResult),
    output: execResult.returnValue,
    logs: (execResult.logs ?? []).map(([address, topics, data]) => ({ address, topics, data })),
  }
}

function exceptionOf(result: ExecResult): string | undefined {
  if (result.exceptionError === undefined) return undefined
  return result.exceptionError.error === 'revert' ? 'revert' : haltReason(result)
}

/** Forgets whatever an aborted message left in the machine. */
export function resetMachine(machine: Machine): void {
  machine.evm.journal.cleanJournal()
  machine.evm.transientStorage.clear()
}

/** Address of the contract that a creation by `sender` with `nonce` makes. */
export function creationAddress(sender: Address, nonce: bigint): Address {
  return keccak256(encodeRlp([sender, uintToRlp(nonce)])).slice(12)
}

// EIP-2929, EIP-2930, EIP-3651.
function warmUp(machine: Machine, block: MachineBlock, message: Message): void {
  const { evm, rules } = machine
  if (!rules.isBerlin) return
  const { journal } = evm
  for (const address of machine.precompiles) journal.addAlwaysWarmAddress(address)
  journal.addAlwaysWarmAddress(toRawHex(message.sender))
  if (message.to !== undefined) journal.addAlwaysWarmAddress(toRawHex(message.to))
  if (rules.isShanghai) journal.addAlwaysWarmAddress(toRawHex(block.header.coinbase.bytes))
  for (const { address, storageKeys } of message.accessList) {
    const text = toRawHex(address)
    journal.addAlwaysWarmAddress(text)
    for (const key of storageKeys) journal.addAlwaysWarmSlot(text, toRawHex(key))
  }
}

async function chargeSender(state: JournalState, message: Message): Promise<void> {
  const account = (await state.account(message.sender)) ?? NEW_ACCOUNT
  await state.setAccount(message.sender, {
    ...account,
    nonce: account.nonce + 1n,
    balance: account.balance - message.gasLimit * message.gasPrice - message.blobFee,
  })
}

const NONCE_MAX = (1n << 64n) - 1n
const DELEGATION_PREFIX = Uint8Array.of(0xef, 0x01, 0x00)

/** EIP-7702: code that names another account whose code runs. */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
}

// EIP-7702, "behaviour": an invalid authorisation is passed over. Returns the refund.
async function authorize(machine: Machine, authorization: Authorization): Promise<bigint> {
  const { state } = machine.state
  const { chainId, nonce, address } = authorization
  if (chainId !== 0n && chainId !== machine.rules.chainId) return 0n
  if (nonce >= NONCE_MAX) return 0n
  const authority = recoverAuthority(authorization)
  if (authority === undefined) return 0n
  machine.evm.journal.addAlwaysWarmAddress(toRawHex(authority))
  const account = await state.account(authority)
  if (account !== undefined && hasCode(account) && !isDelegation(await state.code(authority))) return 0n
  if ((account?.nonce ?? 0n) !== nonce) return 0n
  const code = address.every(byte => byte === 0) ? EMPTY : joinDelegation(address)
  await state.setCode(authority, code)
  const delegated = (await state.account(authority)) ?? NEW_ACCOUNT
  await state.setAccount(authority, { ...delegated, nonce: nonce + 1n })
  return account === undefined ? 0n : AUTHORIZATION_GAS - AUTHORIZATION_BASE_GAS
}

function joinDelegation(address: Address): Uint8Array {
  const code = new Uint8Array(23)
  code.set(DELEGATION_PREFIX)
  code.set(address, 3)
  return code
}

async function settle(machine: Machine, block: MachineBlock, message: Message, gasUsed: bigint): Promise<void> {
  const { state } = machine.state
  const sender: StateAccount = (await state.account(message.sender)) ?? NEW_ACCOUNT
  const unused = (message.gasLimit - gasUsed) * message.gasPrice
  await state.setAccount(message.sender, { ...sender, balance: sender.balance + unused })
  // Through the journal, so that an account left empty is cleared (EIP-161).
  const { coinbase } = block.header
  const account = await machine.state.getAccount(coinbase)
  const paid = account ?? (await emptyAccount(machine, coinbase))
  paid.balance += gasUsed * message.tip
  await machine.evm.journal.putAccount(coinbase, paid)
}

async function emptyAccount(machine: Machine, address: MachineAddress) {
  await machine.state.modifyAccountFields(address, {})
  const account = await machine.state.getAccount(address)
  if (account === undefined) throw new RangeError('an account that was just made is absent')
  return account
}

// EIP-6780 since Cancun: only contracts made in the same transaction disappear.
async function selfDestruct(machine: Machine, result: EVMResult): Promise<void> {
  const { selfdestruct, createdAddresses } = result.execResult
  if (selfdestruct === undefined) return
  for (const address of [...selfdestruct.keys()].sort()) {
    if (machine.rules.isCancun && createdAddresses?.has(address) !== true) continue
    await machine.evm.journal.deleteAccount(new MachineAddress(Uint8Array.from(Buffer.from(address.slice(2), 'hex'))))
  }
}
