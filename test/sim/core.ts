/**
 * The consensus folder as a value, so that everything here also runs with another build of it (a mutant).
 */
import * as consensus from '#consensus'

export type CoreModule = typeof consensus

export const REAL_CORE: CoreModule = consensus
