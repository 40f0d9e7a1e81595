/**
 * What the sidecar needs of a runtime: a plug-in that can run one kind of job. Runtimes know nothing of the chain. A new
 * one (llama, onnx, ffmpeg, a container) implements this interface and is passed to `startExecutor`.
 */
import type { ProgramClass } from '@ogpu/sdk'
import { CodedError } from '#lib/errors'

export interface RunLimits {
  /** Wall clock; the run is killed after it. */
  readonly timeMs: number
  /** Memory besides the program's own files. */
  readonly memoryBytes: number
}

export const DEFAULT_RUN_LIMITS: RunLimits = { timeMs: 120_000, memoryBytes: 512 << 20 }

/** One run: the program's files, which the runtime checks against the registered roots before it uses them. */
export interface RunJob {
  readonly graph: Uint8Array
  readonly weights: Uint8Array
  /** 0x-hex, as registered. */
  readonly graphRoot: string
  readonly weightsRoot: string
  readonly input: Uint8Array
  readonly limits: RunLimits
}

export interface RunResult {
  readonly output: Uint8Array
  /** 0x-hex; see docs/executor.md for both. */
  readonly outRoot: string
  readonly traceRoot: string
  /** One for each step, 0x-hex: what a dispute starts from. */
  readonly stepDigests: readonly string[]
  /** Inner root of each step, 0x-hex: part of its digest that no result shows; audit reports are made of them. */
  readonly stepRoots: readonly string[]
  /** Wall clock of the computation itself. */
  readonly elapsedMs: number
}

export interface Runtime {
  /** Stable name: `int`, `llama`, `ffmpeg`, … */
  readonly kind: string
  readonly programClass: ProgramClass
  /** 0x-hex bytes32 of the operator set that it runs. */
  readonly opset: string
  /** What has to be equal on two machines for their bytes to be equal; one constant for exact runtimes. */
  readonly fingerprint: string
  /** Runs a golden job; a {@link CodedError} SELF_TEST_FAILED means that this machine must not offer the runtime. */
  selfTest(): Promise<void>
  /** Whether `run` would begin: files, input and estimated cost. Fails as `run` would, without the work. */
  check(job: RunJob, signal: AbortSignal): Promise<void>
  /** Runs a job; every failure is a {@link RuntimeError}. `signal` stops it early. */
  run(job: RunJob, signal: AbortSignal): Promise<RunResult>
  /** Ends what still runs; no run may begin after it. */
  close(): void
}

export const RUNTIME_ERRORS = {
  /** The program's files are not what the chain has registered, or break the rules of the runtime. */
  BAD_PROGRAM: 'BAD_PROGRAM',
  /** The input is longer than the program takes. */
  BAD_INPUT: 'BAD_INPUT',
  TIME_LIMIT: 'TIME_LIMIT',
  MEMORY_LIMIT: 'MEMORY_LIMIT',
  ABORTED: 'ABORTED',
  /** The process that computed died. */
  CRASHED: 'CRASHED',
  SELF_TEST_FAILED: 'SELF_TEST_FAILED',
} as const
export type RuntimeErrorCode = (typeof RUNTIME_ERRORS)[keyof typeof RUNTIME_ERRORS]

export class RuntimeError extends CodedError<RuntimeErrorCode> {
  override name = 'RuntimeError'
}
