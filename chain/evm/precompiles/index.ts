/**
 * Precompiles that EthereumJS leaves to JavaScript (noble), at 0.2 to 5 million gas a second: here on WebAssembly, 4 to
 * 180 times faster (docs/execution.md). Results are the same for every input.
 */
import type { Common } from '@ethereumjs/common'
import {
  type CustomPrecompile,
  type EVMBLSInterface,
  type EVMBN254Interface,
  getActivePrecompiles,
  type PrecompileFunc,
} from '@ethereumjs/evm'
import { blake2f } from './blake2f.ts'
import { Bls12381 } from './bls12-381.ts'
import { Bn254 } from './bn254.ts'
import { Kzg } from './kzg.ts'
import { type Lazy, lazy, loaded } from './lazy.ts'
import { Mcl } from './mcl.ts'
import { P256, P256_GAS } from './p256.ts'
import { outOfGas } from './results.ts'
import { trueWord } from './words.ts'

// One instance for each curve and thread. Few threads ever need one, and an instance takes 40 to 120 ms.
const bn254Curve = lazy(async () => new Bn254(await Mcl.load('bn254')))
const blsCurve = lazy(async () => {
  const mcl = await Mcl.load('bls12-381')
  return { points: new Bls12381(mcl), kzg: new Kzg(mcl) }
})
const p256Curve = lazy(async () => new P256(await Mcl.load('p256')))

/**
 * Loads all curves, so that none is loaded in the middle of a block. Other threads that load one afterwards share its
 * compiled code, which V8 keeps for a process as long as somebody has it.
 */
export async function loadPrecompiles(): Promise<void> {
  await Promise.all([bn254Curve.load(), blsCurve.load(), p256Curve.load()])
}

/** For `EVMOpts.bn254`; to be called by precompiles of {@link fastPrecompiles} only, which see that it is loaded. */
export const bn254: EVMBN254Interface = {
  add: input => loaded(bn254Curve).add(input),
  mul: input => loaded(bn254Curve).mul(input),
  pairing: input => loaded(bn254Curve).pairing(input),
}

/** The same for `EVMOpts.bls`. */
export const bls: EVMBLSInterface = {
  addG1: input => loaded(blsCurve).points.addG1(input),
  addG2: input => loaded(blsCurve).points.addG2(input),
  msmG1: input => loaded(blsCurve).points.msmG1(input),
  msmG2: input => loaded(blsCurve).points.msmG2(input),
  mapFPtoG1: input => loaded(blsCurve).points.mapFPtoG1(input),
  mapFP2toG2: input => loaded(blsCurve).points.mapFP2toG2(input),
  pairingCheck: input => loaded(blsCurve).points.pairingCheck(input),
}

/** The same for `CustomCrypto.kzg.verifyProof`: hexadecimal in, false for anything that is not a proof. */
export function verifyKzgProof(commitment: string, z: string, y: string, proof: string): boolean {
  return loaded(blsCurve).kzg.verify(commitment, z, y, proof)
}

/** P256VERIFY (EIP-7951). Input that is no signature costs the same and gives nothing. */
const p256verify: PrecompileFunc = ({ data, gasLimit }) => {
  if (gasLimit < P256_GAS) return outOfGas(gasLimit)
  const isSignature = data.length === P256.INPUT_BYTES && loaded(p256Curve).verify(data)
  return { executionGasUsed: P256_GAS, returnValue: isSignature ? trueWord() : new Uint8Array(0) }
}

/** By address. The other rules of 0x06 to 0x08 and 0x0a to 0x11 remain EthereumJS'. */
const REPLACED: ReadonlyMap<number, (stock: PrecompileFunc) => PrecompileFunc> = new Map([
  ...[0x06, 0x07, 0x08].map(at => [at, (stock: PrecompileFunc) => whenLoaded(bn254Curve, stock)] as const),
  [0x09, () => blake2f] as const,
  ...[0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11].map(
    at => [at, (stock: PrecompileFunc) => whenLoaded(blsCurve, stock)] as const,
  ),
  [0x100, () => whenLoaded(p256Curve, p256verify)] as const,
])

/** What to replace in an EVM of this fork: only precompiles that the fork has. */
export function fastPrecompiles(common: Common): CustomPrecompile[] {
  return [...getActivePrecompiles(common)].flatMap(([address, stock]) => {
    const replace = REPLACED.get(Number.parseInt(address, 16))
    return replace === undefined ? [] : [{ address: `0x${address}` as const, function: replace(stock) }]
  })
}

// Answers at once as soon as the curve is there. An async function stays one: our interpreter tells by that which ones
// never answer at once, without starting them.
function whenLoaded(curve: Lazy<unknown>, stock: PrecompileFunc): PrecompileFunc {
  if (stock.constructor.name === 'AsyncFunction') {
    return async input => {
      if (curve.value === undefined) await curve.load()
      return stock(input)
    }
  }
  return input => (curve.value === undefined ? curve.load().then(() => stock(input)) : stock(input))
}
