import { CodedError, messageOf } from '#lib/errors'

/** JSON-RPC error codes by name (JSON-RPC 2.0, EIP-1474, go-ethereum's habits, EIP-7966). */
export const RPC_ERRORS = {
  /** Not JSON. */
  parse: -32700,
  /** JSON, but no request; also an empty or too large batch. */
  invalidRequest: -32600,
  /** No such method, or not on this transport or listener. */
  methodNotFound: -32601,
  /** Parameters that the method cannot take. */
  invalidParams: -32602,
  /** Our own fault. Its cause is logged, not sent. */
  internal: -32603,
  /** Everything that go-ethereum answers with its default code: pool refusals, unknown blocks, failed calls. */
  server: -32000,
  /** The method took longer than the node lets it. */
  timeout: -32002,
  /** The answer would be larger than the node sends. */
  responseTooLarge: -32003,
  /** Too many requests; also more results than the node gives at once. */
  limitExceeded: -32005,
  /** The EVM reverted; `data` holds the revert bytes. */
  reverted: 3,
  /** EIP-7966: the transaction is in the pool, but no block took it in time; `data` holds its hash. */
  transactionTimeout: 4,
  /** EIP-7966: the transaction waits for something else; `data` holds its hash. */
  transactionQueued: 5,
  /** EIP-7966: an earlier nonce is missing; `data` holds the expected one. */
  nonceGap: 6,
  /** This node no longer keeps the history that was asked for. */
  prunedHistory: 4444,
} as const

export type RpcErrorName = keyof typeof RPC_ERRORS

/** What a method throws to answer with an error. */
export class RpcError extends CodedError<RpcErrorName> {
  override name = 'RpcError'
  /** Number on the wire. */
  readonly number: number
  /** The error object's `data` member. */
  readonly payload: unknown

  constructor(code: RpcErrorName, message: string, payload?: unknown, number: number = RPC_ERRORS[code]) {
    super(code, message)
    this.number = number
    this.payload = payload
  }
}

/** The error that was `object` on another thread. */
export function numberedError({ code, message, data }: RpcErrorObject): RpcError {
  const name = (Object.keys(RPC_ERRORS) as RpcErrorName[]).find(candidate => RPC_ERRORS[candidate] === code)
  return new RpcError(name ?? 'server', message, data, code)
}

export interface RpcErrorObject {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** The error object for anything that a method threw. Foreign errors keep their secrets. */
export function errorObjectOf(error: unknown): RpcErrorObject {
  if (error instanceof RpcError) {
    const { number, message, payload } = error
    return payload === undefined ? { code: number, message } : { code: number, message, data: payload }
  }
  if (error instanceof CodedError) {
    return { code: error.code === 'pruned' ? RPC_ERRORS.prunedHistory : RPC_ERRORS.server, message: messageOf(error) }
  }
  return { code: RPC_ERRORS.internal, message: 'internal error' }
}
