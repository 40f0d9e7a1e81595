/**
 * Follows any number of tasks with one query a block: events name the tasks that moved, and only those are read. A slow
 * sweep reads all of them, so that a missed event delays a result and never loses it; it also makes the calls that are
 * overdue on chain, so that the relay's money comes back even when nobody else cares.
 */
import {
  expirePlainTask,
  INTERFACES,
  type OgpuClient,
  outcomeOf,
  performDue,
  readDue,
  readTask,
  readTaskTerms,
  type TaskInfo,
  type TaskTerms,
} from '@ogpu/sdk'
import type { Log } from '#lib/env'
import { messageOf } from '#lib/errors'

export type EndedTask = TaskInfo & { readonly outcome: 'ready' | 'failed' }

export interface TaskWatch {
  readonly lastSeenMs: number
  /** Resolves when the task has its result or has failed. */
  ended(task: string, signal: AbortSignal): Promise<EndedTask>
  stop(): Promise<void>
}

interface Watched {
  readonly task: string
  terms: TaskTerms | undefined
  /** The call that the last sweep found overdue. */
  overdue: string | undefined
  isNew: boolean
  resolve(info: EndedTask): void
}

const IDLE_MS = 2_000
const SWEEP_MS = 10_000
const LOG_RANGE = 1_000

export function createTaskWatch(client: OgpuClient, log: Log, sweepMs = SWEEP_MS): TaskWatch {
  const { nexus, proofManager } = client.contracts
  const topics = [
    [
      INTERFACES.nexus.getEvent('TaskStatusChanged')?.topicHash ?? '',
      ...['Finalized', 'Failed'].map(name => INTERFACES.proofManager.getEvent(name)?.topicHash ?? ''),
    ],
  ]
  const watched = new Map<string, Watched>()
  let isStopping = false
  let wake = () => {}
  let lastSeenMs = Date.now()
  let seenBlock: number | undefined

  /** One task that cannot be read is looked at again with the next block, and holds back no other. */
  async function lookAt(entries: Iterable<Watched>): Promise<void> {
    await Promise.all(
      [...entries].map(async entry => {
        try {
          await look(entry)
        } catch (error) {
          entry.isNew = true
          log.debug('a task cannot be read', { task: entry.task, error: messageOf(error) })
        }
      }),
    )
  }

  async function look(entry: Watched): Promise<void> {
    entry.terms ??= await readTaskTerms(client, { task: entry.task })
    const info = await readTask(client, { task: entry.task, terms: entry.terms })
    const outcome = outcomeOf(info, 'final')
    entry.isNew = false
    if (outcome === 'waiting') return
    watched.delete(entry.task.toLowerCase())
    entry.resolve({ ...info, outcome })
  }

  /** Makes a call that was overdue a sweep ago already and still is: others had their chance. */
  async function pushOn(entry: Watched, timestamp: number): Promise<void> {
    const { task, terms } = entry
    if (terms === undefined || !watched.has(task.toLowerCase())) return
    const isPlain = terms.policyId === 0n
    const action = isPlain ? undefined : await readDue(client, { task })
    const overdue = isPlain && timestamp > terms.expiryTime ? 'expire' : action
    const isLate = overdue !== undefined && overdue === entry.overdue
    entry.overdue = overdue
    if (!isLate) return
    log.info('making an overdue call', { task, action: overdue })
    if (action === undefined) await expirePlainTask(client, { task })
    else await performDue(client, { task, action })
  }

  /** Tasks that events since the last look name; all of them when blocks were missed. */
  async function moved(head: number): Promise<readonly Watched[]> {
    const from = (seenBlock ?? head) + 1
    const news = [...watched.values()].filter(entry => entry.isNew)
    if (watched.size === 0 || from > head) return news
    if (head - from >= LOG_RANGE) return [...watched.values()]
    const logs = await client.provider.getLogs({
      address: [nexus, proofManager],
      topics,
      fromBlock: from,
      toBlock: head,
    })
    const named = new Set(news)
    for (const event of logs) {
      // The published event has its task in the data, the proof layer's have it as a topic.
      const word = event.topics[1] ?? event.data.slice(0, 66)
      const entry = watched.get(`0x${word.slice(26)}`)
      if (entry !== undefined) named.add(entry)
    }
    return [...named]
  }

  async function run(): Promise<void> {
    let sweptMs = Date.now()
    while (!isStopping) {
      try {
        const head = await client.provider.getBlockNumber()
        lastSeenMs = Date.now()
        await lookAt(await moved(head))
        seenBlock = head
        if (Date.now() - sweptMs > sweepMs && watched.size > 0) {
          sweptMs = Date.now()
          const block = await client.provider.getBlock('latest')
          await lookAt(watched.values())
          for (const entry of [...watched.values()]) {
            await pushOn(entry, block?.timestamp ?? 0).catch(error =>
              log.debug('an overdue call failed', { task: entry.task, error: messageOf(error) }),
            )
          }
        }
      } catch (error) {
        log.warn('the chain cannot be read', { error: messageOf(error) })
      }
      await pause(watched.size === 0 ? IDLE_MS : client.pollingMs)
    }
  }

  /** Sleeps, but not past a new task or the end. */
  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (isStopping) wake()
    })
  }

  const running = run()
  return {
    get lastSeenMs() {
      return lastSeenMs
    },
    ended(task, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const name = task.toLowerCase()
        const abort = () => {
          watched.delete(name)
          reject(signal.reason)
        }
        signal.addEventListener('abort', abort, { once: true })
        watched.set(name, {
          task,
          terms: undefined,
          overdue: undefined,
          isNew: true,
          resolve: info => {
            signal.removeEventListener('abort', abort)
            resolve(info)
          },
        })
        wake()
      })
    },
    async stop() {
      isStopping = true
      wake()
      await running
    },
  }
}
