/**
 * A program of the integer runtime as data: the graph file. Canonical JSON (one form per graph), so that its hash names
 * it. Parsing is strict: unknown keys, duplicate names, forward references and anything over a bound are rejected.
 */
import { canonicalJson, type Json } from '@ogpu/sdk'
import { utf8 } from '#lib/bytes'
import { accept, reject, type Verdict } from '#lib/verdict'

/** Bounds of what a graph may ask for; a program over them cannot be registered. */
export const GRAPH_LIMITS = {
  graphBytes: 1 << 20,
  weightsBytes: 256 << 20,
  tensors: 4096,
  nodes: 4096,
  /** Elements of one node's value. */
  elements: 1 << 22,
  inputBytes: 1 << 20,
  /** Multiply-accumulates of one step. */
  macsPerStep: 2 ** 34,
  /** Steps of a generating program. */
  steps: 4096,
} as const

/** A named slice of the weights blob. Integers are big-endian; `offset` counts bytes. */
export interface TensorSpec {
  readonly name: string
  readonly type: 'i8' | 'i32'
  /** Rows first: a `[m, k]` matrix maps k inputs to m outputs. */
  readonly shape: readonly number[]
  readonly offset: number
}

/** One operator of IntOps v1 (docs/executor.md has the exact formula of each). `input` names an earlier node. */
export type NodeSpec =
  /** Job input → i8[buckets]: hashed byte n-grams, counted and normalised to `scale`. */
  | {
      readonly op: 'ngrams'
      readonly name: string
      readonly sizes: readonly number[]
      readonly buckets: number
      readonly scale: number
    }
  /** The last `bytes` bytes of the context → i32[bytes]; missing ones in front are `pad`. */
  | { readonly op: 'window'; readonly name: string; readonly bytes: number; readonly pad: number }
  /** i32[n] row numbers → i8[n·d] from an i8 table [rows, d]. */
  | { readonly op: 'embed'; readonly name: string; readonly input: string; readonly table: string }
  /** i8[k] · i8[m, k] + i32[m] → i32[m]. */
  | {
      readonly op: 'matmul'
      readonly name: string
      readonly input: string
      readonly weight: string
      readonly bias: string
    }
  /** i32[n] → i8[n]: clamp((x·multiplier + 2^(shift−1)) >> shift, min, max). */
  | {
      readonly op: 'requantise'
      readonly name: string
      readonly input: string
      readonly multiplier: number
      readonly shift: number
      readonly min: number
      readonly max: number
    }
  /** i32[n] → i32[n]: (x·multiplier + 2^(shift−1)) >> shift; the check proves that the result fits. */
  | {
      readonly op: 'rescale'
      readonly name: string
      readonly input: string
      readonly multiplier: number
      readonly shift: number
    }
  /** max(x, 0), type unchanged. */
  | { readonly op: 'relu'; readonly name: string; readonly input: string }
  /** i8[n] + i8[n] → i8[n], saturating. */
  | { readonly op: 'add'; readonly name: string; readonly input: string; readonly other: string }
  /** i8[n] → i8[n] through a 256-entry i8 table indexed by x + 128. */
  | { readonly op: 'lut'; readonly name: string; readonly input: string; readonly table: string }
  /** Values behind one another; all inputs of one type. */
  | { readonly op: 'concat'; readonly name: string; readonly inputs: readonly string[] }
  /** i8[n] or i32[n] → i32[1]: index of the largest, the lowest index on a tie. */
  | { readonly op: 'argmax'; readonly name: string; readonly input: string }
  /** i8[n] or i32[n] → i32[2k]: k pairs (index, value) from the largest down, lower index first on a tie. */
  | { readonly op: 'topk'; readonly name: string; readonly input: string; readonly k: number }

export type OpName = NodeSpec['op']

export interface Graph {
  readonly format: 'ogpu-int/1'
  /** Longest job input. */
  readonly inputBytesMax: number
  /** Size of the weights blob, exactly. */
  readonly weightsBytes: number
  readonly tensors: readonly TensorSpec[]
  /** In execution order. */
  readonly nodes: readonly NodeSpec[]
  /** Node whose value is the result (of each step). */
  readonly output: string
  /**
   * Present: the program generates. Every step emits the low byte of `output[0]`, appends it to the context, and stops
   * after `steps` bytes or behind a `stopByte`.
   */
  readonly generate?: { readonly steps: number; readonly stopByte: number }
}

