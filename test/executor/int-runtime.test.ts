import { decodeLanguageResult, intProgramContent } from '@ogpu/sdk'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { EMPTY, utf8 } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { loadCorpus } from '../../executor/models/language-id/corpus.ts'
import { loadLanguageId, loadSampleText } from '../../executor/models/language-id/index.ts'
import { checkProgram } from '../../executor/runtimes/int/check.ts'
import { executeJob, loadProgram } from '../../executor/runtimes/int/execute.ts'
import { encodeGraph, type Graph, type NodeSpec, parseGraph } from '../../executor/runtimes/int/graph.ts'
import { runProgram } from '../../executor/runtimes/int/interpret.ts'
import * as ops from '../../executor/runtimes/int/ops.ts'
import { createIntRuntime } from '../../executor/runtimes/int/runtime.ts'
import { DEFAULT_RUN_LIMITS, type RunJob } from '../../executor/runtimes/runtime.ts'

function graphOf(nodes: readonly NodeSpec[], extra: Partial<Graph> = {}): Graph {
  const output = nodes[nodes.length - 1]?.name ?? ''
  return { format: 'ogpu-int/1', inputBytesMax: 64, weightsBytes: 0, tensors: [], nodes, output, ...extra }
}

function jobOf(graph: Uint8Array, weights: Uint8Array, input: Uint8Array, limits = DEFAULT_RUN_LIMITS): RunJob {
  const { graphRoot, weightsRoot } = intProgramContent(graph, weights, keccak256)
  return { graph, weights, graphRoot, weightsRoot, input, limits }
}

const int8 = fc.integer({ min: -128, max: 127 })
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

describe('integer operators', () => {
  it('requantise equals the formula in arbitrary precision for every int32', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 1, max: 2 ** 21 - 1 }), fc.integer({ min: 1, max: 46 }), (x, m, sh) => {
        const exact = (BigInt(x) * BigInt(m) + (1n << BigInt(sh - 1))) >> BigInt(sh)
        expect(BigInt(ops.rescaleOne(x, m, sh))).toBe(exact)
        const clamped = exact < -128n ? -128n : exact > 127n ? 127n : exact
        expect(BigInt(ops.requantise(Int32Array.of(x), m, sh, -128, 127)[0] as number)).toBe(clamped)
      }),
    )
  })

  it('matmul equals a sum in arbitrary precision', () => {
    fc.assert(
      fc.property(
        fc.array(int8, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        int8,
        (x, rows, seed) => {
          const weight = Int8Array.from({ length: rows * x.length }, (_, i) => Math.imul(i + seed, 37) % 128)
          const bias = Int32Array.from({ length: rows }, (_, i) => i * 1000 - seed)
          const y = ops.matmul(Int8Array.from(x), weight, bias)
          for (let r = 0; r < rows; r++) {
            const sum = x.reduce((a, v, k) => a + BigInt(v) * BigInt(weight[r * x.length + k] as number), 0n)
            expect(BigInt(y[r] as number)).toBe(sum + BigInt(bias[r] as number))
          }
        },
      ),
    )
  })

  it('a tie goes to the lowest index, in argmax and in top-k', () => {
    expect([...ops.argmax(Int32Array.of(3, 9, 9, 1))]).toEqual([1])
    expect([...ops.topk(Int32Array.of(3, 9, 9, 1), 3)]).toEqual([1, 9, 2, 9, 0, 3])
  })

  it('saturating addition and tables stay within int8', () => {
    expect([...ops.addSaturating(Int8Array.of(100, -100, 1), Int8Array.of(100, -100, 2))]).toEqual([127, -128, 3])
    const table = Int8Array.from({ length: 256 }, (_, i) => i - 128)
    expect([...ops.lookUp(Int8Array.of(-128, 0, 127), table)]).toEqual([-128, 0, 127])
  })

  it('n-gram features ignore ASCII case and are all zero for an input that is too short', () => {
    expect(ops.ngrams(utf8('HELLO'), [1, 2], 64, 256)).toEqual(ops.ngrams(utf8('hello'), [1, 2], 64, 256))
    expect(ops.ngrams(EMPTY, [1, 2], 64, 256).every(x => x === 0)).toBe(true)
    expect(ops.ngrams(utf8('aaaa'), [1], 64, 4096).reduce((a, b) => a + b, 0)).toBe(127)
  })
})

