import { Common, type CustomCrypto, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM, type PrecompileFunc } from '@ethereumjs/evm'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { defined } from '#lib/assert'
import { bytesToBigint, fromHex } from '#lib/bytes'

/** EthereumJS' EVM with its own cryptography, fork Osaka; it has none for KZG, so that is noble as well. */
export function createStockEvm(): Promise<EVM> {
  const kzg = { verifyProof: verifyKzgByNoble } as unknown as NonNullable<CustomCrypto['kzg']>
  return createEVM({ common: new Common({ chain: Mainnet, hardfork: 'osaka', customCrypto: { kzg } }) })
}

/** The precompile that an EVM has at this address. */
export function precompileOf(evm: EVM, address: number): PrecompileFunc {
  return defined(evm.precompiles.get(address.toString(16).padStart(40, '0')), `a precompile at ${address}`)
}

const { G1, G2, fields } = bls12_381
const TAU_G2 = G2.Point.fromHex(
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d' +
    '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2' +
    '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2',
)

/** EIP-4844's `verify_kzg_proof` in noble's arithmetic. */
function verifyKzgByNoble(commitment: string, z: string, y: string, proof: string): boolean {
  const [at, value] = [bytesToBigint(fromHex(z)), bytesToBigint(fromHex(y))]
  if (at >= fields.Fr.ORDER || value >= fields.Fr.ORDER) return false
  try {
    const polynomial = G1.Point.fromHex(commitment.slice(2))
    const quotient = G1.Point.fromHex(proof.slice(2))
    polynomial.assertValidity()
    quotient.assertValidity()
    const pairs = [
      { g1: polynomial.subtract(G1.Point.BASE.multiplyUnsafe(value)), g2: G2.Point.BASE.negate() },
      { g1: quotient, g2: TAU_G2.subtract(G2.Point.BASE.multiplyUnsafe(at)) },
    ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0())
    return fields.Fp12.eql(bls12_381.pairingBatch(pairs), fields.Fp12.ONE)
  } catch {
    return false
  }
}
