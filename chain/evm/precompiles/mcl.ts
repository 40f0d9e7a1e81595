/**
 * mcl (github.com/herumi/mcl), pairings and elliptic curves in WebAssembly, on bytes in its memory.
 *
 * The public interface of `mcl-wasm` is one global instance with one curve that takes numbers as text. The factory
 * behind it makes as many instances as one likes, and the C functions take addresses: no text, no copies of points.
 */
import { assert } from '#lib/assert'

/** Address in an instance's memory. */
export type Pointer = number

type Unary = (result: Pointer, value: Pointer) => number
type Binary = (result: Pointer, left: Pointer, right: Pointer) => number
type Test = (value: Pointer) => number
type Vector = (result: Pointer, left: Pointer, right: Pointer, count: number) => void
type Input = (result: Pointer, bytes: Pointer, length: number) => number

/** The C functions that we call, by their names. Tests answer 1 or 0; inputs the bytes read, or 0 when malformed. */
interface Functions {
  readonly wasmMemory: { readonly buffer: ArrayBuffer }
  readonly _malloc: (bytes: number) => Pointer
  readonly _mclBn_init: (curve: number, compiledFor: number) => number
  readonly _mclBn_getFpByteSize: () => number
  readonly _mclBn_verifyOrderG1: (on: number) => void
  readonly _mclBn_verifyOrderG2: (on: number) => void
  readonly _mclBn_setMapToMode: (mode: number) => number
  readonly _mclBn_setETHserialization: (on: number) => void
  readonly _mclBnFp_deserialize: Input
  readonly _mclBnFp_serialize: (bytes: Pointer, max: number, value: Pointer) => number
  readonly _mclBnFr_deserialize: Input
  readonly _mclBnFr_setBigEndianMod: Input
  readonly _mclBnFr_isZero: Test
  readonly _mclBnFr_isEqual: (left: Pointer, right: Pointer) => number
  readonly _mclBnFr_neg: Unary
  readonly _mclBnFr_inv: Unary
  readonly _mclBnFr_mul: Binary
  readonly _mclBnG1_deserialize: Input
  readonly _mclBnG1_getBasePoint: (result: Pointer) => void
  readonly _mclBnG1_isValid: Test
  readonly _mclBnG1_isValidOrder: Test
  readonly _mclBnG1_isZero: Test
  readonly _mclBnG1_clear: (value: Pointer) => void
  readonly _mclBnG1_normalize: Unary
  readonly _mclBnG1_add: Binary
  readonly _mclBnG1_mul: Binary
  readonly _mclBnG1_mulVec: Vector
  readonly _mclBnG2_deserialize: Input
  readonly _mclBnG2_isValid: Test
  readonly _mclBnG2_isValidOrder: Test
  readonly _mclBnG2_isZero: Test
  readonly _mclBnG2_clear: (value: Pointer) => void
  readonly _mclBnG2_normalize: Unary
  readonly _mclBnG2_add: Binary
  readonly _mclBnG2_mul: Binary
  readonly _mclBnG2_mulVec: Vector
  readonly _mclBnGT_mul: Binary
  readonly _mclBnGT_isOne: Test
  readonly _mclBn_millerLoopVec: Vector
  readonly _mclBn_finalExp: Unary
  readonly _mclBn_getUint64NumToPrecompute: () => number
  readonly _mclBn_precomputeG2: (lines: Pointer, point: Pointer) => void
  readonly _mclBn_precomputedMillerLoop2: (
    result: Pointer,
    point1: Pointer,
    lines1: Pointer,
    point2: Pointer,
    lines2: Pointer,
  ) => void
  readonly _mclBnFp_mapToG1: Unary
  readonly _mclBnFp2_mapToG2: Unary
}

/** mcl's numbers of curves (`CurveType` of mcl-wasm). */
const CURVES = { bn254: 4, 'bls12-381': 5, p256: 107 } as const
export type CurveName = keyof typeof CURVES

/** What mcl-wasm was compiled for: units of a scalar (4) · 10 + units of a field element (6); init refuses another. */
const COMPILED_FOR = 46
/** RFC 9380's maps, those of EIP-2537. */
const MAP_TO_RFC_9380 = 5
/** Room of a field element and of a scalar, whatever the curve. */
export const FP_BYTES = 48
export const FR_BYTES = 32
export const G1_BYTES = 3 * FP_BYTES
export const G2_BYTES = 6 * FP_BYTES
export const GT_BYTES = 12 * FP_BYTES

/**
 * An instance for one curve. Points are X, Y, Z one after another; those of G2 have two field elements for each.
 * Memory is taken once by whoever builds on it and never given back; no function here keeps any.
 */
export class Mcl {
  readonly call: Functions
  /** Bytes of a coordinate outside: 32 or 48, big-endian. */
  readonly coordinateBytes: number
  readonly #buffer: Pointer
  readonly #one: Pointer
  #bytes: Uint8Array

  /** Compiles and sets up an instance: 40 to 120 ms, so once for each thread. */
  static async load(curve: CurveName): Promise<Mcl> {
    // Half a megabyte that threads without curves need not read: imported here, not above.
    const { default: createModule } = await import('mcl-wasm/dist/mcl_c.js')
    const functions = (await createModule({ cryptoGetRandomValues: neverCalled })) as Functions
    assert(functions._mclBn_init(CURVES[curve], COMPILED_FOR) === 0, 'mcl knows its curves')
    // Whoever reads a point says whether it has to be in the subgroup.
    functions._mclBn_verifyOrderG1(0)
    functions._mclBn_verifyOrderG2(0)
    if (curve === 'bls12-381') functions._mclBn_setMapToMode(MAP_TO_RFC_9380)
    return new Mcl(functions)
  }

