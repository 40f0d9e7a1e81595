import type { ExecutedBlock, LocatedLog, LogFilter } from '#evm'
import { equalBytes } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { bloomMayHold } from '#types'
import type { ReadBackend } from './backend.ts'
import { RpcError } from './errors.ts'
import { locateLogs } from './format.ts'
import type { RpcLimits } from './limits.ts'
import type { BlockRef } from './params.ts'
import type { LogCriteria } from './params-call.ts'

/** The number that `ref` names in a log filter, where every tag but `earliest` is the head. */
export function blockNumberOf(backend: ReadBackend, ref: BlockRef): number {
  if (ref.kind === 'number') return ref.number
  const isEarliest = ref.kind === 'tag' && ref.tag === 'earliest'
  return isEarliest ? backend.chain.earliest() : backend.chain.headHeader().number
}

/** Logs by criteria within the node's limits. */
export async function queryLogs(
  backend: ReadBackend,
  limits: RpcLimits,
  criteria: LogCriteria,
): Promise<readonly LocatedLog[]> {
  const { blockHash } = criteria
  if (blockHash !== undefined) {
    const block = await backend.chain.blockByHash(blockHash)
    if (block === undefined) throw new RpcError('server', 'unknown block')
    return findLogs(backend, limits, criteria, block.header.number, block.header.number)
  }
  const from = blockNumberOf(backend, criteria.from)
  const to = blockNumberOf(backend, criteria.to)
  if (from > to) throw new RpcError('invalidParams', 'invalid block range params')
  if (to > backend.chain.headHeader().number) {
    throw new RpcError('invalidParams', 'block range extends beyond current head block')
  }
  return findLogs(backend, limits, criteria, from, to)
}

/** Logs of blocks `from`..`to`, both included and both existing. */
export async function findLogs(
  backend: ReadBackend,
  limits: RpcLimits,
  criteria: LogCriteria,
  from: number,
  to: number,
): Promise<readonly LocatedLog[]> {
  if (to - from + 1 > limits.logBlocksMax) {
    throw new RpcError('invalidParams', `query exceeds max block range ${limits.logBlocksMax}`)
  }
  try {
    return await backend.chain.logs(logFilterOf(criteria, from, to), limits.logResultsMax)
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'too many results') throw error
    // `lastBlock` is where the limit was passed, so the blocks before it fit.
    const safe = Number(error.data.lastBlock) - 1
    const hint = safe >= from ? `, retry with the range ${from}-${safe}` : ''
    throw new RpcError('invalidParams', `query exceeds max results ${limits.logResultsMax}${hint}`)
  }
}

function logFilterOf(criteria: LogCriteria, from: number, to: number): LogFilter {
  const { addresses, topics } = criteria
  return {
    from,
    to,
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(topics.length === 0 ? {} : { topics }),
  }
}

/** Logs of one executed block that fit. */
export function logsOf(executed: ExecutedBlock, criteria: LogCriteria): LocatedLog[] {
  const { block } = executed
  const mayHold = (bytes: Uint8Array) => bloomMayHold(block.header.logsBloom, bytes)
  const { addresses, topics } = criteria
  if (addresses.length > 0 && !addresses.some(mayHold)) return []
  for (const options of topics) if (options !== undefined && options.length > 0 && !options.some(mayHold)) return []
  return locateLogs(block, executed.receipts).filter(located => matches(located, criteria))
}

function matches({ log }: LocatedLog, { addresses, topics }: LogCriteria): boolean {
  if (addresses.length > 0 && !addresses.some(address => equalBytes(address, log.address))) return false
  return topics.every((options, position) => {
    const topic = log.topics[position]
    if (topic === undefined) return false
    if (options === undefined || options.length === 0) return true
    return options.some(option => equalBytes(option, topic))
  })
}
