import { randomUUID } from 'node:crypto'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { messageOf } from '#lib/errors'
import { RelayError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { addAdminRoutes } from './admin-routes.ts'
import { addChatRoutes } from './chat-routes.ts'
import type { Context } from './context.ts'
import { addCustomerRoutes } from './customer-routes.ts'
import { errorBody } from './error-body.ts'
import { addPublicRoutes } from './public-routes.ts'
import { addTaskRoutes } from './task-routes.ts'

/** The relay's HTTP interface, not listening yet. */
export function createServer(context: Context, options: { readonly trustProxy: boolean }): FastifyInstance {
  const app = fastify({
    bodyLimit: LIMITS.bodyBytesMax,
    // A whole request must have arrived by then; answers may take as long as a completion waits.
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    trustProxy: options.trustProxy,
    // A caller's own id is not taken over: ids name requests of this relay.
    requestIdHeader: false,
    genReqId: () => `req_${randomUUID()}`,
    frameworkErrors: (error, request, reply) => answer(context, error, request, reply),
    routerOptions: { maxParamLength: 200 },
  })
  app.server.maxConnections = LIMITS.connectionsMax
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
  })
  app.addHook('onResponse', async (request, reply) => {
    context.metrics.answered(request.routeOptions.url, reply.statusCode, reply.elapsedTime / 1_000)
  })
  app.setErrorHandler((error, request, reply) => answer(context, error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    answer(context, new RelayError('ROUTE_NOT_FOUND', 'there is no such route'), request, reply),
  )
  addPublicRoutes(app, context)
  addChatRoutes(app, context)
  addTaskRoutes(app, context)
  addCustomerRoutes(app, context)
  addAdminRoutes(app, context)
  return app
}

/** What the HTTP framework refuses, in the words of this interface. */
function toRelayError(context: Context, error: unknown): RelayError {
  if (error instanceof RelayError) return error
  const status = (error as { statusCode?: unknown }).statusCode
  if (status === 413) return new RelayError('FILE_TOO_LARGE', `a body may have ${LIMITS.bodyBytesMax} bytes`)
  if (status === 415) return new RelayError('FILE_TYPE_UNSUPPORTED', 'send JSON with content-type application/json')
  if (typeof status === 'number' && status < 500) return new RelayError('VALIDATION_ERROR', messageOf(error))
  if (error instanceof Error && 'retryable' in error && error.retryable === true) {
    return new RelayError('CAPACITY_EXHAUSTED', 'the network cannot be reached at the moment', { retryAfter: 5 })
  }
  context.log.error('a request failed', { error: error instanceof Error ? (error.stack ?? error.message) : error })
  return new RelayError('INTERNAL_ERROR', 'the relay failed')
}

function answer(context: Context, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toRelayError(context, thrown)
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter)
  const address = error.data.task_address
  if (typeof address === 'string') reply.header('x-ogpu-task', address)
  return reply
    .code(error.status)
    .header('x-request-id', request.id)
    .type('application/json; charset=utf-8')
    .send(errorBody(error, request.id))
}