describe('graph files', () => {
  const { graph: graphBytes, weights } = loadLanguageId()

  it('the canonical form is the only one that is read', () => {
    const parsed = parseGraph(graphBytes)
    expect(parsed.kind).toBe('accept')
    if (parsed.kind === 'accept') expect(encodeGraph(parsed.value)).toEqual(graphBytes)
    const spaced = utf8(` ${new TextDecoder().decode(graphBytes)}`)
    expect(parseGraph(spaced)).toMatchObject({ kind: 'reject', reason: 'NOT_CANONICAL' })
    expect(parseGraph(utf8('{"format":1.5}'))).toMatchObject({ kind: 'reject', reason: 'NOT_CANONICAL' })
    expect(parseGraph(utf8('[]'))).toMatchObject({ kind: 'reject', reason: 'BAD_FIELD' })
  })

  it('no bytes at all make the parser throw', () => {
    fc.assert(
      fc.property(fc.nat(graphBytes.length - 1), fc.nat(255), (at, byte) => {
        const damaged = graphBytes.slice()
        damaged[at] = byte
        const parsed = parseGraph(damaged)
        if (parsed.kind === 'accept') expect(['accept', 'reject']).toContain(checkProgram(parsed.value, weights).kind)
        else expect(parsed.kind).toBe('reject')
      }),
    )
    fc.assert(
      fc.property(fc.json(), text => {
        expect(parseGraph(utf8(text)).kind).toBe('reject')
      }),
    )
  })

  it('unknown fields, double names and forward references are rejected', () => {
    const node: NodeSpec = { op: 'window', name: 'x', bytes: 2, pad: 0 }
    const odd = { ...node, extra: 1 } as NodeSpec
    expect(parseGraph(encodeGraph(graphOf([odd])))).toMatchObject({ reason: 'BAD_FIELD' })
    expect(parseGraph(encodeGraph(graphOf([node, node])))).toMatchObject({ reason: 'DUPLICATE_NAME' })
    const forward = graphOf([{ op: 'relu', name: 'a', input: 'x' }, node])
    expect(checkProgram(forward, EMPTY)).toMatchObject({ reason: 'UNKNOWN_NAME' })
  })

  it('a program whose accumulator could overflow is refused, and the same one with smaller weights is not', () => {
    const columns = 140_000
    const build = (weight: number): ReturnType<typeof checkProgram> => {
      const bytes = new Uint8Array(columns + 4).fill(weight, 0, columns)
      return checkProgram(
        graphOf(
          [
            { op: 'window', name: 'x', bytes: 4000, pad: 0 },
            { op: 'requantise', name: 'q', input: 'x', multiplier: 1, shift: 1, min: -128, max: 127 },
            { op: 'concat', name: 'long', inputs: Array(35).fill('q') },
            { op: 'matmul', name: 'y', input: 'long', weight: 'w', bias: 'b' },
          ],
          {
            weightsBytes: bytes.length,
            tensors: [
              { name: 'w', type: 'i8', shape: [1, columns], offset: 0 },
              { name: 'b', type: 'i32', shape: [1], offset: columns },
            ],
          },
        ),
        bytes,
      )
    }
    expect(build(127)).toMatchObject({ kind: 'reject', reason: 'OVERFLOW', detail: 'y' })
    expect(build(100).kind).toBe('accept')
  })

  it('a table access that could leave its table is refused', () => {
    const table = { name: 't', type: 'i8' as const, shape: [255, 1], offset: 0 }
    const nodes: NodeSpec[] = [
      { op: 'window', name: 'x', bytes: 2, pad: 0 },
      { op: 'embed', name: 'e', input: 'x', table: 't' },
    ]
    const refused = checkProgram(graphOf(nodes, { tensors: [table], weightsBytes: 255 }), new Uint8Array(255))
    expect(refused).toMatchObject({ kind: 'reject', reason: 'SHAPE_MISMATCH' })
    const wide = { ...table, shape: [256, 1] }
    expect(checkProgram(graphOf(nodes, { tensors: [wide], weightsBytes: 256 }), new Uint8Array(256)).kind).toBe(
      'accept',
    )
  })
})

