/**
 * Takes accepted tasks through the market to their end, at most {@link LIMITS.tasksAtOnceMax} at a time. Each step is on
 * disk before the next begins, so a restart goes on where it was; a publish whose fate is unknown is looked up on chain
 * first, and never sent twice.
 */
import { setMaxListeners } from 'node:events'
import { sleep } from '@ogpu/sdk'
import type { Clock, Log } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { BoundedQueue } from '#lib/queue'
import { decode } from './decoders.ts'
import { RelayError, type RelayErrorCode } from './errors.ts'
import type { Book } from './ledger/book.ts'
import type { Task } from './ledger/state.ts'
import { LIMITS } from './limits.ts'
import type { Funding } from './market/funding.ts'
import { isRevert, type Market, type PublishedPlace } from './market/market.ts'
import type { RelayMetrics } from './metrics.ts'
import type { Model } from './models.ts'

export interface Runner {
  /** Runs a task that the book has accepted. */
  submit(task: Task): void
  /** Resolves when `holds`, when `timeoutMs` has passed, or when the relay stops. */
  wait(task: Task, holds: (task: Task) => boolean, timeoutMs: number, signal?: AbortSignal): Promise<void>
  readonly waitingCount: number
  /** Ends waiting requests and leaves open tasks to the next start. */
  stop(): Promise<void>
}

export interface RunnerTimes {
  /** First and longest pause before something that failed is tried again. */
  readonly retryMs: number
  readonly retryMaxMs: number
  /** How long a task whose fate is unknown is looked for, and a finished task's result is. */
  readonly giveUpMs: number
}

const TIMES: RunnerTimes = { retryMs: 1_000, retryMaxMs: 15_000, giveUpMs: LIMITS.taskLifetimeSeconds * 1_000 }
const STOP_MS = 5_000

export function isOver(task: Task): boolean {
  return task.stage.kind === 'completed' || task.stage.kind === 'failed'
}

