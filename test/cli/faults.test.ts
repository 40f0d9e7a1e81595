import { describe, expect, it } from 'vitest'
import { readFaults } from '../../cli/faults.ts'

describe('faults of a test', () => {
  it('are none in an ordinary environment', () => {
    expect(readFaults({ PATH: '/bin', OGPU_RPC_PORT: '1' })).toEqual({
      clockOffsetMs: 0,
      buildName: undefined,
      protocolVersion: undefined,
      given: {},
    })
  })

  it('are read from the environment and told as they were given', () => {
    const environment = { OGPU_CLOCK_OFFSET_MS: '-30000', OGPU_BUILD_NAME: '9.9.9', OGPU_PROTOCOL_VERSION: '7' }
    expect(readFaults(environment)).toEqual({
      clockOffsetMs: -30_000,
      buildName: '9.9.9',
      protocolVersion: 7,
      given: environment,
    })
  })

  it('that make no sense are refused', () => {
    for (const point of ['nowhere', 'vertex-stored:0', 'vertex-stored:x', 'vertex-stored:1:2', ''])
      expect(() => readFaults({ OGPU_FAIL_POINT: point })).toThrow('OGPU_FAIL_POINT is name:count')
    for (const offset of ['soon', '1.5', '99999999999'])
      expect(() => readFaults({ OGPU_CLOCK_OFFSET_MS: offset })).toThrow('OGPU_CLOCK_OFFSET_MS')
    expect(() => readFaults({ OGPU_PROTOCOL_VERSION: '0' })).toThrow('OGPU_PROTOCOL_VERSION')
  })
})
