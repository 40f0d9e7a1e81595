/** Every bound of the relay in one place. */
export const LIMITS = {
  /** JSON bodies. */
  bodyBytesMax: 256 * 1024,
  /** What one task may be asked. */
  inputBytesMax: 64 * 1024,
  /** Longest answer that is kept and sent. */
  answerBytesMax: 64 * 1024,
  messagesMax: 256,
  /** Tasks on the chain at once; more wait in line. */
  tasksAtOnceMax: 32,
  /** A task that nobody has finished by then can be ended on chain, and its payment comes back. */
  taskLifetimeSeconds: 15 * 60,
  /** Accepted and unfinished tasks; more are answered 503. */
  openTasksMax: 256,
  connectionsMax: 4_096,
  /** Requests that wait for a task; more are answered 503. */
  waitingRequestsMax: 512,
  /** How long a completion waits for its task before it is answered 504. */
  completionWaitMs: 120_000,
  /** How long a finished task can be asked for: the published hour. */
  resultLifeMs: 60 * 60 * 1_000,
  finishedTasksMax: 10_000,
  finishedBytesMax: 64 * 1024 * 1024,
  /** The published day. */
  idempotencyLifeMs: 24 * 60 * 60 * 1_000,
  idempotencyKeysMax: 100_000,
  customersMax: 1_000,
  /** Movements of an account that can be listed; the journal keeps all. */
  movementsMax: 500,
  /** Top-up references of an account that are recognised when they come again. */
  referencesMax: 1_000,
  /** Revoked keys of an account that are remembered as revoked. */
  revokedKeysMax: 100,
  /** Micro-USD: 1,000,000 USD in one top-up, 1,000,000,000 USD on one account; far below 2^53. */
  topUpMax: 1_000_000_000_000,
  balanceMax: 1_000_000_000_000_000,
  /** Requests a minute of one address on routes without a key. */
  guestRequestsPerMinute: 240,
  /** Addresses and keys whose requests are counted; the oldest is forgotten. */
  countersMax: 10_000,
  /** A journal segment that is larger is followed by a new one that starts with the state. */
  segmentBytesMax: 32 * 1024 * 1024,
} as const

export interface Tier {
  readonly name: string
  readonly requestsPerMinute: number
  readonly keysMax: number
}

/** The published tiers; the numbers are this relay's own. */
export const TIERS = {
  guest: { name: 'guest', requestsPerMinute: LIMITS.guestRequestsPerMinute, keysMax: 0 },
  basic: { name: 'basic', requestsPerMinute: 60, keysMax: 5 },
  pro: { name: 'pro', requestsPerMinute: 300, keysMax: 20 },
  max: { name: 'max', requestsPerMinute: 1_200, keysMax: 50 },
  custom: { name: 'custom', requestsPerMinute: 6_000, keysMax: 200 },
} as const satisfies Readonly<Record<string, Tier>>

export type TierName = keyof typeof TIERS

/** Tiers that an account can have. */
export const ACCOUNT_TIERS = ['basic', 'pro', 'max', 'custom'] as const satisfies readonly TierName[]
export type AccountTier = (typeof ACCOUNT_TIERS)[number]
