import { toHex } from '#lib/bytes'
import { toQuantity } from '../format.ts'
import { type CallNode, collectCalls } from './call-tracer.ts'
import type { Tracer } from './tracer.ts'

/** Where the traced transaction lies; absent for calls. */
export interface FlatPlace {
  readonly blockHash: string
  readonly blockNumber: number
  readonly transactionHash: string
  readonly transactionPosition: number
}

export interface FlatOptions {
  /** Parity's words for errors instead of go-ethereum's. */
  readonly convertParityErrors: boolean
  readonly includePrecompiles: boolean
}

/** What the trace namespace answers. */
const PARITY: FlatOptions = { convertParityErrors: true, includePrecompiles: false }

/** Parity's words for halts (OpenEthereum trace module). */
const PARITY_ERRORS: Readonly<Record<string, string>> = {
  'contract creation code storage out of gas': 'Out of gas',
  'out of gas': 'Out of gas',
  'gas uint64 overflow': 'Out of gas',
  'max code size exceeded': 'Out of gas',
  'invalid jump destination': 'Bad jump destination',
  'execution reverted': 'Reverted',
  'return data out of bounds': 'Out of bounds',
  'stack limit reached 1024 (1023)': 'Out of stack',
  'precompiled failed': 'Built-in failed',
  'invalid input length': 'Built-in failed',
}

/** go-ethereum's flatCallTracer, which is also the form of the trace namespace. */
export function flatTracer(place: FlatPlace | undefined, options: FlatOptions = PARITY): Tracer {
  const { tracer, root } = collectCalls(false)
  return {
    observer: tracer.observer,
    result() {
      const node = root()
      return node === undefined ? [] : flatten(node, [], place, options)
    },
  }
}

function flatten(
  node: CallNode,
  address: readonly number[],
  place: FlatPlace | undefined,
  options: FlatOptions,
): unknown[] {
  // Precompiles are no calls in this form, unless the transaction itself goes to one.
  const inner = options.includePrecompiles ? node.calls : node.calls.filter(call => !isPrecompileCall(call))
  return [
    entryOf(node, inner.length, address, place, options),
    ...inner.flatMap((call, index) => flatten(call, [...address, index], place, options)),
  ]
}

function isPrecompileCall({ frame }: CallNode): boolean {
  const { type, to } = frame
  if (to === undefined || (type !== 'CALL' && type !== 'STATICCALL')) return false
  const head = to.subarray(0, 18)
  const low = ((to[18] ?? 0) << 8) | (to[19] ?? 0)
  return head.every(byte => byte === 0) && ((low >= 1 && low <= 0x11) || low === 0x100)
}

function entryOf(
  node: CallNode,
  subtraces: number,
  traceAddress: readonly number[],
  place: FlatPlace | undefined,
  options: FlatOptions,
): Record<string, unknown> {
  const { frame, end } = node
  const common = { subtraces, traceAddress, ...place }
  if (frame.type === 'SELFDESTRUCT') {
    const action = {
      address: toHex(frame.from),
      refundAddress: toHex(frame.to ?? new Uint8Array(20)),
      balance: toQuantity(frame.value),
    }
    return { action, ...common, result: null, type: 'suicide' }
  }
  const error = end?.error === undefined || !options.convertParityErrors ? end?.error : parityError(end.error)
  const isHalt = end?.error !== undefined && end.error !== 'execution reverted'
  const isCreation = frame.type === 'CREATE' || frame.type === 'CREATE2'
  const money = { from: toHex(frame.from), gas: toQuantity(node.gas), value: toQuantity(frame.value) }
  const output = toHex(end?.output ?? new Uint8Array(0))
  const gasUsed = toQuantity(node.gasUsed)
  if (isCreation) {
    const action = { ...money, init: toHex(frame.input), creationMethod: frame.type.toLowerCase() }
    const result = {
      ...(end?.created === undefined || end.error !== undefined ? {} : { address: toHex(end.created) }),
      code: output,
      gasUsed,
    }
    return {
      action,
      ...common,
      ...(error === undefined ? {} : { error }),
      ...(isHalt ? {} : { result }),
      type: 'create',
    }
  }
  const action = {
    ...money,
    callType: frame.type.toLowerCase(),
    to: toHex(frame.to ?? new Uint8Array(20)),
    input: toHex(frame.input),
  }
  const result = { gasUsed, output }
  return { action, ...common, ...(error === undefined ? {} : { error }), ...(isHalt ? {} : { result }), type: 'call' }
}

function parityError(error: string): string {
  const known = PARITY_ERRORS[error]
  if (known !== undefined) return known
  if (error.startsWith('out of gas:')) return 'Out of gas'
  if (error.startsWith('invalid opcode')) return 'Bad instruction'
  return error.startsWith('stack underflow') ? 'Stack underflow' : error
}
