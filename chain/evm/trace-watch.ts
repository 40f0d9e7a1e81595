import type { EVM, EVMResult, ExecResult, InterpreterStep, Message } from '@ethereumjs/evm'
import { CodedError } from '#lib/errors'
import type { Account, Address } from '#types'
import { haltReason } from './halts.ts'
import type { Machine } from './machine.ts'
import type { JournalState } from './state/journal-state.ts'
import type { FrameType, LiveState, Observer, TraceFrame, TraceStep } from './trace-types.ts'

/** Milliseconds of interpreting between two turns of the event loop. */
const SLICE_MS = 10
const OPCODE = {
  call: 0xf1,
  callcode: 0xf2,
  return: 0xf3,
  delegatecall: 0xf4,
  staticcall: 0xfa,
  sstore: 0x55,
  selfdestruct: 0xff,
}
/** EIP-2200: a store needs more than this. */
const SENTRY_GAS = 2_300n
const FRAME_BY_OPCODE: Readonly<Record<number, FrameType>> = {
  240: 'CREATE',
  241: 'CALL',
  242: 'CALLCODE',
  244: 'DELEGATECALL',
  245: 'CREATE2',
  250: 'STATICCALL',
}

/** An execution that somebody watches. */
export interface Watch {
  /** Detaches from the machine. */
  stop(): void
  /** Throws what ended the watching early: a time-out, or the observer's own failure. */
  check(): void
}