export const GRAPH_REASONS = {
  /** Larger than a bound of {@link GRAPH_LIMITS}. */
  TOO_LARGE: 'TOO_LARGE',
  /** Not JSON, or not in the canonical form. */
  NOT_CANONICAL: 'NOT_CANONICAL',
  /** A field is missing, unknown or of the wrong kind. */
  BAD_FIELD: 'BAD_FIELD',
  /** Two tensors or nodes share a name. */
  DUPLICATE_NAME: 'DUPLICATE_NAME',
  /** A node refers to something that is not before it. */
  UNKNOWN_NAME: 'UNKNOWN_NAME',
  /** Types or shapes do not fit together. */
  SHAPE_MISMATCH: 'SHAPE_MISMATCH',
  /** The weights blob is not what the graph declares. */
  BAD_WEIGHTS: 'BAD_WEIGHTS',
  /** Some input could overflow an accumulator. */
  OVERFLOW: 'OVERFLOW',
} as const
export type GraphReason = (typeof GRAPH_REASONS)[keyof typeof GRAPH_REASONS]

/** The one encoding of `graph`. */
export function encodeGraph(graph: Graph): Uint8Array {
  return utf8(canonicalJson(graph as unknown as Json))
}

/** Reads a graph file; does not look at the weights (see `checkProgram`). */
export function parseGraph(bytes: Uint8Array): Verdict<Graph, GraphReason> {
  if (bytes.length > GRAPH_LIMITS.graphBytes) return reject(GRAPH_REASONS.TOO_LARGE, 'graph file')
  let json: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    json = JSON.parse(text)
  } catch {
    return reject(GRAPH_REASONS.NOT_CANONICAL, 'not JSON')
  }
  try {
    if (canonicalJson(json as Json) !== text) return reject(GRAPH_REASONS.NOT_CANONICAL, 'not in canonical form')
    return accept(readGraph(json))
  } catch (error) {
    if (error instanceof FieldError) return reject(error.reason, error.message)
    return reject(GRAPH_REASONS.NOT_CANONICAL, 'numbers are not integers')
  }
}

class FieldError extends Error {
  readonly reason: GraphReason
  constructor(reason: GraphReason, message: string) {
    super(message)
    this.reason = reason
  }
}

type Fields = Readonly<Record<string, unknown>>

function bad(path: string): never {
  throw new FieldError(GRAPH_REASONS.BAD_FIELD, path)
}

function fieldsOf(value: unknown, path: string, required: readonly string[], optional: readonly string[] = []): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(path)
  const fields = value as Fields
  for (const key of Object.keys(fields)) if (!required.includes(key) && !optional.includes(key)) bad(`${path}.${key}`)
  for (const key of required) if (!Object.hasOwn(fields, key)) bad(`${path}.${key}`)
  return fields
}

function integer(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) bad(path)
  return value
}

function name(value: unknown, path: string): string {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9_.-]{0,63}$/.test(value)) bad(path)
  return value
}

function list(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) bad(path)
  if (value.length > max) throw new FieldError(GRAPH_REASONS.TOO_LARGE, path)
  return value
}

function readGraph(json: unknown): Graph {
  const required = ['format', 'inputBytesMax', 'weightsBytes', 'tensors', 'nodes', 'output']
  const fields = fieldsOf(json, 'graph', required, ['generate'])
  if (fields.format !== 'ogpu-int/1') bad('graph.format')
  const names = new Set<string>()
  const once = (value: string): string => {
    if (names.has(value)) throw new FieldError(GRAPH_REASONS.DUPLICATE_NAME, value)
    names.add(value)
    return value
  }
  const tensors = list(fields.tensors, 'tensors', GRAPH_LIMITS.tensors).map((value, i) => {
    const tensor = readTensor(value, `tensors[${i}]`)
    once(tensor.name)
    return tensor
  })
  const nodes = list(fields.nodes, 'nodes', GRAPH_LIMITS.nodes).map((value, i) => {
    const node = readNode(value, `nodes[${i}]`)
    once(node.name)
    return node
  })
  if (nodes.length === 0) bad('nodes')
  const base = {
    format: 'ogpu-int/1' as const,
    inputBytesMax: integer(fields.inputBytesMax, 'inputBytesMax', 0, GRAPH_LIMITS.inputBytes),
    weightsBytes: integer(fields.weightsBytes, 'weightsBytes', 0, GRAPH_LIMITS.weightsBytes),
    tensors,
    nodes,
    output: name(fields.output, 'output'),
  }
  if (fields.generate === undefined) return base
  const generate = fieldsOf(fields.generate, 'generate', ['steps', 'stopByte'])
  return {
    ...base,
    generate: {
      steps: integer(generate.steps, 'generate.steps', 1, GRAPH_LIMITS.steps),
      stopByte: integer(generate.stopByte, 'generate.stopByte', 0, 255),
    },
  }
}