describe('runs', () => {
  const { graph, weights } = loadLanguageId()
  const program = loadProgram(graph, weights)

  it('the committed language model recognises at least 95 % of the held-out sentences', () => {
    const { heldOut } = loadCorpus()
    const right = heldOut.filter(({ text, label }) => {
      const { output } = runProgram(program, utf8(text))
      return new DataView(output.buffer).getInt32(0) === label
    })
    expect(heldOut.length).toBeGreaterThan(200)
    expect(right.length / heldOut.length).toBeGreaterThanOrEqual(0.95)
  })

  it('the sample text is English, with the bytes, output root and trace root of every other machine', () => {
    const result = executeJob(jobOf(graph, weights, loadSampleText()))
    expect(decodeLanguageResult(result.output)[0]).toMatchObject({ code: 'en' })
    expect(result.outRoot).toMatchInlineSnapshot(`"0xf5fef698894817dd0d688412c35daa4b2f99d26ed87bfe20ac36e01c664db762"`)
    expect(result.traceRoot).toMatchInlineSnapshot(
      `"0x78110288bdd43be1190acd5f8f19e3ec602e60f50f149a69124f886d98ddf055"`,
    )
  })

  it('any input, however short or odd, has an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), input => {
        const { output, steps } = runProgram(program, input)
        const guesses = decodeLanguageResult(output)
        expect(Math.abs(guesses.reduce((sum, guess) => sum + guess.confidence, 0) - 1)).toBeLessThan(1e-9)
        expect(steps.length).toBe(1)
      }),
      { numRuns: 50 },
    )
  })

  it('one changed input byte changes the trace root', () => {
    const input = loadSampleText()
    const other = input.slice()
    other[0] = (other[0] as number) ^ 32
    const a = executeJob(jobOf(graph, weights, input))
    const b = executeJob(jobOf(graph, weights, other))
    expect(b.traceRoot).not.toBe(a.traceRoot)
  })

  it('a generating program stops at its stop byte or after its steps', () => {
    // Emits the letter after the last byte, up to e, and a full stop behind anything else.
    const next = Uint8Array.from({ length: 256 }, (_, i) => (i >= 97 && i < 101 ? i + 1 : 46))
    const identity = graphOf(
      [
        { op: 'window', name: 'x', bytes: 1, pad: 0 },
        { op: 'embed', name: 'e', input: 'x', table: 't' },
        { op: 'matmul', name: 'wide', input: 'e', weight: 'one', bias: 'zero' },
        { op: 'relu', name: 'byte', input: 'wide' },
      ],
      {
        generate: { steps: 3, stopByte: 46 },
        weightsBytes: 256 + 1 + 4,
        tensors: [
          { name: 't', type: 'i8', shape: [256, 1], offset: 0 },
          { name: 'one', type: 'i8', shape: [1, 1], offset: 256 },
          { name: 'zero', type: 'i32', shape: [1], offset: 257 },
        ],
      },
    )
    const bytes = new Uint8Array(261)
    bytes.set(next)
    bytes[256] = 1
    const built = loadProgram(encodeGraph(identity), bytes)
    const three = runProgram(built, utf8('a'))
    expect(new TextDecoder().decode(three.output)).toBe('bcd')
    expect(three.steps.map(step => step.selected)).toEqual([98, 99, 100])
    expect(new TextDecoder().decode(runProgram(built, utf8('z')).output)).toBe('.')
  })
})

describe('the runtime plug-in', () => {
  const { graph, weights } = loadLanguageId()
  const runtime = createIntRuntime()
  afterAll(() => runtime.close())

  it('passes its self-test and computes in its process what the plain function computes', async () => {
    await runtime.selfTest()
    const job = jobOf(graph, weights, loadSampleText())
    const { elapsedMs: _, ...here } = executeJob(job)
    expect(await runtime.run(job, new AbortController().signal)).toMatchObject(here)
  })

  it('refuses files that are not the registered ones, inputs that are too long, and jobs without memory', async () => {
    const { signal } = new AbortController()
    const job = jobOf(graph, weights, utf8('bonjour'))
    const changed = weights.slice()
    changed[7] = (changed[7] as number) ^ 1
    await expect(runtime.run({ ...job, weights: changed }, signal)).rejects.toMatchObject({ code: 'BAD_PROGRAM' })
    await expect(runtime.run({ ...job, graph: utf8('no') }, signal)).rejects.toMatchObject({ code: 'BAD_PROGRAM' })
    const long = { ...job, input: new Uint8Array(64 * 1024 + 1) }
    await expect(runtime.run(long, signal)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    const poor = { ...job, limits: { ...job.limits, memoryBytes: 1000 } }
    await expect(runtime.run(poor, signal)).rejects.toMatchObject({ code: 'MEMORY_LIMIT' })
  })

  it('kills a run at its time limit and when it is told to', async () => {
    const slow = jobOf(
      encodeGraph(
        graphOf(
          [
            { op: 'window', name: 'x', bytes: 4096, pad: 1 },
            { op: 'topk', name: 'top', input: 'x', k: 1 },
            { op: 'argmax', name: 'a', input: 'top' },
          ],
          { generate: { steps: 4096, stopByte: 255 } },
        ),
      ),
      EMPTY,
      utf8('x'),
      { ...DEFAULT_RUN_LIMITS, timeMs: 300 },
    )
    await expect(runtime.run(slow, new AbortController().signal)).rejects.toMatchObject({ code: 'TIME_LIMIT' })
    const aborter = new AbortController()
    setTimeout(() => aborter.abort(), 100)
    const long = { ...slow, limits: DEFAULT_RUN_LIMITS }
    await expect(runtime.run(long, aborter.signal)).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
