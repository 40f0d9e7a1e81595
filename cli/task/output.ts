import type { TaskInfo } from '@ogpu/sdk'
import { formatEther } from 'ethers'
import { flag, type Values } from '../command.ts'
import { table } from '../terminal.ts'

/** `1.5 OGPU`. */
export function coins(wei: bigint): string {
  return `${formatEther(wei).replace(/\.0$/, '')} OGPU`
}

/** JSON with --json (amounts in wei as decimal text), else aligned rows. */
export function show(values: Values, value: object, rows: readonly (readonly string[])[]): number {
  if (flag(values, 'json')) {
    console.log(JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? field.toString() : field), 2))
  } else if (rows.length > 0) console.log(table(rows))
  return 0
}

export function taskRows(info: TaskInfo): readonly (readonly string[])[] {
  const { proof } = info
  const rows: (readonly string[])[] = [
    ['task', info.task],
    ['source', info.source],
    ['status', proof === undefined ? info.status : `${info.status}, ${proof.phase}`],
    ['payment', coins(info.paymentWei)],
    ['expires', new Date(info.expiryTime * 1_000).toISOString()],
    ['config', info.configUrl],
    ['winner', info.winningProvider ?? 'none'],
  ]
  if (proof !== undefined) {
    rows.push(['result', proof.result ?? 'none'])
    if (proof.deadline > 0) rows.push(['phase ends', `block ${proof.deadline}`])
    if (proof.audited) rows.push(['audited', proof.challenged ? 'yes, after a challenge' : 'yes'])
    for (const [i, seat] of proof.seats.entries()) rows.push([`seat ${i + 1}`, seat.provider, seat.state])
  }
  return rows
}
