import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { messageOf } from '#lib/errors'
import { RelayError } from '../errors.ts'
import type { Accepted } from '../ledger/book.ts'
import type { Key, Task } from '../ledger/state.ts'
import { LIMITS } from '../limits.ts'
import type { Model } from '../models.ts'
import type { Customer } from './callers.ts'
import { type Context, isNetworkReached } from './context.ts'
import { invalid } from './fields.ts'

const MODES = ['auto', 'opengpu', 'direct']

/** The model that a request names, in a mode that this relay has: `auto` means `opengpu` here. */
export function modelOf(context: Context, name: string, mode: unknown): Model {
  if (mode !== undefined && (typeof mode !== 'string' || !MODES.includes(mode))) {
    invalid(`mode must be one of ${MODES.join(', ')}`)
  }
  const model = context.models.get(name)
  if (model === undefined) throw new RelayError('MODEL_NOT_FOUND', `there is no model ${name.slice(0, 128)}`)
  if (mode === 'direct') throw new RelayError('MODEL_NOT_AVAILABLE', 'this relay offers models in mode opengpu only')
  return model
}

/** Reserves the price, remembers the task and starts it; or finds the task that the same request made before. */
export async function submit(
  context: Context,
  request: FastifyRequest,
  { key }: Customer,
  { model, input }: { readonly model: Model; readonly input: Uint8Array },
): Promise<Accepted> {
  if (input.length === 0 || input.length > LIMITS.inputBytesMax) {
    invalid(`the input must have 1 to ${LIMITS.inputBytesMax} bytes, not ${input.length}`)
  }
  const idempotency = idempotencyOf(request, key)
  if (context.isStopping) throw new RelayError('CAPACITY_EXHAUSTED', 'the relay is stopping', { retryAfter: 5 })
  if (!isNetworkReached(context)) unreachable()
  const isActive = await context.market.isActive(model).catch(error => {
    context.log.warn('the state of a source cannot be read', { model: model.name, error: messageOf(error) })
    return unreachable()
  })
  if (!isActive) throw new RelayError('MODEL_RETIRED', 'the source of this model is inactive')
  const accepted = await context.book.accept({
    key,
    model: model.name,
    microUsd: model.priceMicroUsd,
    input,
    ...(idempotency === undefined ? {} : { idempotency }),
  })
  if (accepted.kind === 'new') context.runner.submit(accepted.task)
  return accepted
}

function unreachable(): never {
  throw new RelayError('CAPACITY_EXHAUSTED', 'the network cannot be reached at the moment', { retryAfter: 5 })
}

/** An `Idempotency-Key` belongs to an API key, so that keys of one account do not see each other's requests. */
function idempotencyOf(request: FastifyRequest, key: Key): { readonly key: string; readonly body: string } | undefined {
  const value = request.headers['idempotency-key']
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.length < 1 || value.length > 255) {
    invalid('Idempotency-Key must have 1 to 255 characters')
  }
  const content = `${request.routeOptions.url}\n${JSON.stringify(request.body)}`
  return { key: `${key.id} ${value}`, body: createHash('sha256').update(content).digest('hex') }
}

/** Why a task has no result, as the answer to the request that asked for it. */
export function failureOf(task: Task): RelayError {
  const data = { task_id: task.id, task_address: task.address }
  if (task.stage.kind !== 'failed') {
    const message = `no result yet; the task goes on: GET /v2/tasks/${task.id}`
    return new RelayError('UPSTREAM_TIMEOUT', message, { data })
  }
  const { code, message } = task.stage
  return new RelayError(code, message, { data })
}
