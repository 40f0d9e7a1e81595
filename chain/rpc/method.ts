import type { RpcContext } from './context.ts'
import type { Param, ParamValues } from './params.ts'
import type { JsonSchema } from './schema.ts'
import type { Session } from './session.ts'

/** What a handler knows of the call besides its arguments. */
export interface CallInfo {
  readonly session: Session
  /** Aborted when the method's time is over or the client is gone. */
  readonly signal: AbortSignal
}

/** One row of the method table. */
export interface Method {
  readonly name: string
  readonly summary: string
  readonly params: readonly Param<unknown>[]
  readonly result: JsonSchema
  /** Tokens of the client's budget; 1 unless the method is dear. */
  readonly weight: number
  /** Runs only few at a time. */
  readonly isHeavy: boolean
  readonly handle: (context: RpcContext, args: readonly unknown[], info: CallInfo) => unknown
}

interface MethodForm<P extends readonly Param<unknown>[]> {
  readonly name: string
  readonly summary: string
  readonly params: P
  readonly result: JsonSchema
  readonly weight?: number
  readonly isHeavy?: boolean
  readonly handle: (context: RpcContext, args: ParamValues<P>, info: CallInfo) => unknown
}

/** Makes a row; the handler's arguments have the types of its parameters. */
export function method<const P extends readonly Param<unknown>[]>(form: MethodForm<P>): Method {
  const { weight = 1, isHeavy = false, handle, ...rest } = form
  return {
    ...rest,
    weight,
    isHeavy,
    // The dispatcher parses each argument with the parameter of its place, so the tuple has the declared types.
    handle: (context, args, info) => handle(context, args as ParamValues<P>, info),
  }
}
