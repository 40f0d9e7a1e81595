import { G1_BYTES, G2_BYTES, GT_BYTES, type Mcl, type Pointer } from './mcl.ts'

/** Pairs of one Miller loop. More share no more work: mcl itself takes sixteen at a time. */
const PAIRS_PER_LOOP = 16

/** Is a product of pairings one? Takes pair by pair in fixed room, so their number has no bound. */
export class PairingProduct {
  readonly #mcl: Mcl
  readonly #g1: Pointer
  readonly #g2: Pointer
  readonly #loop: Pointer
  readonly #product: Pointer
  #count = 0
  #isEmpty = true

  constructor(mcl: Mcl) {
    this.#mcl = mcl
    this.#g1 = mcl.allocate(PAIRS_PER_LOOP * G1_BYTES)
    this.#g2 = mcl.allocate(PAIRS_PER_LOOP * G2_BYTES)
    this.#loop = mcl.allocate(GT_BYTES)
    this.#product = mcl.allocate(GT_BYTES)
  }

  /** Begins a new product. */
  clear(): void {
    this.#count = 0
    this.#isEmpty = true
  }

  /** Where to put the points of the next pair; {@link add} takes them up. */
  get g1(): Pointer {
    return this.#g1 + this.#count * G1_BYTES
  }

  get g2(): Pointer {
    return this.#g2 + this.#count * G2_BYTES
  }

  /** Takes up the pair at {@link g1} and {@link g2}, neither of which is infinity. */
  add(): void {
    this.#count += 1
    if (this.#count === PAIRS_PER_LOOP) this.#multiply()
  }

  /** The product of no pairs is one. */
  isOne(): boolean {
    this.#multiply()
    if (this.#isEmpty) return true
    this.#mcl.call._mclBn_finalExp(this.#product, this.#product)
    return this.#mcl.call._mclBnGT_isOne(this.#product) === 1
  }

  #multiply(): void {
    if (this.#count === 0) return
    const { call } = this.#mcl
    const to = this.#isEmpty ? this.#product : this.#loop
    call._mclBn_millerLoopVec(to, this.#g1, this.#g2, this.#count)
    if (!this.#isEmpty) call._mclBnGT_mul(this.#product, this.#product, to)
    this.#isEmpty = false
    this.#count = 0
  }
}
