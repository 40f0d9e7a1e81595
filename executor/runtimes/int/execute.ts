/** A whole job of the integer runtime, from files to commitment, on the calling thread. */
import { graphRootOf, outputRoot, weightsRootOf } from '@ogpu/sdk'
import { toHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { RUNTIME_ERRORS, type RunJob, type RunResult, RuntimeError } from '../runtime.ts'
import { type CheckedProgram, checkProgram } from './check.ts'
import { GRAPH_REASONS, parseGraph } from './graph.ts'
import { runProgram } from './interpret.ts'
import { traceRoot } from './trace.ts'

/** Parses and checks a program's files; a {@link RuntimeError} BAD_PROGRAM carries the first broken rule. */
export function loadProgram(graph: Uint8Array, weights: Uint8Array): CheckedProgram {
  const parsed = parseGraph(graph)
  const checked = parsed.kind === 'accept' ? checkProgram(parsed.value, weights) : parsed
  if (checked.kind === 'accept') return checked.value
  throw new RuntimeError(RUNTIME_ERRORS.BAD_PROGRAM, 'the program breaks a rule of the integer runtime', {
    data: { reason: checked.reason, detail: checked.kind === 'reject' ? checked.detail : undefined },
  })
}

/** Multiply-accumulates per millisecond that even a slow, busy core manages with the plain interpreter. */
const MACS_PER_MS = 100_000

/** Everything that can be wrong with a job before it runs. Throws {@link RuntimeError}. */
export function checkJob(job: RunJob): CheckedProgram {
  requireRoot('graph', job.graphRoot, () => graphRootOf(job.graph, keccak256))
  requireRoot('weights', job.weightsRoot, () => weightsRootOf(job.weights, keccak256))
  const program = loadProgram(job.graph, job.weights)
  if (program.workingBytes > job.limits.memoryBytes) {
    throw new RuntimeError(RUNTIME_ERRORS.MEMORY_LIMIT, 'the program needs more memory than the job may use', {
      data: { neededBytes: program.workingBytes, limitBytes: job.limits.memoryBytes },
    })
  }
  if (job.input.length > program.graph.inputBytesMax) {
    throw new RuntimeError(RUNTIME_ERRORS.BAD_INPUT, 'the input is longer than the program takes', {
      data: { bytes: job.input.length, bytesMax: program.graph.inputBytesMax },
    })
  }
  const estimateMs = (program.macsPerStep * (program.graph.generate?.steps ?? 1)) / MACS_PER_MS
  if (estimateMs > job.limits.timeMs) {
    throw new RuntimeError(RUNTIME_ERRORS.TIME_LIMIT, 'the program needs more time than the job may take', {
      data: { estimateMs, limitMs: job.limits.timeMs },
    })
  }
  return program
}

/** Runs `job` here and now; `limits.timeMs` is the caller's to enforce. Throws {@link RuntimeError}. */
export function executeJob(job: RunJob): RunResult {
  const program = checkJob(job)
  const started = performance.now()
  const { output, steps } = runProgram(program, job.input)
  const digests = steps.map(step => step.digest)
  return {
    output,
    outRoot: toHex(outputRoot(output, keccak256)),
    traceRoot: toHex(traceRoot(digests)),
    stepDigests: digests.map(toHex),
    stepRoots: steps.map(step => toHex(step.nodesRoot)),
    elapsedMs: performance.now() - started,
  }
}

function requireRoot(what: string, expected: string, compute: () => Uint8Array): void {
  let actual: string
  try {
    actual = toHex(compute())
  } catch (cause) {
    throw new RuntimeError(RUNTIME_ERRORS.BAD_PROGRAM, `the ${what} file cannot be read`, {
      data: { reason: GRAPH_REASONS.NOT_CANONICAL, detail: messageOf(cause) },
      cause,
    })
  }
  if (actual !== expected.toLowerCase()) {
    throw new RuntimeError(RUNTIME_ERRORS.BAD_PROGRAM, `the ${what} file is not the registered one`, {
      data: { expected, actual },
    })
  }
}
