import { CodedError } from '#lib/errors'
import type { BlockHeader } from '#types'
import type { SimulatedBlockRequest, SimulationErrorName } from './simulate-types.ts'

/** Most blocks that a simulation may reach beyond its base, gaps included. */
export const SIMULATED_BLOCKS_MAX = 256
/** Seconds between made-up blocks that name no time. */
const TIME_STEP = 12n
/** A header's time has 64 bits. */
const TIME_MAX = (1n << 64n) - 1n

/** A block of which number and time are settled. */
export type PlannedBlock = SimulatedBlockRequest & { readonly number: bigint; readonly time: bigint }

export function simulationError(code: SimulationErrorName, message: string): CodedError<SimulationErrorName> {
  return new CodedError(code, message)
}

/** Numbers and times of all blocks, with empty blocks where numbers were left out (go-ethereum, sanitizeChain). */
export function planBlocks(base: BlockHeader, requested: readonly SimulatedBlockRequest[]): PlannedBlock[] {
  const planned: PlannedBlock[] = []
  let number = BigInt(base.number)
  let time = base.timestamp
  for (const block of requested) {
    const wanted = block.header.number ?? number + 1n
    if (wanted <= number) {
      throw simulationError('blockNumberOrder', `block numbers must be in order: ${wanted} <= ${number}`)
    }
    if (wanted - BigInt(base.number) > BigInt(SIMULATED_BLOCKS_MAX)) {
      throw simulationError('tooManyBlocks', 'too many blocks')
    }
    while (number + 1n < wanted) {
      number += 1n
      time = timeAfter(time)
      planned.push({ header: {}, state: new Map(), calls: [], withdrawals: [], number, time })
    }
    const at = block.header.time ?? timeAfter(time)
    if (at <= time) throw simulationError('timestampOrder', `block timestamps must be in order: ${at} <= ${time}`)
    number = wanted
    time = at
    planned.push({ ...block, number, time })
  }
  return planned
}

function timeAfter(time: bigint): bigint {
  if (time > TIME_MAX - TIME_STEP) {
    throw simulationError('timestampOrder', `block timestamps must be in order: none is left after ${time}`)
  }
  return time + TIME_STEP
}
