import type { Store } from '#storage'
import type { CommitIndex, Epoch } from '#types'
import { createConsensusLog } from './consensus-log.ts'

export interface LogPrunerOptions {
  readonly store: Store
  /** Commits that stay, for peers that are behind and for going back. */
  readonly keptCommits: number
  /** How many commits an epoch had; undefined where that is not known. */
  readonly commitsOf: (epoch: Epoch) => CommitIndex | undefined
  readonly onFailure: (error: unknown) => void
}

export interface LogPruner {
  /** Execution reached this commit. Now and then starts to delete, and never makes anybody wait. */
  onExecuted(epoch: Epoch, index: CommitIndex): void
  stop(): Promise<void>
}

/** Below this a node could not tell its peers the commits around a snapshot, or count the votes of a window. */
export const KEPT_COMMITS_MIN = 10_000
/** Commits between two looks; deletes far more than so many commits bring. */
const COMMITS_PER_LOOK = 64
const RECORDS_PER_LOOK = 4_096

/**
 * Deletes commits and vertices that lie more than `keptCommits` behind execution, also over the bounds of epochs. The
 * epoch before the running one stays whole: its validators may still need help.
 */
export function createLogPruner(options: LogPrunerOptions): LogPruner {
  const { store, commitsOf } = options
  const keptCommits = Math.max(options.keptCommits, KEPT_COMMITS_MIN)
  let looks = 0
  let oldest: Epoch = 0
  let running: Promise<void> | undefined

  async function look(epoch: Epoch, index: CommitIndex): Promise<void> {
    let room = RECORDS_PER_LOOK
    // Commits after the end of an epoch, from the newest one down.
    let after = index
    let last = epoch - 1
    while (last >= oldest && after < keptCommits) {
      const commits = commitsOf(last)
      // Where the count is not known nothing is deleted.
      if (commits === undefined) return
      after += commits
      last -= 1
    }
    const gone = Math.min(last, epoch - 2)
    while (oldest <= gone && room > 0) {
      const deleted = await createConsensusLog(store, oldest).drop(room)
      if (deleted === 0) oldest += 1
      room -= deleted
    }
    if (index > keptCommits) await createConsensusLog(store, epoch).prune(index - keptCommits, room)
  }

  return {
    onExecuted(epoch, index) {
      if (++looks % COMMITS_PER_LOOK !== 0 || running !== undefined) return
      running = look(epoch, index)
        .catch(options.onFailure)
        .finally(() => {
          running = undefined
        })
    },
    async stop() {
      await running
    },
  }
}
