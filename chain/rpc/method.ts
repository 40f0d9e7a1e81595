import type { ReadContext, RpcContext } from './context.ts'
import type { Param, ParamValues } from './params.ts'
import type { JsonSchema } from './schema.ts'
import type { Session } from './session.ts'

/** What a handler knows of the call besides its arguments. */
export interface CallInfo {
  readonly session: Session
  /** Aborted when the method's time is over or the client is gone. */
  readonly signal: AbortSignal
}

/** The kinds of work that run in worker threads, each with a time limit of its own (`limits`). */
export type Work = 'call' | 'trace'

interface Row {
  readonly name: string
  readonly summary: string
  readonly params: readonly Param<unknown>[]
  readonly result: JsonSchema
  /** Tokens of the client's budget; 1 unless the method is dear. */
  readonly weight: number
}

/** Answered on the listener's thread: cheap, or about what it has to ask the node's thread for. */
export interface LightMethod extends Row {
  readonly work?: undefined
  readonly handle: (context: RpcContext, args: readonly unknown[], info: CallInfo) => unknown
}

/** May take long, but only reads the chain, so that another thread can do it and can be ended. */
export interface HeavyMethod extends Row {
  readonly work: Work
  readonly handle: (context: ReadContext, args: readonly unknown[], info: Pick<CallInfo, 'signal'>) => unknown
}

/** One row of the method table. */
export type Method = LightMethod | HeavyMethod

interface MethodForm<P extends readonly Param<unknown>[], Context, Info> {
  readonly name: string
  readonly summary: string
  readonly params: P
  readonly result: JsonSchema
  readonly weight?: number
  readonly handle: (context: Context, args: ParamValues<P>, info: Info) => unknown
}

/** Makes a row; the handler's arguments have the types of its parameters. */
export function method<const P extends readonly Param<unknown>[]>(
  form: MethodForm<P, RpcContext, CallInfo>,
): LightMethod {
  const { weight = 1, handle, ...rest } = form
  // The dispatcher parses each argument with the parameter of its place, so the tuple has the declared types.
  return { ...rest, weight, handle: (context, args, info) => handle(context, args as ParamValues<P>, info) }
}

/** Makes a row of work for a worker thread. */
export function heavyMethod<const P extends readonly Param<unknown>[]>(
  form: MethodForm<P, ReadContext, Pick<CallInfo, 'signal'>> & { readonly work: Work },
): HeavyMethod {
  const { weight = 1, handle, ...rest } = form
  return { ...rest, weight, handle: (context, args, info) => handle(context, args as ParamValues<P>, info) }
}
