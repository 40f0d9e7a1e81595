import { toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import {
  type Address,
  type Block,
  type BlockHeader,
  bloomOf,
  type Digest,
  EMPTY_BLOOM,
  EMPTY_OMMERS_HASH,
  encodeTransaction,
  type Receipt,
  type RecoveredTransaction,
  type UnsignedTransaction,
  ZERO_DIGEST,
  ZERO_NONCE,
} from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { machineBlockOf } from './block-execution.ts'
import { applyAccountOverrides, CALL_LIMITS } from './call-engine.ts'
import { CallGuard } from './call-guard.ts'
import type { createChainReader } from './chain-reader.ts'
import { excessBlobGasAfter } from './ethereum-header.ts'
import type { ExecutionView } from './execution-view.ts'
import type { Fork } from './forks.ts'
import { GAS_PER_BLOB, INIT_CODE_BYTES_MAX, intrinsicGas } from './gas.ts'
import { createMachine, type Machine } from './machine.ts'
import { applyMessage, creationAddress, type MachineBlock, type MessageResult } from './message.ts'
import { miningReward } from './mining-reward.ts'
import { sealBlock } from './seal-block.ts'
import { type PlannedBlock, planBlocks, simulationError } from './simulate-plan.ts'
import { SimulatedTries } from './simulate-root.ts'
import { watchTransfers } from './simulate-transfers.ts'
import type {
  SimulatedBlock,
  SimulatedCall,
  SimulatedLog,
  SimulationEngine,
  SimulationRequest,
} from './simulate-types.ts'
import { NEW_ACCOUNT } from './state/account.ts'
import { rewindTries } from './state/history.ts'
import { JournalState } from './state/journal-state.ts'
import { OverlaySource } from './state/overlay-source.ts'
import { blockRequests, EMPTY_REQUESTS_HASH, requestsHashOf, runBlockStart } from './system-calls.ts'
import type { CallRequest } from './types.ts'

export interface SimulationOptions {
  readonly executor: ExecutionView
  readonly chain: ReturnType<typeof createChainReader>
  /** Where deposits are looked for (EIP-6110); absent on chains without requests. */
  readonly depositContract?: Address
}

/** Nonces wrap like go-ethereum's 64-bit ones. */
const NONCE_MASK = (1n << 64n) - 1n

export function createSimulationEngine(options: SimulationOptions): SimulationEngine {
  return {
    async simulate(request) {
      const base = await options.chain.blockByNumber(request.base)
      if (base === undefined) throw simulationError('other', 'header not found')
      return new Simulation(options, request, base).run()
    },
  }
}

/** One request: a chain of made-up blocks. Everything that it changes dies with it. */
class Simulation {
  readonly #options: SimulationOptions
  readonly #request: SimulationRequest
  readonly #base: Block
  readonly #source: OverlaySource
  readonly #guard = new CallGuard()
  readonly #machines = new Map<Fork, Machine>()
  readonly #hashes = new Map<number, Digest>()
  #gasLeft: bigint = CALL_LIMITS.gas

  constructor(options: SimulationOptions, request: SimulationRequest, base: Block) {
    this.#options = options
    this.#request = request
    this.#base = base
    this.#source = new OverlaySource(options.chain.source(request.base))
  }

  async run(): Promise<readonly SimulatedBlock[]> {
    const { executor } = this.#options
    const planned = planBlocks(this.#base.header, this.#request.blocks)
    this.#guard.start(CALL_LIMITS.timeoutMs, this.#request.signal)
    await executor.settled()
    const head = executor.headHeader()
    const rewound = rewindTries(executor.store, this.#request.base, head.number, head.stateRoot)
    const tries = new SimulatedTries(rewound)
    const blocks: SimulatedBlock[] = []
    let parent: BlockHeader = this.#base.header
    let parentHash = this.#base.hash
    for (const plan of planned) {
      const made = await this.#runBlock(plan, parent, parentHash, tries)
      blocks.push(made)
      parent = made.block.header
      parentHash = made.block.hash
      this.#hashes.set(parent.number, parentHash)
    }
    return blocks
  }

  async #machineFor(number: number, timestamp: bigint): Promise<Machine> {
    const { executor } = this.#options
    const fork = executor.forkAt(number, timestamp)
    const known = this.#machines.get(fork)
    if (known !== undefined) return known
    const rules = executor.rulesAt(number, timestamp)
    const hashOf = (wanted: number) =>
      this.#hashes.get(wanted) ?? (wanted <= this.#base.header.number ? executor.blockHash(wanted) : ZERO_DIGEST)
    const machine = await createMachine(rules, hashOf, this.#guard.opcodes)
    machine.evm.events.on('beforeMessage', (_message, resolve) => {
      Promise.resolve(this.#guard.tick()).then(() => resolve?.())
    })
    this.#machines.set(fork, machine)
    return machine
  }

  async #runBlock(
    plan: PlannedBlock,
    parent: BlockHeader,
    parentHash: Digest,
    tries: SimulatedTries,
  ): Promise<SimulatedBlock> {
    const { header: override, withdrawals } = plan
    const number = Number(plan.number)
    const timestamp = plan.time
    const machine = await this.#machineFor(number, timestamp)
    const { rules } = machine
    const excessBlobGas = rules.isCancun ? excessBlobGasAfter(rules, parent) : undefined
    const draft = {
      parentHash,
      ommersHash: EMPTY_OMMERS_HASH,
      coinbase: override.coinbase ?? parent.coinbase,
      difficulty: rules.isParis ? 0n : parent.difficulty,
      number,
      gasLimit: override.gasLimit ?? parent.gasLimit,
      timestamp,
      extraData: new Uint8Array(0),
      mixHash: override.prevRandao ?? ZERO_DIGEST,
      nonce: ZERO_NONCE,
      ...(rules.isLondon ? { baseFeePerGas: override.baseFeePerGas ?? this.#baseFeeAfter(parent) } : {}),
      ...(excessBlobGas === undefined ? {} : { excessBlobGas }),
      ...(rules.isCancun ? { parentBeaconBlockRoot: override.parentBeaconBlockRoot ?? ZERO_DIGEST } : {}),
    }
    const blobFee = override.blobBaseFee ?? blobBaseFeeOf(rules, excessBlobGas ?? 0n)
    const block = machineBlockOf(draft, blobFee)
    const state = new JournalState(this.#source)
    machine.state.attach(state)
    const restore = await applyAccountOverrides(machine, state, plan.state)
    try {
      await runBlockStart(machine, block, draft)
      const ran = await this.#runCalls(plan, machine, block, state, blobFee)
      for (const { address, amount } of withdrawals) {
        const account = (await state.account(address)) ?? NEW_ACCOUNT
        await state.setAccount(address, { ...account, balance: account.balance + amount * 1_000_000_000n })
      }
      if (!rules.isParis) {
        const miner = (await state.account(draft.coinbase)) ?? NEW_ACCOUNT
        await state.setAccount(draft.coinbase, { ...miner, balance: miner.balance + miningReward(rules) })
      }
      const requestsHash = rules.isPrague ? await this.#requestsHash(machine, block, ran.receipts) : undefined
      const complete = await this.#options.executor.flat.complete(state.changes())
      const stateRoot = tries.update(complete)
      this.#source.apply(complete)
      const { transactions, receipts, calls, gasUsed, blobGasUsed } = ran
      const made = sealBlock(draft, {
        stateRoot,
        transactions,
        receipts,
        gasUsed,
        ...(rules.isShanghai ? { withdrawals } : {}),
        ...(rules.isCancun ? { blobGasUsed } : {}),
        ...(requestsHash === undefined ? {} : { requestsHash }),
      })
      return { block: made, receipts, calls }
    } finally {
      restore()
      machine.state.attach(undefined)
    }
  }

  #baseFeeAfter(parent: BlockHeader): bigint {
    return this.#request.validation ? this.#request.nextBaseFee(parent) : 0n
  }

  async #requestsHash(machine: Machine, block: MachineBlock, receipts: readonly Receipt[]): Promise<Digest> {
    const { depositContract } = this.#options
    if (depositContract === undefined) return EMPTY_REQUESTS_HASH
    const requests = await blockRequests(machine, block, receipts, depositContract)
    if (requests === undefined) throw simulationError('other', 'failed to process the requests of the block')
    return requestsHashOf(requests)
  }

  async #runCalls(
    plan: PlannedBlock,
    machine: Machine,
    block: MachineBlock,
    state: JournalState,
    blobFee: bigint,
  ): Promise<RanCalls> {
    const transactions: RecoveredTransaction[] = []
    const receipts: Receipt[] = []
    const calls: SimulatedCall[] = []
    let gasUsed = 0n
    let blobGasUsed = 0n
    let logIndex = 0
    for (const request of plan.calls) {
      const limit = block.header.gasLimit
      const wanted = request.gas ?? limit - gasUsed
      if (gasUsed + wanted > limit) {
        throw simulationError('blockGasLimit', `block gas limit reached: ${gasUsed} >= ${limit}`)
      }
      const gas = wanted < this.#gasLeft ? wanted : this.#gasLeft
      const sender = request.from ?? new Uint8Array(20)
      const nonce = request.nonce ?? ((await state.account(sender)) ?? NEW_ACCOUNT).nonce
      const transaction = transactionOf(request, { gas, sender, nonce, chainId: machine.rules.chainId })
      const result = await this.#runCall(transaction, machine, block, state, blobFee, logIndex)
      logIndex = result.nextLogIndex
      const blobs = GAS_PER_BLOB * BigInt(transaction.blobVersionedHashes?.length ?? 0)
      gasUsed += result.gasUsed
      blobGasUsed += blobs
      this.#gasLeft -= result.gasUsed
      transactions.push(transaction)
      receipts.push({
        type: transaction.type,
        status: result.exception === undefined ? 1 : 0,
        gasUsed: result.gasUsed,
        cumulativeGasUsed: gasUsed,
        logsBloom: result.logs.length === 0 ? EMPTY_BLOOM : bloomOf(result.logs),
        logs: result.logs,
        effectiveGasPrice: 0n,
        ...(transaction.to === undefined ? { contractAddress: creationAddress(sender, nonce) } : {}),
      })
      const { output, peakGas, exception } = result
      calls.push({ output, gasUsed: result.gasUsed, peakGas, logs: result.shownLogs, exception })
    }
    return { transactions, receipts, calls, gasUsed, blobGasUsed }
  }

  async #runCall(
    transaction: RecoveredTransaction,
    machine: Machine,
    block: MachineBlock,
    state: JournalState,
    blobFee: bigint,
    logIndex: number,
  ): Promise<MessageResult & { readonly shownLogs: readonly SimulatedLog[]; readonly nextLogIndex: number }> {
    const message = await this.#check(transaction, machine, block, state, blobFee)
    const transfers = this.#request.traceTransfers ? watchTransfers(machine, logIndex, this.#request.signal) : undefined
    const result = await applyMessage(machine, block, message).finally(() => transfers?.stop())
    const account = await state.account(transaction.sender)
    if (account !== undefined && account.nonce > NONCE_MASK) {
      await state.setAccount(transaction.sender, { ...account, nonce: account.nonce & NONCE_MASK })
    }
    const shownLogs = transfers?.logs() ?? result.logs.map((log, position) => ({ log, index: logIndex + position }))
    return { ...result, shownLogs, nextLogIndex: transfers?.next() ?? logIndex + shownLogs.length }
  }

  /** The checks of go-ethereum's state transition, each with its number. */
  async #check(
    transaction: RecoveredTransaction,
    machine: Machine,
    block: MachineBlock,
    state: JournalState,
    blobBaseFee: bigint,
  ) {
    const { rules } = machine
    const { validation } = this.#request
    const { sender, to, value, data, gasLimit, nonce } = transaction
    const who = toHex(sender)
    const fail = (code: Parameters<typeof simulationError>[0], text: string): never => {
      throw simulationError(code, `err: ${text} (supplied gas ${gasLimit})`)
    }
    const account = (await state.account(sender)) ?? NEW_ACCOUNT
    if (validation && nonce < account.nonce) {
      fail('nonceTooLow', `nonce too low: address ${who}, tx: ${nonce} state: ${account.nonce}`)
    }
    if (validation && nonce > account.nonce) {
      fail('nonceTooHigh', `nonce too high: address ${who}, tx: ${nonce} state: ${account.nonce}`)
    }
    if (validation && account.nonce >= NONCE_MASK) {
      fail('internal', `nonce has max value: address ${who}, nonce: ${account.nonce}`)
    }
    const baseFee = block.header.baseFeePerGas ?? 0n
    const feeCap = transaction.maxFeePerGas ?? transaction.gasPrice ?? 0n
    const tipCap = transaction.maxPriorityFeePerGas ?? transaction.gasPrice ?? 0n
    const isFree = !validation && feeCap === 0n && tipCap === 0n
    if (!isFree && feeCap < tipCap) {
      fail('invalidParams', `max priority fee per gas higher than max fee per gas: address ${who}`)
    }
    if (!isFree && feeCap < baseFee) {
      const detail = `address ${who}, maxFeePerGas: ${feeCap}, baseFee: ${baseFee}`
      fail('baseFee', `max fee per gas less than block base fee: ${detail}`)
    }
    const blobGas = GAS_PER_BLOB * BigInt(transaction.blobVersionedHashes?.length ?? 0)
    const blobCap = transaction.maxFeePerBlobGas ?? 0n
    if (blobGas > 0n && (validation || blobCap > 0n) && blobCap < blobBaseFee) {
      fail('internal', `max fee per blob gas less than block blob gas fee: address ${who}`)
    }
    const needed = gasLimit * feeCap + value + blobGas * blobCap
    if (account.balance < needed) {
      const detail = `address ${who} have ${account.balance} want ${needed}`
      fail('funds', `insufficient funds for gas * price + value: ${detail}`)
    }
    const isCreation = to === undefined
    const { gas, floor } = intrinsicGas(rules, transaction)
    if (gasLimit < gas) fail('intrinsicGas', `intrinsic gas too low: have ${gasLimit}, want ${gas}`)
    if (gasLimit < floor)
      fail('intrinsicGas', `insufficient gas for floor data gas cost: have ${gasLimit}, want ${floor}`)
    if (isCreation && rules.isShanghai && data.length > INIT_CODE_BYTES_MAX) {
      fail('initCode', `max initcode size exceeded: code size ${data.length} limit ${INIT_CODE_BYTES_MAX}`)
    }
    const room = feeCap - baseFee
    const tip = isFree ? 0n : tipCap < room ? tipCap : room
    return {
      sender,
      to,
      value,
      data,
      gasLimit,
      intrinsicGas: gas,
      floorGas: floor,
      gasPrice: isFree ? 0n : baseFee + tip,
      tip,
      blobFee: blobCap === 0n && !validation ? 0n : blobGas * blobBaseFee,
      accessList: transaction.accessList ?? [],
      authorizations: transaction.authorizationList ?? [],
      blobVersionedHashes: transaction.blobVersionedHashes ?? [],
    }
  }
}

interface RanCalls {
  readonly transactions: readonly RecoveredTransaction[]
  readonly receipts: readonly Receipt[]
  readonly calls: readonly SimulatedCall[]
  readonly gasUsed: bigint
  readonly blobGasUsed: bigint
}

/** The unsigned transaction that a call becomes in its block. */
function transactionOf(
  request: CallRequest,
  given: { readonly gas: bigint; readonly sender: Address; readonly nonce: bigint; readonly chainId: bigint },
): RecoveredTransaction {
  const { gasPrice, to, accessList = [], authorizationList, blobVersionedHashes } = request
  const body = {
    chainId: given.chainId,
    nonce: given.nonce,
    gasLimit: given.gas,
    ...(to === undefined ? {} : { to }),
    value: request.value ?? 0n,
    data: request.data ?? new Uint8Array(0),
  }
  const fees = {
    maxFeePerGas: request.maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: request.maxPriorityFeePerGas ?? 0n,
    accessList,
  }
  let fields: UnsignedTransaction
  if (gasPrice !== undefined) {
    const { chainId: _, ...legacy } = body
    fields = { type: 0, ...legacy, gasPrice }
  } else if (authorizationList !== undefined) fields = { type: 4, ...body, ...fees, authorizationList }
  else if (blobVersionedHashes !== undefined) {
    fields = { type: 3, ...body, ...fees, maxFeePerBlobGas: request.maxFeePerBlobGas ?? 0n, blobVersionedHashes }
  } else fields = { type: 2, ...body, ...fees }
  const unsigned = { ...fields, v: 0n, r: 0n, s: 0n }
  const raw = encodeTransaction(unsigned)
  return { ...unsigned, raw, hash: keccak256(raw), sender: given.sender }
}
