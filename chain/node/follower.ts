import type { Consensus } from '#consensus'
import type { ConsensusParams } from '#types'
import type { ValidatorLink } from './validator-link.ts'

/** How often a node that is not in the midst of it asks for what was committed since. */
const POLL_MS = 250

/**
 * Keeps a node in step that has no vote, or whose epoch is over for the others: asks one validator after the other for
 * certified commits beyond its own. The core checks every range against a quorum of commit votes, so no single
 * validator is believed.
 */
export function createFollower(options: {
  readonly core: Consensus
  readonly link: ValidatorLink
  /** Size of the committee. */
  readonly peers: number
  readonly params: ConsensusParams
  readonly isNeeded: () => boolean
}): { stop(): void } {
  const { core, link, peers, params } = options
  let next = 0
  const timer = setInterval(() => {
    if (!options.isNeeded()) return
    const from = core.status().lastCommitIndex + 1
    const order = Array.from({ length: peers }, (_, i) => (next + i) % peers).filter(index => link.isUp(index))
    next = (next + 1) % peers
    if (order.length > 0) link.syncCommits(from, from + params.commitSyncBatch - 1, order)
  }, POLL_MS)
  return { stop: () => clearInterval(timer) }
}
