/**
 * What must hold before a program may be registered or run: shapes fit, every table access is inside its table, and no
 * input at all can overflow an int32 accumulator. The proof is by intervals: each value has a range, a matrix row's range
 * is computed from its actual weights. After this check every operator is total.
 */
import { assert, defined } from '#lib/assert'
import { accept, reject, type Verdict } from '#lib/verdict'
import { GRAPH_LIMITS, GRAPH_REASONS, type Graph, type GraphReason, type NodeSpec, type TensorSpec } from './graph.ts'
import { rescaleOne } from './ops.ts'

export type Tensor =
  | { readonly type: 'i8'; readonly shape: readonly number[]; readonly data: Int8Array }
  | { readonly type: 'i32'; readonly shape: readonly number[]; readonly data: Int32Array }

export interface ValueInfo {
  readonly type: 'i8' | 'i32'
  readonly length: number
  /** Every element of every run is within [min, max]. */
  readonly min: number
  readonly max: number
}

/** A program that passed {@link checkProgram}: ready to run, for any input. */
export interface CheckedProgram {
  readonly graph: Graph
  readonly tensors: ReadonlyMap<string, Tensor>
  /** By node name. */
  readonly values: ReadonlyMap<string, ValueInfo>
  /** Multiply-accumulates of one step. */
  readonly macsPerStep: number
  /** Bytes that one run allocates besides weights, at most. */
  readonly workingBytes: number
}

const INT32_MAX = 2 ** 31 - 1
const INT32_MIN = -(2 ** 31)
const I8 = { min: -128, max: 127 } as const

class CheckError extends Error {
  readonly reason: GraphReason
  constructor(reason: GraphReason, message: string) {
    super(message)
    this.reason = reason
  }
}

function demand(condition: boolean, reason: GraphReason, detail: string): asserts condition {
  if (!condition) throw new CheckError(reason, detail)
}

/** Loads the weights and proves the program total; a rejection names the first node that is not. */
export function checkProgram(graph: Graph, weights: Uint8Array): Verdict<CheckedProgram, GraphReason> {
  try {
    return accept(check(graph, weights))
  } catch (error) {
    if (error instanceof CheckError) return reject(error.reason, error.message)
    throw error
  }
}

function check(graph: Graph, weights: Uint8Array): CheckedProgram {
  demand(weights.length === graph.weightsBytes, GRAPH_REASONS.BAD_WEIGHTS, `${weights.length} bytes`)
  const tensors = new Map(graph.tensors.map(spec => [spec.name, loadTensor(spec, weights)]))
  const values = new Map<string, ValueInfo>()
  let macsPerStep = 0
  let elements = 0
  for (const node of graph.nodes) {
    const info = inferNode(node, graph, tensors, values)
    demand(info.length >= 1 && info.length <= GRAPH_LIMITS.elements, GRAPH_REASONS.TOO_LARGE, node.name)
    demand(info.min >= INT32_MIN && info.max <= INT32_MAX, GRAPH_REASONS.OVERFLOW, node.name)
    values.set(node.name, info)
    elements += info.length
    if (node.op === 'matmul') macsPerStep += defined(tensors.get(node.weight), node.weight).data.length
    if (node.op === 'ngrams') macsPerStep += graph.inputBytesMax * node.sizes.reduce((a, b) => a + b, 0)
  }
  demand(macsPerStep <= GRAPH_LIMITS.macsPerStep, GRAPH_REASONS.TOO_LARGE, 'operations of one step')
  demand(elements <= 4 * GRAPH_LIMITS.elements, GRAPH_REASONS.TOO_LARGE, 'values of one step')
  const output = values.get(graph.output)
  demand(output !== undefined, GRAPH_REASONS.UNKNOWN_NAME, graph.output)
  if (graph.generate !== undefined) {
    demand(output.type === 'i32' && output.min >= 0 && output.max <= 255, GRAPH_REASONS.SHAPE_MISMATCH, graph.output)
  }
  return { graph, tensors, values, macsPerStep, workingBytes: elements * 4 + graph.inputBytesMax }
}

function loadTensor(spec: TensorSpec, weights: Uint8Array): Tensor {
  const length = spec.shape.reduce((a, b) => a * b, 1)
  const width = spec.type === 'i8' ? 1 : 4
  demand(spec.offset + length * width <= weights.length, GRAPH_REASONS.BAD_WEIGHTS, spec.name)
  if (spec.type === 'i8') {
    return {
      type: 'i8',
      shape: spec.shape,
      data: new Int8Array(weights.slice(spec.offset, spec.offset + length).buffer),
    }
  }
  const view = new DataView(weights.buffer, weights.byteOffset + spec.offset, length * 4)
  const data = new Int32Array(length)
  for (let i = 0; i < length; i++) data[i] = view.getInt32(i * 4)
  return { type: 'i32', shape: spec.shape, data }
}

