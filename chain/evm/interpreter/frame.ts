import { keccak256 } from '#lib/hash'
import { isEmptyAccount } from '../state/account.ts'
import { type ByteKey, keyOf } from '../state/byte-keys.ts'
import type { StateSlot } from '../state/journal-state.ts'
import { arithmetic } from './arithmetic.ts'
import { callFrom, createFrom, destroy } from './calls.ts'
import { STACK_GROWTH, STACK_NEEDS, UNDEFINED } from './costs.ts'
import { BYTES_MAX } from './memory.ts'
import { addressCost, codeAt, type Ending, entryOf, type Frame, now, type Run } from './run.ts'
import { bytesToWord, readWord, wordToAddress, wordToBytes, wordToMinimal, wordToScratch, writeWord } from './words.ts'

const EMPTY = new Uint8Array(0)

/** A word as an offset or length; anything above 4 GiB costs more than any gas. */
function size(word: bigint): number {
  return word < 0x1_0000_0000n ? Number(word) : BYTES_MAX
}

/**
 * Runs the frame's code to its end (Yellow Paper 9.4). Synchronous, on bigints. `frame.gas` and `frame.output` hold what
 * is left and given back.
 */
export function runFrame(run: Run, frame: Frame): Ending {
  const { code, memory } = frame
  const {
    bytes,
    targets,
    pushes,
    words,
    bytes: { length: codeLength },
  } = code
  const { costs, state, sub } = run
  const stack = stackFor(run, frame.depth)
  let returned: Uint8Array = EMPTY
  let gas = frame.gas
  let sp = 0
  let pc = 0

  for (;;) {
    const op = pc < codeLength ? (bytes[pc] as number) : 0
    const cost = costs[op] as number
    if (cost === UNDEFINED) return 'invalid opcode'
    if (sp < (STACK_NEEDS[op] as number)) return 'stack underflow'
    if (sp + (STACK_GROWTH[op] as number) > 1_024) return 'stack limit reached 1024 (1023)'
    gas -= cost
    if (gas < 0) return 'out of gas'

    if (op >= 0x60 && op <= 0x7f) {
      stack[sp++] = words[pushes[pc] as number] as bigint
      pc += op - 0x5e
      continue
    }
    if (op >= 0x80 && op <= 0x8f) {
      stack[sp] = stack[sp - (op - 0x7f)] as bigint
      sp += 1
      pc += 1
      continue
    }
    if (op >= 0x90 && op <= 0x9f) {
      const other = sp - (op - 0x8e)
      const top = stack[sp - 1] as bigint
      stack[sp - 1] = stack[other] as bigint
      stack[other] = top
      pc += 1
      continue
    }

    switch (op) {
      case 0x01:
        sp -= 1
        stack[sp - 1] = BigInt.asUintN(256, (stack[sp] as bigint) + (stack[sp - 1] as bigint))
        break
      case 0x03:
        sp -= 1
        stack[sp - 1] = BigInt.asUintN(256, (stack[sp] as bigint) - (stack[sp - 1] as bigint))
        break
      case 0x10:
        sp -= 1
        stack[sp - 1] = (stack[sp] as bigint) < (stack[sp - 1] as bigint) ? 1n : 0n
        break
      case 0x11:
        sp -= 1
        stack[sp - 1] = (stack[sp] as bigint) > (stack[sp - 1] as bigint) ? 1n : 0n
        break
      case 0x14:
        sp -= 1
        stack[sp - 1] = stack[sp] === stack[sp - 1] ? 1n : 0n
        break
      case 0x15:
        stack[sp - 1] = stack[sp - 1] === 0n ? 1n : 0n
        break
      case 0x16:
        sp -= 1
        stack[sp - 1] = (stack[sp] as bigint) & (stack[sp - 1] as bigint)
        break
      case 0x17:
        sp -= 1
        stack[sp - 1] = (stack[sp] as bigint) | (stack[sp - 1] as bigint)
        break
      case 0x00:
        frame.gas = gas
        frame.output = EMPTY
        return 'success'
      // A word above 2^53 may be rounded, but never to a position in code.
      case 0x56: {
        const to = Number(stack[--sp])
        if (targets[to] !== 1) return 'invalid jump destination'
        pc = to
        continue
      }
      case 0x57: {
        sp -= 2
        if (stack[sp] === 0n) break
        const to = Number(stack[sp + 1])
        if (targets[to] !== 1) return 'invalid jump destination'
        pc = to
        continue
      }
      case 0x5b:
        break
      case 0x50:
        sp -= 1
        break
      case 0x5f:
        stack[sp++] = 0n
        break
      case 0x51: {
        const offset = size(stack[sp - 1] as bigint)
        gas -= memory.costAt(offset, 32)
        if (gas < 0) return 'out of gas'
        memory.growAt(offset, 32)
        stack[sp - 1] = readWord(memory.view, offset)
        break
      }
      case 0x52: {
        sp -= 2
        const offset = size(stack[sp + 1] as bigint)
        gas -= memory.costAt(offset, 32)
        if (gas < 0) return 'out of gas'
        memory.growAt(offset, 32)
        writeWord(memory.view, offset, stack[sp] as bigint)
        break
      }
      case 0x53: {
        sp -= 2
        const offset = size(stack[sp + 1] as bigint)
        gas -= memory.costAt(offset, 1)
        if (gas < 0) return 'out of gas'
        memory.growAt(offset, 1)
        memory.bytes[offset] = Number((stack[sp] as bigint) & 0xffn)
        break
      }
      case 0x54: {
        const key = keyOf(wordToScratch(stack[sp - 1] as bigint))
        gas -= sub.warmSlot(frame.warmSlots, key) ? 100 : 2_100
        if (gas < 0) return 'out of gas'
        const slot = now(state.slot(frame.entry, key))
        slot.word ??= bytesToWord(slot.value)
        stack[sp - 1] = slot.word
        break
      }
      case 0x55: {
        sp -= 2
        if (frame.isStatic) return 'write protection'
        // EIP-2200: a call with no more than the stipend must not write.
        if (gas <= 2_300) return 'out of gas'
        const key = keyOf(wordToScratch(stack[sp + 1] as bigint))
        const value = stack[sp] as bigint
        const slot = now(state.slot(frame.entry, key))
        gas -= storeCost(run, frame, slot, key, value)
        if (gas < 0) return 'out of gas'
        if (slot.word !== value) {
          state.setSlot(slot, wordToMinimal(value))
          slot.word = value
        }
        break
      }
      case 0x5c:
        stack[sp - 1] = sub.transient(frame.selfKey, keyOf(wordToScratch(stack[sp - 1] as bigint)))
        break
      case 0x5d:
        sp -= 2
        if (frame.isStatic) return 'write protection'
        sub.setTransient(frame.selfKey, keyOf(wordToScratch(stack[sp + 1] as bigint)), stack[sp] as bigint)
        break
      case 0x5e: {
        sp -= 3
        const to = size(stack[sp + 2] as bigint)
        const from = size(stack[sp + 1] as bigint)
        const length = size(stack[sp] as bigint)
        gas -= 3 * Math.ceil(length / 32) + memory.costAt(Math.max(to, from), length)
        if (gas < 0) return 'out of gas'
        memory.growAt(Math.max(to, from), length)
        if (length > 0) memory.bytes.copyWithin(to, from, from + length)
        break
      }
      case 0x20: {
        sp -= 1
        const offset = size(stack[sp] as bigint)
        const length = size(stack[sp - 1] as bigint)
        gas -= 6 * Math.ceil(length / 32) + memory.costAt(offset, length)
        if (gas < 0) return 'out of gas'
        memory.growAt(offset, length)
        stack[sp - 1] = bytesToWord(keccak256(memory.bytes.subarray(offset, offset + length)))
        break
      }
      case 0x30:
        stack[sp++] = frame.selfWord
        break
      case 0x31: {
        const address = wordToAddress(stack[sp - 1] as bigint)
        const key = keyOf(address)
        gas -= addressCost(run, key)
        if (gas < 0) return 'out of gas'
        stack[sp - 1] = entryOf(run, key, address).account?.balance ?? 0n
        break
      }
      case 0x32:
        stack[sp++] = run.origin
        break
      case 0x33:
        stack[sp++] = frame.caller
        break
      case 0x34:
        stack[sp++] = frame.value
        break
      case 0x35: {
        const offset = size(stack[sp - 1] as bigint)
        stack[sp - 1] = wordAt(frame.data, offset)
        break
      }
      case 0x36:
        stack[sp++] = BigInt(frame.data.length)
        break
      case 0x37:
      case 0x39: {
        sp -= 3
        const to = size(stack[sp + 2] as bigint)
        const length = size(stack[sp] as bigint)
        gas -= 3 * Math.ceil(length / 32) + memory.costAt(to, length)
        if (gas < 0) return 'out of gas'
        memory.growAt(to, length)
        memory.write(to, op === 0x37 ? frame.data : bytes, size(stack[sp + 1] as bigint), length)
        break
      }
      case 0x38:
        stack[sp++] = BigInt(bytes.length)
        break
      case 0x3a:
        stack[sp++] = run.gasPrice
        break
      case 0x3b: {
        const address = wordToAddress(stack[sp - 1] as bigint)
        const key = keyOf(address)
        gas -= addressCost(run, key)
        if (gas < 0) return 'out of gas'
        stack[sp - 1] = BigInt(codeAt(run, entryOf(run, key, address).account)?.bytes.length ?? 0)
        break
      }
      case 0x3c: {
        sp -= 4
        const address = wordToAddress(stack[sp + 3] as bigint)
        const to = size(stack[sp + 2] as bigint)
        const length = size(stack[sp] as bigint)
        const key = keyOf(address)
        gas -= addressCost(run, key) + 3 * Math.ceil(length / 32) + memory.costAt(to, length)
        if (gas < 0) return 'out of gas'
        memory.growAt(to, length)
        memory.write(
          to,
          codeAt(run, entryOf(run, key, address).account)?.bytes ?? EMPTY,
          size(stack[sp + 1] as bigint),
          length,
        )
        break
      }
      case 0x3d:
        stack[sp++] = BigInt(returned.length)
        break
      case 0x3e: {
        sp -= 3
        const to = size(stack[sp + 2] as bigint)
        const from = size(stack[sp + 1] as bigint)
        const length = size(stack[sp] as bigint)
        if (from + length > returned.length) return 'return data out of bounds'
        gas -= 3 * Math.ceil(length / 32) + memory.costAt(to, length)
        if (gas < 0) return 'out of gas'
        memory.growAt(to, length)
        memory.write(to, returned, from, length)
        break
      }
      case 0x3f: {
        const address = wordToAddress(stack[sp - 1] as bigint)
        const key = keyOf(address)
        gas -= addressCost(run, key)
        if (gas < 0) return 'out of gas'
        const { account } = entryOf(run, key, address)
        stack[sp - 1] = account === undefined || isEmptyAccount(account) ? 0n : bytesToWord(account.codeHash)
        break
      }
      case 0x40: {
        const distance = run.number - (stack[sp - 1] as bigint)
        stack[sp - 1] = distance > 0n && distance <= 256n ? bytesToWord(run.blockHash(Number(stack[sp - 1]))) : 0n
        break
      }
      case 0x41:
        stack[sp++] = run.coinbase
        break
      case 0x42:
        stack[sp++] = run.timestamp
        break
      case 0x43:
        stack[sp++] = run.number
        break
      case 0x44:
        stack[sp++] = run.prevRandao
        break
      case 0x45:
        stack[sp++] = run.gasLimit
        break
      case 0x46:
        stack[sp++] = run.chainId
        break
      case 0x47:
        stack[sp++] = frame.entry.account?.balance ?? 0n
        break
      case 0x48:
        stack[sp++] = run.baseFee
        break
      case 0x49: {
        const index = stack[sp - 1] as bigint
        stack[sp - 1] = index < BigInt(run.blobHashes.length) ? (run.blobHashes[Number(index)] as bigint) : 0n
        break
      }
      case 0x4a:
        stack[sp++] = run.blobBaseFee
        break
      case 0x58:
        stack[sp++] = BigInt(pc)
        break
      case 0x59:
        stack[sp++] = BigInt(memory.size)
        break
      case 0x5a:
        stack[sp++] = BigInt(gas)
        break
      case 0xa0:
      case 0xa1:
      case 0xa2:
      case 0xa3:
      case 0xa4: {
        const count = op - 0xa0
        if (frame.isStatic) return 'write protection'
        const offset = size(stack[--sp] as bigint)
        const length = size(stack[--sp] as bigint)
        gas -= 8 * length + memory.costAt(offset, length)
        if (gas < 0) return 'out of gas'
        memory.growAt(offset, length)
        const topics: Uint8Array[] = []
        for (let i = 0; i < count; i++) topics.push(wordToBytes(stack[--sp] as bigint))
        sub.logs.push({ address: frame.self, topics, data: memory.read(offset, length) })
        break
      }
      case 0xf0:
      case 0xf5: {
        if (frame.isStatic) return 'write protection'
        frame.gas = gas
        const items = op === 0xf0 ? 3 : 4
        const [value, offset, length, salt] = [stack[sp - 1], stack[sp - 2], stack[sp - 3], stack[sp - 4]]
        sp -= items
        const result = createFrom(
          run,
          frame,
          value as bigint,
          size(offset as bigint),
          size(length as bigint),
          op === 0xf5 ? (salt as bigint) : undefined,
        )
        if (result === undefined) return 'out of gas'
        gas = frame.gas
        returned = result.returned
        stack[sp++] = result.word
        break
      }
      case 0xf1:
      case 0xf2:
      case 0xf4:
      case 0xfa: {
        frame.gas = gas
        const hasValue = op === 0xf1 || op === 0xf2
        const value = hasValue ? (stack[sp - 3] as bigint) : 0n
        if (op === 0xf1 && frame.isStatic && value !== 0n) return 'write protection'
        const at = sp - (hasValue ? 4 : 3)
        const result = callFrom(
          run,
          frame,
          op,
          stack[sp - 1] as bigint,
          wordToAddress(stack[sp - 2] as bigint),
          value,
          {
            inOffset: size(stack[at] as bigint),
            inLength: size(stack[at - 1] as bigint),
            outOffset: size(stack[at - 2] as bigint),
            outLength: size(stack[at - 3] as bigint),
          },
        )
        if (result === undefined) return 'out of gas'
        sp = at - 3
        gas = frame.gas
        returned = result.returned
        stack[sp++] = result.word
        break
      }
      case 0xf3:
      case 0xfd: {
        sp -= 2
        const offset = size(stack[sp + 1] as bigint)
        const length = size(stack[sp] as bigint)
        gas -= memory.costAt(offset, length)
        if (gas < 0) return 'out of gas'
        memory.growAt(offset, length)
        frame.gas = gas
        frame.output = length === 0 ? EMPTY : memory.read(offset, length)
        return op === 0xf3 ? 'success' : 'revert'
      }
      case 0xff: {
        if (frame.isStatic) return 'write protection'
        frame.gas = gas
        if (!destroy(run, frame, wordToAddress(stack[sp - 1] as bigint))) return 'out of gas'
        frame.output = EMPTY
        return 'success'
      }
      default: {
        const exponentBytes = op === 0x0a ? byteLength(stack[sp - 2] as bigint) : 0
        gas -= 50 * exponentBytes
        if (gas < 0) return 'out of gas'
        sp = arithmetic(op, stack, sp)
      }
    }
    pc += 1
  }
}