function readTensor(value: unknown, path: string): TensorSpec {
  const fields = fieldsOf(value, path, ['name', 'type', 'shape', 'offset'])
  if (fields.type !== 'i8' && fields.type !== 'i32') bad(`${path}.type`)
  const shape = list(fields.shape, `${path}.shape`, 2).map(n =>
    integer(n, `${path}.shape`, 1, GRAPH_LIMITS.weightsBytes),
  )
  if (shape.length === 0) bad(`${path}.shape`)
  return {
    name: name(fields.name, `${path}.name`),
    type: fields.type,
    shape,
    offset: integer(fields.offset, `${path}.offset`, 0, GRAPH_LIMITS.weightsBytes),
  }
}

function readNode(value: unknown, path: string): NodeSpec {
  const op = typeof value === 'object' && value !== null ? (value as Fields).op : undefined
  const read = (...keys: readonly string[]) => {
    const fields = fieldsOf(value, path, ['op', 'name', ...keys])
    return {
      name: name(fields.name, `${path}.name`),
      ref: (key: string) => name(fields[key], `${path}.${key}`),
      int: (key: string, min: number, max: number) => integer(fields[key], `${path}.${key}`, min, max),
      list: (key: string, max: number) => list(fields[key], `${path}.${key}`, max),
    }
  }
  switch (op) {
    case 'ngrams': {
      const node = read('sizes', 'buckets', 'scale')
      const sizes = node.list('sizes', 8).map(n => integer(n, `${path}.sizes`, 1, 8))
      const buckets = node.int('buckets', 1, 1 << 20)
      if (sizes.length === 0 || (buckets & (buckets - 1)) !== 0) bad(path)
      return { op, name: node.name, sizes, buckets, scale: node.int('scale', 1, 1 << 16) }
    }
    case 'window': {
      const node = read('bytes', 'pad')
      return { op, name: node.name, bytes: node.int('bytes', 1, 4096), pad: node.int('pad', 0, 255) }
    }
    case 'embed':
    case 'lut': {
      const node = read('input', 'table')
      return { op, name: node.name, input: node.ref('input'), table: node.ref('table') }
    }
    case 'matmul': {
      const node = read('input', 'weight', 'bias')
      return { op, name: node.name, input: node.ref('input'), weight: node.ref('weight'), bias: node.ref('bias') }
    }
    case 'requantise': {
      const node = read('input', 'multiplier', 'shift', 'min', 'max')
      const min = node.int('min', -128, 127)
      return {
        op,
        name: node.name,
        input: node.ref('input'),
        multiplier: node.int('multiplier', 1, 2 ** 21 - 1),
        shift: node.int('shift', 1, 46),
        min,
        max: node.int('max', min, 127),
      }
    }
    case 'rescale': {
      const node = read('input', 'multiplier', 'shift')
      return {
        op,
        name: node.name,
        input: node.ref('input'),
        multiplier: node.int('multiplier', 1, 2 ** 21 - 1),
        shift: node.int('shift', 1, 46),
      }
    }
    case 'relu':
    case 'argmax': {
      const node = read('input')
      return { op, name: node.name, input: node.ref('input') }
    }
    case 'add': {
      const node = read('input', 'other')
      return { op, name: node.name, input: node.ref('input'), other: node.ref('other') }
    }
    case 'concat': {
      const node = read('inputs')
      const inputs = node.list('inputs', 64).map(value => name(value, `${path}.inputs`))
      if (inputs.length === 0) bad(`${path}.inputs`)
      return { op, name: node.name, inputs }
    }
    case 'topk': {
      const node = read('input', 'k')
      return { op, name: node.name, input: node.ref('input'), k: node.int('k', 1, 256) }
    }
    default:
      return bad(`${path}.op`)
  }
}
