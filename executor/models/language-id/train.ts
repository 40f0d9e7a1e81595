/**
 * Trains the language-identification network on `corpus/` and writes `program.graph` and `program.weights`.
 *
 *   node launch.mjs executor/models/language-id/train.ts
 *
 * A perceptron with one hidden layer over hashed byte n-grams, trained in floating point from a fixed seed and then
 * rounded to int8. The features it is trained on are the integers that the runtime computes, so training and use differ
 * by the rounding of weights alone; the accuracy printed last is the integer program's own.
 */
import { writeFileSync } from 'node:fs'
import { LANGUAGE_SCORE_UNIT, LANGUAGES } from '@ogpu/sdk'
import { assert } from '#lib/assert'
import { concat, utf8 } from '#lib/bytes'
import { checkProgram } from '../../runtimes/int/check.ts'
import { encodeGraph, type Graph } from '../../runtimes/int/graph.ts'
import { runProgram } from '../../runtimes/int/interpret.ts'
import { ngrams } from '../../runtimes/int/ops.ts'
import { loadCorpus, type Sentence } from './corpus.ts'

const SIZES = [1, 2, 3, 4]
const BUCKETS = 4096
const SCALE = 4096
const HIDDEN = 48
const OUTPUTS = LANGUAGES.length
const INPUT_BYTES_MAX = 64 * 1024
const EPOCHS = 6
const CROPS = 8
const LEARNING_RATE = 0.05
/** Float inputs are features / 16. */
const INPUT_UNIT = 16

/** Mulberry32: small, seeded, the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Example {
  readonly index: Uint16Array
  readonly value: Float64Array
  readonly label: number
}

function toExample(text: string, label: number): Example {
  const features = ngrams(utf8(text), SIZES, BUCKETS, SCALE)
  const index: number[] = []
  for (let i = 0; i < BUCKETS; i++) if (features[i] !== 0) index.push(i)
  return {
    index: Uint16Array.from(index),
    value: Float64Array.from(index, i => (features[i] as number) / INPUT_UNIT),
    label,
  }
}

/** The sentence itself and a few random parts of it, so that short inputs are known too. */
function* cropsOf({ text, label }: Sentence, random: () => number): Generator<Example> {
  yield toExample(text, label)
  const letters = Array.from(text)
  for (let i = 0; i < CROPS; i++) {
    const length = Math.max(12, Math.floor(letters.length * (0.2 + 0.6 * random())))
    const from = Math.floor(random() * Math.max(1, letters.length - length))
    yield toExample(letters.slice(from, from + length).join(''), label)
  }
}

interface Network {
  readonly w1: Float64Array
  readonly b1: Float64Array
  readonly w2: Float64Array
  readonly b2: Float64Array
}

function hiddenOf(network: Network, example: Example, out: Float64Array): void {
  for (let h = 0; h < HIDDEN; h++) {
    let sum = network.b1[h] as number
    for (let j = 0; j < example.index.length; j++) {
      sum += (network.w1[h * BUCKETS + (example.index[j] as number)] as number) * (example.value[j] as number)
    }
    out[h] = sum > 0 ? sum : 0
  }
}

function train(examples: Example[], random: () => number): Network {
  const network: Network = {
    w1: Float64Array.from({ length: HIDDEN * BUCKETS }, () => (random() - 0.5) * 0.1),
    b1: new Float64Array(HIDDEN).fill(0.1),
    w2: Float64Array.from({ length: OUTPUTS * HIDDEN }, () => (random() - 0.5) * 0.4),
    b2: new Float64Array(OUTPUTS),
  }
  // Adagrad: one running sum of squared gradients per weight.
  const squares = {
    w1: new Float64Array(network.w1.length).fill(1e-4),
    b1: new Float64Array(HIDDEN).fill(1e-4),
    w2: new Float64Array(network.w2.length).fill(1e-4),
    b2: new Float64Array(OUTPUTS).fill(1e-4),
  }
  const step = (key: keyof Network, i: number, gradient: number): void => {
    const square = (squares[key][i] as number) + gradient * gradient
    squares[key][i] = square
    network[key][i] = (network[key][i] as number) - (LEARNING_RATE * gradient) / Math.sqrt(square)
  }
  const hidden = new Float64Array(HIDDEN)
  const back = new Float64Array(HIDDEN)
  const error = new Float64Array(OUTPUTS)
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    let loss = 0
    for (let i = examples.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      const swapped = examples[i] as Example
      examples[i] = examples[j] as Example
      examples[j] = swapped
    }
    for (const example of examples) {
      hiddenOf(network, example, hidden)
      let max = Number.NEGATIVE_INFINITY
      for (let o = 0; o < OUTPUTS; o++) {
        let sum = network.b2[o] as number
        for (let h = 0; h < HIDDEN; h++) sum += (network.w2[o * HIDDEN + h] as number) * (hidden[h] as number)
        error[o] = sum
        if (sum > max) max = sum
      }
      let total = 0
      for (let o = 0; o < OUTPUTS; o++) {
        error[o] = Math.exp((error[o] as number) - max)
        total += error[o] as number
      }
      for (let o = 0; o < OUTPUTS; o++) error[o] = (error[o] as number) / total
      loss -= Math.log(error[example.label] as number)
      error[example.label] = (error[example.label] as number) - 1
      back.fill(0)
      for (let o = 0; o < OUTPUTS; o++) {
        const e = error[o] as number
        for (let h = 0; h < HIDDEN; h++) {
          const at = o * HIDDEN + h
          back[h] = (back[h] as number) + e * (network.w2[at] as number)
          if (hidden[h] !== 0) step('w2', at, e * (hidden[h] as number))
        }
        step('b2', o, e)
      }
      for (let h = 0; h < HIDDEN; h++) {
        if (hidden[h] === 0) continue
        const e = back[h] as number
        step('b1', h, e)
        for (let j = 0; j < example.index.length; j++) {
          step('w1', h * BUCKETS + (example.index[j] as number), e * (example.value[j] as number))
        }
      }
    }
    console.log(`epoch ${epoch + 1}/${EPOCHS}: loss ${(loss / examples.length).toFixed(4)}`)
  }
  return network
}