export function createRunner(options: {
  readonly book: Book
  readonly market: Market
  readonly funding: Funding
  readonly models: ReadonlyMap<string, Model>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: RelayMetrics
  readonly times?: RunnerTimes
}): Runner {
  const { book, market, funding, models, clock, log, metrics } = options
  const times = options.times ?? TIMES
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal)
  const running = new Set<Promise<void>>()
  // Open tasks are bounded by the book; those of an earlier run may come on top.
  const line = new BoundedQueue<Task>(2 * LIMITS.openTasksMax)
  const waiters = new Map<string, Set<() => void>>()

  function tell(task: Task): void {
    for (const check of [...(waiters.get(task.id) ?? [])]) check()
  }

  async function fail(task: Task, code: RelayErrorCode, message: string): Promise<void> {
    log.info('task failed', { task: task.id, code, message })
    await book.fail(task.id, { code, message })
    metrics.failed(task, code)
  }

  /** Tries again after errors that may pass, until they have lasted for `giveUpMs`; undefined then. */
  async function persist<T>(task: Task, what: string, act: () => Promise<T>): Promise<T | undefined> {
    let endMs: number | undefined
    for (let pauseMs = times.retryMs; ; pauseMs = Math.min(2 * pauseMs, times.retryMaxMs)) {
      try {
        return await act()
      } catch (error) {
        stopping.signal.throwIfAborted()
        if (!isRetryable(error)) throw error
        log.warn('trying again', { task: task.id, what, error: messageOf(error) })
      }
      endMs ??= clock.now() + times.giveUpMs
      if (clock.now() >= endMs) return undefined
      await sleep(pauseMs, stopping.signal)
    }
  }

  async function publish(task: Task, model: Model): Promise<void> {
    const { stage } = task
    // Set when a transaction may be under way that nobody has heard of: after a crash, or after no answer.
    let isDoubtful = stage.kind === 'publishing'
    const place = await persist(task, 'publish', async (): Promise<PublishedPlace> => {
      if (task.stage.kind === 'accepted') {
        const fromBlock = await market.head()
        const input = Buffer.from(task.input, 'base64')
        const configUrl = await market.upload(model, new Uint8Array(input), task.id)
        const { source, paymentWei } = model
        await book.markPublishing(task.id, { source, paymentWei: paymentWei.toString(), configUrl, fromBlock })
      }
      if (task.stage.kind !== 'publishing') throw new RelayError('INTERNAL_ERROR', 'the task is in another stage')
      const { plan } = task.stage
      if (isDoubtful) {
        const found = await market.find(plan)
        if (found.kind === 'found') return found
        if (found.kind === 'unsettled') {
          throw new CodedError('UNSETTLED', 'a transaction is still under way', { retryable: true })
        }
      }
      const release = await funding.claim(BigInt(plan.paymentWei))
      try {
        isDoubtful = true
        return await market.publish(plan)
      } catch (error) {
        if (isRevert(error)) isDoubtful = false
        throw error
      } finally {
        release()
      }
    })
    if (place === undefined) return fail(task, 'PROVIDER_UNAVAILABLE', 'the task could not be published')
    await book.markPublished(task.id, place)
    log.info('task published', { task: task.id, address: place.address, block: place.block })
    tell(task)
  }

  async function finish(task: Task, model: Model): Promise<void> {
    const place = { address: task.address ?? '', block: task.block ?? 0 }
    const outcome = await persist(task, 'result', () => market.outcome(place, stopping.signal))
    if (outcome === undefined) return fail(task, 'PROVIDER_UNAVAILABLE', 'no provider shows the result')
    if (outcome.kind === 'failed') {
      return fail(task, 'PROVIDER_UNAVAILABLE', `the network ended the task without a result (${outcome.reason})`)
    }
    const { text, details } = decode(model.decoder, outcome.bytes)
    const { resultHash, provider, checkedBy } = outcome
    const outputBytes = outcome.bytes.length
    await book.complete(task.id, { text, details, outputBytes, resultHash, provider, checkedBy })
    metrics.completed(task, outputBytes, clock.now())
    log.info('task completed', { task: task.id, address: place.address, bytes: outputBytes })
  }

  async function run(task: Task): Promise<void> {
    const model = models.get(task.model)
    try {
      if (model === undefined) {
        await fail(task, 'MODEL_NOT_FOUND', 'the model is no longer offered')
      } else {
        if (task.stage.kind !== 'published') await publish(task, model)
        if (task.stage.kind === 'published') await finish(task, model)
      }
    } catch (error) {
      if (stopping.signal.aborted || book.isBroken) return
      const [code, message] = failureOf(error)
      if (code === 'INTERNAL_ERROR') log.error('a task failed unexpectedly', { task: task.id, error: messageOf(error) })
      await fail(task, code, message)
    }
    tell(task)
  }

  function start(task: Task): void {
    const mine: Promise<void> = run(task)
      .catch(error => log.error('a task cannot be recorded', { task: task.id, error: messageOf(error) }))
      .then(() => {
        running.delete(mine)
        const next = stopping.signal.aborted ? undefined : line.shift()
        if (next !== undefined) start(next)
      })
    running.add(mine)
  }

  return {
    get waitingCount() {
      return [...waiters.values()].reduce((sum, set) => sum + set.size, 0)
    },
    submit(task) {
      if (stopping.signal.aborted) return
      if (running.size < LIMITS.tasksAtOnceMax) start(task)
      else if (!line.push(task)) log.error('the line of tasks is full', { task: task.id })
    },
    wait(task, holds, timeoutMs, signal) {
      if (holds(task) || stopping.signal.aborted || signal?.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const set = waiters.get(task.id) ?? new Set()
        waiters.set(task.id, set)
        const end = () => {
          clearTimeout(timer)
          stopping.signal.removeEventListener('abort', end)
          signal?.removeEventListener('abort', end)
          set.delete(check)
          if (set.size === 0 && waiters.get(task.id) === set) waiters.delete(task.id)
          resolve()
        }
        const check = () => {
          if (holds(task)) end()
        }
        const timer = setTimeout(end, timeoutMs)
        stopping.signal.addEventListener('abort', end, { once: true })
        signal?.addEventListener('abort', end, { once: true })
        set.add(check)
      })
    },
    async stop() {
      stopping.abort()
      // A transaction under way may take longer; the book knows that it was about to be sent.
      const ended = new AbortController()
      await Promise.race([Promise.all(running), sleep(STOP_MS, ended.signal).catch(() => {})])
      ended.abort()
    },
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true
}

function failureOf(error: unknown): readonly [RelayErrorCode, string] {
  if (error instanceof RelayError) return [error.code, error.message]
  if (isRevert(error)) {
    const { reason } = error.data
    if (reason === 'SourceInactive') return ['MODEL_RETIRED', 'the source of this model is inactive']
    if (reason === 'InsufficientBalance') {
      return ['PAYMENT_SERVICE_UNAVAILABLE', 'the relay cannot pay the network at the moment']
    }
    return ['PROVIDER_UNAVAILABLE', `the network refuses the task: ${reason}`]
  }
  if (error instanceof Error && 'code' in error && error.code === 'BLOB_TOO_LARGE') {
    return ['PROVIDER_SCHEMA_MISMATCH', `the result is larger than ${LIMITS.answerBytesMax} bytes`]
  }
  return ['INTERNAL_ERROR', 'the relay failed']
}
