import { randomBytes } from 'node:crypto'
import cors from '@fastify/cors'
import websocket from '@fastify/websocket'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { type Clock, type Log, silentLog } from '#lib/env'
import type { RpcBackend } from './backend.ts'
import { compress } from './compress.ts'
import { createRpcContext } from './context.ts'
import { createDispatcher } from './dispatch.ts'
import { type AllowedNames, isHostAllowed, isOriginAllowed } from './guard.ts'
import { isAuthorized } from './jwt.ts'
import { DEFAULT_RPC_LIMITS, type RpcLimits } from './limits.ts'
import { declareRpcMetrics } from './metrics.ts'
import { createRateLimiter, isLoopback } from './rate-limit.ts'
import { METHODS } from './table.ts'
import { createConnections } from './websocket.ts'

export interface RpcServerOptions {
  readonly backend: RpcBackend
  /** Default: loopback only. */
  readonly host?: string
  /** 0 takes a free port. */
  readonly port?: number
  /** Browser origins that may call; default everybody, as wallets on any page must reach a public node. */
  readonly corsOrigins?: AllowedNames
  /** Names under which the node is addressed; address literals always work. Default: `localhost`. */
  readonly hosts?: AllowedNames
  /** Methods by namespace (`eth`, `debug`, …); default all. `rpc`, which tells what is served, always is. */
  readonly namespaces?: readonly string[]
  /** When set, every request needs a token (HS256) made with these 32 bytes. */
  readonly jwtSecret?: Uint8Array
  /** Peers whose X-Forwarded-For is believed (`loopback` or addresses); default none. */
  readonly trustProxy?: string | readonly string[]
  readonly limits?: Partial<RpcLimits>
  readonly clock?: Clock
  readonly log?: Log
}

export interface RpcServer {
  readonly url: string
  readonly wsUrl: string
  readonly port: number
  close(): Promise<void>
}

const SYSTEM_CLOCK: Clock = { now: () => Date.now() }
const GREETING = 'OpenGPU Chain JSON-RPC: POST here, or connect with WebSocket.\n'

/**
 * Serves JSON-RPC over HTTP and WebSocket on one port. Several listeners over one backend are several calls: a public
 * one, and a protected one with more namespaces.
 */
