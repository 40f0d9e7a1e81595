/** A deliberately broken core: a change of one file of `chain/consensus`, as text. */
export interface Mutant {
  readonly name: string
  /** What is wrong, and the section or pitfall of the consensus note that it offends. */
  readonly about: string
  readonly file: string
  readonly changes: readonly (readonly [from: string, to: string])[]
  /** Scenarios to try before the others; saves time, decides nothing. */
  readonly likely?: readonly string[]
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'round-jump',
    about: 'A2 off: enters rounds without an own vertex (3.1 item 1)',
    file: 'pacemaker.ts',
    changes: [['return state.created >= state.round && view.weight', 'return view.weight']],
  },
  {
    name: 'no-l1',
    about: 'L1 off: does not wait for the leader (item 8)',
    file: 'pacemaker.ts',
    changes: [
      [
        "return view.hasLeaders(state.round - 1) && view.isSettled(state.round - 2) ? 'leader'",
        "return view.isSettled(state.round - 2) ? 'leader'",
      ],
    ],
  },
  {
    name: 'no-l2',
    about: 'L2 off: does not wait for votes or a skip pattern',
    file: 'pacemaker.ts',
    changes: [
      [
        "return view.hasLeaders(state.round - 1) && view.isSettled(state.round - 2) ? 'leader'",
        "return view.hasLeaders(state.round - 1) ? 'leader'",
      ],
    ],
  },
  {
    name: 'no-catch-up',
    about: 'C3 off: a slow validator waits for every timeout',
    file: 'pacemaker.ts',
    changes: [["if (view.weightOfOthers(state.round) >= view.quorum) return 'catch-up'", '']],
  },
  {
    name: 'no-timeout',
    about: 'C2 off: a silent leader stops everybody',
    file: 'pacemaker.ts',
    changes: [["if (timing.timedOut) return 'timeout'", '']],
  },
  {
    name: 'no-retest-after-jump',
    about: 'the quorum is not tested again after the clock jumped (item 3)',
    file: 'threshold-clock.ts',
    changes: [
      [
        '      this.#tally.clear()\n    }\n    this.#tally.add(vertex.author)',
        '      this.#tally.clear()\n      this.#tally.add(vertex.author)\n      return this.#round\n    }\n    this.#tally.add(vertex.author)',
      ],
    ],
  },
  {
    name: 'gc-by-current-leader',
    about: 'the GC round comes from the leader being committed (item 13)',
    likely: ['late-vertices'],
    file: 'finalizer.ts',
    changes: [
      [
        'linearize(dag, leader, this.gcRound)',
        'linearize(dag, leader, gcRoundAfter(leader.vertex.round, params.gcDepth))',
      ],
    ],
  },
  {
    name: 'watermark-linearizer',
    about: 'a vertex below the highest committed round of its author is lost (item 14)',
    file: 'linearizer.ts',
    changes: [
      [
        'export interface SubDag<',
        'const watermarks = new WeakMap<object, Map<number, number>>()\n\nexport interface SubDag<',
      ],
      [
        '      if (parent.committed) return\n',
        '      if (parent.committed || parent.vertex.round < (watermarks.get(dag)?.get(parent.vertex.author) ?? 0)) return\n',
      ],
      [
        '  const sorted = sortEntries(',
        '  const marks = watermarks.get(dag) ?? new Map<number, number>()\n  watermarks.set(dag, marks)\n  for (const { vertex } of entries) marks.set(vertex.author, Math.max(marks.get(vertex.author) ?? 0, vertex.round))\n  const sorted = sortEntries(',
      ],
    ],
  },
  {
    name: 'twin-payload-twice',
    about: 'both twins of a slot execute (item 19)',
    file: 'linearizer.ts',
    changes: [['if (!dag.hasTwins(round)) return true', 'if (round >= 0 || dag.hasTwins(round)) return true']],
  },
  {
    name: 'publish-before-persist',
    about: 'the own vertex is sent before it is durable (2.19)',
    likely: ['crash-points'],
    file: 'outbox.ts',
    changes: [
      ["if (this.#records.length > 0) effects.push({ kind: 'persist', records: this.#records })", ''],
      [
        '    this.#records = []\n',
        "    if (this.#records.length > 0) effects.push({ kind: 'persist', records: this.#records })\n    this.#records = []\n",
      ],
    ],
  },
  {
    name: 'author-unchecked',
    about: 'the author is used as an index before it is checked (item 32)',
    file: 'validity.ts',
    changes: [["if (vertex.author >= rules.committee.size) return reject('author')", '']],
  },
  {
    name: 'parent-author-unchecked',
    about: 'a parent of an author outside the committee is taken (B16)',
    file: 'validity.ts',
    changes: [["if (author >= committee.size) return 'parent author'", '']],
  },
  {
    name: 'parent-quorum-unchecked',
    about: 'a vertex without a quorum below it is taken (B12)',
    file: 'validity.ts',
    changes: [["return previousRound.weight >= committee.quorum ? undefined : 'quorum'", 'return undefined']],
  },
  {
    name: 'signature-unchecked',
    about: 'anybody can speak for anybody (B05)',
    file: 'verify-vertex.ts',
    changes: [
      [
        "vertex.signature)) return reject('signature')",
        "vertex.signature) && vertex.round < 0) return reject('signature')",
      ],
    ],
  },
  {
    name: 'cursor-repeats',
    about: 'the last decided slot is returned again (item 21)',
    file: 'committer.ts',
    changes: [
      [
        'if (this.#cursor === undefined || round > this.#cursor.round || count.slot.rank > this.#cursor.rank)\n          counts.push(count)',
        'counts.push(count)',
      ],
    ],
  },
  {
    name: 'floor-without-one',
    about: 'the amnesia floor is one too low (2.20)',
    file: 'amnesia.ts',
    changes: [['this.#floor = highest === 0 ? 0 : highest + 1', 'this.#floor = highest']],
  },
  {
    name: 'floor-of-few',
    about: 'the amnesia floor is set after validity weight of replies',
    likely: ['amnesia-among-liars'],
    file: 'amnesia.ts',
    changes: [['counted.weight < this.#committee.quorum', 'counted.weight < this.#committee.validity']],
  },
  {
    name: 'literal-quorum',
    about: 'quorum as 2f+1 for N that is not 3f+1 (item 26)',
    file: 'committee.ts',
    changes: [['quorum: totalStake - faulty', 'quorum: 2 * faulty + 1']],
  },
  {
    name: 'vote-for-any-twin',
    about: 'a vote for one twin counts for the other',
    file: 'committer.ts',
    changes: [
      [
        '        if (!equalBytes(parent.digest, candidate.entry.vertex.digest)) continue\n        votes = true',
        '        votes = true',
      ],
    ],
  },
  {
    name: 'anchor-sees-all',
    about: "the indirect rule uses certificates outside the anchor's history (2.11)",
    file: 'committer.ts',
    changes: [
      [
        'if (certificates.tally.weight === 0) return false',
        'if (certificates.tally.weight >= 0) return certificates.tally.weight > 0',
      ],
    ],
  },
  {
    name: 'anchor-too-near',
    about: 'the anchor is looked for two rounds above and not three',
    file: 'committer.ts',
    changes: [['if (slot.round < count.slot.round + 3) continue', 'if (slot.round < count.slot.round + 2) continue']],
  },
  {
    name: 'skip-without-all',
    about: 'a slot is skipped when one of its twins has a quorum against it',
    file: 'committer.ts',
    changes: [
      [
        'count.candidates.every(one => one.against.weight >= quorum)',
        '(count.candidates.length === 0 || count.candidates.some(one => one.against.weight >= quorum))',
      ],
    ],
  },
  {
    name: 'commit-at-validity',
    about: 'a direct commit needs f+1 certificates only',
    file: 'committer.ts',
    changes: [
      [
        'one => one.certificates.tally.weight >= this.#committee.quorum',
        'one => one.certificates.tally.weight >= this.#committee.validity',
      ],
    ],
  },
  {
    name: 'forgets-own-round',
    about: 'after a restart the last own round is signed again (item 17)',
    likely: ['crash-points'],
    file: 'producer.ts',
    changes: [['this.#pace.skipTo(signed, 0)', 'this.#pace.skipTo(signed - 1, 0)']],
  },
  {
    name: 'silent-restart',
    about: 'the own last vertex is never sent again, at a restart or later (item 10)',
    file: 'producer.ts',
    changes: [
      ['    this.#pace.start(now.mono)\n    this.#publish(this.#last, now)', '    this.#pace.start(now.mono)'],
      [
        '    if (this.#replica.committee.size > 1) this.#publish(this.#last, now)',
        '    this.#publishAgainMs = now.mono + 1_000_000_000',
      ],
    ],
  },
  {
    name: 'schedule-lost-at-restart',
    about: 'a checkpoint is loaded without its schedule (item 9)',
    likely: ['window-boundary', 'joint-restart'],
    file: 'finalizer.ts',
    changes: [['this.#install(state.swaps, state.leader?.round ?? 0)', 'this.#swaps = state.swaps']],
  },
  {
    name: 'time-goes-back',
    about: 'commit time is not kept monotone (2.15)',
    likely: ['clock-skew'],
    file: 'timestamp.ts',
    changes: [
      [
        'samples.length === 0 ? previousMs : Math.max(previousMs, medianTimestamp(samples))',
        'samples.length === 0 ? previousMs : medianTimestamp(samples)',
      ],
    ],
  },
  {
    name: 'lower-median',
    about: 'the median is taken at half and not above it (MT03)',
    file: 'timestamp.ts',
    changes: [['if (weight > half) return', 'if (weight >= half) return']],
  },
  {
    name: 'inflated-commit-votes',
    about: 'one claim moves the quorum commit index (V02)',
    file: 'commit-votes.ts',
    changes: [['if (weight < this.#threshold) continue', 'if (weight < 1) continue']],
  },
  {
    name: 'accepts-orphans',
    about: 'a vertex is accepted before its parents (2.4)',
    likely: ['loss'],
    file: 'vertex-manager.ts',
    changes: [
      [
        'if (entry === undefined) absent.push(ref)',
        'if (entry === undefined && ref.round > 1_000_000) absent.push(ref)',
      ],
    ],
  },
  {
    name: 'one-vertex-per-slot',
    about: 'the second twin is dropped, so that histories stay incomplete (2.4)',
    likely: ['equivocation'],
    file: 'vertex-manager.ts',
    changes: [
      [
        "if (this.#options.dag.get(vertex) !== undefined) return 'duplicate'",
        "if (this.#options.dag.slot(vertex.round, vertex.author).length > 0) return 'duplicate'",
      ],
    ],
  },
  {
    name: 'unbounded-suspension',
    about: 'suspended vertices have no bound (item 6)',
    likely: ['flooding'],
    file: 'vertex-manager.ts',
    changes: [
      [
        'const countMax = SUSPENDED_PER_AUTHOR_FACTOR * maxRoundLookahead',
        'const countMax = SUSPENDED_PER_AUTHOR_FACTOR * maxRoundLookahead * 1_000',
      ],
      [
        'const missingMax = dag.committee.size * maxRoundLookahead',
        'const missingMax = dag.committee.size * maxRoundLookahead * 1_000',
      ],
    ],
  },
  {
    name: 'certificate-of-few',
    about: 'a checkpoint is certified by validity weight (2.26)',
    likely: ['wrong-state-many'],
    file: 'exec-votes.ts',
    changes: [
      ['weight >= quorum && votes.certificate === undefined', 'weight >= validity && votes.certificate === undefined'],
    ],
  },
  {
    name: 'shared-vote-room',
    about: 'all authors share the room for execution votes: a liar fills it (2.26)',
    likely: ['liars'],
    file: 'exec-votes.ts',
    changes: [
      [
        'if (height <= this.#closedUpTo) return []',
        'if (height <= this.#closedUpTo || (this.#heights.size > EXEC_HEIGHTS_MAX && !this.#heights.has(height))) return []',
      ],
    ],
  },
  {
    name: 'first-vertex-varies',
    about: 'a validator that forgot round 1 signs a twin of it (2.20)',
    likely: ['cold-start'],
    file: 'producer.ts',
    changes: [['round === 1 ? this.#firstContent() : this.#content(now)', 'this.#content(now)']],
  },
  {
    name: 'order-by-author',
    about: 'low indices come first in every round (2.24)',
    likely: ['fair-order'],
    file: 'linearizer.ts',
    changes: [["order: InRoundOrder = 'fair'", "order: InRoundOrder = 'author'"]],
  },
  {
    name: 'void-payload-lost',
    about: 'what the last commit of an epoch leaves out does not come back (2.22)',
    likely: ['epoch-change'],
    file: 'producer.ts',
    changes: [['    if (commit.endsEpoch) this.#releasePayload()\n', '']],
  },
  {
    name: 'collected-payload-lost',
    about: 'transactions of own vertices that were collected uncommitted are gone (2.17)',
    likely: ['late-vertices'],
    file: 'producer.ts',
    changes: [['if (!this.#replica.finalizer.ended) this.#requeue(vertex.transactions)', '']],
  },
  {
    name: 'epoch-by-own-clock',
    about: 'the epoch ends by the time of the leader vertex and not of the commit (2.22)',
    likely: ['epoch-change'],
    file: 'finalizer.ts',
    changes: [['const endsEpoch = timestampMs >= epochStartMs', 'const endsEpoch = leader.acceptedMs >= epochStartMs']],
  },
  {
    name: 'silent-at-the-end',
    about: 'a validator says nothing more once it has the last commit, though others do not know of it (2.22)',
    likely: ['epoch-behind', 'epoch-change'],
    file: 'producer.ts',
    changes: [['return this.#replica.isClosed', 'return this.#replica.finalizer.ended']],
  },
  {
    name: 'closed-by-claims',
    about: "a liar's commit votes close an epoch before its last commit can be proven (2.22)",
    likely: ['epoch-join-leave'],
    file: 'replica.ts',
    changes: [
      [
        'this.finalizer.ended && this.certifiers.isCertified(this.finalizer.index)',
        'this.finalizer.ended && this.votes.quorumIndex >= this.finalizer.index',
      ],
    ],
  },
  {
    name: 'round-leaders-forgotten',
    about: 'a checkpoint forgets who leads the rest of its round (2.19, 2.21)',
    likely: ['checkpoint-mid-round'],
    file: 'replica.ts',
    changes: [['    this.schedule.remember(checkpoint.cursor.round, checkpoint.roundLeaders)\n', '']],
  },
  {
    name: 'backpressure-ignored',
    about: 'a validator whose execution lags goes on taking payload (2.23)',
    likely: ['slow-execution'],
    file: 'producer.ts',
    changes: [
      ['const carriesPayload = !this.#backpressure && !finalizer.ended', 'const carriesPayload = !finalizer.ended'],
      ['return this.#isMute() || this.#backpressure || ', 'return this.#isMute() || '],
    ],
  },
]
