import type { OgpuClient } from '../client.ts'
import { type FetchedResult, fetchResult } from './fetch-result.ts'
import { type PublishedTask, type PublishTaskOptions, publishTask } from './publish-task.ts'
import type { TaskInfo } from './read-task.ts'
import { type WaitForResultOptions, waitForResult } from './wait-for-result.ts'

export interface CompletedTask {
  readonly published: PublishedTask
  readonly info: TaskInfo
  readonly result: FetchedResult
  /** Wall clock of each part, milliseconds. */
  readonly timings: { readonly publishMs: number; readonly computeMs: number; readonly fetchMs: number }
}

/**
 * A whole task in one call: upload and publish, wait, fetch and check. For the steps one by one see `publishTask`,
 * `waitForResult`, `fetchResult`; the errors are theirs.
 *
 * @example
 * const { result } = await runTask(client, { source, program, input, paymentWei: 10n ** 16n })
 * console.log(decodeLanguageResult(result.bytes)[0].name)
 */
export async function runTask(
  client: OgpuClient,
  options: PublishTaskOptions & Omit<WaitForResultOptions, 'task'>,
): Promise<CompletedTask> {
  const { timeoutMs, until, onProgress, signal, ...task } = options
  const started = performance.now()
  const published = await publishTask(client, task)
  const publishedAt = performance.now()
  const info = await waitForResult(client, {
    task: published.task,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(until === undefined ? {} : { until }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  })
  const decidedAt = performance.now()
  const result = await fetchResult(client, { task: published.task, fromBlock: published.sent.blockNumber })
  const timings = {
    publishMs: publishedAt - started,
    computeMs: decidedAt - publishedAt,
    fetchMs: performance.now() - decidedAt,
  }
  return { published, info, result, timings }
}
