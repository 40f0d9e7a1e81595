import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobHash, cidOfHash, createDataClient, hashOfCid } from '@ogpu/sdk'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import { openBlobStore } from '../../executor/data/blob-store.ts'
import { boundaryOf, parseMultipart } from '../../executor/data/multipart.ts'
import { type DataNode, startDataNode } from '../../executor/data/server.ts'

let dir: string
let node: DataNode

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ogpu-data-'))
  node = await startDataNode({ dir: join(dir, 'node'), blobBytesMax: 2 << 20, quotaBytes: 6 << 20 })
})
afterAll(async () => {
  await node.stop()
  await rm(dir, { recursive: true, force: true })
})

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

describe('content identifiers', () => {
  it('are what the multiformats library reads, and lead back to the hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        const hash = Buffer.from(bytes).toString('hex')
        const cid = CID.parse(cidOfHash(hash))
        expect([cid.version, cid.code, cid.multihash.code]).toEqual([1, 0x55, 0x12])
        expect(Buffer.from(cid.multihash.digest).toString('hex')).toBe(hash)
        expect(hashOfCid(cid.toString())).toBe(hash)
      }),
    )
    expect(hashOfCid('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPBdG')).toBeUndefined()
    expect(hashOfCid('')).toBeUndefined()
  })
})

