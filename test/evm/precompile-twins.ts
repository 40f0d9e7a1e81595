import type { EVM } from '@ethereumjs/evm'
import fc from 'fast-check'
import { expect } from 'vitest'
import { bigintToBytes, concat, EMPTY, toHex } from '#lib/bytes'
import { fixedFork } from '../../chain/evm/forks.ts'
import { createMachine, rulesOf } from '../../chain/evm/machine.ts'
import { createStockEvm, precompileOf } from './stock-precompiles.ts'

/** What a precompile answers, to be compared. */
export interface Answer {
  readonly output: string
  readonly gas: bigint
  /** Which error it is goes nowhere: all of them take all gas. */
  readonly isFailure: boolean
}

export const PLENTY = 1n << 40n

/** Precompiles of our machine and of EthereumJS, fork Osaka. */
export async function createTwins() {
  const machine = await createMachine(rulesOf('osaka', 1n, fixedFork('osaka')), () => {
    throw new Error('no precompile asks for a block')
  })
  const stock = await createStockEvm()
  const ours = (address: number, data: Uint8Array, gas = PLENTY) => answerOf(machine.evm, address, data, gas)
  return {
    ours,
    /** Both must give the same answer, which it returns. */
    async same(address: number, data: Uint8Array, gas = PLENTY): Promise<Answer> {
      const expected = await answerOf(stock, address, data, gas)
      expect(await ours(address, data, gas)).toEqual(expected)
      return expected
    },
  }
}

async function answerOf(evm: EVM, address: number, data: Uint8Array, gasLimit: bigint): Promise<Answer> {
  const run = precompileOf(evm, address)
  const result = await run({ data, gasLimit, common: evm.common, _EVM: evm })
  return {
    output: toHex(result.returnValue),
    gas: result.executionGasUsed,
    isFailure: result.exceptionError !== undefined,
  }
}

interface Point<P> {
  add(other: P): P
  double(): P
}

/** A multiple by any number, also one above the order, by doubling and adding alone. */
export function times<P extends Point<P>>(zero: P, point: P, factor: bigint): P {
  let result = zero
  for (const bit of factor.toString(2)) {
    result = result.double()
    if (bit === '1') result = result.add(point)
  }
  return result
}

/** A point of this prime order, which divides the number of points on the curve; `strange` gives any of them. */
export function ofOrder<P extends Point<P> & { is0(): boolean }>(
  zero: P,
  prime: bigint,
  curveOrder: bigint,
  strange: (seed: bigint) => P,
): P {
  let rest = curveOrder
  while (rest % prime === 0n) rest /= prime
  for (let seed = 1n; ; seed++) {
    let point = times(zero, strange(seed), rest)
    if (point.is0()) continue
    for (let next = point; !next.is0(); next = times(zero, point, prime)) point = next
    return point
  }
}

/** Any 256-bit number, often one at an edge of a group of this order. */
export function scalarsOf(order: bigint): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.constantFrom(0n, 1n, 2n, order - 1n, order, order + 1n, (1n << 255n) + 1n, (1n << 256n) - 1n),
    fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
  )
}

export const word = (value: bigint) => bigintToBytes(value, 32)
export const joined = (parts: readonly Uint8Array[]) => (parts.length === 0 ? EMPTY : concat(...parts))
