import { defined } from '#lib/assert'
import { fromHex, toHex, toRawHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { type Address, type BlockHeader, recoverAuthority } from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { machineBlockOf } from './block-execution.ts'
import { CallGuard } from './call-guard.ts'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import type { Fork } from './forks.ts'
import { GAS_PER_BLOB, INIT_CODE_BYTES_MAX, intrinsicGas, TRANSACTION_GAS_MAX, TRANSFER_GAS } from './gas.ts'
import { applyMessageHere, takesMessage } from './interpreter/message.ts'
import { Escape } from './interpreter/run.ts'
import type { Machine } from './machine.ts'
import { applyMessage, type MachineBlock, type Message, type MessageResult, resetMachine } from './message.ts'
import { NEW_ACCOUNT } from './state/account.ts'
import { JournalState, type StateSource } from './state/journal-state.ts'
import { OverlaySource } from './state/overlay-source.ts'
import { withoutLeadingZeros } from './state/state-manager.ts'
import { stateInside } from './state-inside.ts'
import type { Observer, TraceEngine } from './trace-types.ts'
import { liveState, type WatchLimits, watchMachine } from './trace-watch.ts'
import type { AccountOverride, BlockOverride, CallContext, CallEngine, CallOutcome, CallRequest } from './types.ts'

/** Bounds of read-only execution. */
export const CALL_LIMITS = {
  /** Gas that a call may ask for; also what it gets when it asks for none. */
  gas: 50_000_000n,
  timeoutMs: 5_000,
  /** Calls in progress at a time; more are refused. */
  concurrent: 128,
} as const

/** geth's tolerance: an estimate may lie up to 1.5 % above the least gas. */
const ESTIMATE_ERROR_PERMILLE = 15n
const CALL_STIPEND = 2_300n

interface CallMachine {
  readonly machine: Machine
  readonly guard: CallGuard
}

export interface CallEngineOptions {
  readonly executor: ExecutionView
  readonly chain: ReturnType<typeof createChainReader>
  readonly limits?: { readonly gas?: bigint; readonly timeoutMs?: number; readonly concurrent?: number }
  /** False runs every call on EthereumJS' interpreter; same results, several times slower. Default true. */
  readonly ownInterpreter?: boolean
}

/** Executes messages on the state after any kept block, without leaving a trace. */
export function createCallEngine(options: CallEngineOptions): CallEngine & Pick<TraceEngine, 'traceCall'> {
  const { executor, chain } = options
  const limits = { ...CALL_LIMITS, ...options.limits }
  const ownInterpreter = options.ownInterpreter ?? true
  const idle = new Map<Fork, CallMachine[]>()
  let running = 0

  async function withMachine<T>(fork: Fork, use: (machine: CallMachine) => Promise<T>): Promise<T> {
    if (running >= limits.concurrent) {
      throw new CodedError('too many calls', `${limits.concurrent} calls are running already`, { retryable: true })
    }
    running += 1
    const pool = idle.get(fork) ?? []
    idle.set(fork, pool)
    const free = pool.pop() ?? (await newCallMachine(fork))
    try {
      return await use(free)
    } finally {
      resetMachine(free.machine)
      free.machine.state.attach(undefined)
      pool.push(free)
      running -= 1
    }
  }

  async function newCallMachine(fork: Fork): Promise<CallMachine> {
    const guard = new CallGuard()
    const machine = await executor.newMachine(fork, { customOpcodes: guard.opcodes })
    guard.guardPrecompiles(machine.evm)
    machine.evm.events.on('beforeMessage', (_message, resolve) => {
      Promise.resolve(guard.tick()).then(() => resolve?.())
    })
    return { machine, guard }
  }

  async function headerOf(context: CallContext): Promise<BlockHeader> {
    const header = await chain.headerByNumber(context.block)
    if (header === undefined) {
      throw new CodedError('unknown block', `there is no block ${context.block}`, { data: { block: context.block } })
    }
    return header
  }

  // After a block, or inside of it.
  async function sourceOf({ block, beforeTransaction }: CallContext): Promise<StateSource> {
    return beforeTransaction === undefined
      ? chain.source(block)
      : stateInside(executor, chain, block, beforeTransaction)
  }

  /** One execution on a fresh copy of the state; peakGas is what had to be there at the worst moment. */
  async function execute(
    request: CallRequest,
    context: CallContext,
    header: BlockHeader,
    gas: bigint,
    deadline: number,
    observer?: Observer,
    overlay?: OverlaySource,
  ): Promise<{ readonly outcome: CallOutcome; readonly peakGas: bigint }> {
    const fork = executor.forkAt(header.number, header.timestamp)
    return withMachine(fork, async ({ machine, guard }) => {
      guard.start(Math.max(0, deadline - performance.now()), context.signal)
      const source = overlay ?? (await sourceOf(context))
      const state = new JournalState(source)
      machine.state.attach(state)
      const restore = await applyAccountOverrides(machine, state, context.state)
      try {
        const prepared = await prepare(machine, state, request, context, header, gas)
        if ('refusal' in prepared) {
          return { outcome: { kind: 'halt', reason: prepared.refusal, gasUsed: 0n }, peakGas: 0n }
        }
        const { block, message } = prepared
        const isPlain = observer === undefined && ownInterpreter && !changesPrecompiles(machine, context.state)
        const here = isPlain ? tryHere(machine, block, message) : undefined
        const result =
          here !== undefined
            ? here
            : observer === undefined
              ? await applyMessage(machine, block, message)
              : await applyObserved(machine, block, message, observer, {
                  deadline,
                  timeoutMs: limits.timeoutMs,
                  signal: context.signal,
                })
        if (overlay !== undefined) overlay.apply(state.changes())
        const { gasUsed, peakGas, output, logs } = result
        if (result.exception === undefined) return { outcome: { kind: 'success', output, gasUsed, logs }, peakGas }
        if (result.exception === 'revert') return { outcome: { kind: 'revert', output, gasUsed }, peakGas }
        return { outcome: { kind: 'halt', reason: result.exception, gasUsed }, peakGas }
      } finally {
        restore()
      }
    })
  }

  async function estimate(
    request: CallRequest,
    context: CallContext,
  ): Promise<{ readonly gas: bigint } | Exclude<CallOutcome, { kind: 'success' }>> {
    const header = await headerOf(context)
    const deadline = performance.now() + limits.timeoutMs
    const run = (gas: bigint) => execute(request, context, header, gas, deadline)
    let high = await highestGas(request, context, header)
    if ((request.data?.length ?? 0) === 0 && request.to !== undefined && high >= TRANSFER_GAS) {
      const { outcome } = await run(TRANSFER_GAS)
      if (outcome.kind === 'success' && outcome.gasUsed === TRANSFER_GAS) return { gas: TRANSFER_GAS }
    }
    const first = await run(high)
    if (first.outcome.kind !== 'success') {
      return first.outcome.kind === 'halt' && first.outcome.reason === 'out of gas'
        ? { ...first.outcome, reason: `gas required exceeds allowance (${high})` }
        : first.outcome
    }
    // What was used bounds the answer from below, and what was needed at the peak usually is the answer.
    let low = first.outcome.gasUsed - 1n
    const guess = ((first.peakGas + CALL_STIPEND) * 64n) / 63n
    if (guess < high) {
      if ((await run(guess)).outcome.kind === 'success') high = guess
      else low = guess
    }
    while (low + 1n < high) {
      if ((high - low) * 1_000n < high * ESTIMATE_ERROR_PERMILLE) break
      const middle = (high + low) / 2n
      const tried = middle > low * 2n ? low * 2n : middle
      if ((await run(tried)).outcome.kind === 'success') high = tried
      else low = tried
    }
    return { gas: high }
  }

  // The most gas that the sender may, and can afford to, ask for.
  async function highestGas(request: CallRequest, context: CallContext, header: BlockHeader): Promise<bigint> {
    let high = request.gas !== undefined && request.gas >= TRANSFER_GAS ? request.gas : header.gasLimit
    const rules = executor.rulesAt(header.number, header.timestamp)
    if (rules.isOsaka && high > TRANSACTION_GAS_MAX) high = TRANSACTION_GAS_MAX
    const price = request.maxFeePerGas ?? request.gasPrice ?? 0n
    if (price > 0n) {
      const from = request.from ?? new Uint8Array(20)
      const override = context.state?.get(toRawHex(from))?.balance
      const balance = override ?? (await (await chain.stateAt(context.block)).account(from))?.balance ?? 0n
      const spendable = balance - (request.value ?? 0n)
      const affordable = spendable <= 0n ? 0n : spendable / price
      if (affordable < high) high = affordable
    }
    return high > limits.gas ? limits.gas : high
  }

  return {
    async call(request, context) {
      const gas = request.gas === undefined || request.gas > limits.gas ? limits.gas : request.gas
      const deadline = performance.now() + limits.timeoutMs
      return (await execute(request, context, await headerOf(context), gas, deadline)).outcome
    },
    estimateGas: estimate,
    async sequence(context) {
      const header = await headerOf(context)
      const deadline = performance.now() + limits.timeoutMs
      const overlay = new OverlaySource(await sourceOf(context))
      let { state, ...rest } = context
      return {
        async run(request, block, observer) {
          const gas = request.gas === undefined || request.gas > limits.gas ? limits.gas : request.gas
          const own: CallContext = {
            ...rest,
            ...(state === undefined ? {} : { state }),
            ...(block === undefined ? {} : { header: { ...context.header, ...block } }),
          }
          // Overrides are part of the state from the first call on.
          state = undefined
          return (await execute(request, own, header, gas, deadline, observer, overlay)).outcome
        },
      }
    },
    async traceCall(request, context, observer) {
      const gas = request.gas === undefined || request.gas > limits.gas ? limits.gas : request.gas
      const deadline = performance.now() + limits.timeoutMs
      return (await execute(request, context, await headerOf(context), gas, deadline, observer)).outcome
    },
  }
}

/** What our interpreter says only roughly, as blocks do not show it: go-ethereum's words come from the other one. */
const ROUGH_WORDS: readonly (string | undefined)[] = ['invalid opcode', 'precompile failed']

// Undefined, and nothing changed, where the other interpreter has to do it.
function tryHere(machine: Machine, block: MachineBlock, message: Message): MessageResult | undefined {
  if (!takesMessage(machine, message)) return undefined
  const { state } = machine.state
  state.checkpoint()
  try {
    const result = applyMessageHere(machine, block, message, machine.blockHashes)
    if (!ROUGH_WORDS.includes(result.exception)) {
      state.commit()
      return result
    }
  } catch (error) {
    if (!(error instanceof Escape)) throw error
  }
  state.revertAll()
  return undefined
}

// Our interpreter knows the precompiles by their usual places.
function changesPrecompiles(machine: Machine, overrides: CallContext['state']): boolean {
  for (const [name, { movePrecompileTo }] of overrides ?? []) {
    if (movePrecompileTo !== undefined || machine.precompiles.includes(name)) return true
  }
  return false
}

async function applyObserved(
  machine: Machine,
  block: MachineBlock,
  message: Message,
  observer: Observer,
  limits: WatchLimits,
): Promise<MessageResult> {
  const live = liveState(() => machine.state.state)
  const { sender: from, to, gasLimit } = message
  const authorities = message.authorizations.map(recoverAuthority).filter(authority => authority !== undefined)
  await observer.start?.({ from, to, gasLimit, coinbase: block.header.coinbase.bytes, authorities }, live)
  const watch = watchMachine(machine, observer, limits)
  const result = await applyMessage(machine, block, message).finally(() => watch.stop())
  watch.check()
  const { gasUsed, exception, output, logs } = result
  await observer.end?.({ gasUsed, isFailed: exception !== undefined, output, logs }, live)
  return result
}

// Checks a request as go-ethereum's message pre-check does, with its words.
async function prepare(
  machine: Machine,
  state: JournalState,
  request: CallRequest,
  context: CallContext,
  header: BlockHeader,
  gas: bigint,
): Promise<{ readonly refusal: string } | { readonly block: MachineBlock; readonly message: Message }> {
  const { rules } = machine
  const sender = request.from ?? new Uint8Array(20)
  const value = request.value ?? 0n
  const data = request.data ?? new Uint8Array(0)
  const maxFee = request.maxFeePerGas ?? request.gasPrice ?? 0n
  const block = callBlock(machine, header, context.header, maxFee === 0n && (request.maxPriorityFeePerGas ?? 0n) === 0n)
  const baseFee = block.header.baseFeePerGas ?? 0n
  const who = toHex(sender)
  const room = maxFee - baseFee
  if (room < 0n) {
    return {
      refusal: `max fee per gas less than block base fee: address ${who}, maxFeePerGas: ${maxFee}, baseFee: ${baseFee}`,
    }
  }
  const wantedTip = request.maxPriorityFeePerGas ?? (request.maxFeePerGas === undefined ? room : 0n)
  if (wantedTip > maxFee) {
    return {
      refusal: `max priority fee per gas higher than max fee per gas: address ${who}, maxPriorityFeePerGas: ${wantedTip}, maxFeePerGas: ${maxFee}`,
    }
  }
  const tip = wantedTip < room ? wantedTip : room
  const blobGas = GAS_PER_BLOB * BigInt(request.blobVersionedHashes?.length ?? 0)
  const balance = ((await state.account(sender)) ?? NEW_ACCOUNT).balance
  const wanted = gas * maxFee + value + blobGas * (request.maxFeePerBlobGas ?? 0n)
  if (balance < wanted) {
    return { refusal: `insufficient funds for gas * price + value: address ${who} have ${balance} want ${wanted}` }
  }
  const isCreation = request.to === undefined
  const intrinsic = intrinsicGas(rules, request)
  if (gas < intrinsic.gas) return { refusal: `intrinsic gas too low: have ${gas}, want ${intrinsic.gas}` }
  if (gas < intrinsic.floor) {
    return { refusal: `insufficient gas for floor data gas cost: have ${gas}, want ${intrinsic.floor}` }
  }
  if (isCreation && rules.isShanghai && data.length > INIT_CODE_BYTES_MAX) {
    return { refusal: `max initcode size exceeded: code size ${data.length} limit ${INIT_CODE_BYTES_MAX}` }
  }
  return {
    block,
    message: {
      sender,
      to: request.to,
      value,
      data,
      gasLimit: gas,
      intrinsicGas: intrinsic.gas,
      floorGas: intrinsic.floor,
      gasPrice: baseFee + tip,
      tip,
      blobFee: maxFee === 0n ? 0n : blobGas * (block.header.getBlobGasPrice() ?? 0n),
      accessList: request.accessList ?? [],
      authorizations: request.authorizationList ?? [],
      blobVersionedHashes: request.blobVersionedHashes ?? [],
    },
  }
}

function callBlock(
  machine: Machine,
  header: BlockHeader,
  override: BlockOverride | undefined,
  isFree: boolean,
): MachineBlock {
  const baseFee = override?.baseFeePerGas ?? header.baseFeePerGas
  const block = machineBlockOf(
    {
      number: header.number,
      coinbase: override?.coinbase ?? header.coinbase,
      timestamp: header.timestamp,
      difficulty: header.difficulty,
      mixHash: override?.prevRandao ?? header.mixHash,
      gasLimit: override?.gasLimit ?? header.gasLimit,
      // A call that offers no fee sees a base fee of zero, as it does in go-ethereum.
      ...(baseFee === undefined ? {} : { baseFeePerGas: isFree ? 0n : baseFee }),
    },
    override?.blobBaseFee ?? blobBaseFeeOf(machine.rules, header.excessBlobGas ?? 0n),
  )
  return {
    header: {
      ...block.header,
      number: override?.number ?? block.header.number,
      timestamp: override?.time ?? block.header.timestamp,
    },
  }
}

/**
 * Applies state overrides in the order of their addresses, as errors depend on it; returns what undoes those of them
 * that are not part of the state. An override of a precompile's account takes the precompile away. CodedError `bad
 * override`, and nothing is left of any.
 */
export async function applyAccountOverrides(
  machine: Machine,
  state: JournalState,
  overrides: CallContext['state'],
): Promise<() => void> {
  const undoes: (() => void)[] = []
  const undo = () => {
    for (const each of undoes.splice(0).reverse()) each()
  }
  const refuse = (name: string, what: string) => new CodedError('bad override', `account 0x${name} ${what}`)
  const taken = new Set<string>()
  try {
    for (const [name, override] of [...(overrides ?? [])].sort(([one], [other]) => (one < other ? -1 : 1))) {
      if (taken.has(name)) throw refuse(name, 'has already been overridden by a precompile')
      const { movePrecompileTo } = override
      if (movePrecompileTo !== undefined) {
        const target = toRawHex(movePrecompileTo)
        if (!machine.evm.precompiles.has(name)) throw refuse(name, 'is not a precompile')
        if (overrides?.has(target) === true) throw refuse(target, 'is already overridden')
        undoes.push(movePrecompile(machine, name, target))
        taken.add(target)
      } else if (machine.evm.precompiles.has(name)) undoes.push(removePrecompile(machine, name))
      await applyOverride(state, fromHex(name), override)
    }
  } catch (error) {
    undo()
    throw error
  }
  return undo
}

async function applyOverride(state: JournalState, address: Address, override: AccountOverride): Promise<void> {
  if (override.code !== undefined) await state.setCode(address, override.code)
  if (override.balance !== undefined || override.nonce !== undefined) {
    const account = (await state.account(address)) ?? NEW_ACCOUNT
    await state.setAccount(address, {
      ...account,
      balance: override.balance ?? account.balance,
      nonce: override.nonce ?? account.nonce,
    })
  }
  if (override.state !== undefined) await state.clearStorage(address)
  for (const [slot, value] of override.state ?? override.stateDiff ?? []) {
    await state.setStorage(address, fromHex(slot), withoutLeadingZeros(value))
  }
}

function removePrecompile(machine: Machine, name: string): () => void {
  const { precompiles } = machine.evm
  const code = precompiles.get(name)
  precompiles.delete(name)
  return () => {
    if (code !== undefined) precompiles.set(name, code)
  }
}

function movePrecompile(machine: Machine, from: string, target: string): () => void {
  const { precompiles } = machine.evm
  const code = defined(precompiles.get(from), 'what is moved is a precompile')
  const replaced = precompiles.get(target)
  precompiles.delete(from)
  precompiles.set(target, code)
  return () => {
    precompiles.set(from, code)
    if (replaced === undefined) precompiles.delete(target)
    else precompiles.set(target, replaced)
  }
}
