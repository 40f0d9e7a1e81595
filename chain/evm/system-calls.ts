import { Address as MachineAddress } from '@ethereumjs/util'
import { bytesToBigint, concat, equalBytes, fromHex, utf8 } from '#lib/bytes'
import { keccak256, sha256 } from '#lib/hash'
import type { Address, Digest, Receipt } from '#types'
import type { Machine } from './machine.ts'
import type { MachineBlock } from './message.ts'
import { hasCode } from './state/account.ts'

const SYSTEM_ADDRESS = fromHex('fffffffffffffffffffffffffffffffffffffffe')
const BEACON_ROOTS = fromHex('000f3df6d732807ef1319fb7b8bb8522d0beac02')
/** Where {@link storeParentHash} writes. */
export const HISTORY_STORAGE: Address = fromHex('0000f90827f1c53a10cb7a02335b175320002935')
const WITHDRAWAL_REQUESTS = fromHex('00000961ef480eb55e80d19ad83579a64c007002')
const CONSOLIDATION_REQUESTS = fromHex('0000bbddc7ce488642fb579f8b00f3a590007251')
const SYSTEM_GAS = 30_000_000n
/**
 * Bound of the closing call. Electing 64 of 128 candidates and writing their seats with the longest addresses costs some
 * 60 million; this is far above, and outside of the block's gas, so that no epoch can fail to close for want of gas.
 */
const CLOSING_GAS = 1_000_000_000n
/** `closeEpoch()` of the staking contract. */
const CLOSE_EPOCH = keccak256(utf8('closeEpoch()')).slice(0, 4)

/** sha256 of nothing: the requests hash of a block without requests (EIP-7685). */
export const EMPTY_REQUESTS_HASH: Digest = sha256(new Uint8Array(0))

/** Stores the parent's beacon root (EIP-4788) and hash (EIP-2935) where contracts find them, before anything else runs. */
export async function runBlockStart(
  machine: Machine,
  block: MachineBlock,
  header: { readonly parentHash: Digest; readonly parentBeaconBlockRoot?: Digest },
): Promise<void> {
  await storeBeaconRoot(machine, block, header.parentBeaconBlockRoot)
  await storeParentHash(machine, block, header.parentHash)
}

/** EIP-4788. */
export async function storeBeaconRoot(machine: Machine, block: MachineBlock, root: Digest | undefined): Promise<void> {
  if (machine.rules.isCancun && root !== undefined) await callSystemContract(machine, block, BEACON_ROOTS, root)
}

/** EIP-2935. */
export async function storeParentHash(machine: Machine, block: MachineBlock, parentHash: Digest): Promise<void> {
  if (machine.rules.isPrague) await callSystemContract(machine, block, HISTORY_STORAGE, parentHash)
}

/**
 * Ends the epoch in the staking contract, which elects the next committee. False when the contract is absent or its call
 * failed: then it has changed nothing, and the block goes on without it.
 */
export async function runEpochClosing(machine: Machine, block: MachineBlock, staking: Address): Promise<boolean> {
  const account = await machine.state.state.account(staking)
  if (account === undefined || !hasCode(account)) return false
  return (await callSystemContract(machine, block, staking, CLOSE_EPOCH, CLOSING_GAS)) !== undefined
}

/**
 * Execution-layer requests of a block (EIP-6110, EIP-7002, EIP-7251): type and data of each kind that is not empty. Only
 * Ethereum's own chains have them; undefined when a request contract fails, which makes the block invalid.
 */
export async function blockRequests(
  machine: Machine,
  block: MachineBlock,
  receipts: readonly Receipt[],
  depositContract: Address,
): Promise<readonly Uint8Array[] | undefined> {
  const deposits = depositsIn(receipts, depositContract)
  if (deposits === undefined) return undefined
  const withdrawals = await callSystemContract(machine, block, WITHDRAWAL_REQUESTS, new Uint8Array(0))
  const consolidations = await callSystemContract(machine, block, CONSOLIDATION_REQUESTS, new Uint8Array(0))
  if (withdrawals === undefined || consolidations === undefined) return undefined
  const requests: Uint8Array[] = []
  for (const [type, data] of [deposits, withdrawals, consolidations].entries()) {
    if (data.length > 0) requests.push(concat(Uint8Array.of(type), data))
  }
  return requests
}

/** EIP-7685: what a header says of {@link blockRequests}. */
export function requestsHashOf(requests: readonly Uint8Array[]): Digest {
  return sha256(concat(...requests.map(request => sha256(request))))
}

// A contract without code is passed over; undefined when the call fails.
async function callSystemContract(
  machine: Machine,
  block: MachineBlock,
  to: Address,
  data: Uint8Array,
  gasLimit = SYSTEM_GAS,
): Promise<Uint8Array | undefined> {
  const { state } = machine.state
  const account = await state.account(to)
  if (account === undefined || !hasCode(account)) return new Uint8Array(0)
  state.beginTransaction()
  const { execResult } = await machine.evm.runCall({
    block,
    caller: new MachineAddress(SYSTEM_ADDRESS),
    to: new MachineAddress(to),
    data,
    gasLimit,
    gasPrice: 0n,
    skipNonceIncrement: true,
  })
  await machine.evm.journal.cleanup()
  return execResult.exceptionError === undefined ? execResult.returnValue : undefined
}

const DEPOSIT_TOPIC = fromHex('649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5')
// ABI layout of the deposit event (EIP-6110): where each field begins and how long it is.
const DEPOSIT_FIELDS = [
  [160n, 48],
  [256n, 32],
  [320n, 8],
  [384n, 96],
  [512n, 8],
] as const
const DEPOSIT_LOG_BYTES = 576

function depositsIn(receipts: readonly Receipt[], contract: Address): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  for (const { logs } of receipts) {
    for (const { address, topics, data } of logs) {
      if (topics[0] === undefined || !equalBytes(topics[0], DEPOSIT_TOPIC) || !equalBytes(address, contract)) continue
      if (data.length !== DEPOSIT_LOG_BYTES) return undefined
      for (const [i, [offset, length]] of DEPOSIT_FIELDS.entries()) {
        const at = Number(offset)
        if (bytesToBigint(data.subarray(32 * i, 32 * i + 32)) !== offset) return undefined
        if (bytesToBigint(data.subarray(at, at + 32)) !== BigInt(length)) return undefined
        parts.push(data.subarray(at + 32, at + 32 + length))
      }
    }
  }
  return concat(...parts)
}
