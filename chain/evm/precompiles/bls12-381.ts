import { type EVMBLSInterface, EVMError } from '@ethereumjs/evm'
import { FP_BYTES, FR_BYTES, G1_BYTES, G2_BYTES, type Mcl, type Pointer } from './mcl.ts'
import { PairingProduct } from './pairing.ts'
import { falseWord, isZero, trueWord } from './words.ts'

/** A field element outside: 16 zero bytes, which EthereumJS checks, and 48 of the number. */
const ELEMENT_BYTES = 64
const NUMBER_AT = 16
const POINT1_BYTES = 2 * ELEMENT_BYTES
const POINT2_BYTES = 4 * ELEMENT_BYTES
/** Points of one multiplication: more gain less than a tenth, and their room is fixed (54 KiB). */
const POINTS_PER_SUM = 128

/** What the multiplication has to know of G1 or G2. */
interface Group {
  readonly outsideBytes: number
  readonly insideBytes: number
  readonly clear: (point: Pointer) => void
  readonly add: (result: Pointer, left: Pointer, right: Pointer) => void
  readonly mul: (result: Pointer, point: Pointer, scalar: Pointer) => void
  readonly mulVec: (result: Pointer, points: Pointer, scalars: Pointer, count: number) => void
  /** Reads a point and checks that it is in the subgroup. False for infinity. */
  readonly read: (to: Pointer, input: Uint8Array, offset: number) => boolean
  readonly write: (from: Pointer) => Uint8Array
}

/**
 * EIP-2537 on mcl. EthereumJS checks lengths and padding and counts gas. A coordinate that is not below the modulus, a
 * point that is not on its curve and, except for additions, one outside the subgroup throw, which takes all gas.
 */
export class Bls12381 implements EVMBLSInterface {
  readonly #mcl: Mcl
  readonly #pairing: PairingProduct
  readonly #points: Pointer
  readonly #scalars: Pointer
  readonly #left: Pointer
  readonly #right: Pointer
  readonly #g1: Group
  readonly #g2: Group

