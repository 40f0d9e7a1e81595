import type { NodeClient } from '../node-client.ts'
import type { TransactionTimeline } from '../node-types.ts'
import type { Database } from '../store/database.ts'
import type { BlockRow } from './rows.ts'

/** Transactions per block whose life is asked for; enough for percentiles, little enough to cost nothing. */
const SAMPLES_PER_BLOCK = 8

export interface TimelineRow {
  readonly tx: number
  readonly timeline: TransactionTimeline
}

const STAGES = ['receivedMs', 'proposedMs', 'acceptedMs', 'committedMs', 'executedMs', 'certifiedMs'] as const

/** A node that did not see a transaction arrive has no timeline for it; then there is nothing to keep. */
export async function readTimelines(node: NodeClient, blocks: readonly BlockRow[]): Promise<readonly TimelineRow[]> {
  const sampled = blocks.flatMap(({ transactions }) => transactions.slice(0, SAMPLES_PER_BLOCK))
  const answers = await node.batch(sampled.map(({ hash }) => ({ method: 'ogpu_transactionTimeline', params: [hash] })))
  return sampled.flatMap(({ id }, index) => {
    const answer = answers[index]
    const timeline = answer?.kind === 'result' ? toTimeline(answer.result) : undefined
    return timeline === undefined ? [] : [{ tx: id, timeline }]
  })
}

/** The node's answer with nothing but known stages; undefined when it has none. */
export function toTimeline(answer: unknown): TransactionTimeline | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const fields = answer as Record<string, unknown>
  const stages = STAGES.flatMap(stage => (Number.isSafeInteger(fields[stage]) ? [[stage, fields[stage]]] : []))
  return stages.length === 0 ? undefined : (Object.fromEntries(stages) as TransactionTimeline)
}

export function writeTimelines(db: Database, rows: readonly TimelineRow[]): void {
  for (const { tx, timeline } of rows)
    db.run(
      'INSERT OR REPLACE INTO timelines VALUES (?, ?, ?, ?, ?, ?, ?)',
      tx,
      ...STAGES.map(stage => timeline[stage] ?? null),
    )
}
