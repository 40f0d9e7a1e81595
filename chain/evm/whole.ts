import { AssertionError } from '#lib/assert'
import { DecodeError } from '#lib/codec'
import { CodedError } from '#lib/errors'

/**
 * Reads what this program wrote, for tools that must name damage instead of stopping with a stack: bytes that it cannot
 * have written are CodedError `store damaged`.
 */
export function whole<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof AssertionError || error instanceof DecodeError || error instanceof RangeError)) throw error
    throw new CodedError('store damaged', `${what} is damaged: ${error.message}`, { cause: error })
  }
}
