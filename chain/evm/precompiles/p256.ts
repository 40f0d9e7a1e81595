import { FR_BYTES, G1_BYTES, type Mcl, type Pointer } from './mcl.ts'
import { isZero } from './words.ts'

// EIP-7951: hash, r, s, x and y of the key, 32 bytes each.
const R_AT = 32
const S_AT = 64
const X_AT = 96
const Y_AT = 128

/** EIP-7951, for a signature as for anything else. */
export const P256_GAS = 6_900n

/** ECDSA on secp256r1 (FIPS 186-5, section 6.4.2). Any s counts, low or high. */
export class P256 {
  static readonly INPUT_BYTES = 160
  readonly #mcl: Mcl
  /** The base point and the key; the first is put there anew, as multiplying may change what it is given. */
  readonly #points: Pointer
  readonly #scalars: Pointer
  readonly #base: Pointer
  readonly #result: Pointer
  readonly #hash: Pointer
  readonly #r: Pointer
  readonly #s: Pointer
  readonly #x = new Uint8Array(FR_BYTES)

  constructor(mcl: Mcl) {
    this.#mcl = mcl
    this.#points = mcl.allocate(2 * G1_BYTES)
    this.#scalars = mcl.allocate(2 * FR_BYTES)
    this.#base = mcl.allocate(G1_BYTES)
    this.#result = mcl.allocate(G1_BYTES)
    this.#hash = mcl.allocate(FR_BYTES)
    this.#r = mcl.allocate(FR_BYTES)
    this.#s = mcl.allocate(FR_BYTES)
    mcl.call._mclBnG1_getBasePoint(this.#base)
  }

  /** Is {@link P256.INPUT_BYTES} of input a signature? False for anything that is out of range or not on the curve. */
  verify(input: Uint8Array): boolean {
    const mcl = this.#mcl
    const { call } = mcl
    if (!mcl.readCanonicalScalar(this.#r, input, R_AT) || call._mclBnFr_isZero(this.#r) === 1) return false
    if (!mcl.readCanonicalScalar(this.#s, input, S_AT) || call._mclBnFr_isZero(this.#s) === 1) return false
    if (isZero(input, X_AT, Y_AT + 32)) return false
    const key = this.#points + G1_BYTES
    if (!mcl.readG1(key, input, X_AT, Y_AT) || call._mclBnG1_isValid(key) !== 1) return false

    mcl.readScalar(this.#hash, input, 0)
    call._mclBnFr_inv(this.#s, this.#s)
    call._mclBnFr_mul(this.#scalars, this.#hash, this.#s)
    call._mclBnFr_mul(this.#scalars + FR_BYTES, this.#r, this.#s)
    mcl.copy(this.#points, this.#base, G1_BYTES)
    call._mclBnG1_mulVec(this.#result, this.#points, this.#scalars, 2)
    if (call._mclBnG1_isZero(this.#result) === 1) return false
    call._mclBnG1_normalize(this.#result, this.#result)
    mcl.writeFp(this.#result, this.#x, 0)
    mcl.readScalar(this.#hash, this.#x, 0)
    return call._mclBnFr_isEqual(this.#hash, this.#r) === 1
  }
}
