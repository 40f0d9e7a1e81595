import { type Hex, toHex } from '#lib/bytes'
import { keepEnd, type Tracer, TraceTooLarge } from './tracer.ts'

export interface StructOptions {
  readonly enableMemory: boolean
  readonly disableStack: boolean
  readonly disableStorage: boolean
  readonly enableReturnData: boolean
  /** Steps in the answer; 0 is no limit of the client's own. */
  readonly limit: number
}

/** Bytes of JSON text that one answer may take, roughly. */
const BYTES_MAX = 24_000_000
const SLOAD = 0x54
const SSTORE = 0x55

/** The opcode logger of debug_trace* when no tracer is named (execution-apis, OpcodeTransactionTrace). */
export function structTracer(options: StructOptions): Tracer {
  const logs: Record<string, unknown>[] = []
  const storage = new Map<string, Record<Hex, Hex>>()
  let bytes = 0
  let returnData: Hex = '0x'
  let open: Record<string, unknown> | undefined

  const kept = keepEnd({
    async step(step, state) {
      open = undefined
      if (options.limit > 0 && logs.length >= options.limit) return
      const { stack } = step
      const entry: Record<string, unknown> = {
        pc: step.pc,
        op: step.name,
        gas: Number(step.gas),
        gasCost: Number(step.cost),
        depth: step.depth,
      }
      bytes += 80
      if (!options.disableStack) {
        entry.stack = stack.map(word => `0x${word.toString(16)}`)
        bytes += stack.length * 30
      }
      if (options.enableMemory && step.memory.length > 0) {
        entry.memory = wordsOf(step.memory)
        bytes += step.memory.length * 2
      }
      if (options.enableReturnData && returnData !== '0x') {
        entry.returnData = returnData
        bytes += returnData.length
      }
      if (step.refund > 0n) entry.refund = Number(step.refund)
      const key = stack.at(-1)
      if (!options.disableStorage && key !== undefined && (step.opcode === SLOAD || step.opcode === SSTORE)) {
        const account = toHex(step.address)
        const known = { ...storage.get(account) }
        const slot = wordHex(key)
        const written = stack.at(-2)
        if (step.opcode === SSTORE && written !== undefined) known[slot] = wordHex(written)
        else if (step.opcode === SLOAD) known[slot] = toHex(await state.storage(step.address, wordBytes(key)))
        storage.set(account, known)
        entry.storage = known
        bytes += Object.keys(known).length * 140
      }
      if (bytes > BYTES_MAX) throw new TraceTooLarge('trace exceeds the size that this node sends')
      logs.push(entry)
      open = entry
    },
    exit(end) {
      returnData = toHex(end.output)
      // The instruction that was running when its frame halted is the one that failed.
      if (end.error !== undefined && end.error !== 'execution reverted' && open !== undefined) open.error = end.error
      open = undefined
    },
  })

  return {
    observer: kept.observer,
    result() {
      const end = kept.end()
      return {
        gas: Number(end?.gasUsed ?? 0n),
        failed: end?.isFailed ?? true,
        returnValue: toHex(end?.output ?? new Uint8Array(0)),
        structLogs: logs,
      }
    },
  }
}

function wordHex(word: bigint): Hex {
  return `0x${word.toString(16).padStart(64, '0')}`
}

function wordBytes(word: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(word.toString(16).padStart(64, '0'), 'hex'))
}

function wordsOf(memory: Uint8Array): Hex[] {
  const words: Hex[] = []
  for (let at = 0; at < memory.length; at += 32) words.push(toHex(memory.subarray(at, at + 32)))
  return words
}
