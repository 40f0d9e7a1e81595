/** A 32-byte hash. */
export type Digest = Uint8Array
/** A 20-byte account address. */
export type Address = Uint8Array
/** Index of a validator in the committee of one epoch, from 0, in ascending order of operator address. */
export type AuthorityIndex = number
/** DAG round; genesis vertices have round 0. */
export type Round = number
/** Consensus epoch, from 0. */
export type Epoch = number
/** EVM block number; genesis is 0. */
export type BlockNumber = number
/** Commit index inside an epoch, from 1 without gaps. */
export type CommitIndex = number
