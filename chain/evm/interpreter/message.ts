import { fromHex } from '#lib/bytes'
import type { Machine } from '../machine.ts'
import { creationAddress, type MachineBlock, type Message, type MessageResult } from '../message.ts'
import { isEmptyAccount, NEW_ACCOUNT } from '../state/account.ts'
import { type ByteKey, keyOf } from '../state/byte-keys.ts'
import { type Call, type Creation, type Result, runCall, runCreation, warmDelegate } from './calls.ts'
import { CANCUN_COSTS, OSAKA_COSTS } from './costs.ts'
import type { Memory } from './memory.ts'
import { accountOf, Escape, now, type PrecompileResult, type Run } from './run.ts'
import { Substate } from './substate.ts'
import { bytesToWord } from './words.ts'

/** Gas is counted in doubles here and memory is real: larger messages go to the other interpreter. */
const GAS_MAX = 1n << 28n
const stacks: bigint[][] = []
const memories: Memory[] = []

/** True when this interpreter takes the message: Cancun or later, gas in its range, no authorisations to recover. */
export function takesMessage(machine: Machine, message: Message): boolean {
  return machine.rules.isCancun && message.gasLimit <= GAS_MAX && message.authorizations.length === 0
}

/**
 * The same as `applyMessage` of ../message.ts, without an await: for state that is at hand. Throws {@link Escape} where
 * that function has to do it; whoever calls must then take everything back.
 */
export function applyMessageHere(
  machine: Machine,
  block: MachineBlock,
  message: Message,
  blockHash: Run['blockHash'],
): MessageResult {
  const { state } = machine.state
  const { header } = block
  const sub = new Substate(machine.precompileKeys)
  const run: Run = {
    state,
    sub,
    isPrague: machine.rules.isPrague,
    costs: machine.rules.isOsaka ? OSAKA_COSTS : CANCUN_COSTS,
    chainId: machine.rules.chainId,
    origin: bytesToWord(message.sender),
    gasPrice: message.gasPrice,
    coinbase: bytesToWord(header.coinbase.bytes),
    timestamp: header.timestamp,
    number: header.number,
    prevRandao: bytesToWord(header.prevRandao),
    gasLimit: header.gasLimit,
    baseFee: header.baseFeePerGas ?? 0n,
    blobBaseFee: header.getBlobGasPrice() ?? 1n,
    blobHashes: message.blobVersionedHashes.map(bytesToWord),
    blockHash,
    precompile: precompilesOf(machine),
    stacks,
    memories,
  }
  state.beginTransaction()
  warmUp(run, message, header.coinbase.bytes)
  const sender = accountOf(run, message.sender) ?? NEW_ACCOUNT
  now(
    state.setAccount(message.sender, {
      ...sender,
      nonce: sender.nonce + 1n,
      balance: sender.balance - message.gasLimit * message.gasPrice - message.blobFee,
    }),
  )
  const result = execute(run, message, sender.nonce)

  const peakGas = message.gasLimit - BigInt(result.gasLeft)
  const refund = result.ending === 'success' ? BigInt(sub.refund) : 0n
  const refundMax = peakGas / 5n
  let gasUsed = peakGas - (refund < refundMax ? refund : refundMax)
  if (gasUsed < message.floorGas) gasUsed = message.floorGas
  settle(run, message, header.coinbase.bytes, gasUsed)
  return {
    gasUsed,
    peakGas: peakGas < message.floorGas ? message.floorGas : peakGas,
    exception: result.ending === 'success' ? undefined : result.ending,
    output: result.output,
    logs: sub.logs,
  }
}

function warmUp(run: Run, message: Message, coinbase: Uint8Array): void {
  const { sub } = run
  sub.warmAddress(keyOf(message.sender))
  sub.warmAddress(keyOf(coinbase))
  if (message.to !== undefined) {
    sub.warmAddress(keyOf(message.to))
    warmDelegate(run, message.to)
  }
  for (const { address, storageKeys } of message.accessList) {
    const key = keyOf(address)
    sub.warmAddress(key)
    const slots = sub.slotsOf(key)
    for (const slot of storageKeys) sub.warmSlot(slots, keyOf(slot))
  }
}

function execute(run: Run, message: Message, nonce: bigint): Result {
  const { sender, to, value, data } = message
  const gas = Number(message.gasLimit - message.intrinsicGas)
  if (to === undefined) {
    const address = creationAddress(sender, nonce)
    run.sub.warmAddress(keyOf(address))
    const creation: Creation = { creator: sender, address, value, init: data, gas, depth: 0 }
    return runCreation(run, creation)
  }
  const call: Call = {
    caller: sender,
    codeAddress: to,
    codeKey: keyOf(to),
    to,
    transfer: value,
    shownCaller: run.origin,
    shownValue: value,
    data,
    gas,
    isStatic: false,
    depth: 0,
  }
  return runCall(run, call)
}

function settle(run: Run, message: Message, coinbase: Uint8Array, gasUsed: bigint): void {
  const { state, sub } = run
  const sender = accountOf(run, message.sender) ?? NEW_ACCOUNT
  const unused = (message.gasLimit - gasUsed) * message.gasPrice
  now(state.setAccount(message.sender, { ...sender, balance: sender.balance + unused }))
  const fee = gasUsed * message.tip
  if (fee > 0n) {
    const collector = accountOf(run, coinbase) ?? NEW_ACCOUNT
    now(state.setAccount(coinbase, { ...collector, balance: collector.balance + fee }))
  }
  sub.touched.push(coinbase)
  for (const address of sub.destroyed.values()) now(state.deleteAccount(address))
  // EIP-161: a touched account that is empty does not exist.
  for (const address of sub.touched) {
    const account = accountOf(run, address)
    if (account !== undefined && isEmptyAccount(account)) now(state.deleteAccount(address))
  }
}

type Precompiles = Run['precompile']
const adapters = new WeakMap<Machine, Precompiles>()

// The precompiles are those of @ethereumjs/evm; the ones that answer later make the message escape.
function precompilesOf(machine: Machine): Precompiles {
  const known = adapters.get(machine)
  if (known !== undefined) return known
  const { evm } = machine
  const functions = new Map<ByteKey, typeof evm.precompiles extends Map<string, infer F> ? F : never>()
  for (const [text, code] of evm.precompiles) functions.set(keyOf(fromHex(text)), code)
  const adapter: Precompiles = (key, data, gas): PrecompileResult | undefined => {
    const code = functions.get(key)
    if (code === undefined) return undefined
    if (code.constructor.name === 'AsyncFunction') throw new Escape('the precompile answers later')
    const result = code({ data, gasLimit: BigInt(gas), common: evm.common, _EVM: evm })
    if (result instanceof Promise) throw new Escape('the precompile answers later')
    if (result.exceptionError !== undefined) return { gasUsed: gas, output: undefined }
    return { gasUsed: Number(result.executionGasUsed), output: result.returnValue }
  }
  adapters.set(machine, adapter)
  return adapter
}
