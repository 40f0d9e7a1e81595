/**
 * The integer runtime as a plug-in. Jobs run in child processes: a run that exceeds its time is killed, one that exceeds
 * its memory dies alone, and neither sees the keys in this process's environment. (Worker threads were tried first:
 * terminating one while it loads its modules brought the whole process down.)
 */
import { type ChildProcess, fork } from 'node:child_process'
import { INT_OPS_V1, intProgramContent } from '@ogpu/sdk'
import { defined } from '#lib/assert'
import { utf8 } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { DEFAULT_RUN_LIMITS, RUNTIME_ERRORS, type RunResult, type Runtime, RuntimeError } from '../runtime.ts'
import { encodeGraph } from './graph.ts'
import type { ProcessAnswer, ProcessRequest } from './process.ts'

/** Heap of a child process: room for code, files and copies besides what a job may use. */
const HEAP_MIB = 1024

/**
 * @example
 * const runtime = createIntRuntime()
 * await runtime.selfTest()
 * const { output, outRoot, traceRoot } = await runtime.run(job, AbortSignal.timeout(60_000))
 * runtime.close()
 */
export function createIntRuntime(): Runtime {
  const children = new Set<ChildProcess>()
  // At most one child waits for the next job; more are started while several jobs run at once.
  let idle: ChildProcess | undefined
  let closed = false

  function start(): ChildProcess {
    const child = fork(new URL('./process.ts', import.meta.url), {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${HEAP_MIB}`],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    children.add(child)
    child.once('exit', () => {
      children.delete(child)
      if (idle === child) idle = undefined
    })
    return child
  }

  function keep(child: ChildProcess): void {
    child.removeAllListeners('message')
    child.removeAllListeners('error')
    if (closed || idle !== undefined) {
      child.kill('SIGKILL')
      return
    }
    idle = child
    // Waiting for a next job does not keep this process alive.
    child.on('error', () => child.kill('SIGKILL'))
    child.unref()
    child.channel?.unref()
  }

  function ask({ job, checkOnly }: ProcessRequest, signal: AbortSignal): Promise<RunResult | undefined> {
    return new Promise((resolve, reject) => {
      if (closed || signal.aborted) {
        reject(new RuntimeError(RUNTIME_ERRORS.ABORTED, 'the run was stopped before it began'))
        return
      }
      const child = idle ?? start()
      idle = undefined
      child.removeAllListeners('error')
      child.ref()
      child.channel?.ref()
      let settled = false
      const settle = (error: RuntimeError | undefined, act: () => void): void => {
        if (settled) return
        settled = true
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        child.removeListener('exit', onExit)
        act()
        if (error !== undefined) reject(error)
      }
      const kill = (error: RuntimeError): void => settle(error, () => child.kill('SIGKILL'))
      const onAbort = (): void => kill(new RuntimeError(RUNTIME_ERRORS.ABORTED, 'the run was stopped'))
      const onExit = (code: number | null, killedBy: string | null): void => {
        // V8 aborts a process whose heap is full; the kernel kills one that the machine has no memory for.
        const memory = killedBy === 'SIGABRT' || killedBy === 'SIGKILL'
        const reason = memory ? RUNTIME_ERRORS.MEMORY_LIMIT : RUNTIME_ERRORS.CRASHED
        kill(
          new RuntimeError(reason, 'the process of the run ended without an answer', {
            data: { code, killedBy },
            retryable: !memory,
          }),
        )
      }
      const timer = setTimeout(() => {
        const data = { limitMs: job.limits.timeMs }
        kill(new RuntimeError(RUNTIME_ERRORS.TIME_LIMIT, 'the run took longer than the job may', { data }))
      }, job.limits.timeMs)
      signal.addEventListener('abort', onAbort)
      child.once('exit', onExit)
      child.once('error', cause =>
        kill(new RuntimeError(RUNTIME_ERRORS.CRASHED, 'no process for the run', { cause, retryable: true })),
      )
      child.once('message', message => {
        const answer = message as ProcessAnswer
        const error = answer.ok
          ? undefined
          : new RuntimeError(answer.code, answer.message, { data: answer.data as Record<string, unknown> })
        settle(error, () => keep(child))
        if (answer.ok) resolve(answer.result)
      })
      child.send({ job, checkOnly }, failure => {
        if (failure)
          kill(
            new RuntimeError(RUNTIME_ERRORS.CRASHED, 'the job did not reach its process', {
              cause: failure,
              retryable: true,
            }),
          )
      })
    })
  }

  const run: Runtime['run'] = async (job, signal) => {
    return defined(await ask({ job, checkOnly: false }, signal), 'a run answers with a result')
  }

  return {
    kind: 'int',
    programClass: 'EXACT_INT',
    opset: INT_OPS_V1,
    fingerprint: 'int/1',
    selfTest: () => selfTest(run),
    check: async (job, signal) => {
      await ask({ job, checkOnly: true }, signal)
    },
    run,
    close: () => {
      closed = true
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

/** A program that touches every rounding rule, with an answer worked out by hand. */
const SELF_TEST = {
  graph: encodeGraph({
    format: 'ogpu-int/1',
    inputBytesMax: 8,
    weightsBytes: 12,
    tensors: [
      { name: 'w', type: 'i8', shape: [2, 2], offset: 0 },
      { name: 'b', type: 'i32', shape: [2], offset: 4 },
    ],
    nodes: [
      { op: 'window', name: 'x', bytes: 2, pad: 0 },
      { op: 'requantise', name: 'q', input: 'x', multiplier: 1, shift: 1, min: -128, max: 127 },
      { op: 'matmul', name: 'y', input: 'q', weight: 'w', bias: 'b' },
    ],
    output: 'y',
  }),
  weights: Uint8Array.from([1, 2, 0xff, 0x80, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xf6]),
  input: utf8('AB'),
  // q = (65 + 1) >> 1 = 33 twice ((66 + 1) >> 1 = 33); y = 33 + 66 + 5, −33 − 128·33 − 10.
  output: [0, 0, 0, 104, 0xff, 0xff, 0xef, 0x55],
} as const

async function selfTest(run: Runtime['run']): Promise<void> {
  const { graph, weights, input, output } = SELF_TEST
  const { graphRoot, weightsRoot } = intProgramContent(graph, weights, keccak256)
  const job = { graph, weights, graphRoot, weightsRoot, input, limits: DEFAULT_RUN_LIMITS }
  const result = await run(job, new AbortController().signal)
  if (result.output.length !== output.length || output.some((byte, i) => byte !== result.output[i])) {
    throw new RuntimeError(RUNTIME_ERRORS.SELF_TEST_FAILED, 'the integer runtime computes wrong on this machine', {
      data: { output: Array.from(result.output) },
    })
  }
}
