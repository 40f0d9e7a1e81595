/** Runs a checked program on one input. Synchronous, without any I/O; the same bytes on every machine. */
import { assert, defined, unreachable } from '#lib/assert'
import { EMPTY } from '#lib/bytes'
import type { CheckedProgram, Tensor } from './check.ts'
import type { NodeSpec } from './graph.ts'
import * as ops from './ops.ts'
import { type StepTrace, traceStep } from './trace.ts'

export interface IntRun {
  readonly output: Uint8Array
  readonly steps: readonly StepTrace[]
}

type Value = Int8Array | Int32Array

/**
 * Output bytes and the trace of every step. The caller has checked `input.length <= graph.inputBytesMax`.
 *
 * @example const { output } = runProgram(program, utf8('Guten Morgen'))
 */
export function runProgram(program: CheckedProgram, input: Uint8Array): IntRun {
  assert(input.length <= program.graph.inputBytesMax, 'the input is longer than the program takes')
  const { generate } = program.graph
  if (generate === undefined) {
    const { values, output } = runStep(program, input)
    return { output: encodeValue(output), steps: [traceStep(0, input, values, output[0] as number)] }
  }
  const context = new Uint8Array(input.length + generate.steps)
  context.set(input)
  let length = input.length
  const steps: StepTrace[] = []
  for (let step = 0; step < generate.steps; step++) {
    const { values, output } = runStep(program, context.subarray(0, length))
    const byte = output[0] as number
    context[length++] = byte
    steps.push(traceStep(step, context.subarray(0, length), values, byte))
    if (byte === generate.stopByte) break
  }
  return { output: context.slice(input.length, length), steps }
}

function runStep(program: CheckedProgram, context: Uint8Array): { values: Value[]; output: Value } {
  const byName = new Map<string, Value>()
  const values: Value[] = []
  for (const node of program.graph.nodes) {
    const value = runNode(node, program.tensors, byName, context)
    byName.set(node.name, value)
    values.push(value)
  }
  return { values, output: defined(byName.get(program.graph.output), 'the output is a node') }
}

/** The value of one operator, given the values before it. */
export function runNode(
  node: NodeSpec,
  tensors: ReadonlyMap<string, Tensor>,
  values: ReadonlyMap<string, Value>,
  context: Uint8Array,
): Value {
  const value = (name: string): Value => defined(values.get(name), name)
  const i8 = (name: string): Int8Array => {
    const found = value(name)
    assert(found instanceof Int8Array, 'types are checked at registration')
    return found
  }
  const i32 = (name: string): Int32Array => {
    const found = value(name)
    assert(found instanceof Int32Array, 'types are checked at registration')
    return found
  }
  const tensor8 = (name: string): { data: Int8Array; shape: readonly number[] } => {
    const found = tensors.get(name)
    assert(found?.type === 'i8', 'types are checked at registration')
    return found
  }
  switch (node.op) {
    case 'ngrams':
      return ops.ngrams(context, node.sizes, node.buckets, node.scale)
    case 'window':
      return ops.windowOf(context, node.bytes, node.pad)
    case 'embed': {
      const table = tensor8(node.table)
      return ops.embed(i32(node.input), table.data, table.shape[1] as number)
    }
    case 'matmul': {
      const bias = tensors.get(node.bias)
      assert(bias?.type === 'i32', 'types are checked at registration')
      return ops.matmul(i8(node.input), tensor8(node.weight).data, bias.data)
    }
    case 'requantise':
      return ops.requantise(i32(node.input), node.multiplier, node.shift, node.min, node.max)
    case 'rescale':
      return ops.rescale(i32(node.input), node.multiplier, node.shift)
    case 'relu':
      return ops.relu(value(node.input))
    case 'add':
      return ops.addSaturating(i8(node.input), i8(node.other))
    case 'lut':
      return ops.lookUp(i8(node.input), tensor8(node.table).data)
    case 'concat':
      return concatValues(node.inputs.map(value))
    case 'argmax':
      return ops.argmax(value(node.input))
    case 'topk':
      return ops.topk(value(node.input), node.k)
    default:
      return unreachable(node)
  }
}

function concatValues(parts: readonly Value[]): Value {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const out = parts[0] instanceof Int8Array ? new Int8Array(length) : new Int32Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** int8 values as one byte each, int32 values big-endian. */
export function encodeValue(value: Value): Uint8Array {
  if (value.length === 0) return EMPTY
  if (value instanceof Int8Array)
    return new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + value.length))
  const bytes = new Uint8Array(value.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < value.length; i++) view.setInt32(i * 4, value[i] as number)
  return bytes
}
