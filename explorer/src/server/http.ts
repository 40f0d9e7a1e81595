import { gzipSync } from 'node:zlib'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Api, ApiAnswer } from './api/api.ts'
import type { EtherscanApi } from './api/etherscan.ts'
import type { Feed } from './api/feed.ts'
import { RateLimit } from './api/rate-limit.ts'
import type { SourcifyApi } from './api/sourcify.ts'
import type { IndexerStatus } from './indexing/indexer.ts'
import type { Assets } from './page/assets.ts'
import type { Pages } from './page/pages.ts'

export interface HttpParts {
  readonly api: Api
  readonly etherscan: EtherscanApi
  readonly sourcify: SourcifyApi
  readonly feed: Feed
  readonly pages: Pages
  readonly assets: Assets
  readonly icon: string
  readonly status: () => IndexerStatus
  readonly rate: RequestRate
  readonly onError: (path: string, error: unknown) => void
}

/** Requests that one client address may make, in the long run and at once. */
export interface RequestRate {
  readonly perSecond: number
  readonly burst: number
}

export const DEFAULT_RATE: RequestRate = { perSecond: 50, burst: 300 }

/** Sources to verify: a large project's standard JSON is some megabytes. */
const SOURCES_BYTES_MAX = 8 * 1024 * 1024
const COMPRESSED_FROM = 4_096
/** An explorer that is this many blocks behind is not ready. */
const LAG_BLOCKS_MAX = 50

/** On-chain strings are hostile: even if one got through escaping, nothing but our own files may run or be loaded. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export function createHttp(parts: HttpParts): FastifyInstance {
  const app = fastify({
    bodyLimit: 64 * 1024,
    routerOptions: { maxParamLength: 300 },
    requestTimeout: 30_000,
    forceCloseConnections: true,
  })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  const limit = new RateLimit(parts.rate.perSecond, parts.rate.burst)

  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) parts.onError(request.url, error)
    const message = status < 500 ? error.message : 'internal error'
    return reply.code(status).send({ message, code: status < 500 ? 'invalid request' : 'internal error' })
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'same-origin')
    if (request.url.startsWith('/api') || request.url.startsWith('/v2/'))
      reply.header('access-control-allow-origin', '*')
    if (request.url.startsWith('/assets/') || request.url === '/health' || limit.allows(request.ip, Date.now())) return
    reply.header('retry-after', '1')
    await reply.code(429).send({ message: 'too many requests', code: 'rate limit' })
  })

  app.get('/health', (_request, reply) => {
    const { indexed, head, problem } = parts.status()
    const lagBlocks = Math.max(0, head - indexed)
    const healthy = problem === undefined && head >= 0 && lagBlocks <= LAG_BLOCKS_MAX
    reply.code(healthy ? 200 : 503)
    return { status: healthy ? 'ok' : 'behind', indexed, head, lagBlocks, problem: problem?.message ?? null }
  })
  app.get('/favicon.svg', (_request, reply) =>
    reply.header('content-type', 'image/svg+xml').header('cache-control', 'public, max-age=86400').send(parts.icon),
  )
  app.get('/assets/*', (request, reply) => sendAsset(parts.assets, request, reply))
  app.get('/api/v2/feed', (_request, reply) => {
    if (!parts.feed.accept(reply)) return reply.code(503).send({ message: 'too many listeners', code: 'busy' })
    return reply
  })
  app.get('/api/v2/*', async (request, reply) => {
    const { path, query } = locationOf(request)
    const { status, body } = await parts.api.answer(path.slice('/api/v2'.length), query)
    return reply
      .code(status)
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(compress(request, reply, JSON.stringify(body)))
  })
  app.get('/api', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return parts.etherscan.answer(locationOf(request).query)
  })
  app.post<{ Body: Readonly<Record<string, string>> }>(
    '/api',
    { bodyLimit: SOURCES_BYTES_MAX },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return parts.etherscan.answer({ ...request.body, ...locationOf(request).query })
    },
  )
  const { sourcify } = parts
  app.post<{ Params: { chain: string; address: string } }>(
    '/v2/verify/:chain/:address',
    { bodyLimit: SOURCES_BYTES_MAX },
    async ({ params, body }, reply) => send(reply, await sourcify.submit(params.chain, params.address, body)),
  )
  app.get<{ Params: { id: string } }>('/v2/verify/:id', async ({ params }, reply) =>
    send(reply, sourcify.job(params.id)),
  )
  app.get<{ Params: { chain: string; address: string } }>('/v2/contract/:chain/:address', async ({ params }, reply) =>
    send(reply, sourcify.contract(params.chain, params.address)),
  )
  app.get('/*', async (request, reply) => {
    const { status, html } = await parts.pages.render(request.url, themeOf(request.headers.cookie))
    return reply
      .code(status)
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_POLICY)
      .header('cache-control', 'no-store')
      .send(compress(request, reply, html))
  })
  return app
}

function send(reply: FastifyReply, { status, body }: ApiAnswer): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send(body)
}

/** Text that is long enough to be worth it goes out compressed, where the client takes that. */
function compress(request: FastifyRequest, reply: FastifyReply, text: string): string | Buffer {
  if (text.length < COMPRESSED_FROM || !(request.headers['accept-encoding'] ?? '').includes('gzip')) return text
  reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
  return gzipSync(text, { level: 4 })
}

function locationOf(request: FastifyRequest): { path: string; query: Readonly<Record<string, string>> } {
  const { pathname, searchParams } = new URL(request.url, 'http://explorer')
  return { path: pathname, query: Object.fromEntries(searchParams) }
}

function themeOf(cookie: string | undefined): string | undefined {
  return /(?:^|;\s*)theme=(dark|light)(?:;|$)/.exec(cookie ?? '')?.[1]
}

function sendAsset(assets: Assets, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asset = assets.files.get(locationOf(request).path)
  if (asset === undefined) return reply.code(404).send({ message: 'no such file', code: 'not found' })
  const compressed = (request.headers['accept-encoding'] ?? '').includes('gzip')
  if (compressed) reply.header('content-encoding', 'gzip')
  return reply
    .header('content-type', asset.type)
    .header('vary', 'accept-encoding')
    .header('cache-control', 'public, max-age=31536000, immutable')
    .send(compressed ? asset.gzip : asset.body)
}