describe('the blob store', () => {
  it('returns what it took, after a reopening too, and leaves nothing of refused uploads', async () => {
    const options = { dir: join(dir, 'store'), blobBytesMax: 1000, quotaBytes: 2000 }
    const store = await openBlobStore(options)
    const { hash, size } = await store.put(chunksOf(utf8('hello '), utf8('world')))
    expect([hash, size]).toEqual([blobHash(utf8('hello world')), 11])
    await store.put(chunksOf(utf8('hello world')), hash)
    expect(store.usedBytes).toBe(11)
    await expect(store.put(chunksOf(new Uint8Array(1001)))).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' })
    await expect(store.put(chunksOf(utf8('x')), hash)).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    await store.put(chunksOf(new Uint8Array(990).fill(1)))
    await expect(store.put(chunksOf(new Uint8Array(1000).fill(2)))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
    expect(store.usedBytes).toBe(1001)
    expect(await readdir(join(options.dir, 'incoming'))).toEqual([])
    const reopened = await openBlobStore(options)
    expect(reopened.usedBytes).toBe(1001)
    expect(new TextDecoder().decode(await reopened.get(hash))).toBe('hello world')
    expect(await reopened.get('../../etc/passwd')).toBeUndefined()
  })

  it('notices a blob that lost its hash, and takes the right bytes again', async () => {
    const store = await openBlobStore({ dir: join(dir, 'corrupt'), blobBytesMax: 1000, quotaBytes: 2000 })
    const { hash } = await store.put(chunksOf(utf8('precious')))
    await writeFile(join(dir, 'corrupt', hash.slice(0, 2), hash), 'precioux')
    await expect(store.get(hash)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' })
    expect(await store.get(hash)).toBeUndefined()
    await store.put(chunksOf(utf8('precious')))
    expect(new TextDecoder().decode(await store.get(hash))).toBe('precious')
  })
})

describe('multipart forms', () => {
  const form = (content: string, name = 'file') =>
    Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="${name}"; filename="a.json"\r\nContent-Type: application/json\r\n\r\n${content}\r\n--b--\r\n`,
    )

  it('one file comes out as it went in, whatever bytes it has', async () => {
    const bytes = randomBytes(5000)
    const body = new FormData()
    body.append('file', new Blob([bytes]), 'x.bin')
    body.append('note', 'hi')
    const request = new Request('http://localhost/', { method: 'POST', body })
    const boundary = boundaryOf(request.headers.get('content-type') ?? '')
    const parsed = parseMultipart(Buffer.from(await request.arrayBuffer()), boundary ?? '')
    expect(parsed).toMatchObject({ kind: 'accept', value: [{ name: 'file', filename: 'x.bin' }, { name: 'note' }] })
    if (parsed.kind === 'accept') expect(Buffer.from(parsed.value[0]?.content ?? [])).toEqual(bytes)
  })

  it('an empty file is a file', () => {
    const parsed = parseMultipart(form(''), 'b')
    expect(parsed).toMatchObject({ kind: 'accept' })
    if (parsed.kind === 'accept') expect(parsed.value[0]?.content.length).toBe(0)
  })

  it('damaged bodies are rejected and never make it throw', () => {
    const whole = form('{"a":1}')
    expect(parseMultipart(whole.subarray(0, whole.length - 8), 'b').kind).toBe('reject')
    expect(parseMultipart(whole, 'c').kind).toBe('reject')
    expect(boundaryOf('application/json')).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        expect(['accept', 'reject']).toContain(parseMultipart(damaged, 'b').kind)
      }),
    )
  })
})

describe('the data node', () => {
  it('serves by hash and by content identifier what a client stored', async () => {
    const client = createDataClient([node.url])
    const bytes = randomBytes(200_000)
    const ref = await client.put(bytes)
    expect(ref).toMatchObject({ hash: blobHash(bytes), size: bytes.length, cid: cidOfHash(blobHash(bytes)) })
    expect(Buffer.from(await client.get(`0x${ref.hash}`))).toEqual(bytes)
    const byCid = await fetch(`${node.url}/ipfs/${ref.cid}`)
    expect(Buffer.from(await byCid.arrayBuffer())).toEqual(bytes)
    expect(byCid.headers.get('content-security-policy')).toContain('sandbox')
    const head = await fetch(`${node.url}/blob/${ref.hash}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '200000'])
  })

  it('streams a blob that it would not hold in memory, and refuses it once it is damaged', async () => {
    const client = createDataClient([node.url])
    const bytes = randomBytes((1 << 20) + 12_345)
    const { hash } = await client.put(bytes)
    expect(Buffer.from(await client.get(hash))).toEqual(bytes)
    bytes[5] = (bytes[5] as number) ^ 1
    await writeFile(join(dir, 'node', hash.slice(0, 2), hash), bytes)
    const response = await fetch(`${node.url}/blob/${hash}`)
    expect(response.headers.get('cache-control')).toBeNull()
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      500,
      'BLOB_CORRUPT',
    ])
  })

  it('answers the published SDK’s form upload with a link that leads to the file', async () => {
    const body = new FormData()
    body.append('file', new Blob(['{"function_name":"run"}'], { type: 'application/json' }), 'taskConfig.json')
    const response = await fetch(`${node.url}/file/create`, { method: 'POST', body })
    expect(response.status).toBe(201)
    const { link } = (await response.json()) as { link: string }
    expect(await (await fetch(link)).json()).toEqual({ function_name: 'run' })
  })

  it('says clearly what is wrong with a request', async () => {
    const put = async (hash: string, body: Uint8Array): Promise<unknown> => {
      const response = await fetch(`${node.url}/blob/${hash}`, { method: 'PUT', body: body as Uint8Array<ArrayBuffer> })
      const { error } = (await response.json()) as { error: { code: string } }
      return [response.status, error.code]
    }
    expect(await put('zz', utf8('x'))).toEqual([400, 'BAD_HASH'])
    expect(await put('0'.repeat(64), utf8('x'))).toEqual([422, 'HASH_MISMATCH'])
    const large = new Uint8Array((2 << 20) + 1)
    expect(await put(blobHash(large), large)).toEqual([413, 'BLOB_TOO_LARGE'])
    expect((await fetch(`${node.url}/blob/${'1'.repeat(64)}`)).status).toBe(404)
    expect((await fetch(`${node.url}/ipfs/Qm1`)).status).toBe(404)
    expect((await fetch(`${node.url}/file/create`, { method: 'POST', body: 'x' })).status).toBe(400)
  })

  it('the client believes no node: wrong bytes are passed over, and an honest copy elsewhere is found', async () => {
    const bytes = utf8('the real content')
    const hash = blobHash(bytes)
    const { createServer } = await import('node:http')
    const liar = createServer((_request, response) => response.end('something else')).listen(0, '127.0.0.1')
    await new Promise(resolve => liar.once('listening', resolve))
    const address = liar.address()
    const lies = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    try {
      await createDataClient([node.url]).put(bytes)
      expect(await createDataClient([lies, node.url]).get(hash)).toEqual(bytes)
      await expect(createDataClient([lies]).get(hash)).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
      await expect(createDataClient([node.url]).get('2'.repeat(64))).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
      await expect(createDataClient([lies]).getUrl(lies, { bytesMax: 4 })).rejects.toMatchObject({
        code: 'BLOB_TOO_LARGE',
      })
    } finally {
      liar.close()
    }
  })
})
