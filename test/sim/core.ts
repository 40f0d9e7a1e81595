/**
 * The consensus folder as a value, so that a run can be made with another build of it (a mutant). Only what the
 * simulator calls is listed; the real one must fit without a cast.
 */
import * as consensus from '#consensus'

export type CoreModule = Pick<
  typeof consensus,
  | 'createConsensus'
  | 'createCommittee'
  | 'checkVertex'
  | 'execVoteSigningBytes'
  | 'createRoundRobin'
  | 'createStakeSchedule'
>

export const REAL_CORE: CoreModule = consensus
