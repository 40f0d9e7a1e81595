/**
 * The provider's work, one tick at a time: find tasks, decide, act, remember. Everything that must survive a crash is on
 * disk before the transaction that depends on it is sent; everything else is read from the chain again.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomSalt } from '@ogpu/sdk'
import { assert, defined } from '#lib/assert'
import { CodedError, messageOf } from '#lib/errors'
import { createBackoff } from './backoff.ts'
import type { PublishedTaskEvent } from './chain.ts'
import { type Decision, decide, type Situation, seatOf } from './decide.ts'
import { openRecordStore, readIfPresent, writeDurably } from './durable.ts'
import { reportFailure, unlessOthersDid, unlessUnreadable } from './failures.ts'
import { createExecutorMetrics, type ExecutorMetrics, outcomeLabel } from './metrics.ts'
import { createPreparer, type PreparedJob } from './prepare.ts'
import { isWorkRecord, type WorkRecord } from './records.ts'
import type { EngineParts } from './service.ts'
import { settleForStop } from './settle.ts'
import { openWatcher } from './watch.ts'

export interface EngineOptions extends EngineParts {
  /** Runs at once. */
  readonly concurrency: number
  /** Tasks that pay less are left alone. */
  readonly minPaymentWei: bigint
  /** Lower-case addresses; undefined: every source on which we are registered. */
  readonly sources: ReadonlySet<string> | undefined
  /** Results are revealed without a link, as `gateway` followed by the hash. */
  readonly hasGateway: boolean
  /** Wait of the second, third … seat before a call that every seat could make. */
  readonly dueStaggerMs: number
  readonly metrics?: ExecutorMetrics
}

export interface Engine {
  /** Looks at new blocks and moves every open task as far as it goes now. */
  tick(): Promise<void>
  /** Ends runs, waits for what is under way. */
  stop(): Promise<void>
  readonly records: () => readonly WorkRecord[]
}

