import type { CallRequest, SimulatedBlock, SimulatedBlockRequest, SimulationErrorName } from '#evm'
import { toHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { RpcError } from '../errors.ts'
import { blockToJson, type Json, logToJson, toQuantity } from '../format.ts'
import { heavyMethod } from '../method.ts'
import { block, member, ParamError, param, parseBoolean, parseList, parseObject } from '../params.ts'
import { parseCall, parseHeaderOverrides, parseStateOverrides, parseWithdrawal } from '../params-call.ts'
import { revertReason } from '../revert.ts'
import { listOf, titled } from '../schema.ts'

/** Numbers of the errors that end a simulation (execution-apis, eth_simulateV1). */
const SIMULATION_ERRORS: Readonly<Record<SimulationErrorName, number>> = {
  nonceTooLow: -38010,
  nonceTooHigh: -38011,
  baseFee: -38012,
  intrinsicGas: -38013,
  funds: -38014,
  blockGasLimit: -38015,
  blockNumberOrder: -38020,
  timestampOrder: -38021,
  initCode: -38025,
  tooManyBlocks: -38026,
  invalidParams: -32602,
  internal: -32603,
  other: -32000,
}

interface Payload {
  readonly blocks: readonly SimulatedBlockRequest[]
  readonly validation: boolean
  readonly traceTransfers: boolean
  readonly full: boolean
}

const BLOCKS_MAX = 256
const CALLS_MAX = 1_000
const VM_ERROR = -32015

function parseBlock(value: unknown): SimulatedBlockRequest {
  const object = parseObject(value, 'ethapi.simBlock')
  const overrides = member(object, 'blockOverrides', item => parseObject(item, 'override.BlockOverrides')) ?? {}
  return {
    header: parseHeaderOverrides(overrides),
    state: member(object, 'stateOverrides', parseStateOverrides) ?? new Map(),
    calls:
      member(object, 'calls', item => parseList(item, '[]ethapi.TransactionArgs', parseCall)) ?? ([] as CallRequest[]),
    withdrawals: member(overrides, 'withdrawals', item => parseList(item, 'types.Withdrawals', parseWithdrawal)) ?? [],
  }
}

const payload = param('payload', titled('blocks to simulate'), (value): Payload => {
  const object = parseObject(value, 'ethapi.simOpts')
  const blocks = member(object, 'blockStateCalls', item => parseList(item, '[]ethapi.simBlock', parseBlock)) ?? []
  if (blocks.length === 0) throw new ParamError('empty input')
  if (blocks.length > BLOCKS_MAX)
    throw new RpcError('server', 'too many blocks', undefined, SIMULATION_ERRORS.tooManyBlocks)
  if (blocks.reduce((sum, item) => sum + item.calls.length, 0) > CALLS_MAX) throw new ParamError('too many calls')
  return {
    blocks,
    validation: member(object, 'validation', parseBoolean) ?? false,
    traceTransfers: member(object, 'traceTransfers', parseBoolean) ?? false,
    full: member(object, 'returnFullTransactions', parseBoolean) ?? false,
  }
})

function simulatedToJson(simulated: SimulatedBlock, full: boolean): Json {
  const { block: made, calls } = simulated
  return {
    ...blockToJson(made, full),
    calls: calls.map((call, transactionIndex) => {
      const { exception, output } = call
      const isReverted = exception === 'revert'
      const reason = isReverted ? revertReason(output) : undefined
      const message = reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`
      return {
        returnData: isReverted || exception !== undefined ? '0x' : toHex(output),
        logs: call.logs.map(({ log, index }) =>
          logToJson({
            log,
            block: made.header,
            blockHash: made.hash,
            transactionHash: made.transactions[transactionIndex]?.hash ?? new Uint8Array(32),
            transactionIndex,
            logIndex: index,
          }),
        ),
        gasUsed: toQuantity(call.gasUsed),
        maxUsedGas: toQuantity(call.peakGas),
        status: exception === undefined ? '0x1' : '0x0',
        ...(exception === undefined
          ? {}
          : { error: isReverted ? { message, code: 3, data: toHex(output) } : { message: exception, code: VM_ERROR } }),
      }
    }),
  }
}

/** Makes up whole blocks. */
export const simulateMethods = [
  heavyMethod({
    name: 'eth_simulateV1',
    summary: 'Runs calls in made-up blocks on top of a block, with overrides of state and header.',
    params: [payload, block],
    result: listOf(titled('simulated block')),
    weight: 100,
    work: 'call',
    handle: async (context, [wanted, ref], { signal }) => {
      const { simulations } = context.backend
      if (simulations === undefined) throw new RpcError('server', 'this node cannot simulate')
      const { number } = await context.needHeader(ref)
      try {
        const blocks = await simulations.simulate({
          base: number,
          blocks: wanted.blocks,
          validation: wanted.validation,
          traceTransfers: wanted.traceTransfers,
          nextBaseFee: header => context.nextBaseFee(header),
          signal,
        })
        return blocks.map(made => simulatedToJson(made, wanted.full))
      } catch (error) {
        if (error instanceof CodedError && error.code in SIMULATION_ERRORS) {
          const code = error.code as SimulationErrorName
          throw new RpcError('server', error.message, undefined, SIMULATION_ERRORS[code])
        }
        throw error
      }
    },
  }),
]
