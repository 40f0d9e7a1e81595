/**
 * The verifier's work, one tick at a time. It believes no provider: a verdict is the digest of its own run. It is also
 * the one that makes the calls which nobody in particular owes (draw, expire, finalize), when the seats do not.
 */
import { join } from 'node:path'
import { auditReportOf, digestOf, randomSalt } from '@ogpu/sdk'
import { assert, defined } from '#lib/assert'
import { CodedError } from '#lib/errors'
import { createBackoff } from '../sidecar/backoff.ts'
import { openRecordStore } from '../sidecar/durable.ts'
import { reportFailure, unlessOthersDid, unlessUnreadable } from '../sidecar/failures.ts'
import { createVerifierMetrics, type VerifierMetrics } from '../sidecar/metrics.ts'
import { createPreparer } from '../sidecar/prepare.ts'
import type { EngineParts } from '../sidecar/service.ts'
import { settleForStop } from '../sidecar/settle.ts'
import { openWatcher } from '../sidecar/watch.ts'
import { type AuditSituation, type AuditStep, decideAudit } from './decide.ts'
import { type AuditRecord, isAuditRecord } from './records.ts'

export interface VerifierEngineOptions extends EngineParts {
  /** How long a due call is left to the seats before we make it. */
  readonly dueDelayMs: number
  /** Compare every n-th unaudited result with an own run and challenge wrong ones; 0: none. */
  readonly checkEvery: number
  readonly metrics?: VerifierMetrics
}

export interface VerifierEngine {
  tick(): Promise<void>
  stop(): Promise<void>
  readonly records: () => readonly AuditRecord[]
}

const OPEN_TASKS_MAX = 2_000
const DONE_TASKS_MAX = 1_000

