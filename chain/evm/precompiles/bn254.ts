import { type EVMBN254Interface, EVMError } from '@ethereumjs/evm'
import { FR_BYTES, G1_BYTES, type Mcl, type Pointer } from './mcl.ts'
import { PairingProduct } from './pairing.ts'
import { falseWord, isZero, trueWord } from './words.ts'

const POINT_BYTES = 64
const PAIR_BYTES = 192

/**
 * EIP-196 and EIP-197 on mcl. Inputs have their full length: EthereumJS pads and cuts them. A coordinate that is not below
 * the modulus, a point that is not on its curve and one of G2 outside the subgroup throw, which takes all gas; all
 * points of G1 are in the subgroup.
 */
export class Bn254 implements EVMBN254Interface {
  readonly #mcl: Mcl
  readonly #pairing: PairingProduct
  readonly #left: Pointer
  readonly #right: Pointer
  readonly #scalar: Pointer

  constructor(mcl: Mcl) {
    this.#mcl = mcl
    this.#pairing = new PairingProduct(mcl)
    this.#left = mcl.allocate(G1_BYTES)
    this.#right = mcl.allocate(G1_BYTES)
    this.#scalar = mcl.allocate(FR_BYTES)
  }

  add(input: Uint8Array): Uint8Array {
    this.#readG1(this.#left, input, 0)
    this.#readG1(this.#right, input, POINT_BYTES)
    this.#mcl.call._mclBnG1_add(this.#left, this.#left, this.#right)
    return this.#writeG1(this.#left)
  }

  mul(input: Uint8Array): Uint8Array {
    this.#readG1(this.#left, input, 0)
    this.#mcl.readScalar(this.#scalar, input, POINT_BYTES)
    this.#mcl.call._mclBnG1_mul(this.#left, this.#left, this.#scalar)
    return this.#writeG1(this.#left)
  }

  pairing(input: Uint8Array): Uint8Array {
    const product = this.#pairing
    product.clear()
    for (let offset = 0; offset < input.length; offset += PAIR_BYTES) {
      const isPoint1 = this.#readG1(product.g1, input, offset)
      const isPoint2 = this.#readG2(product.g2, input, offset + POINT_BYTES)
      if (isPoint1 && isPoint2) product.add()
    }
    return product.isOne() ? trueWord() : falseWord()
  }

  // False for infinity.
  #readG1(to: Pointer, input: Uint8Array, offset: number): boolean {
    const { call } = this.#mcl
    if (isZero(input, offset, offset + POINT_BYTES)) {
      call._mclBnG1_clear(to)
      return false
    }
    if (!this.#mcl.readG1(to, input, offset, offset + 32)) throw new RangeError('coordinate not below the modulus')
    if (call._mclBnG1_isValid(to) !== 1) throw new RangeError('point not on the curve')
    return true
  }

  // EIP-197 has the imaginary part first.
  #readG2(to: Pointer, input: Uint8Array, offset: number): boolean {
    const { call } = this.#mcl
    if (isZero(input, offset, offset + 2 * POINT_BYTES)) {
      call._mclBnG2_clear(to)
      return false
    }
    if (!this.#mcl.readG2(to, input, offset + 32, offset, offset + 96, offset + 64)) {
      throw new EVMError(EVMError.errorMessages.BN254_FP_NOT_IN_FIELD)
    }
    if (call._mclBnG2_isValid(to) !== 1) throw new RangeError('point not on the curve')
    if (call._mclBnG2_isValidOrder(to) !== 1) throw new RangeError('point not in the subgroup')
    return true
  }

  #writeG1(from: Pointer): Uint8Array {
    const output = new Uint8Array(POINT_BYTES)
    this.#mcl.writeG1(from, output, 0, 32)
    return output
  }
}
