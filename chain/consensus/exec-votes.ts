import { equalBytes, toHex } from '#lib/bytes'
import type { AuthorityIndex, BlockNumber, Digest, Epoch, ExecVote } from '#types'
import { type Stakes, Tally } from './committee.ts'
import { CERTIFICATE_LAG_MAX, EXEC_HEIGHTS_MAX } from './limits.ts'
import type { CheckpointCertificate, Effect } from './types.ts'

interface HashVotes {
  readonly blockHash: Digest
  readonly tally: Tally
  readonly signatures: { readonly author: AuthorityIndex; readonly signature: Uint8Array }[]
}

interface HeightVotes {
  readonly hashes: HashVotes[]
  readonly voters: Tally
  own: Digest | undefined
  certificate: CheckpointCertificate | undefined
  /** Alarms raised for this height, so that each comes once. */
  readonly raised: Set<string>
}

/**
 * Counts execution votes of ordered vertices, so every node sees the same set. A quorum for one hash is a checkpoint
 * certificate. Divergence is noticed in three forms: a quorum certified another result than ours (fatal: our execution
 * is wrong); an honest node disagrees with us (validity weight); or no certificate can form any more.
 */
export class ExecVoteCounter {
  readonly #epoch: Epoch
  readonly #committee: Stakes
  readonly #heights = new Map<BlockNumber, HeightVotes>()
  /** Heights up to this one are no longer counted. */
  #closedUpTo = -1
  #certified = -1
  #doubtful = false
  /** Heights that we voted on: the first, the last, and the one before it, which has had its time. */
  #firstOwn: BlockNumber | undefined
  #lastOwn: BlockNumber = 0
  #beforeLastOwn: BlockNumber = 0

  constructor(epoch: Epoch, committee: Stakes) {
    this.#epoch = epoch
    this.#committee = committee
  }

  /** Highest certified height of this epoch, −1 for none. */
  get certifiedHeight(): BlockNumber {
    return this.#certified
  }

  /** True while results differ among honest nodes: user transactions wait until an operator has looked. */
  get isDoubtful(): boolean {
    return this.#doubtful
  }

  /** True while certificates lag so far behind our execution that others must be given time (consensus note 2.23). */
  get isBehind(): boolean {
    if (this.#firstOwn === undefined) return false
    return this.#beforeLastOwn - Math.max(this.#certified, this.#firstOwn) > CERTIFICATE_LAG_MAX
  }

  /** Our own execution reached `height`. */
  executed(height: BlockNumber, blockHash: Digest): readonly Effect[] {
    this.#firstOwn ??= height
    this.#beforeLastOwn = this.#lastOwn
    this.#lastOwn = height
    const votes = this.#at(height)
    if (votes === undefined) return []
    votes.own = blockHash
    return this.#examine(height, votes)
  }

  /** A vote of an ordered vertex. The first vote of an author at a height counts. */
  observe(author: AuthorityIndex, vote: ExecVote): readonly Effect[] {
    const votes = this.#at(vote.height)
    if (votes === undefined || !votes.voters.add(author)) return []
    let hash = votes.hashes.find(one => equalBytes(one.blockHash, vote.blockHash))
    if (hash === undefined) {
      hash = { blockHash: vote.blockHash, tally: new Tally(this.#committee), signatures: [] }
      votes.hashes.push(hash)
    }
    hash.tally.add(author)
    hash.signatures.push({ author, signature: vote.signature })
    return this.#examine(vote.height, votes)
  }

  #at(height: BlockNumber): HeightVotes | undefined {
    if (height <= this.#closedUpTo) return undefined
    const known = this.#heights.get(height)
    if (known !== undefined) return known
    const votes: HeightVotes = {
      hashes: [],
      voters: new Tally(this.#committee),
      own: undefined,
      certificate: undefined,
      raised: new Set(),
    }
    this.#heights.set(height, votes)
    if (this.#heights.size > EXEC_HEIGHTS_MAX) this.#makeRoom()
    return this.#heights.get(height)
  }

  /** Inflated heights go first, so that a liar cannot push real ones out; settled low ones go when all are real. */
  #makeRoom(): void {
    const heights = [...this.#heights.keys()].sort((a, b) => a - b)
    const claimed = heights.filter(height => {
      const votes = this.#heights.get(height)
      return votes !== undefined && votes.own === undefined && votes.voters.weight < this.#committee.validity
    })
    const victim = claimed.at(-1) ?? (heights[0] as number)
    if (claimed.length === 0) this.#closedUpTo = victim
    this.#heights.delete(victim)
  }

  #examine(height: BlockNumber, votes: HeightVotes): readonly Effect[] {
    const { quorum, validity, totalStake } = this.#committee
    const effects: Effect[] = []
    const raise = (code: string, fatal: boolean, data: Readonly<Record<string, unknown>>) => {
      if (votes.raised.has(code)) return
      votes.raised.add(code)
      if (!fatal) this.#doubtful = true
      effects.push({ kind: 'alarm', code, fatal, data: { height, ...data } })
    }
    let heaviest = 0
    for (const hash of votes.hashes) {
      const { weight } = hash.tally
      heaviest = Math.max(heaviest, weight)
      const differs = votes.own !== undefined && !equalBytes(votes.own, hash.blockHash)
      if (weight >= quorum && votes.certificate === undefined) {
        votes.certificate = {
          epoch: this.#epoch,
          height,
          blockHash: hash.blockHash,
          signatures: [...hash.signatures].sort((a, b) => a.author - b.author),
        }
        effects.push({ kind: 'certified', certificate: votes.certificate })
        if (height > this.#certified) this.#certify(height)
      }
      if (!differs) continue
      const data = { ours: toHex(votes.own ?? hash.blockHash), theirs: toHex(hash.blockHash), weight }
      if (weight >= quorum) raise('state diverged', true, data)
      else if (weight >= validity) raise('state disputed', false, data)
    }
    if (heaviest + totalStake - votes.voters.weight < quorum) raise('no certificate possible', false, { heaviest })
    return effects
  }

  #certify(height: BlockNumber): void {
    this.#certified = height
    this.#doubtful = false
    for (const known of this.#heights.keys())
      if (known < height - EXEC_HEIGHTS_MAX) {
        this.#heights.delete(known)
        this.#closedUpTo = Math.max(this.#closedUpTo, known)
      }
  }
}
