import { bigintToBytes, fromHex } from '#lib/bytes'
import type { Log } from '#types'
import type { Machine } from './machine.ts'
import type { SimulatedLog } from './simulate-types.ts'
import type { TraceStep } from './trace-types.ts'
import { watchMachine } from './trace-watch.ts'

/** ERC-7528's address for the chain's own coin. */
const COIN = fromHex('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee')
const TRANSFER = fromHex('ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef')

function word(address: Uint8Array): Uint8Array {
  const topic = new Uint8Array(32)
  topic.set(address, 12)
  return topic
}

/**
 * Collects an execution's logs, with a log for every transfer of coins, without what reverted frames did. Positions count
 * from `first`.
 */
export function watchTransfers(
  machine: Machine,
  first: number,
  signal: AbortSignal | undefined,
): { stop(): void; logs(): readonly SimulatedLog[]; next(): number } {
  const frames: SimulatedLog[][] = [[]]
  let index = first
  const watch = watchMachine(
    machine,
    {
      step(step) {
        const log = logOf(step)
        if (log !== undefined) frames.at(-1)?.push({ log, index: index++ })
      },
      enter({ type, from, to, value }) {
        const own: SimulatedLog[] = []
        frames.push(own)
        if (type === 'DELEGATECALL' || type === 'STATICCALL' || value === 0n || to === undefined) return
        const log = { address: COIN, topics: [TRANSFER, word(from), word(to)], data: bigintToBytes(value, 32) }
        own.push({ log, index: index++ })
      },
      exit({ error }) {
        const own = frames.pop() ?? []
        if (error === undefined) frames.at(-1)?.push(...own)
      },
    },
    { deadline: Number.POSITIVE_INFINITY, timeoutMs: 0, signal },
  )
  return { stop: () => watch.stop(), logs: () => frames[0] ?? [], next: () => index }
}

function logOf({ opcode, stack, memory, address }: TraceStep): Log | undefined {
  if (opcode < 0xa0 || opcode > 0xa4) return undefined
  const offset = Number(stack.at(-1) ?? 0n)
  const length = Number(stack.at(-2) ?? 0n)
  // Longer data than memory can hold costs more gas than there is: the frame fails anyway.
  if (length > 1 << 20) return undefined
  const data = new Uint8Array(length)
  data.set(memory.subarray(offset, offset + length))
  const topics = Array.from({ length: opcode - 0xa0 }, (_, index) => bigintToBytes(stack.at(-3 - index) ?? 0n, 32))
  return { address: address.slice(), topics, data }
}
