/** The data node: a content-addressed store over HTTP, and the upload route that the published OpenGPU SDK posts to. */

import cors from '@fastify/cors'
import { cidOfHash, hashOfCid } from '@ogpu/sdk'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type Log, silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import { openBlobStore, STORE_ERRORS, type StoredBlob, StoreError, type StoreErrorCode } from './blob-store.ts'
import { boundaryOf, parseMultipart } from './multipart.ts'

export interface DataNodeOptions {
  /** Folder of the blobs; made when absent. */
  readonly dir: string
  /** 127.0.0.1 when absent. */
  readonly host?: string
  /** 0 (any free port) when absent. */
  readonly port?: number
  /** Under which clients reach this node, for links; `http://<host>:<port>` when absent. */
  readonly publicUrl?: string
  /** 64 MiB when absent. */
  readonly blobBytesMax?: number
  /** 20 GiB when absent. */
  readonly quotaBytes?: number
  readonly log?: Log
}

export interface DataNode {
  /** Base URL without a slash at the end. */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** Uploads being received or blobs being read at once; more are answered 503. */
const REQUESTS_AT_ONCE_MAX = 64
/** Larger blobs are streamed from disk. */
const MEMORY_BYTES_MAX = 1 << 20
/** Form uploads are held in memory, so they are bounded lower than blobs. */
const FORM_BYTES_MAX = 8 << 20

const STATUS: Readonly<Record<StoreErrorCode, number>> = {
  [STORE_ERRORS.BLOB_TOO_LARGE]: 413,
  [STORE_ERRORS.QUOTA_EXCEEDED]: 507,
  [STORE_ERRORS.HASH_MISMATCH]: 422,
  [STORE_ERRORS.BLOB_CORRUPT]: 500,
}

/**
 * Starts a data node.
 *
 * @example
 * const node = await startDataNode({ dir: '/var/lib/ogpu/blobs', port: 5001 })
 * await createDataClient([node.url]).put(bytes)
 * await node.stop()
 */
export async function startDataNode(options: DataNodeOptions): Promise<DataNode> {
  const log = options.log ?? silentLog
  const blobBytesMax = options.blobBytesMax ?? 64 << 20
  const store = await openBlobStore({
    dir: options.dir,
    blobBytesMax,
    quotaBytes: options.quotaBytes ?? 20 * 2 ** 30,
  })
  const server = fastify({ forceCloseConnections: true, requestTimeout: 120_000, bodyLimit: blobBytesMax })
  let publicUrl = options.publicUrl?.replace(/\/+$/, '') ?? ''
  let busy = 0

  await server.register(cors, { origin: '*', methods: ['GET', 'HEAD', 'PUT', 'POST'] })
  server.addHook('onRequest', async (_request, reply) => {
    // Blobs are anybody's bytes: a browser must never take them for a page of this origin.
    reply.header('x-content-type-options', 'nosniff').header('content-security-policy', "sandbox; default-src 'none'")
    if (busy >= REQUESTS_AT_ONCE_MAX) {
      await reply.code(503).header('retry-after', '1').send(failure('BUSY', 'too many requests at once'))
      return
    }
    busy++
    reply.raw.once('close', () => busy--)
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  server.setErrorHandler((error, _request, reply) => {
    if (error instanceof StoreError) return reply.code(STATUS[error.code]).send(failure(error.code, error.message))
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status >= 500) log.error('request failed', { error: messageOf(error) })
    return reply.code(status).send(failure(status === 413 ? 'BLOB_TOO_LARGE' : 'REQUEST_FAILED', messageOf(error)))
  })
  server.setNotFoundHandler((_request, reply) => reply.code(404).send(failure('NOT_FOUND', 'no such route')))

  const answer = (blob: StoredBlob) => {
    const cid = cidOfHash(blob.hash)
    return { hash: blob.hash, cid, size: blob.size, link: `${publicUrl}/ipfs/${cid}` }
  }
  const chunksOf = (body: unknown): AsyncIterable<Uint8Array> =>
    body === undefined || body === null ? nothing() : (body as AsyncIterable<Uint8Array>)

  async function send(reply: FastifyReply, hash: string | undefined, head: boolean): Promise<FastifyReply> {
    const size = hash === undefined ? undefined : await store.size(hash)
    if (hash === undefined || size === undefined) {
      return reply.code(404).send(failure('BLOB_NOT_FOUND', 'this node does not have the blob'))
    }
    const content = head ? undefined : await (size > MEMORY_BYTES_MAX ? store.stream(hash) : store.get(hash))
    if (!head && content === undefined) {
      return reply.code(404).send(failure('BLOB_NOT_FOUND', 'this node does not have the blob'))
    }
    return reply
      .header('content-type', 'application/octet-stream')
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('etag', `"${hash}"`)
      .header('content-length', size)
      .send(content)
  }

  server.put<{ Params: { hash: string } }>('/blob/:hash', async (request, reply) => {
    const { hash } = request.params
    if (!/^[0-9a-f]{64}$/.test(hash)) return reply.code(400).send(failure('BAD_HASH', 'not a sha256 in lower-case hex'))
    return reply.code(201).send(answer(await store.put(chunksOf(request.body), hash)))
  })
  server.post('/blob', async (request, reply) => reply.code(201).send(answer(await store.put(chunksOf(request.body)))))
  server.route<{ Params: { hash: string } }>({
    method: ['GET', 'HEAD'],
    url: '/blob/:hash',
    handler: (request, reply) => send(reply, request.params.hash, request.method === 'HEAD'),
  })
  server.route<{ Params: { cid: string } }>({
    method: ['GET', 'HEAD'],
    url: '/ipfs/:cid',
    handler: (request, reply) => send(reply, hashOfCid(request.params.cid), request.method === 'HEAD'),
  })
  server.post('/file/create', async (request, reply) => {
    const boundary = boundaryOf(request.headers['content-type'] ?? '')
    if (boundary === undefined) return reply.code(400).send(failure('NO_BOUNDARY', 'multipart/form-data is needed'))
    const body = await collect(chunksOf(request.body), FORM_BYTES_MAX)
    const parsed = parseMultipart(body, boundary)
    if (parsed.kind !== 'accept') return reply.code(400).send(failure(parsed.reason, 'the form cannot be read'))
    const file = parsed.value.find(part => part.name === 'file')
    if (file === undefined) return reply.code(400).send(failure('NO_FILE', 'the form has no field named file'))
    return reply.code(201).send(answer(await store.put(once(file.content))))
  })
  server.get('/health', async () => ({ status: 'ok', usedBytes: store.usedBytes }))

  await server.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 })
  const port = portOf(server)
  if (publicUrl === '') publicUrl = `http://${options.host ?? '127.0.0.1'}:${port}`
  log.info('data node listens', { url: publicUrl, dir: options.dir })
  return { url: publicUrl, port, stop: () => server.close() }
}

function failure(code: string, message: string): { error: { code: string; message: string } } {
  return { error: { code, message } }
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function collect(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > bytesMax) {
      throw new StoreError(STORE_ERRORS.BLOB_TOO_LARGE, 'the form is too large', { data: { bytesMax } })
    }
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
