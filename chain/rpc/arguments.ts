import { RpcError } from './errors.ts'
import type { Method } from './method.ts'
import { ParamError } from './params.ts'

/** Each argument by the parameter of its place, with go-ethereum's words for what is missing or wrong. */
export function parseArguments(method: Method, given: readonly unknown[]): unknown[] {
  const { params } = method
  if (given.length > params.length) {
    throw new RpcError('invalidParams', `too many arguments, want at most ${params.length}`)
  }
  return params.map((param, position) => {
    const value = given[position]
    if (!param.optional && (value === undefined || value === null)) {
      throw new RpcError('invalidParams', `missing value for required argument ${position}`)
    }
    try {
      return param.parse(value)
    } catch (error) {
      if (error instanceof ParamError) {
        throw new RpcError('invalidParams', `invalid argument ${position}: ${error.message}`)
      }
      throw error
    }
  })
}
