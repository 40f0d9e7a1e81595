import { equalBytes } from '#lib/bytes'
import { accept, ignore, reject, type Verdict } from '#lib/verdict'
import { type Commit, type CommitIndex, commitDigest, type Digest, type Epoch, type Vertex } from '#types'
import { type Stakes, Tally } from './committee.ts'

/** Why a range of commits from a peer is not used; the text is the metric label. */
export const COMMIT_RANGE_REASON = {
  stale: 'nothing beyond what we have',
  epoch: 'commits of another epoch',
  gap: 'indices are not consecutive, or do not continue ours',
  chain: 'a commit does not name its predecessor',
  uncertified: 'no quorum of commit votes for the last commit',
  incomplete: 'a vertex of a commit is neither here nor in the answer',
  leader: 'a leader is not among its vertices, or not the leader of its round',
} as const

export type CommitRangeReason = keyof typeof COMMIT_RANGE_REASON

export interface CommitRangeContext {
  readonly epoch: Epoch
  readonly committee: Stakes
  readonly localIndex: CommitIndex
  readonly localDigest: Digest
}

export interface CheckedCommit {
  readonly commit: Commit
  readonly digest: Digest
}

/**
 * The proof of a commit range: digests chain from our own last commit to the last of the range, and verified vertices of
 * a quorum of authors vote for that one. Commits that we have already are left out.
 */
export function checkCommitRange(
  commits: readonly Commit[],
  certifiers: readonly Pick<Vertex, 'author' | 'commitVotes'>[],
  context: CommitRangeContext,
): Verdict<readonly CheckedCommit[], CommitRangeReason> {
  const checked: CheckedCommit[] = []
  let digest = context.localDigest
  for (const [at, commit] of commits.entries()) {
    if (commit.epoch !== context.epoch) return reject('epoch')
    if (at > 0 && commit.index !== (commits[at - 1] as Commit).index + 1) return reject('gap')
    if (commit.index <= context.localIndex) continue
    if (commit.index !== context.localIndex + checked.length + 1) return reject('gap')
    if (!equalBytes(commit.previousDigest, digest)) return reject('chain')
    digest = commitDigest(commit)
    checked.push({ commit, digest })
  }
  const last = checked.at(-1)
  if (last === undefined) return ignore('stale')
  const voters = new Tally(context.committee)
  for (const certifier of certifiers)
    if (certifier.commitVotes.some(vote => vote.index === last.commit.index && equalBytes(vote.digest, last.digest)))
      voters.add(certifier.author)
  return voters.weight >= context.committee.quorum ? accept(checked) : reject('uncertified')
}
