import { describe, expect, it } from 'vitest'
import { createCommittee } from '#consensus'
import { DEFAULT_CONSENSUS_PARAMS } from '#types'
import type { EpochInstance } from '../../chain/node/epoch.ts'
import { createInclusionHold } from '../../chain/node/inclusion-hold.ts'
import { makeValidators } from '../consensus/cluster.ts'

const SIX = createCommittee(makeValidators([1, 1, 1, 1, 1, 1]).map(({ authority }) => authority))
const SENDERS = Array.from({ length: 60 }, (_, i) => new Uint8Array(20).fill(i + 1))

/** What the hold reads of an epoch. */
function instanceOf(epoch: number, own: number | undefined): Pick<EpochInstance, 'setup' | 'own'> {
  const setup = { epoch, committee: SIX, params: DEFAULT_CONSENSUS_PARAMS } as unknown as EpochInstance['setup']
  return { setup, own }
}

describe('a gossiped transaction', () => {
  it('is taken at once by one validator, and by the others one step after the other', () => {
    const holds = [0, 1, 2, 3, 4, 5].map(own => createInclusionHold(() => instanceOf(0, own)))
    for (const sender of SENDERS) {
      const delays = holds.map(hold => hold(sender)).sort((a, b) => a - b)
      // Steps of two rounds of 100 ms and a commit of 400 ms.
      expect(delays).toEqual([0, 600, 1_200, 1_800, 2_400, 2_400])
    }
    const first = SENDERS.map(sender => holds.findIndex(hold => hold(sender) === 0))
    expect(new Set(first).size).toBe(6)
  })

  it('has other validators in another epoch, and nobody to wait for at a node that only follows', () => {
    let instance = instanceOf(0, 2)
    const hold = createInclusionHold(() => instance)
    const before = SENDERS.map(hold)
    instance = instanceOf(1, 2)
    expect(SENDERS.map(hold)).not.toEqual(before)
    instance = instanceOf(0, 2)
    expect(SENDERS.map(hold)).toEqual(before)
    instance = instanceOf(0, undefined)
    expect(SENDERS.every(sender => hold(sender) === 0)).toBe(true)
  })
})
