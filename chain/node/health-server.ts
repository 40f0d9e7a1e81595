import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fastify } from 'fastify'
import { type Log, silentLog } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'

/** One condition of being alive or ready. */
export interface HealthCheck {
  /** Stable, such as `peers` or `committing`. */
  readonly name: string
  readonly ok: boolean
  /** A word or number for people, such as `3 of 4 validators connected`. */
  readonly detail?: string
}

/** What the server shows; the node provides the functions. */
export interface HealthSource {
  /** Broken beyond self-repair when one fails: a supervisor should restart the node. */
  live(): readonly HealthCheck[]
  /** Fit to serve users when all hold: synchronised, connected, committing, disk writable. */
  ready(): readonly HealthCheck[]
  /** Any JSON value; big integers become decimal text. */
  status(): unknown
  metrics(): { readonly contentType: string; text(): Promise<string> }
}

export interface HealthServerOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly source: HealthSource
  readonly log?: Log
  /** Event-loop delay (99th percentile since the last question) above which the node does not count as alive. */
  readonly eventLoopDelayMaxMs?: number
}

export interface HealthServer {
  /** `http://host:port` with the port in use. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves /livez, /readyz (200 or 503, with every check), /status and /metrics over HTTP. It reveals operations: bind it
 * to the loopback or a private network. CodedError `health server failed` when the address cannot be used.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { source, eventLoopDelayMaxMs = 2_000 } = options
  const log = (options.log ?? silentLog).child('health')
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024, requestTimeout: 10_000 })

  const eventLoop = (): HealthCheck => {
    const p99Ms = delay.percentile(99) / 1e6
    delay.reset()
    return { name: 'event loop', ok: p99Ms < eventLoopDelayMaxMs, detail: `${p99Ms.toFixed(0)} ms delay` }
  }
  const report = (checks: readonly HealthCheck[]) => {
    const ok = checks.every(check => check.ok)
    return { code: ok ? 200 : 503, body: { ok, checks } }
  }

  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  })
  server.get('/livez', async (_request, reply) => {
    const { code, body } = report([eventLoop(), ...source.live()])
    return reply.code(code).send(body)
  })
  server.get('/readyz', async (_request, reply) => {
    const { code, body } = report(source.ready())
    return reply.code(code).send(body)
  })
  server.get('/status', async (_request, reply) => reply.type('application/json').send(toJson(source.status())))
  server.get('/metrics', async (_request, reply) => {
    const metrics = source.metrics()
    return reply.type(metrics.contentType).send(await metrics.text())
  })
  server.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ error: 'there are /livez, /readyz, /status and /metrics' }),
  )
  server.setErrorHandler(async (error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status >= 500) log.error('health request failed', { path: request.url, error })
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : messageOf(error) })
  })

  try {
    const url = await server.listen({ host: options.host, port: options.port })
    log.info('health server listens', { url })
    return {
      url,
      close: async () => {
        delay.disable()
        await server.close()
      },
    }
  } catch (error) {
    delay.disable()
    await server.close()
    throw new CodedError(
      'health server failed',
      `cannot listen on ${options.host}:${options.port} for health and metrics: ${messageOf(error)}; choose another ` +
        'port with --health-port',
      { cause: error },
    )
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field))
}