/** Rounds to int8: one scale for each matrix, biases in the scale of their accumulator. */
function quantise(network: Network, examples: readonly Example[]): { graph: Graph; weights: Uint8Array } {
  const s1 = 127 / largest(network.w1)
  const s2 = 127 / largest(network.w2)
  const hidden = new Float64Array(HIDDEN)
  const activations: number[] = []
  for (const example of examples) {
    hiddenOf(network, example, hidden)
    for (const value of hidden) activations.push(value)
  }
  activations.sort((a, b) => a - b)
  const hiddenTop = activations[Math.floor(activations.length * 0.9995)] as number
  const accumulatorUnit = s1 * INPUT_UNIT
  const logitUnit = (s2 * 127) / hiddenTop
  const weights = concat(
    toInt8(network.w1, s1),
    toInt8(network.w2, s2),
    toInt32(network.b1, accumulatorUnit),
    toInt32(network.b2, logitUnit),
  )
  const w2At = HIDDEN * BUCKETS
  const b1At = w2At + OUTPUTS * HIDDEN
  const graph: Graph = {
    format: 'ogpu-int/1',
    inputBytesMax: INPUT_BYTES_MAX,
    weightsBytes: weights.length,
    tensors: [
      { name: 'w1', type: 'i8', shape: [HIDDEN, BUCKETS], offset: 0 },
      { name: 'w2', type: 'i8', shape: [OUTPUTS, HIDDEN], offset: w2At },
      { name: 'b1', type: 'i32', shape: [HIDDEN], offset: b1At },
      { name: 'b2', type: 'i32', shape: [OUTPUTS], offset: b1At + 4 * HIDDEN },
    ],
    nodes: [
      { op: 'ngrams', name: 'features', sizes: SIZES, buckets: BUCKETS, scale: SCALE },
      { op: 'matmul', name: 'sums', input: 'features', weight: 'w1', bias: 'b1' },
      {
        op: 'requantise',
        name: 'hidden',
        input: 'sums',
        ...ratio(127 / (hiddenTop * accumulatorUnit)),
        min: 0,
        max: 127,
      },
      { op: 'matmul', name: 'logits', input: 'hidden', weight: 'w2', bias: 'b2' },
      { op: 'rescale', name: 'scores', input: 'logits', ...ratio(LANGUAGE_SCORE_UNIT / logitUnit) },
      { op: 'topk', name: 'ranking', input: 'scores', k: OUTPUTS },
    ],
    output: 'ranking',
  }
  return { graph, weights }
}

function largest(values: Float64Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
}

function toInt8(values: Float64Array, scale: number): Uint8Array {
  return new Uint8Array(
    Int8Array.from(values, value => Math.max(-127, Math.min(127, Math.round(value * scale)))).buffer,
  )
}

function toInt32(values: Float64Array, scale: number): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) view.setInt32(i * 4, Math.round((values[i] as number) * scale))
  return bytes
}

/** `factor` as multiplier / 2^shift with a 20-bit multiplier. */
function ratio(factor: number): { multiplier: number; shift: number } {
  let shift = 1
  while (shift < 46 && factor * 2 ** (shift + 1) < 2 ** 20) shift++
  return { multiplier: Math.round(factor * 2 ** shift), shift }
}

function measure(graph: Graph, weights: Uint8Array, sentences: readonly Sentence[], what: string): number {
  const checked = checkProgram(graph, weights)
  assert(checked.kind === 'accept', 'a trained network passes the check')
  let right = 0
  for (const { text, label } of sentences) {
    const { output } = runProgram(checked.value, utf8(text))
    const guess = new DataView(output.buffer).getInt32(0)
    if (guess === label) right++
    else console.log(`${what}: ${LANGUAGES[label]?.code} taken for ${LANGUAGES[guess]?.code}: ${text}`)
  }
  const share = right / sentences.length
  console.log(`${what}: ${right} of ${sentences.length} sentences right (${(100 * share).toFixed(1)} %)`)
  return share
}

const started = performance.now()
const random = createRandom(1)
const { train: sentences, heldOut } = loadCorpus()
const examples = sentences.flatMap(sentence => [...cropsOf(sentence, random)])
const network = train(examples, random)
const { graph, weights } = quantise(network, examples)
measure(graph, weights, sentences, 'training')
measure(graph, weights, heldOut, 'held out')
writeFileSync(new URL('./program.graph', import.meta.url), encodeGraph(graph))
writeFileSync(new URL('./program.weights', import.meta.url), weights)
console.log(`${weights.length} bytes of weights in ${((performance.now() - started) / 1000).toFixed(1)} s`)
