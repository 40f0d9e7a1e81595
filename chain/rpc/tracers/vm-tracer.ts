import type { TraceStep } from '#evm'
import { type Hex, toHex } from '#lib/bytes'
import { type Tracer, TraceTooLarge } from './tracer.ts'

/** Code of one frame and what its instructions did (OpenEthereum, `vmTrace`). */
interface VmTrace {
  code: Hex
  readonly ops: Operation[]
}

interface Operation {
  readonly cost: number
  /** Null when the instruction failed. */
  ex: Effect | null
  readonly pc: number
  sub: VmTrace | null
  readonly op: string
  /** Positions in the tree, from the outermost frame. */
  readonly idx: string
}

interface Effect {
  readonly mem: { readonly data: Hex; readonly off: number } | null
  readonly push: readonly Hex[]
  readonly store: { readonly key: Hex; readonly val: Hex } | null
  /** Gas that is left afterwards. */
  readonly used: number
}

/** An instruction of which the effect shows only with the next one of its frame. */
interface Running {
  readonly operation: Operation
  readonly step: Pick<TraceStep, 'opcode' | 'gas' | 'cost'>
  readonly area: { readonly offset: number; readonly length: number } | undefined
  readonly store: Effect['store']
}

interface Frame {
  readonly trace: VmTrace
  readonly prefix: string
  running: Running | undefined
}

const OPERATIONS_MAX = 100_000
const MEMORY_BYTES_MAX = 8_000_000
const SSTORE = 0x55
const CALLS: readonly number[] = [0xf1, 0xf2, 0xf4, 0xfa]

export function vmTracer(): Tracer {
  const frames: Frame[] = []
  let root: VmTrace | undefined
  let count = 0
  let memoryBytes = 0

  function effectOf(running: Running, gasLeft: bigint, stack: readonly bigint[], memory: Uint8Array): Effect {
    const { area, store, step } = running
    const pushes = pushedBy(step.opcode)
    const mem =
      area === undefined || area.length === 0
        ? null
        : { data: toHex(memory.slice(area.offset, area.offset + area.length)), off: area.offset }
    return {
      mem,
      push: pushes === 0 ? [] : stack.slice(-pushes).map(word => `0x${word.toString(16)}` as const),
      store,
      used: Number(gasLeft),
    }
  }

  return {
    observer: {
      async enter(frame, state) {
        if (frame.type === 'SELFDESTRUCT') {
          frames.push({ trace: { code: '0x', ops: [] }, prefix: '', running: undefined })
          return
        }
        const code = frame.to === undefined ? frame.input : await state.code(frame.to)
        const trace: VmTrace = { code: toHex(code), ops: [] }
        const parent = frames.at(-1)
        const running = parent?.running
        if (parent === undefined) root = trace
        else if (running !== undefined) running.operation.sub = trace
        frames.push({ trace, prefix: running === undefined ? '' : `${running.operation.idx}-`, running: undefined })
      },
      step(step) {
        const frame = frames.at(-1)
        if (frame === undefined) return
        count += 1
        const { running } = frame
        if (running !== undefined) {
          memoryBytes += running.area?.length ?? 0
          running.operation.ex = effectOf(running, step.gas, step.stack, step.memory)
        }
        if (count > OPERATIONS_MAX || memoryBytes > MEMORY_BYTES_MAX) {
          throw new TraceTooLarge('trace exceeds the size that this node sends')
        }
        const operation: Operation = {
          cost: Number(step.cost),
          ex: null,
          pc: step.pc,
          sub: null,
          op: step.name,
          idx: `${frame.prefix}${frame.trace.ops.length}`,
        }
        frame.trace.ops.push(operation)
        const [key, value] = [step.stack.at(-1), step.stack.at(-2)]
        const isStore = step.opcode === SSTORE && key !== undefined && value !== undefined
        frame.running = {
          operation,
          step: { opcode: step.opcode, gas: step.gas, cost: step.cost },
          area: writtenBy(step),
          store: isStore ? { key: `0x${key.toString(16)}`, val: `0x${value.toString(16)}` } : null,
        }
      },
      exit(end) {
        const frame = frames.pop()
        if (frame?.running === undefined) return
        // The last instruction of a frame shows no memory and no stack: nothing comes after it.
        const { running } = frame
        const isHalt = end.error !== undefined && end.error !== 'execution reverted'
        if (!isHalt) {
          running.operation.ex = {
            mem: null,
            push: [],
            store: running.store,
            used: Number(running.step.gas - running.step.cost),
          }
        }
      },
    },
    result: () => root ?? null,
  }
}

/** Words that an instruction leaves on the stack; the whole part of it that changed, as OpenEthereum counts. */
function pushedBy(opcode: number): number {
  if (opcode >= 0x80 && opcode <= 0x8f) return opcode - 0x7f + 1
  if (opcode >= 0x90 && opcode <= 0x9f) return opcode - 0x8f + 1
  if (opcode >= 0xa0 && opcode <= 0xa4) return 0
  if ([0x00, 0x37, 0x39, 0x3c, 0x3e, 0x50, 0x52, 0x53, 0x55, 0x56, 0x57, 0x5b, 0x5d, 0x5e].includes(opcode)) return 0
  return [0xf3, 0xfd, 0xfe, 0xff].includes(opcode) ? 0 : 1
}

/** The part of memory that an instruction writes. */
function writtenBy({ opcode, stack }: TraceStep): Running['area'] {
  const at = (place: number) => Number(stack.at(place) ?? 0n)
  const area = (offset: number, length: number) =>
    Number.isSafeInteger(offset) && length <= MEMORY_BYTES_MAX ? { offset, length } : undefined
  if (opcode === 0x52) return area(at(-1), 32)
  if (opcode === 0x53) return area(at(-1), 1)
  // CALLDATACOPY, CODECOPY, RETURNDATACOPY, MCOPY: to, from, length.
  if (opcode === 0x37 || opcode === 0x39 || opcode === 0x3e || opcode === 0x5e) return area(at(-1), at(-3))
  if (opcode === 0x3c) return area(at(-2), at(-4))
  if (!CALLS.includes(opcode)) return undefined
  return opcode === 0xf1 || opcode === 0xf2 ? area(at(-6), at(-7)) : area(at(-5), at(-6))
}