export async function createVerifierEngine(options: VerifierEngineOptions): Promise<VerifierEngine> {
  const { chain, data, dir, log, clock, metrics = createVerifierMetrics() } = options
  const store = await openRecordStore(join(dir, 'audits'), isAuditRecord, log)
  const watcher = await openWatcher(dir, options.startBlock)
  const preparer = createPreparer(chain, data, options.runtimes, options.limits)
  const backoff = createBackoff()
  const dueSince = new Map<string, number>()
  const busy = new Map<string, Promise<void>>()
  // Block at which a task was last looked at: nothing about it changes within a block.
  const looked = new Map<string, number>()
  const aborter = new AbortController()
  // One run at a time: audits are rare, and a verifier often shares its machine with an executor.
  let turn: Promise<unknown> = Promise.resolve()
  let running = 0
  // Rounds of audits in which our verdict is not open yet.
  const owed = new Map<string, number>()

  async function find(from: number, to: number): Promise<void> {
    const [published, drawn] = await Promise.all([chain.publishedTasks(from, to), chain.auditsOf(chain.me, from, to)])
    for (const { task, block } of published) await unlessUnreadable(log, task, () => add(task, block))
    for (const { task, block, round } of drawn) {
      await unlessUnreadable(log, task, () => add(task, block))
      metrics.drawn()
      log.info('drawn for an audit', { task, round })
    }
  }

  async function add(task: string, block: number): Promise<void> {
    const id = task.toLowerCase()
    if (store.get(id) !== undefined || (await chain.policy(id)) === undefined) return
    if (store.all().filter(record => record.outcome === undefined).length >= OPEN_TASKS_MAX) {
      log.warn('too many open tasks, one is not watched', { task: id })
      return
    }
    await store.put({ id, block })
  }

  async function situationOf(record: AuditRecord): Promise<AuditSituation> {
    const [info, { block }] = await Promise.all([chain.task(record.id), chain.head()])
    const auditing = info.proof?.phase === 'Auditing'
    const [audit, vote] = auditing
      ? await Promise.all([chain.audit(record.id), chain.vote(record.id)])
      : [undefined, undefined]
    return { info, block, record, audit, vote, checks: isChecked(record.id, options.checkEvery) }
  }

  /** The digest that an honest run has, and what a report is made of. */
  async function compute({ info }: AuditSituation): Promise<{ digest: string; stepRoots: readonly string[] }> {
    const mine = turn.then(async () => {
      const { runtime, job } = await preparer.prepare(info, await chain.policy(info.task))
      running++
      try {
        const result = await runtime.run(job, aborter.signal)
        metrics.ran(runtime.kind, result.elapsedMs / 1_000)
        return { digest: digestOf(result.outRoot, result.traceRoot), stepRoots: result.stepRoots }
      } finally {
        running--
      }
    })
    turn = mine.catch(() => {})
    return mine
  }

  async function check(situation: AuditSituation): Promise<AuditRecord['checked']> {
    try {
      return (await compute(situation)).digest === situation.info.proof?.result ? 'right' : 'wrong'
    } catch (error) {
      // A job that cannot be run here is nobody's fault; a file that cannot be fetched now is tried again.
      if (error instanceof CodedError && !error.retryable) return 'unable'
      throw error
    }
  }

  async function performDue(id: string): Promise<void> {
    const action = await chain.due(id)
    if (action === undefined) {
      dueSince.delete(id)
      return
    }
    const since = dueSince.get(id) ?? clock.now()
    dueSince.set(id, since)
    if (clock.now() - since < options.dueDelayMs) return
    dueSince.delete(id)
    await unlessOthersDid(async () => {
      await chain.performDue(id, action)
      log.info('moved the task on', { task: id, action })
    })
  }

  async function finish(record: AuditRecord, outcome: string): Promise<void> {
    await store.put({ ...record, outcome })
    for (const map of [dueSince, looked, owed]) map.delete(record.id)
    backoff.reset(record.id)
    const done = store.all().filter(other => other.outcome !== undefined)
    for (const old of done.slice(0, Math.max(0, done.length - DONE_TASKS_MAX))) await store.delete(old.id)
  }

  /** Acts on one decision; true when the task should be looked at again at once. */
  async function act(record: AuditRecord, situation: AuditSituation, step: AuditStep): Promise<boolean> {
    const task = record.id
    switch (step) {
      case 'compute': {
        const { round } = defined(situation.vote, 'decide computes for drawn auditors only')
        const { seed } = defined(situation.audit, 'decide computes while an audit runs')
        const { digest, stepRoots } = await compute(situation)
        const verdict = { round, verdict: digest, report: auditReportOf(seed, stepRoots), salt: randomSalt() }
        await store.put({ ...record, verdict })
        return true
      }
      case 'commit':
        await chain.commitAudit({ task, ...defined(record.verdict, 'decide commits stored verdicts only') })
        log.info('verdict sealed', { task })
        return true
      case 'reveal': {
        const verdict = defined(record.verdict, 'decide reveals stored verdicts only')
        await chain.revealAudit({ task, ...verdict })
        owed.delete(task)
        const agrees = verdict.verdict === situation.info.proof?.result
        metrics.judged(agrees)
        log.info('verdict opened', { task, agrees })
        return true
      }
      case 'resolve':
        await unlessOthersDid(() => chain.resolveAudit(task))
        return false
      case 'check': {
        const checked = await check(situation)
        await store.put({ ...record, ...(checked === undefined ? {} : { checked }) })
        if (checked !== undefined) metrics.checked(checked)
        if (checked === 'wrong') log.warn('a result is wrong', { task, result: situation.info.proof?.result })
        return checked === 'wrong'
      }
      case 'challenge':
        await unlessOthersDid(() => chain.challenge(task))
        log.info('challenged', { task })
        return false
      case 'watch':
        await performDue(task)
        return false
      case 'finish':
        await finish(record, situation.info.proof?.phase ?? situation.info.status)
        return false
    }
  }

  /** Remembers the audit that we owe a verdict, and counts it when it went on without one. */
  function noteOwed({ record, vote }: AuditSituation): void {
    const round = owed.get(record.id)
    if (round !== undefined && vote?.round !== round) {
      metrics.missed()
      log.warn('an audit was missed', { task: record.id, round })
    }
    if (vote === undefined || vote.revealed) owed.delete(record.id)
    else owed.set(record.id, vote.round)
  }

  async function work(id: string): Promise<void> {
    let step = 'look'
    try {
      for (let again = true; again && !aborter.signal.aborted; ) {
        const record = defined(store.get(id), 'a watched task has a record')
        step = 'look'
        const situation = await situationOf(record)
        noteOwed(situation)
        const next = decideAudit(situation)
        step = next
        again = await act(record, situation, next)
        if (again) metrics.stepped(step)
      }
      backoff.reset(id)
    } catch (error) {
      if (!aborter.signal.aborted) reportFailure({ backoff, clock, log, metrics }, id, step, error)
    }
  }

  return {
    records: () => store.all(),
    async tick() {
      assert(!aborter.signal.aborted, 'a stopped engine does not tick')
      const head = await chain.head()
      const { block } = head
      await watcher.advance(block, find)
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
      metrics.tasks(store.all().filter(({ outcome }) => outcome === undefined).length, running)
    },
    async stop() {
      aborter.abort()
      await settleForStop(busy.values())
    },
  }
}

/** One task in `every`, chosen by its address: the same ones after a restart. */
function isChecked(task: string, every: number): boolean {
  return every > 0 && Number(BigInt(task) % BigInt(every)) === 0
}