export async function createRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { backend, host = '127.0.0.1', port = 0, corsOrigins = '*', hosts = ['localhost'], jwtSecret } = options
  const limits: RpcLimits = { ...DEFAULT_RPC_LIMITS, ...options.limits }
  const clock = options.clock ?? SYSTEM_CLOCK
  const log = (options.log ?? silentLog).child('rpc')
  const metrics = declareRpcMetrics(backend.metrics)
  const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
  const namespaceOf = (name: string) => name.split(/[_.]/, 1)[0] ?? name
  const isServed = (name: string) => {
    const namespace = namespaceOf(name)
    return namespace === 'rpc' || (options.namespaces?.includes(namespace) ?? true)
  }
  const methods = new Map(METHODS.filter(item => isServed(item.name)).map(item => [item.name, item]))
  const namespaces = [...new Set(Array.from(methods.keys(), namespaceOf))].sort()
  const context = createRpcContext({ backend, limits, clock, random, log, namespaces })
  const limiter = createRateLimiter(limits.rate, clock)
  const dispatcher = createDispatcher({ context, methods, limiter, metrics })
  const connections = createConnections(dispatcher, limits, metrics)
  let inFlightBytes = 0
  let isClosing = false

  const app = fastify({
    bodyLimit: limits.requestBytesMax,
    requestTimeout: 30_000,
    keepAliveTimeout: 120_000,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    ...(options.trustProxy === undefined ? {} : { trustProxy: [...[options.trustProxy].flat()] }),
  })
  app.server.maxConnections = limits.connectionsMax
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  await app.register(cors, {
    origin: corsOrigins === '*' ? '*' : [...corsOrigins],
    methods: ['GET', 'POST', 'OPTIONS'],
    allowedHeaders: ['content-type', 'authorization'],
    maxAge: 600,
  })
  await app.register(websocket, { options: { maxPayload: limits.requestBytesMax } })

  function refuse(reply: FastifyReply, status: number, reason: string, text: string): FastifyReply {
    metrics.refused.inc(1, { reason })
    return reply.code(status).type('text/plain').send(`${text}\n`)
  }

  app.addHook('onRequest', async (request, reply) => {
    if (isClosing) return refuse(reply.header('retry-after', '5'), 503, 'closing', 'shutting down')
    if (!isHostAllowed(request.headers.host, hosts)) return refuse(reply, 403, 'host', 'invalid host specified')
    if (jwtSecret !== undefined && request.method !== 'OPTIONS') {
      if (!isAuthorized(request.headers.authorization, jwtSecret, clock.now())) {
        return refuse(reply, 401, 'token', 'missing or invalid token')
      }
    }
    const isUpgrade = request.headers.upgrade !== undefined
    if (isUpgrade && !isOriginAllowed(request.headers.origin, corsOrigins)) {
      return refuse(reply, 403, 'origin', 'origin not allowed')
    }
    // A body of unknown length counts as the longest one.
    const isChunked = request.headers['transfer-encoding'] !== undefined
    const bytes = isChunked ? limits.requestBytesMax : Number(request.headers['content-length'] ?? 0)
    if (bytes > limits.requestBytesMax) return refuse(reply, 413, 'http 413', 'request body too large')
    if (inFlightBytes + bytes > limits.inFlightBytesMax) {
      return refuse(reply.header('retry-after', '1'), 503, 'busy', 'too much in flight')
    }
    inFlightBytes += bytes
    reply.raw.once('close', () => {
      inFlightBytes -= bytes
    })
    return undefined
  })

  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) log.error('request failed', { error: error.message })
    return refuse(reply, status, `http ${status}`, status >= 500 ? 'internal error' : error.message)
  })
  app.setNotFoundHandler((request, reply) => {
    const isKnownPath = request.url === '/' || request.url.startsWith('/?')
    return isKnownPath ? refuse(reply, 405, 'http 405', 'use POST') : refuse(reply, 404, 'http 404', 'not found')
  })

  async function onPost(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const gone = new AbortController()
    // Closes come after answers too, and each abort makes an error with a stack.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort()
    })
    const session = { transport: 'http' as const, address: request.ip, sink: undefined }
    const text = typeof request.body === 'string' ? request.body : ''
    const answer = await dispatcher.handle(text, session, gone.signal)
    reply.type('application/json; charset=utf-8')
    if (answer === undefined) return reply.send('')
    if (answer.retryAfterS !== undefined) {
      metrics.refused.inc(1, { reason: 'rate' })
      reply.code(429).header('retry-after', String(answer.retryAfterS))
    }
    // On the same machine the bytes cost less than squeezing them.
    const packed = isLoopback(request.ip) ? undefined : await compress(answer.text, request.headers['accept-encoding'])
    if (packed === undefined) return reply.send(answer.text)
    return reply.header('content-encoding', packed.encoding).header('vary', 'accept-encoding').send(packed.body)
  }

  app.route({ method: 'POST', url: '/', handler: onPost })
  app.route({
    method: 'GET',
    url: '/',
    handler: (_request, reply) => reply.type('text/plain').send(GREETING),
    wsHandler: (socket, request) => connections.accept(socket, request.ip),
  })

  await app.listen({ host, port })
  const bound = app.server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  log.info('listening', { host, port: boundPort, methods: methods.size })
  return {
    url: `http://${shown}:${boundPort}`,
    wsUrl: `ws://${shown}:${boundPort}`,
    port: boundPort,
    async close() {
      isClosing = true
      context.close()
      connections.close()
      await app.close()
    },
  }
}
