import { statfs } from 'node:fs/promises'
import type { HealthCheck } from './health-server.ts'

/** What readiness is judged by; the node fills it in. */
export interface ReadinessFacts {
  /** Connected validators and how many there are, both without this node. */
  readonly validatorsConnected: number
  readonly validatorsOther: number
  readonly peers: number
  readonly syncing: boolean
  /** Last commit of this node, and the highest that a quorum voted for. */
  readonly commitIndex: number
  readonly quorumCommitIndex: number
  /** Local time of the last commit; `undefined` before the first. */
  readonly lastCommitAtMs: number | undefined
  /** Commits that wait for execution, and the queue's bound. */
  readonly executionQueue: number
  readonly executionQueueMax: number
  readonly halted: boolean
  readonly diskFreeBytes: number | undefined
  readonly nowMs: number
}

/** Without a commit for this long the network, or this node's view of it, stands still. */
export const COMMIT_SILENCE_MS = 10_000
/** Commits behind the quorum at which answers are stale. */
export const COMMITS_BEHIND_MAX = 100
/** LevelDB needs room to compact; below this the node is about to fail. */
export const DISK_FREE_BYTES_MIN = 2 * 1024 ** 3

/** The conditions under which the node should be sent users, each by a stable name. */
export function readinessChecks(facts: ReadinessFacts): readonly HealthCheck[] {
  const { validatorsConnected, validatorsOther, peers, quorumCommitIndex, commitIndex, lastCommitAtMs } = facts
  // With more than a third of the others away, no quorum is in sight.
  const needed = Math.ceil((2 * validatorsOther) / 3)
  const behind = Math.max(0, quorumCommitIndex - commitIndex)
  const silenceMs = lastCommitAtMs === undefined ? undefined : facts.nowMs - lastCommitAtMs
  return [
    {
      name: 'peers',
      ok: validatorsOther === 0 || validatorsConnected >= needed || peers > validatorsConnected,
      detail: `${validatorsConnected} of ${validatorsOther} validators, ${peers} peers`,
    },
    {
      name: 'synchronised',
      ok: !facts.syncing && behind <= COMMITS_BEHIND_MAX,
      detail: `${behind} commits behind`,
    },
    {
      name: 'committing',
      ok: silenceMs !== undefined && silenceMs < COMMIT_SILENCE_MS,
      detail: silenceMs === undefined ? 'no commit yet' : `last commit ${(silenceMs / 1_000).toFixed(1)} s ago`,
    },
    {
      name: 'executing',
      ok: facts.executionQueue < facts.executionQueueMax,
      detail: `${facts.executionQueue} of ${facts.executionQueueMax} commits wait`,
    },
    { name: 'not halted', ok: !facts.halted, detail: facts.halted ? 'stopped by a fatal alarm' : 'running' },
    {
      name: 'disk',
      ok: facts.diskFreeBytes === undefined || facts.diskFreeBytes >= DISK_FREE_BYTES_MIN,
      detail:
        facts.diskFreeBytes === undefined ? 'unknown' : `${(facts.diskFreeBytes / 1024 ** 3).toFixed(1)} GiB free`,
    },
  ]
}

/** Free and total bytes of the file system at `path`; `undefined` where the platform does not tell. */
export async function diskSpace(path: string): Promise<{ freeBytes: number; totalBytes: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return undefined
  }
}