export interface WatchLimits {
  /** `performance.now()` at which the execution ends. */
  readonly deadline: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Connects an observer with the events of an EVM until `stop`. Errors inside a handler would look like failures of the
 * interpreter, so they are kept and thrown by `check`.
 */
export function watchMachine(machine: Machine, observer: Observer, limits: WatchLimits): Watch {
  const { events } = machine.evm as EVM
  const live = liveState(() => machine.state.state)
  let failure: unknown
  let sliceEnd = performance.now() + SLICE_MS
  let lastOpcode = 0
  let lastIsPaid = false
  let lastGas = 0n
  // Of the open frames, whether they are creations.
  const isInit: boolean[] = []

  async function guarded(run: () => void | Promise<void>): Promise<void> {
    if (failure !== undefined) throw failure
    const now = performance.now()
    if (now > limits.deadline || limits.signal?.aborted === true) {
      failure = new CodedError('execution aborted', `execution aborted (timeout = ${limits.timeoutMs / 1_000}s)`)
      throw failure
    }
    if (now > sliceEnd) {
      await new Promise(resolve => setImmediate(resolve))
      sliceEnd = performance.now() + SLICE_MS
    }
    try {
      await run()
    } catch (error) {
      failure = error
    }
  }

  // The emitter only knows "done", so a failure waits for the next event, which throws it into the interpreter.
  const listen =
    <T>(handle: (data: T) => void | Promise<void>) =>
    (data: T, resolve?: () => void): void => {
      if (failure !== undefined) throw failure
      guarded(() => handle(data)).then(
        () => resolve?.(),
        () => resolve?.(),
      )
    }

  const onStep = listen<InterpreterStep>(async step => {
    const { code } = step.opcode as InterpreterStep['opcode'] & { readonly code: number }
    lastOpcode = code
    lastGas = step.gasLeft
    lastIsPaid = (step.opcode.dynamicFee ?? BigInt(step.opcode.fee)) <= step.gasLeft
    const address = step.address.bytes
    const cost = step.opcode.dynamicFee ?? BigInt(step.opcode.fee)
    await observer.step?.(
      {
        pc: step.pc,
        opcode: code,
        name: step.opcode.name,
        gas: step.gasLeft,
        cost: cost + handedOn(code, step.stack, step.gasLeft - cost),
        refund: step.gasRefund,
        depth: step.depth + 1,
        stack: step.stack,
        memory: step.memory,
        address,
      },
      live,
    )
    const refused = await refusedFrame(step, live)
    if (refused !== undefined) {
      await observer.enter?.(refused.frame, live)
      observer.exit?.({ gasUsed: 0n, output: new Uint8Array(0), error: refused.error, created: undefined })
    }
    if (code !== OPCODE.selfdestruct) return
    const account = await live.account(address)
    const to = addressOfWord(step.stack.at(-1) ?? 0n)
    const value = account?.balance ?? 0n
    const input = new Uint8Array(0)
    await observer.enter?.(
      { type: 'SELFDESTRUCT', from: address, to, value, gas: 0n, input, depth: step.depth + 1 },
      live,
    )
    observer.exit?.({ gasUsed: 0n, output: input, error: undefined, created: undefined })
  })

  const onEnter = listen<Message>(message => {
    isInit.push(message.to === undefined)
    return observer.enter?.(frameOf(message, lastOpcode), live)
  })

  const onExit = listen<EVMResult>(async ({ execResult, createdAddress }) => {
    const { exceptionError } = execResult
    const stop = impliedStop(execResult, lastOpcode)
    if (stop !== undefined) await observer.step?.(stop, live)
    const isReverted = exceptionError?.error === 'revert'
    // The library has one word for both: gas ran out in the code, or after it ended well, as the code made costs too much.
    const isEnded = isInit.pop() === true && lastOpcode === OPCODE.return && lastIsPaid
    const isDeposit = isEnded && exceptionError?.error === 'out of gas'
    const isSentry = lastOpcode === OPCODE.sstore && lastGas <= SENTRY_GAS && exceptionError?.error === 'out of gas'
    // What has no state of an interpreter is a precompile.
    const isBadInput = execResult.runState === undefined && exceptionError?.error === 'value out of range'
    const words = () =>
      isReverted
        ? 'execution reverted'
        : isDeposit
          ? 'contract creation code storage out of gas'
          : isSentry
            ? 'out of gas: not enough gas for reentrancy sentry'
            : isBadInput
              ? 'invalid input length'
              : haltReason(execResult)
    // Before Homestead a contract whose code cannot be paid for is made without it, and nothing fails.
    const isFailed = exceptionError !== undefined && exceptionError.error !== 'code store out of gas'
    const error = isFailed ? words() : undefined
    observer.exit?.({
      gasUsed: execResult.executionGasUsed,
      output: execResult.returnValue,
      error,
      created: createdAddress?.bytes,
    })
  })

  events.on('step', onStep)
  events.on('beforeMessage', onEnter)
  events.on('afterMessage', onExit)
  return {
    stop() {
      events.off('step', onStep)
      events.off('beforeMessage', onEnter)
      events.off('afterMessage', onExit)
    },
    check() {
      if (failure !== undefined) throw failure
    },
  }
}

const ENDS = new Set([0x00, 0xf3, 0xfd, 0xff])

/** Code that runs off its end stops there; the EVM has no instruction to report for that, go-ethereum reports STOP. */
function impliedStop(result: ExecResult, lastOpcode: number): TraceStep | undefined {
  const { runState, exceptionError } = result
  if (runState === undefined || exceptionError !== undefined || runState.code.length === 0) return undefined
  if (runState.programCounter < runState.code.length || ENDS.has(lastOpcode)) return undefined
  return {
    pc: runState.programCounter,
    opcode: 0,
    name: 'STOP',
    gas: runState.gasLeft,
    cost: 0n,
    refund: runState.gasRefund,
    depth: runState.env.depth + 1,
    stack: runState.stack.getStack(),
    memory: runState.memory._store.slice(0, Number(runState.memoryWordCount) * 32),
    address: runState.env.address.bytes,
  }
}

function frameOf(message: Message, lastOpcode: number): TraceFrame {
  const { depth, value, gasLimit } = message
  const from = message.caller.bytes
  // A view of the caller's memory, which goes on changing.
  const input = (message.data as Uint8Array).slice()
  const common = { value, gas: gasLimit, input, depth }
  if (message.to === undefined) {
    return { type: message.salt === undefined ? 'CREATE' : 'CREATE2', from, to: undefined, ...common }
  }
  const type = depth === 0 ? 'CALL' : (FRAME_BY_OPCODE[lastOpcode] ?? 'CALL')
  // Code that is borrowed runs in the name of the account that borrows it.
  const isBorrowed = type === 'DELEGATECALL' || type === 'CALLCODE'
  return { type, from: isBorrowed ? message.to.bytes : from, to: message.codeAddress.bytes, ...common }
}

const CALL_DEPTH_MAX = 1_024
const CALL_STIPEND = 2_300n

/** A call or creation that fails before it begins: the interpreter makes no message of it, go-ethereum a frame. */
async function refusedFrame(
  step: InterpreterStep,
  live: LiveState,
): Promise<{ readonly frame: TraceFrame; readonly error: string } | undefined> {
  const { code } = step.opcode as InterpreterStep['opcode'] & { readonly code: number }
  const type = FRAME_BY_OPCODE[code]
  const cost = step.opcode.dynamicFee ?? BigInt(step.opcode.fee)
  if (type === undefined || cost > step.gasLeft) return undefined
  const { stack, depth } = step
  const word = (place: number) => stack.at(place) ?? 0n
  const isCreation = type === 'CREATE' || type === 'CREATE2'
  const hasValue = isCreation || type === 'CALL' || type === 'CALLCODE'
  const value = hasValue ? word(isCreation ? -1 : -3) : 0n
  const from = step.address.bytes
  const isTooDeep = depth + 1 > CALL_DEPTH_MAX
  const isTooMuch = value > 0n && ((await live.account(from))?.balance ?? 0n) < value
  if (!isTooDeep && !isTooMuch) return undefined
  const left = step.gasLeft - cost
  const gas = isCreation ? left - left / 64n : handedOn(code, stack, left) + (value > 0n ? CALL_STIPEND : 0n)
  const [offset, length] = isCreation ? [word(-2), word(-3)] : hasValue ? [word(-4), word(-5)] : [word(-3), word(-4)]
  const to = isCreation ? undefined : addressOfWord(word(-2))
  const input = step.memory.slice(Number(offset), Number(offset + length))
  return {
    frame: { type, from, to, value, gas, input, depth: depth + 1 },
    error: isTooDeep ? 'max call depth exceeded' : 'insufficient balance for transfer',
  }
}

/** Gas that a call gives to its callee (EIP-150): what it asks for, at most all but a 64th of what is left. */
function handedOn(opcode: number, stack: readonly bigint[], left: bigint): bigint {
  const isCall =
    opcode === OPCODE.call ||
    opcode === OPCODE.callcode ||
    opcode === OPCODE.delegatecall ||
    opcode === OPCODE.staticcall
  if (!isCall || left <= 0n) return 0n
  const most = left - left / 64n
  const wanted = stack.at(-1) ?? 0n
  return wanted < most ? wanted : most
}

export function addressOfWord(word: bigint): Address {
  const text = (word & ((1n << 160n) - 1n)).toString(16).padStart(40, '0')
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Reads from the state that is attached at the moment of the call. */
export function liveState(current: () => JournalState): LiveState {
  return {
    async account(address): Promise<Account | undefined> {
      const account = await current().account(address)
      if (account === undefined) return undefined
      const { nonce, balance, codeHash } = account
      return { nonce, balance, codeHash }
    },
    code: async address => current().code(address),
    async storage(address, slot) {
      const value = await current().storage(address, slot)
      const word = new Uint8Array(32)
      word.set(value, 32 - value.length)
      return word
    },
  }
}