/** Tasks under way at once; further ones are left to other providers. */
const OPEN_TASKS_MAX = 1_000
/** Tasks whose files are held in memory at once. */
const PREPARED_MAX = 16
/** Finished tasks whose record is kept. */
const DONE_TASKS_MAX = 1_000
/** Failures in a row after which a task without a seat is given up. */
const FAILURES_MAX = 12
const NOT_ELIGIBLE_WAIT_MS = 5_000

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { chain, data, dir, log, clock, metrics = createExecutorMetrics() } = options
  const outputs = join(dir, 'outputs')
  await mkdir(outputs, { recursive: true })
  const store = await openRecordStore(join(dir, 'tasks'), isWorkRecord, log)
  const watcher = await openWatcher(dir, options.startBlock)
  const preparer = createPreparer(chain, data, options.runtimes, options.limits)
  const prepared = new Map<string, PreparedJob>()
  const backoff = createBackoff()
  const dueSince = new Map<string, number>()
  const busy = new Map<string, Promise<void>>()
  const running = new Set<string>()
  // Block at which a task was last looked at: nothing about it changes within a block.
  const looked = new Map<string, number>()
  const aborter = new AbortController()

  async function consider(event: PublishedTaskEvent): Promise<void> {
    const id = event.task.toLowerCase()
    if (store.get(id) !== undefined) return
    metrics.published()
    if (options.sources !== undefined && !options.sources.has(event.source.toLowerCase())) return
    if (!(await chain.isRegistered(event.source))) return
    if (store.all().filter(record => record.outcome === undefined).length >= OPEN_TASKS_MAX) {
      log.warn('too many open tasks, one is left to others', { task: id })
      return
    }
    await store.put({ id, source: event.source.toLowerCase(), block: event.block })
    metrics.found()
    log.info('task found', { task: id, source: event.source, block: event.block })
  }

  async function situationOf(record: WorkRecord): Promise<Situation> {
    const [info, policy, head] = await Promise.all([chain.task(record.id), chain.policy(record.id), chain.head()])
    const standing = policy === undefined ? await chain.standing(record.id) : { attempted: false, responded: false }
    return {
      info,
      policy,
      me: chain.me,
      nowSeconds: head.timeSeconds,
      prepared: prepared.has(record.id),
      computed: record.result !== undefined,
      ...standing,
    }
  }

  async function finish(record: WorkRecord, outcome: string, seat?: string): Promise<void> {
    await store.put({ ...record, outcome })
    metrics.done(outcomeLabel(outcome, seat))
    for (const map of [prepared, dueSince, looked]) map.delete(record.id)
    backoff.reset(record.id)
    await rm(join(outputs, record.id), { force: true })
    log.info('task done', { task: record.id, outcome })
    const done = store.all().filter(other => other.outcome !== undefined)
    for (const old of done.slice(0, Math.max(0, done.length - DONE_TASKS_MAX))) await store.delete(old.id)
  }

  async function prepare(record: WorkRecord, { info, policy }: Situation): Promise<void> {
    if (info.paymentWei < options.minPaymentWei) {
      await finish(record, 'DROPPED_PRICE')
      return
    }
    const job = await preparer.prepare(info, policy)
    await job.runtime.check(job.job, aborter.signal)
    prepared.set(record.id, job)
  }

  async function run(record: WorkRecord): Promise<void> {
    const { runtime, job } = defined(prepared.get(record.id), 'decide runs prepared jobs only')
    running.add(record.id)
    try {
      const result = await runtime.run(job, aborter.signal)
      await writeDurably(outputs, record.id, result.output)
      const blob = await data.put(result.output)
      const { outRoot, traceRoot } = result
      const stored = { outRoot, traceRoot, blobId: `0x${blob.hash}`, salt: randomSalt(), url: blob.link }
      await store.put({ ...record, result: stored })
      metrics.ran(runtime.kind, result.elapsedMs / 1_000)
      log.info('computed', { task: record.id, elapsedMs: Math.round(result.elapsedMs), bytes: result.output.length })
    } finally {
      running.delete(record.id)
    }
  }

  /** A call that anybody may make when a deadline passed. The first seat makes it at once, the others one by one later. */
  async function performDue(record: WorkRecord, { info }: Situation): Promise<void> {
    const seats = info.proof?.seats.filter(seat => seat.state !== 'Vacated') ?? []
    const rank = seats.findIndex(seat => seat.provider.toLowerCase() === chain.me.toLowerCase())
    if (rank < 0) return
    const action = await chain.due(record.id)
    if (action === undefined) {
      dueSince.delete(record.id)
      return
    }
    const since = dueSince.get(record.id) ?? clock.now()
    dueSince.set(record.id, since)
    if (clock.now() - since < rank * options.dueStaggerMs) return
    dueSince.delete(record.id)
    await unlessOthersDid(async () => {
      await chain.performDue(record.id, action)
      log.info('moved the task on', { task: record.id, action })
    })
  }

  /** Makes sure that the output is still at the data layer; it was there before the seal was sent. */
  async function restore(record: WorkRecord): Promise<void> {
    const output = await readIfPresent(join(outputs, record.id))
    if (output !== undefined) await data.put(output)
  }

  /** Acts on one decision; true when the task should be looked at again at once. */
  async function act(record: WorkRecord, situation: Situation, { step, reason }: Decision): Promise<boolean> {
    const task = record.id
    switch (step) {
      case 'prepare':
        if (prepared.size >= PREPARED_MAX) return false
        await prepare(record, situation)
        return true
      case 'accept': {
        const { eligible, reason: obstacle } = await chain.eligibility(task)
        if (!eligible) {
          log.info('not eligible', { task, reason: obstacle })
          backoff.delay(task, clock.now() + NOT_ELIGIBLE_WAIT_MS)
          return false
        }
        await chain.accept(task)
        log.info('accepted', { task })
        return true
      }
      case 'attempt':
        await chain.attempt(task, situation.info.paymentWei)
        log.info('attempted', { task })
        return true
      case 'run':
        if (running.size >= options.concurrency) return false
        await run(record)
        return true
      case 'commit':
        await chain.commit({ task, ...defined(record.result, 'decide commits computed results only') })
        log.info('committed', { task })
        return true
      case 'reveal': {
        const result = defined(record.result, 'decide reveals computed results only')
        await restore(record)
        await chain.reveal({ task, ...result, url: options.hasGateway ? '' : result.url })
        log.info('revealed', { task })
        return true
      }
      case 'respond': {
        const { url } = defined(record.result, 'decide responds with computed results only')
        await restore(record)
        await chain.respond(task, url, situation.info.paymentWei)
        log.info('responded', { task })
        return true
      }
      case 'watch':
        // Whoever only watches holds no files in memory; a reopened task is prepared again.
        prepared.delete(task)
        if (situation.policy !== undefined) await performDue(record, situation)
        return false
      case 'finish':
        await finish(record, reason, seatOf(situation.info, chain.me)?.state)
        return false
    }
  }

  async function work(id: string): Promise<void> {
    let step = 'look'
    try {
      for (let again = true; again && !aborter.signal.aborted; ) {
        const record = defined(store.get(id), 'an open task has a record')
        if (record.outcome !== undefined) return
        step = 'look'
        const situation = await situationOf(record)
        const decision = decide(situation)
        step = decision.step
        again = await act(record, situation, decision)
        if (!again) continue
        metrics.stepped(step)
        backoff.reset(id)
      }
    } catch (error) {
      if (!aborter.signal.aborted) await noteFailure(id, step, error)
    }
  }

  async function noteFailure(id: string, step: string, error: unknown): Promise<void> {
    const record = defined(store.get(id), 'an open task has a record')
    const failures = reportFailure({ backoff, clock, log, metrics }, id, step, error)
    // Our own codes that are not retryable say that this job can never be run here.
    const hopeless = error instanceof CodedError && !error.retryable
    if (hopeless) await finish(record, `DROPPED_${error.code}`)
    else if (failures >= FAILURES_MAX && record.result === undefined) await finish(record, 'DROPPED_GAVE_UP')
  }

  async function heartbeat(id: string): Promise<void> {
    const policy = await chain.policy(id)
    if (policy === undefined || policy.heartbeatBlocks === 0) return
    const [info, head] = await Promise.all([chain.task(id), chain.head()])
    const seat = seatOf(info, chain.me)
    if (seat?.state !== 'Accepted' || head.block - seat.lastSeen < policy.heartbeatBlocks / 2) return
    await chain.heartbeat(id)
  }

  return {
    records: () => store.all(),
    async tick() {
      assert(!aborter.signal.aborted, 'a stopped engine does not tick')
      const head = await chain.head()
      const { block } = head
      await watcher.advance(block, async (from, to) => {
        for (const event of await chain.publishedTasks(from, to)) {
          await unlessUnreadable(log, event.task, () => consider(event))
        }
      })
      for (const id of running) {
        await heartbeat(id).catch(error => log.warn('heartbeat failed', { task: id, error: messageOf(error) }))
      }
      for (const { id, outcome } of store.all()) {
        if (outcome !== undefined || busy.has(id) || !backoff.isReady(id, clock.now())) continue
        if (looked.get(id) === block) continue
        looked.set(id, block)
        busy.set(
          id,
          work(id).finally(() => busy.delete(id)),
        )
      }
      metrics.looked(head, watcher.cursor)
      metrics.tasks(store.all().filter(({ outcome }) => outcome === undefined).length, running.size)
    },
    async stop() {
      aborter.abort()
      await settleForStop(busy.values())
    },
  }
}