/** EIP-2200 with EIP-2929 and EIP-3529: what writing `value` costs; moves the refund. */
function storeCost(run: Run, frame: Frame, slot: StateSlot, key: ByteKey, value: bigint): number {
  const { sub, state } = run
  const cold = sub.warmSlot(frame.warmSlots, key) ? 0 : 2_100
  slot.word ??= bytesToWord(slot.value)
  const current = slot.word
  if (current === value) return cold + 100
  const original = bytesToWord(state.originalOf(slot))
  if (original === current) {
    if (original === 0n) return cold + 20_000
    if (value === 0n) sub.refund += 4_800
    return cold + 2_900
  }
  if (original !== 0n) {
    if (current === 0n) sub.refund -= 4_800
    else if (value === 0n) sub.refund += 4_800
  }
  if (original === value) sub.refund += original === 0n ? 19_900 : 2_800
  return cold + 100
}

function wordAt(data: Uint8Array, offset: number): bigint {
  if (offset >= data.length) return 0n
  const part = data.subarray(offset, offset + 32)
  return part.length === 32 ? bytesToWord(part) : bytesToWord(part) << BigInt(8 * (32 - part.length))
}

function byteLength(word: bigint): number {
  return word === 0n ? 0 : (word.toString(16).length + 1) >> 1
}

function stackFor(run: Run, depth: number): bigint[] {
  const known = run.stacks[depth]
  if (known !== undefined) return known
  const stack = new Array<bigint>(1_024).fill(0n)
  run.stacks[depth] = stack
  return stack
}
