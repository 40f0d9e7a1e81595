import { afterEach, describe, expect, it } from 'vitest'
import { armFailPoint, FAIL_POINTS, isFailPoint, reachFailPoint } from '#lib/fail-point'

describe('a fail point', () => {
  // A count that is never reached again disarms.
  afterEach(() => armFailPoint('vertex-stored', 0, () => {}))

  it('acts when it is reached for the given time, and only then', () => {
    let acted = 0
    armFailPoint('block-written', 3, () => {
      acted += 1
    })
    for (let i = 0; i < 2; i++) reachFailPoint('block-written')
    for (let i = 0; i < 10; i++) reachFailPoint('vertex-stored')
    expect(acted).toBe(0)
    reachFailPoint('block-written')
    reachFailPoint('block-written')
    expect(acted).toBe(1)
  })

  it('is one of those that are listed', () => {
    for (const name of Object.keys(FAIL_POINTS)) expect(isFailPoint(name)).toBe(true)
    expect(isFailPoint('toString')).toBe(false)
  })
})
