/** Bounds of a listener. Every one has a row in docs/json-rpc.md. */
export interface RpcLimits {
  /** Bytes of one HTTP body or WebSocket message. */
  readonly requestBytesMax: number
  /** Brackets in brackets of one body. */
  readonly jsonDepthMax: number
  /** Bodies above so many characters are read one after the other, and with `bigBodyShare` of the thread's time. */
  readonly bigBodyChars: number
  readonly bigBodyShare: number
  /** Bytes of all bodies being worked on; more are told to come back (503). */
  readonly inFlightBytesMax: number
  readonly batchItemsMax: number
  /** Items of one batch that run at the same time. */
  readonly batchConcurrency: number
  /** Bytes of one answer, single or batch. */
  readonly responseBytesMax: number
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly subscriptionsPerConnectionMax: number
  readonly subscriptionsMax: number
  /** Notifications a slow subscriber may lag behind before its connection is dropped. */
  readonly notificationsQueuedMax: number
  readonly filtersMax: number
  /** Pending transactions that one filter remembers between polls. */
  readonly filterHashesMax: number
  readonly filterLifetimeMs: number
  readonly logBlocksMax: number
  readonly logResultsMax: number
  readonly feeHistoryBlocksMax: number
  readonly percentilesMax: number
  readonly proofSlotsMax: number
  /** For all calls of one request together. */
  readonly methodTimeoutMs: number
  /** Default and longest wait of eth_sendRawTransactionSync; below the time that a method has. */
  readonly syncTimeoutMs: number
  readonly syncTimeoutMaxMs: number
  /** Longest execution of a call or estimate, and of a trace, search or simulation; a worker is ended after it. */
  readonly callTimeoutMs: number
  readonly traceTimeoutMs: number
  /** Heavy requests that wait for a worker. */
  readonly workQueueMax: number
  /** Heavy requests at the same time where there are no workers. */
  readonly heavyConcurrency: number
  /** Tokens per second and at most, per client address; undefined is no limit. Methods cost 1 or more. */
  readonly rate: { readonly perSecond: number; readonly burst: number } | undefined
  readonly pingIntervalMs: number
}

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  requestBytesMax: 5 * 1024 * 1024,
  jsonDepthMax: 64,
  bigBodyChars: 64 * 1024,
  bigBodyShare: 0.25,
  inFlightBytesMax: 64 * 1024 * 1024,
  batchItemsMax: 1_000,
  batchConcurrency: 100,
  responseBytesMax: 25_000_000,
  connectionsMax: 1_000,
  connectionsPerAddressMax: 50,
  subscriptionsPerConnectionMax: 128,
  subscriptionsMax: 10_000,
  notificationsQueuedMax: 1_000,
  filtersMax: 10_000,
  filterHashesMax: 10_000,
  filterLifetimeMs: 5 * 60 * 1000,
  logBlocksMax: 10_000,
  logResultsMax: 20_000,
  feeHistoryBlocksMax: 1_024,
  percentilesMax: 100,
  proofSlotsMax: 1_024,
  methodTimeoutMs: 30_000,
  syncTimeoutMs: 20_000,
  syncTimeoutMaxMs: 25_000,
  callTimeoutMs: 5_000,
  traceTimeoutMs: 30_000,
  workQueueMax: 1_000,
  heavyConcurrency: 2,
  rate: undefined,
  pingIntervalMs: 30_000,
}
