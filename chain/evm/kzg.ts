import { bls12_381 } from '@noble/curves/bls12-381.js'
import { fromHex } from '#lib/bytes'

const { G1, G2 } = bls12_381
const { Fp12 } = bls12_381.fields
/** Order of the scalar field (EIP-4844, BLS_MODULUS). */
const MODULUS = bls12_381.fields.Fr.ORDER

/**
 * [tau]G2 of the Ethereum KZG ceremony (trusted_setup_4096.json, g2_monomial[1]): the one point of the setup that
 * checking a proof takes.
 */
const TAU_G2 = G2.Point.fromHex(
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d' +
    '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2' +
    '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2',
)

/**
 * EIP-4844 `verify_kzg_proof`: does the polynomial behind `commitment` have the value `y` at `z`? False for any input
 * that is not canonical (points outside the group, scalars not below the modulus).
 */
export function verifyKzgProof(commitment: Uint8Array, z: Uint8Array, y: Uint8Array, proof: Uint8Array): boolean {
  const at = BigInt(`0x${Buffer.from(z).toString('hex')}`)
  const value = BigInt(`0x${Buffer.from(y).toString('hex')}`)
  if (at >= MODULUS || value >= MODULUS) return false
  let polynomial: InstanceType<typeof G1.Point>
  let quotient: InstanceType<typeof G1.Point>
  try {
    polynomial = G1.Point.fromBytes(commitment)
    quotient = G1.Point.fromBytes(proof)
    polynomial.assertValidity()
    quotient.assertValidity()
  } catch {
    return false
  }
  // e(C - [y], G2) = e(Q, [tau - z]) in the form e(C - [y], -G2) * e(Q, [tau] - [z]) = 1.
  const left = polynomial.subtract(times(G1.Point.BASE, value))
  const right = TAU_G2.subtract(times(G2.Point.BASE, at))
  const pairs = [
    { g1: left, g2: G2.Point.BASE.negate() },
    { g1: quotient, g2: right },
  ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0())
  return Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE)
}

interface Multipliable<P> {
  multiplyUnsafe(scalar: bigint): P
}

function times<P extends Multipliable<P>>(point: P, scalar: bigint): P {
  return point.multiplyUnsafe(scalar)
}

/** The one function of EthereumJS' KZG interface that executing blocks needs; hexadecimal in, as it passes it. */
export function verifyKzgProofHex(commitment: string, z: string, y: string, proof: string): boolean {
  return verifyKzgProof(fromHex(commitment), fromHex(z), fromHex(y), fromHex(proof))
}
