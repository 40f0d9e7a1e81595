import type { TraceFrame, TraceFrameEnd, TraceStep } from '#evm'
import { toHex } from '#lib/bytes'
import { toQuantity } from '../format.ts'
import { revertReason } from '../revert.ts'
import { type Tracer, TraceTooLarge } from './tracer.ts'

/** A frame and what it called. */
export interface CallNode {
  readonly frame: TraceFrame
  end: TraceFrameEnd | undefined
  gas: bigint
  gasUsed: bigint
  readonly calls: CallNode[]
  readonly logs: CallLog[]
}

interface CallLog {
  readonly address: Uint8Array
  readonly topics: readonly bigint[]
  readonly data: Uint8Array
  /** How many calls of its frame came before it. */
  readonly position: number
  /** Place among the logs of the block, those that were undone left out. */
  readonly index: number
}

const FRAMES_MAX = 100_000
const LOG_0 = 0xa0
const LOG_4 = 0xa4

/** Collects the tree of frames of one execution. */
export function collectCalls(withLogs: boolean): {
  readonly tracer: Pick<Tracer, 'observer'>
  root(): CallNode | undefined
} {
  const stack: CallNode[] = []
  let root: CallNode | undefined
  let gasLimit = 0n
  let count = 0
  let logIndex = 0
  return {
    root: () => root,
    tracer: {
      observer: {
        start(subject) {
          gasLimit = subject.gasLimit
          logIndex = subject.logIndex ?? 0
        },
        ...(withLogs
          ? {
              step(step: TraceStep) {
                if (keepLog(stack.at(-1), step, logIndex)) logIndex += 1
              },
            }
          : {}),
        enter(frame) {
          count += 1
          if (count > FRAMES_MAX) throw new TraceTooLarge('trace has too many calls')
          const node: CallNode = { frame, end: undefined, gas: frame.gas, gasUsed: 0n, calls: [], logs: [] }
          const parent = stack.at(-1)
          if (parent === undefined) root = { ...node, gas: gasLimit }
          else parent.calls.push(node)
          stack.push(parent === undefined && root !== undefined ? root : node)
        },
        exit(end) {
          const node = stack.pop()
          if (node === undefined) return
          node.end = end
          node.gasUsed = end.gasUsed
          if (end.error !== undefined) logIndex -= forgetLogs(node)
        },
        end(result) {
          if (root !== undefined) root.gasUsed = result.gasUsed
        },
      },
    },
  }
}

function keepLog(node: CallNode | undefined, step: TraceStep, index: number): boolean {
  if (node === undefined || step.opcode < LOG_0 || step.opcode > LOG_4) return false
  const { stack, memory } = step
  const offset = Number(stack.at(-1) ?? 0n)
  const length = Number(stack.at(-2) ?? 0n)
  if (length > 1 << 20) return false
  const data = new Uint8Array(length)
  data.set(memory.subarray(offset, offset + length))
  const topics = Array.from({ length: step.opcode - LOG_0 }, (_, index) => stack.at(-3 - index) ?? 0n)
  node.logs.push({ address: step.address, topics, data, position: node.calls.length, index })
  return true
}

/** A frame that failed takes its logs and those of its calls back; returns how many. */
function forgetLogs(node: CallNode): number {
  const own = node.logs.splice(0).length
  return node.calls.reduce((sum, call) => sum + forgetLogs(call), own)
}

export interface CallTracerOptions {
  readonly onlyTopCall: boolean
  readonly withLog: boolean
}

/** go-ethereum's callTracer. */
export function callTracer(options: CallTracerOptions): Tracer {
  const { tracer, root } = collectCalls(options.withLog)
  return {
    observer: tracer.observer,
    result() {
      const node = root()
      return node === undefined ? null : nodeToJson(node, options)
    },
  }
}

function nodeToJson(node: CallNode, options: CallTracerOptions): Record<string, unknown> {
  const { frame, end, calls } = node
  const isCreation = frame.type === 'CREATE' || frame.type === 'CREATE2'
  const isFailed = end?.error !== undefined
  const to = isCreation ? (isFailed ? undefined : end?.created) : frame.to
  return {
    from: toHex(frame.from),
    gas: toQuantity(node.gas),
    gasUsed: toQuantity(node.gasUsed),
    ...(to === undefined ? {} : { to: toHex(to) }),
    input: toHex(frame.input),
    ...outputOf(end),
    ...(calls.length === 0 || options.onlyTopCall ? {} : { calls: calls.map(call => nodeToJson(call, options)) }),
    ...(node.logs.length === 0 ? {} : { logs: node.logs.map(logToJson) }),
    ...(frame.type === 'STATICCALL' ? {} : { value: toQuantity(frame.value) }),
    type: frame.type,
  }
}

function outputOf(end: TraceFrameEnd | undefined): Record<string, unknown> {
  if (end === undefined) return {}
  const { error, output } = end
  if (error === undefined) return output.length === 0 ? {} : { output: toHex(output) }
  if (error !== 'execution reverted' || output.length === 0) return { error }
  const reason = revertReason(output)
  return { output: toHex(output), error, ...(reason === undefined ? {} : { revertReason: reason }) }
}

function logToJson(log: CallLog): Record<string, unknown> {
  return {
    address: toHex(log.address),
    topics: log.topics.map(topic => `0x${topic.toString(16).padStart(64, '0')}`),
    data: toHex(log.data),
    index: toQuantity(log.index),
    position: toQuantity(log.position),
  }
}
