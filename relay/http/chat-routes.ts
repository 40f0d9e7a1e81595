import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RelayError } from '../errors.ts'
import type { Accepted } from '../ledger/book.ts'
import type { Task } from '../ledger/state.ts'
import { LIMITS } from '../limits.ts'
import { isOver } from '../runner.ts'
import { admitCustomer, requireRoomToWait, warnOfLowCredits } from './callers.ts'
import type { Context } from './context.ts'
import { errorBody } from './error-body.ts'
import { completionOf, firstChunkOf, lastChunksOf, readChatRequest } from './openai.ts'
import { failureOf, modelOf, submit } from './submit.ts'

/** A comment keeps connections through proxies open while a stream has nothing to say. */
const KEEP_ALIVE_MS = 10_000

export function addChatRoutes(app: FastifyInstance, context: Context): void {
  app.post('/v2/openai/v1/chat/completions', async (request, reply) => {
    const customer = admitCustomer(context, request, reply)
    const chat = readChatRequest(request.body)
    const model = modelOf(context, chat.model, chat.mode)
    requireRoomToWait(context)
    const task = taskOf(await submit(context, request, customer, { model, input: chat.input }), reply)
    const left = leaving(reply)
    if (chat.isStream) {
      // Until the task is on chain an error still has its own status; then the stream begins.
      await context.runner.wait(task, isOnChain, LIMITS.completionWaitMs, left)
      if (!isOnChain(task) || task.stage.kind === 'failed') throw failureOf(task)
      name(reply, task).header('cache-control', 'no-cache').type('text/event-stream; charset=utf-8')
      return reply.send(Readable.from(events(context, request, task, chat.includeUsage, left)))
    }
    await context.runner.wait(task, isOver, LIMITS.completionWaitMs, left)
    name(reply, task)
    if (task.stage.kind !== 'completed') throw failureOf(task)
    warnOfLowCredits(context, customer.account, reply)
    return completionOf(task, task.stage.answer)
  })
}

function isOnChain(task: Task): boolean {
  return task.address !== null || isOver(task)
}

/** The task of a new request, or of the one that the same Idempotency-Key came with before. */
function taskOf(accepted: Accepted, reply: FastifyReply): Task {
  if (accepted.kind === 'new') return accepted.task
  const { task } = accepted
  if (task === undefined)
    throw new RelayError('TASK_NOT_FOUND', 'the result was kept for an hour', { data: { task_id: accepted.id } })
  if (!isOver(task)) {
    throw new RelayError('IDEMPOTENCY_IN_PROGRESS', 'the first request with this Idempotency-Key still runs', {
      retryAfter: 1,
      data: { task_id: task.id },
    })
  }
  reply.header('idempotency-replayed', 'true')
  return task
}

/** The on-chain receipt of the request. */
function name(reply: FastifyReply, task: Task): FastifyReply {
  return task.address === null ? reply : reply.header('x-ogpu-task', task.address)
}

/** Ends waiting when the caller has gone; the task goes on. */
function leaving(reply: FastifyReply): AbortSignal {
  const left = new AbortController()
  reply.raw.once('close', () => left.abort())
  return left.signal
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

async function* events(
  context: Context,
  request: FastifyRequest,
  task: Task,
  includeUsage: boolean,
  left: AbortSignal,
): AsyncGenerator<string> {
  yield event(firstChunkOf(task))
  const endMs = context.clock.now() + LIMITS.completionWaitMs
  while (!isOver(task) && !left.aborted && !context.isStopping && context.clock.now() < endMs) {
    await context.runner.wait(task, isOver, KEEP_ALIVE_MS, left)
    if (!isOver(task)) yield ': the network computes\n\n'
  }
  if (task.stage.kind !== 'completed') {
    yield event(errorBody(failureOf(task), request.id))
    return
  }
  for (const chunk of lastChunksOf(task, task.stage.answer, includeUsage)) yield event(chunk)
  yield 'data: [DONE]\n\n'
}
