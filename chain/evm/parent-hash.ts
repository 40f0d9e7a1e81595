import type { Digest } from '#types'

/**
 * Execution came upon the parent's hash while the parent's state root is still being worked out. Whoever runs the
 * transaction takes it back, waits, and runs it again.
 */
export class ParentHashPending extends Error {
  override name = 'ParentHashPending'
}

/** A hash that may still be worked out. */
export interface PendingHash {
  /** Undefined while it is not known. */
  now(): Digest | undefined
  later(): Promise<Digest>
}

export function knownHash(hash: Digest): PendingHash {
  return { now: () => hash, later: async () => hash }
}

/** The hash that `promise` will give. A failure is for whoever waits for the promise itself to deal with. */
export function pendingHash(promise: Promise<Digest>): PendingHash {
  let known: Digest | undefined
  promise.then(
    hash => {
      known = hash
    },
    () => {},
  )
  return { now: () => known, later: () => promise }
}
