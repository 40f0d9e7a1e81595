import type { EVM, EVMOpts } from '@ethereumjs/evm'
import { CodedError } from '#lib/errors'

/** Jumps between two looks at the clock: some 0.1 ms of interpreting. */
const CHECK_EVERY = 1_024
/** A call hands the event loop over after this time, so that blocks, peers and other calls go on. */
const SLICE_MS = 10

/**
 * Ends calls that take too long. Every loop of EVM code passes a JUMPDEST, and every recursion a message, so these are
 * where the guard looks at the clock. Throws CodedError `execution aborted` out of the interpreter.
 */
export class CallGuard {
  #ticks = 0
  #deadline = 0
  #sliceEnd = 0
  #timeoutMs = 0
  #signal: AbortSignal | undefined

  start(timeoutMs: number, signal: AbortSignal | undefined): void {
    const now = performance.now()
    this.#ticks = 0
    this.#timeoutMs = timeoutMs
    this.#deadline = now + timeoutMs
    this.#sliceEnd = now + SLICE_MS
    this.#signal = signal
    this.#check(now)
  }

  /** A JUMPDEST of the usual price that ticks. */
  readonly opcodes: NonNullable<EVMOpts['customOpcodes']> = [
    { opcode: 0x5b, opcodeName: 'JUMPDEST', baseFee: 1, logicFunction: () => this.tick() },
  ]

  /** Makes every precompile look at the clock before it runs: some take milliseconds for little gas. */
  guardPrecompiles({ precompiles }: EVM): void {
    for (const [address, run] of precompiles) {
      // Who calls them tells by this whether an answer comes at once.
      const isAsync = run.constructor.name === 'AsyncFunction'
      precompiles.set(
        address,
        isAsync
          ? async input => {
              this.#check(performance.now())
              return run(input)
            }
          : input => {
              this.#check(performance.now())
              return run(input)
            },
      )
    }
  }

  tick(): void | Promise<void> {
    this.#ticks += 1
    if (this.#ticks % CHECK_EVERY === 0) return this.pause()
  }

  /** Looks at the clock now. */
  pause(): void | Promise<void> {
    const now = performance.now()
    this.#check(now)
    if (now >= this.#sliceEnd) return this.#yield()
  }

  async #yield(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    const now = performance.now()
    this.#sliceEnd = now + SLICE_MS
    this.#check(now)
  }

  #check(now: number): void {
    if (this.#signal?.aborted === true) throw new CodedError('execution aborted', 'execution aborted: cancelled')
    if (now > this.#deadline) {
      throw new CodedError('execution aborted', `execution aborted (timeout = ${this.#timeoutMs / 1_000}s)`, {
        data: { timeoutMs: this.#timeoutMs },
      })
    }
  }
}