  constructor(mcl: Mcl) {
    this.#mcl = mcl
    this.#pairing = new PairingProduct(mcl)
    this.#points = mcl.allocate(POINTS_PER_SUM * G2_BYTES)
    this.#scalars = mcl.allocate(POINTS_PER_SUM * FR_BYTES)
    this.#left = mcl.allocate(G2_BYTES)
    this.#right = mcl.allocate(G2_BYTES)
    const { call } = mcl
    this.#g1 = {
      outsideBytes: POINT1_BYTES,
      insideBytes: G1_BYTES,
      clear: call._mclBnG1_clear,
      add: call._mclBnG1_add,
      mul: call._mclBnG1_mul,
      mulVec: call._mclBnG1_mulVec,
      read: (to, input, offset) => this.#readSubgroup1(to, input, offset),
      write: from => this.#writeG1(from),
    }
    this.#g2 = {
      outsideBytes: POINT2_BYTES,
      insideBytes: G2_BYTES,
      clear: call._mclBnG2_clear,
      add: call._mclBnG2_add,
      mul: call._mclBnG2_mul,
      mulVec: call._mclBnG2_mulVec,
      read: (to, input, offset) => this.#readSubgroup2(to, input, offset),
      write: from => this.#writeG2(from),
    }
  }

  addG1(input: Uint8Array): Uint8Array {
    this.#readG1(this.#left, input, 0)
    this.#readG1(this.#right, input, POINT1_BYTES)
    this.#mcl.call._mclBnG1_add(this.#left, this.#left, this.#right)
    return this.#writeG1(this.#left)
  }

  addG2(input: Uint8Array): Uint8Array {
    this.#readG2(this.#left, input, 0)
    this.#readG2(this.#right, input, POINT2_BYTES)
    this.#mcl.call._mclBnG2_add(this.#left, this.#left, this.#right)
    return this.#writeG2(this.#left)
  }

  msmG1(input: Uint8Array): Uint8Array {
    return this.#multiplyAndAdd(this.#g1, input)
  }

  msmG2(input: Uint8Array): Uint8Array {
    return this.#multiplyAndAdd(this.#g2, input)
  }

  pairingCheck(input: Uint8Array): Uint8Array {
    const product = this.#pairing
    product.clear()
    for (let offset = 0; offset < input.length; offset += POINT1_BYTES + POINT2_BYTES) {
      const isPoint1 = this.#readSubgroup1(product.g1, input, offset)
      const isPoint2 = this.#readSubgroup2(product.g2, input, offset + POINT1_BYTES)
      if (isPoint1 && isPoint2) product.add()
    }
    return product.isOne() ? trueWord() : falseWord()
  }

  mapFPtoG1(input: Uint8Array): Uint8Array {
    if (!this.#mcl.readFp(this.#right, input, NUMBER_AT)) throw notInField()
    this.#mcl.call._mclBnFp_mapToG1(this.#left, this.#right)
    return this.#writeG1(this.#left)
  }

  mapFP2toG2(input: Uint8Array): Uint8Array {
    const isInField =
      this.#mcl.readFp(this.#right, input, NUMBER_AT) &&
      this.#mcl.readFp(this.#right + FP_BYTES, input, ELEMENT_BYTES + NUMBER_AT)
    if (!isInField) throw notInField()
    this.#mcl.call._mclBnFp2_mapToG2(this.#left, this.#right)
    return this.#writeG2(this.#left)
  }

  #multiplyAndAdd(group: Group, input: Uint8Array): Uint8Array {
    const [points, scalars, sum, part] = [this.#points, this.#scalars, this.#left, this.#right]
    group.clear(sum)
    let count = 0
    const addUp = () => {
      if (count === 1) group.mul(part, points, scalars)
      else group.mulVec(part, points, scalars, count)
      group.add(sum, sum, part)
      count = 0
    }
    for (let offset = 0; offset < input.length; offset += group.outsideBytes + FR_BYTES) {
      const at = points + count * group.insideBytes
      if (!group.read(at, input, offset)) continue
      this.#mcl.readScalar(scalars + count * FR_BYTES, input, offset + group.outsideBytes)
      count += 1
      if (count === POINTS_PER_SUM) addUp()
    }
    if (count > 0) addUp()
    return group.write(sum)
  }

  // False for infinity.
  #readG1(to: Pointer, input: Uint8Array, offset: number): boolean {
    const { call } = this.#mcl
    if (isZero(input, offset, offset + POINT1_BYTES)) {
      call._mclBnG1_clear(to)
      return false
    }
    const at = offset + NUMBER_AT
    if (!this.#mcl.readG1(to, input, at, at + ELEMENT_BYTES)) throw new RangeError('coordinate not below the modulus')
    if (call._mclBnG1_isValid(to) !== 1) throw notOnCurve()
    return true
  }

  #readG2(to: Pointer, input: Uint8Array, offset: number): boolean {
    const { call } = this.#mcl
    if (isZero(input, offset, offset + POINT2_BYTES)) {
      call._mclBnG2_clear(to)
      return false
    }
    const at = offset + NUMBER_AT
    const isInField = this.#mcl.readG2(
      to,
      input,
      at,
      at + ELEMENT_BYTES,
      at + 2 * ELEMENT_BYTES,
      at + 3 * ELEMENT_BYTES,
    )
    if (!isInField) throw notInField()
    if (call._mclBnG2_isValid(to) !== 1) throw notOnCurve()
    return true
  }

  #readSubgroup1(to: Pointer, input: Uint8Array, offset: number): boolean {
    if (!this.#readG1(to, input, offset)) return false
    if (this.#mcl.call._mclBnG1_isValidOrder(to) !== 1) throw notOnCurve()
    return true
  }

  #readSubgroup2(to: Pointer, input: Uint8Array, offset: number): boolean {
    if (!this.#readG2(to, input, offset)) return false
    if (this.#mcl.call._mclBnG2_isValidOrder(to) !== 1) throw notOnCurve()
    return true
  }

  #writeG1(from: Pointer): Uint8Array {
    const output = new Uint8Array(POINT1_BYTES)
    this.#mcl.writeG1(from, output, NUMBER_AT, NUMBER_AT + ELEMENT_BYTES)
    return output
  }

  #writeG2(from: Pointer): Uint8Array {
    const output = new Uint8Array(POINT2_BYTES)
    const at = NUMBER_AT
    this.#mcl.writeG2(from, output, at, at + ELEMENT_BYTES, at + 2 * ELEMENT_BYTES, at + 3 * ELEMENT_BYTES)
    return output
  }
}

function notInField(): EVMError {
  return new EVMError(EVMError.errorMessages.BLS_12_381_FP_NOT_IN_FIELD)
}

// EthereumJS has one error for both, off the curve and outside the subgroup.
function notOnCurve(): EVMError {
  return new EVMError(EVMError.errorMessages.BLS_12_381_POINT_NOT_ON_CURVE)
}
