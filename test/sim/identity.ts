/** Chain id of every simulated network: the main network's, as nothing leaves the process. */
export const CHAIN_ID = 1071
export const EPOCH_SEED = new Uint8Array(32).fill(7)
