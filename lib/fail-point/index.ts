/**
 * Instants of the write path at which a test may end the process, to see that a restart copes. In production nothing is
 * armed, and reaching a point is one comparison. Like every crash test this needs the real process: `cli/faults.ts` arms
 * one point from the environment, `npm run chaos` counts them all through.
 *
 * Invariant: a point never changes what the code does; it returns, or the process is gone.
 */
export const FAIL_POINTS = {
  'vertex-before-store': 'an own vertex is signed, nothing of it is on disk',
  'vertex-stored': 'an own vertex is durable, the guard does not know it and nobody has it',
  'guard-before-sync': "the guard's record is written and not yet synced",
  'guard-recorded': 'vertex and guard are durable, nobody has the vertex',
  'vertex-published': 'the vertex was handed to the network',
  'commit-before-store': 'a commit is decided, it is not on disk',
  'commit-stored': 'a commit is durable, execution has not heard of it',
  'commit-queued': 'execution has the commit in its queue',
  'block-before-write': "a commit's blocks are executed, nothing of them is on disk",
  'bulk-written': 'bodies and receipts are in the append-only file, not synced, and no key leads to them',
  'bulk-synced': 'bodies and receipts are durable, no key leads to them',
  'block-written': 'blocks, state and position are durable, nobody was told',
  'block-announced': 'pool, subscribers and the voter know the block',
  'certificate-stored': 'a checkpoint certificate is written',
  'epoch-before-record': "an epoch's last block is durable, its record is not",
  'epoch-record-stored': 'the record is durable, the next epoch does not run',
  'epoch-switched': 'the next epoch runs, the one before is not closed',
} as const

export type FailPoint = keyof typeof FAIL_POINTS

let armed: FailPoint | undefined
let left = 0
let end: () => void = () => {}

/** From now on the `count`th time that `point` is reached calls `act`, which ends the process. */
export function armFailPoint(point: FailPoint, count: number, act: () => void): void {
  armed = point
  left = count
  end = act
}

/** Says that the code is at `point`. */
export function reachFailPoint(point: FailPoint): void {
  if (point !== armed) return
  left -= 1
  if (left === 0) end()
}

export function isFailPoint(name: string): name is FailPoint {
  return Object.hasOwn(FAIL_POINTS, name)
}
