import { describe, expect, test } from 'vitest'
import { CodedError } from '#lib/errors'
import { EXIT_CODE, exitCodeOf } from '../../cli/exit-code.ts'

describe('exit codes', () => {
  test('tell a supervisor whether starting again can help', () => {
    expect(exitCodeOf(new CodedError('store failed', 'x'))).toBe(EXIT_CODE.failed)
    expect(exitCodeOf(new Error('x'))).toBe(EXIT_CODE.failed)
    expect(exitCodeOf(new CodedError('config invalid', 'x'))).toBe(EXIT_CODE.usage)
    expect(exitCodeOf(new CodedError('protocol version unknown', 'x'))).toBe(EXIT_CODE.outdated)
  })
})