function inferNode(
  node: NodeSpec,
  graph: Graph,
  tensors: ReadonlyMap<string, Tensor>,
  values: ReadonlyMap<string, ValueInfo>,
): ValueInfo {
  const value = (name: string): ValueInfo => {
    const info = values.get(name)
    demand(info !== undefined, GRAPH_REASONS.UNKNOWN_NAME, `${node.name}: ${name}`)
    return info
  }
  const tensor = (name: string): Tensor => {
    const found = tensors.get(name)
    demand(found !== undefined, GRAPH_REASONS.UNKNOWN_NAME, `${node.name}: ${name}`)
    return found
  }
  const fits = (condition: boolean) => demand(condition, GRAPH_REASONS.SHAPE_MISMATCH, node.name)

  switch (node.op) {
    case 'ngrams':
      // count·scale stays below 2^20 · 8 · 2^16 = 2^39: exact in a double.
      fits(graph.generate === undefined)
      return { type: 'i8', length: node.buckets, min: 0, max: 127 }
    case 'window':
      return { type: 'i32', length: node.bytes, min: 0, max: 255 }
    case 'embed': {
      const rows = value(node.input)
      const table = tensor(node.table)
      fits(rows.type === 'i32' && table.type === 'i8' && table.shape.length === 2)
      const [count, width] = table.shape as [number, number]
      fits(rows.min >= 0 && rows.max < count)
      return { type: 'i8', length: rows.length * width, ...I8 }
    }
    case 'matmul': {
      const input = value(node.input)
      const weight = tensor(node.weight)
      const bias = tensor(node.bias)
      fits(input.type === 'i8' && weight.type === 'i8' && bias.type === 'i32')
      assert(weight.type === 'i8' && bias.type === 'i32', 'checked above')
      const [rows, columns] = weight.shape
      fits(weight.shape.length === 2 && columns === input.length && bias.shape.length === 1 && bias.shape[0] === rows)
      return { type: 'i32', length: rows as number, ...rowRange(weight.data, bias.data, input) }
    }
    case 'requantise': {
      const input = value(node.input)
      fits(input.type === 'i32')
      return { type: 'i8', length: input.length, min: node.min, max: node.max }
    }
    case 'rescale': {
      const input = value(node.input)
      fits(input.type === 'i32')
      const [min, max] = [input.min, input.max].map(x => rescaleOne(x, node.multiplier, node.shift)) as [number, number]
      return { type: 'i32', length: input.length, min, max }
    }
    case 'relu': {
      const input = value(node.input)
      return { ...input, min: Math.max(0, input.min), max: Math.max(0, input.max) }
    }
    case 'add': {
      const a = value(node.input)
      const b = value(node.other)
      fits(a.type === 'i8' && b.type === 'i8' && a.length === b.length)
      return { type: 'i8', length: a.length, min: clampI8(a.min + b.min), max: clampI8(a.max + b.max) }
    }
    case 'lut': {
      const input = value(node.input)
      const table = tensor(node.table)
      fits(input.type === 'i8' && table.type === 'i8' && table.data.length === 256)
      return { type: 'i8', length: input.length, ...I8 }
    }
    case 'concat': {
      const parts = node.inputs.map(value)
      const type = defined(parts[0], 'a concat has inputs').type
      fits(parts.every(part => part.type === type))
      return {
        type,
        length: parts.reduce((sum, part) => sum + part.length, 0),
        min: Math.min(...parts.map(part => part.min)),
        max: Math.max(...parts.map(part => part.max)),
      }
    }
    case 'argmax': {
      const input = value(node.input)
      return { type: 'i32', length: 1, min: 0, max: input.length - 1 }
    }
    case 'topk': {
      const input = value(node.input)
      fits(node.k <= input.length)
      return {
        type: 'i32',
        length: 2 * node.k,
        min: Math.min(0, input.min),
        max: Math.max(input.length - 1, input.max),
      }
    }
  }
}

function clampI8(x: number): number {
  return x < -128 ? -128 : x > 127 ? 127 : x
}

/**
 * Smallest and largest value that any prefix of any row's sum can take, so that the order of summation does not matter.
 * Sums of at most 2^28 products below 2^14 are exact in a double.
 */
function rowRange(weight: Int8Array, bias: Int32Array, input: ValueInfo): { min: number; max: number } {
  const columns = input.length
  let min = 0
  let max = 0
  for (let row = 0; row < bias.length; row++) {
    const start = bias[row] as number
    let low = Math.min(0, start)
    let high = Math.max(0, start)
    for (let k = 0; k < columns; k++) {
      const w = weight[row * columns + k] as number
      const a = w * input.min
      const b = w * input.max
      low += Math.min(0, a, b)
      high += Math.max(0, a, b)
    }
    if (low < min) min = low
    if (high > max) max = high
  }
  return { min, max }
}
