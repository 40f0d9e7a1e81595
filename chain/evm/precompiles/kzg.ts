import { bls12_381 } from '@noble/curves/bls12-381.js'
import { assert } from '#lib/assert'
import { fromHex } from '#lib/bytes'
import { FR_BYTES, G1_BYTES, G2_BYTES, GT_BYTES, type Mcl, type Pointer } from './mcl.ts'
import { isZero } from './words.ts'

/**
 * [tau]G2 of the Ethereum KZG ceremony (trusted_setup_4096.json, g2_monomial[1]): the one point of the setup that
 * checking a proof takes.
 */
const TAU_G2 = fromHex(
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d' +
    '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2' +
    '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2',
)
/** Bytes of a compressed point of G1. */
const COMMITMENT_BYTES = 48
/** Flags in its first byte; the third says which y it is. */
const IS_COMPRESSED = 0x80
const IS_INFINITY = 0x40
const FLAGS = 0xe0

/** EIP-4844's `verify_kzg_proof`. */
export class Kzg {
  readonly #mcl: Mcl
  /** The base point and the proof, and their factors: the first is put there anew, as multiplying may change it. */
  readonly #points: Pointer
  readonly #scalars: Pointer
  readonly #g1: Pointer
  readonly #commitment: Pointer
  readonly #proof: Pointer
  readonly #left: Pointer
  readonly #product: Pointer
  /** What is always the same in the Miller loops of -G2 and [tau]. */
  readonly #minusG2Lines: Pointer
  readonly #tauG2Lines: Pointer

  constructor(mcl: Mcl) {
    this.#mcl = mcl
    this.#points = mcl.allocate(2 * G1_BYTES)
    this.#scalars = mcl.allocate(2 * FR_BYTES)
    this.#g1 = mcl.allocate(G1_BYTES)
    this.#commitment = mcl.allocate(G1_BYTES)
    this.#proof = mcl.allocate(G1_BYTES)
    this.#left = mcl.allocate(G1_BYTES)
    this.#product = mcl.allocate(GT_BYTES)
    const { G1, G2 } = bls12_381
    const isRead = mcl.readCompressedG1(this.#g1, G1.Point.BASE.toBytes())
    assert(isRead, 'the base point is a point')
    this.#minusG2Lines = this.#linesOf(G2.Point.BASE.negate().toBytes())
    this.#tauG2Lines = this.#linesOf(TAU_G2)
  }

  /**
   * Does the polynomial behind `commitment` have the value `y` at `z`? False for any input that is not canonical (points
   * outside the group, scalars not below its order). Hexadecimal, as EthereumJS passes it.
   */
  verify(commitment: string, z: string, y: string, proof: string): boolean {
    const mcl = this.#mcl
    const { call } = mcl
    if (!this.#readPoint(this.#commitment, commitment) || !this.#readPoint(this.#proof, proof)) return false
    if (!mcl.readCanonicalScalar(this.#scalars, fromHex(y), 0)) return false
    if (!mcl.readCanonicalScalar(this.#scalars + FR_BYTES, fromHex(z), 0)) return false
    // e(C - [y], G2) = e(Q, [tau - z]) in the form e(C - [y] + z·Q, -G2) · e(Q, [tau]) = 1: only G1 is multiplied.
    call._mclBnFr_neg(this.#scalars, this.#scalars)
    mcl.copy(this.#points, this.#g1, G1_BYTES)
    mcl.copy(this.#points + G1_BYTES, this.#proof, G1_BYTES)
    const left = this.#left
    call._mclBnG1_mulVec(left, this.#points, this.#scalars, 2)
    call._mclBnG1_add(left, left, this.#commitment)
    // Of infinity and a point of G2 the pairing is one, of two other points of these groups it never is.
    const isLeftZero = call._mclBnG1_isZero(left) === 1
    const isProofZero = call._mclBnG1_isZero(this.#proof) === 1
    if (isLeftZero || isProofZero) return isLeftZero && isProofZero
    call._mclBn_precomputedMillerLoop2(this.#product, left, this.#minusG2Lines, this.#proof, this.#tauG2Lines)
    call._mclBn_finalExp(this.#product, this.#product)
    return call._mclBnGT_isOne(this.#product) === 1
  }

  #linesOf(compressed: Uint8Array): Pointer {
    const { call } = this.#mcl
    const point = this.#mcl.allocate(G2_BYTES)
    assert(this.#mcl.readCompressedG2(point, compressed), 'the points of the setup are points')
    const lines = this.#mcl.allocate(8 * call._mclBn_getUint64NumToPrecompute())
    call._mclBn_precomputeG2(lines, point)
    return lines
  }

  #readPoint(to: Pointer, text: string): boolean {
    const bytes = fromHex(text)
    assert(bytes.length === COMMITMENT_BYTES, 'EthereumJS cuts the input')
    const flags = bytes[0] as number
    if ((flags & IS_COMPRESSED) === 0) return false
    // mcl takes other encodings as well: of infinity with any bits behind the flag, and of x that is not reduced.
    if ((flags & IS_INFINITY) !== 0) {
      this.#mcl.call._mclBnG1_clear(to)
      return flags === (IS_COMPRESSED | IS_INFINITY) && isZero(bytes, 1, COMMITMENT_BYTES)
    }
    const x = bytes.slice()
    x[0] = flags & ~FLAGS
    return (
      this.#mcl.readFp(to, x, 0) &&
      this.#mcl.readCompressedG1(to, bytes) &&
      this.#mcl.call._mclBnG1_isValidOrder(to) === 1
    )
  }
}
