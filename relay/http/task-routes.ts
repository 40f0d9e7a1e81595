import type { FastifyInstance } from 'fastify'
import { utf8 } from '#lib/bytes'
import { RelayError } from '../errors.ts'
import type { Task } from '../ledger/state.ts'
import { LIMITS } from '../limits.ts'
import { isOver } from '../runner.ts'
import { admitAnybody, admitCustomer, requireRoomToWait } from './callers.ts'
import type { Context } from './context.ts'
import { invalid, object, onlyFields, queryNumber, text } from './fields.ts'
import { usageOf } from './openai.ts'
import { modelOf, submit } from './submit.ts'

const WAIT_SECONDS_MAX = 30
const TASK_FIELDS = ['model', 'mode', 'input', 'input_base64']
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function addTaskRoutes(app: FastifyInstance, context: Context): void {
  app.post('/v2/tasks', async (request, reply) => {
    const customer = admitCustomer(context, request, reply)
    const body = object(request.body, 'the body')
    onlyFields(body, TASK_FIELDS)
    const model = modelOf(context, text(body, 'model', 128), body.mode)
    const accepted = await submit(context, request, customer, { model, input: inputOf(body) })
    if (accepted.kind === 'replay') reply.header('idempotency-replayed', 'true')
    const id = accepted.kind === 'new' ? accepted.task.id : accepted.id
    return reply.code(202).send({ task_id: id, status: 'queued', poll_url: `/v2/tasks/${id}` })
  })

  app.get<{ Params: { id: string } }>('/v2/tasks/:id', async (request, reply) => {
    admitAnybody(context, request)
    const wait = queryNumber(request.query, 'wait', 1, WAIT_SECONDS_MAX)
    const task = context.book.task(request.params.id)
    if (task === undefined) {
      throw new RelayError('TASK_NOT_FOUND', 'there is no such task; results are kept for an hour')
    }
    if (wait !== undefined && !isOver(task)) {
      requireRoomToWait(context)
      const left = new AbortController()
      reply.raw.once('close', () => left.abort())
      await context.runner.wait(task, isOver, wait * 1_000, left.signal)
    }
    if (task.address !== null) reply.header('x-ogpu-task', task.address)
    return reply.header('cache-control', 'no-store').send(taskBody(task, context.clock.now()))
  })
}

function inputOf(body: Readonly<Record<string, unknown>>): Uint8Array {
  if ((body.input === undefined) === (body.input_base64 === undefined)) invalid('give either input or input_base64')
  if (body.input !== undefined) return utf8(text(body, 'input', LIMITS.inputBytesMax))
  const base64 = text(body, 'input_base64', 2 * LIMITS.inputBytesMax)
  if (!BASE64.test(base64)) invalid('input_base64 must be base64')
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

const STATUSES = {
  accepted: 'queued',
  publishing: 'queued',
  published: 'running',
  completed: 'completed',
  failed: 'failed',
} as const satisfies Readonly<Record<Task['stage']['kind'], string>>

/** The published task shape; `result` tells also how the bytes were checked, and by whom they were computed. */
function taskBody(task: Task, nowMs: number) {
  const { stage } = task
  const endMs = 'endedMs' in stage ? stage.endedMs : nowMs
  const answer = stage.kind === 'completed' ? stage.answer : undefined
  const failure = stage.kind === 'failed' ? stage : undefined
  return {
    task_id: task.id,
    status: STATUSES[stage.kind],
    elapsed_seconds: Math.max(0, endMs - task.createdMs) / 1_000,
    task_address: task.address,
    mode: 'opengpu',
    model: task.model,
    created_at: new Date(task.createdMs).toISOString(),
    result:
      answer === undefined
        ? null
        : {
            text: answer.text,
            ...answer.details,
            result_hash: answer.resultHash,
            provider: answer.provider,
            checked_by: answer.checkedBy,
            usage: usageOf(task, answer),
          },
    error: failure?.message ?? null,
    error_code: failure?.code ?? null,
    error_detail: null,
  }
}