  private constructor(functions: Functions) {
    this.call = functions
    this.coordinateBytes = functions._mclBn_getFpByteSize()
    this.#bytes = new Uint8Array(functions.wasmMemory.buffer)
    this.#buffer = this.allocate(2 * FP_BYTES)
    this.#one = this.allocate(FP_BYTES)
    this.bytes[this.#buffer] = 1
    functions._mclBnFp_deserialize(this.#one, this.#buffer, this.coordinateBytes)
  }

  /** Bytes of memory that the instance has. It has no reason to grow; a test holds it to that. */
  get memoryBytes(): number {
    return this.bytes.length
  }

  /** Zeroed room for the life of the instance. */
  allocate(bytes: number): Pointer {
    const pointer = this.call._malloc(bytes)
    assert(pointer !== 0, 'fixed room fits into the memory')
    this.bytes.fill(0, pointer, pointer + bytes)
    return pointer
  }

  copy(to: Pointer, from: Pointer, bytes: number): void {
    this.bytes.copyWithin(to, from, from + bytes)
  }

  /** Reads a coordinate. False when it is not below the field's modulus. */
  readFp(to: Pointer, source: Uint8Array, offset: number): boolean {
    this.#putReversed(source, offset, this.coordinateBytes)
    return this.call._mclBnFp_deserialize(to, this.#buffer, this.coordinateBytes) !== 0
  }

  /** Writes a coordinate. */
  writeFp(from: Pointer, target: Uint8Array, offset: number): void {
    this.call._mclBnFp_serialize(this.#buffer, this.coordinateBytes, from)
    const { bytes } = this
    let at = this.#buffer + this.coordinateBytes
    for (let index = offset; index < offset + this.coordinateBytes; index++) target[index] = bytes[--at] as number
  }

  /** Reads any 32 bytes as a scalar modulo the order of the group. */
  readScalar(to: Pointer, source: Uint8Array, offset: number): void {
    this.bytes.set(source.subarray(offset, offset + FR_BYTES), this.#buffer)
    this.call._mclBnFr_setBigEndianMod(to, this.#buffer, FR_BYTES)
  }

  /** Reads 32 bytes as a scalar. False when it is not below the order of the group. */
  readCanonicalScalar(to: Pointer, source: Uint8Array, offset: number): boolean {
    this.#putReversed(source, offset, FR_BYTES)
    return this.call._mclBnFr_deserialize(to, this.#buffer, FR_BYTES) !== 0
  }

  /** Reads a point of G1 from the offsets of its coordinates, nothing but whose range is checked. */
  readG1(to: Pointer, source: Uint8Array, x: number, y: number): boolean {
    this.copy(to + 2 * FP_BYTES, this.#one, FP_BYTES)
    return this.readFp(to, source, x) && this.readFp(to + FP_BYTES, source, y)
  }

  /** The same for G2, whose coordinates are a + b·u. */
  readG2(to: Pointer, source: Uint8Array, xa: number, xb: number, ya: number, yb: number): boolean {
    this.copy(to + 4 * FP_BYTES, this.#one, FP_BYTES)
    this.bytes.fill(0, to + 5 * FP_BYTES, to + 6 * FP_BYTES)
    return (
      this.readFp(to, source, xa) &&
      this.readFp(to + FP_BYTES, source, xb) &&
      this.readFp(to + 2 * FP_BYTES, source, ya) &&
      this.readFp(to + 3 * FP_BYTES, source, yb)
    )
  }

  /** Writes a point of G1 into zeroed room; infinity are zeros. */
  writeG1(from: Pointer, target: Uint8Array, x: number, y: number): void {
    if (this.call._mclBnG1_isZero(from) === 1) return
    this.call._mclBnG1_normalize(from, from)
    this.writeFp(from, target, x)
    this.writeFp(from + FP_BYTES, target, y)
  }

  /** The same for G2. */
  writeG2(from: Pointer, target: Uint8Array, xa: number, xb: number, ya: number, yb: number): void {
    if (this.call._mclBnG2_isZero(from) === 1) return
    this.call._mclBnG2_normalize(from, from)
    this.writeFp(from, target, xa)
    this.writeFp(from + FP_BYTES, target, xb)
    this.writeFp(from + 2 * FP_BYTES, target, ya)
    this.writeFp(from + 3 * FP_BYTES, target, yb)
  }

  /** Reads a compressed point of G1 of BLS12-381 (48 bytes). False when malformed or not on the curve. */
  readCompressedG1(to: Pointer, source: Uint8Array): boolean {
    return this.#readCompressed(this.call._mclBnG1_deserialize, to, source)
  }

  /** The same for G2 (96 bytes). */
  readCompressedG2(to: Pointer, source: Uint8Array): boolean {
    return this.#readCompressed(this.call._mclBnG2_deserialize, to, source)
  }

  #readCompressed(deserialize: Input, to: Pointer, source: Uint8Array): boolean {
    this.bytes.set(source, this.#buffer)
    // The mode turns the byte order of field elements around as well, so it is on for this only.
    this.call._mclBn_setETHserialization(1)
    const read = deserialize(to, this.#buffer, source.length)
    this.call._mclBn_setETHserialization(0)
    return read === source.length
  }

  /** The memory. Looked up anew when it grew, which empties the old view. */
  private get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.call.wasmMemory.buffer)
    return this.#bytes
  }

  // mcl reads numbers from their low end.
  #putReversed(source: Uint8Array, offset: number, length: number): void {
    const { bytes } = this
    let from = offset + length
    const at = this.#buffer
    for (let index = at; index < at + length; index++) bytes[index] = source[--from] as number
  }
}

function neverCalled(): never {
  assert(false, 'checking points and pairings takes no random numbers')
}
