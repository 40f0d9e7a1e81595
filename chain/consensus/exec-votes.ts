import { defined } from '#lib/assert'
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
  /** Authors who voted here in one of their last {@link EXEC_HEIGHTS_MAX} votes. */
  holders: number
  certificate: CheckpointCertificate | undefined
  /** Alarms raised for this height, so that each comes once. */
  readonly raised: Set<string>
}

/**
 * Counts execution votes of ordered vertices, so every node sees the same set. A quorum for one hash is a checkpoint
 * certificate. Divergence is noticed in three forms: a quorum certified another result than ours (fatal: our execution
 * is wrong); an honest node disagrees with us (validity weight); or no certificate can form any more.
 *
 * What is remembered is bounded for each author by itself: whatever heights a liar votes on, and however many, the votes of
 * others stay.
 */
export class ExecVoteCounter {
  readonly #epoch: Epoch
  readonly #committee: Stakes
  readonly #heights = new Map<BlockNumber, HeightVotes>()
  /** The last heights that each author voted on, in the order of its votes. */
  readonly #heldBy: BlockNumber[][]
  /** The last results of our own execution. */
  readonly #own = new Map<BlockNumber, Digest>()
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
    this.#heldBy = committee.stakes.map(() => [])
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
    this.#own.set(height, blockHash)
    if (this.#own.size > EXEC_HEIGHTS_MAX) this.#own.delete(defined(this.#own.keys().next().value, 'the first of many'))
    const votes = this.#heights.get(height)
    return votes === undefined ? [] : this.#examine(height, votes)
  }

  /** A vote of an ordered vertex. The first vote of an author at a height counts. */
  observe(author: AuthorityIndex, { height, blockHash, signature }: ExecVote): readonly Effect[] {
    if (height <= this.#closedUpTo) return []
    const votes = this.#at(height)
    if (!votes.voters.add(author)) return []
    let hash = votes.hashes.find(one => equalBytes(one.blockHash, blockHash))
    if (hash === undefined) {
      hash = { blockHash, tally: new Tally(this.#committee), signatures: [] }
      votes.hashes.push(hash)
    }
    hash.tally.add(author)
    hash.signatures.push({ author, signature })
    this.#hold(author, height, votes)
    return this.#examine(height, votes)
  }

  #at(height: BlockNumber): HeightVotes {
    const known = this.#heights.get(height)
    if (known !== undefined) return known
    const votes: HeightVotes = {
      hashes: [],
      voters: new Tally(this.#committee),
      holders: 0,
      certificate: undefined,
      raised: new Set(),
    }
    this.#heights.set(height, votes)
    return votes
  }

  /** The author's oldest vote gives way to its newest; a height that nobody holds any more is forgotten. */
  #hold(author: AuthorityIndex, height: BlockNumber, votes: HeightVotes): void {
    const held = defined(this.#heldBy[author], 'an author of the committee')
    votes.holders++
    held.push(height)
    if (held.length <= EXEC_HEIGHTS_MAX) return
    const oldest = held.shift() as BlockNumber
    const released = this.#heights.get(oldest)
    if (released !== undefined && --released.holders === 0) this.#heights.delete(oldest)
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
    const own = this.#own.get(height)
    let heaviest = 0
    for (const hash of votes.hashes) {
      const { weight } = hash.tally
      heaviest = Math.max(heaviest, weight)
      const differs = own !== undefined && !equalBytes(own, hash.blockHash)
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
      const data = { ours: toHex(own), theirs: toHex(hash.blockHash), weight }
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
