import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { CodedError, messageOf } from '#lib/errors'
import type { Metrics } from './registry.ts'

export interface MetricsServerOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
}

export interface MetricsServer {
  /** `http://host:port` with the port in use. */
  readonly url: string
  close(): Promise<void>
}

/** A scraper keeps one connection; further ones than these are closed at once. */
const CONNECTIONS_MAX = 32
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Serves `/metrics` for Prometheus and nothing else. It reveals operations: bind it to the loopback or a private network.
 * CodedError `metrics server failed` when the address cannot be used.
 */
export async function startMetricsServer({ host, port, metrics }: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 60_000 },
    (request, response) => void answer(request, response, metrics),
  )
  server.maxConnections = CONNECTIONS_MAX
  // A process lives for its work; being watched alone keeps none alive.
  server.unref()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    throw new CodedError(
      'metrics server failed',
      `cannot listen on ${host}:${port} for metrics: ${messageOf(error)}; choose another port with --metrics-port`,
      { cause: error },
    )
  }
  const address = server.address()
  const used = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${used}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: MetricsServerOptions['metrics'],
): Promise<void> {
  // Nobody has to send a body, and nobody is read one.
  request.resume()
  response.setHeader('cache-control', 'no-store').setHeader('x-content-type-options', 'nosniff')
  const path = request.url?.split('?', 1)[0]
  if (path !== '/metrics') return void response.writeHead(404, TEXT).end('there is /metrics\n')
  if (request.method !== 'GET') return void response.writeHead(405, { ...TEXT, allow: 'GET' }).end('GET alone\n')
  try {
    const text = await metrics.text()
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
  } catch {
    response.writeHead(500, TEXT).end('the metrics cannot be read\n')
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' } as const
