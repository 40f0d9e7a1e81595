import { sha256 } from 'ethers'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { cidOfHash, normaliseHash } from './cid.ts'

/** A blob by content: what data nodes answer, and what job files carry. */
export interface BlobRef {
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string
  readonly cid: string
  /** Bytes. */
  readonly size: number
  /** Where the answering data node serves it. */
  readonly link: string
}

export interface GetBlobOptions {
  /** Refuse more bytes than this; 64 MiB when absent. */
  readonly bytesMax?: number
  /** Further places to look, exact URLs, asked after the data nodes. */
  readonly links?: readonly string[]
  readonly signal?: AbortSignal
}

export interface DataClient {
  readonly urls: readonly string[]
  /** Stores bytes at every data node that takes them; SdkError DATA_NODE_FAILED when none does. */
  put(bytes: Uint8Array): Promise<BlobRef>
  /** Bytes with exactly this SHA-256, from whichever place has them; BLOB_NOT_FOUND, BLOB_TOO_LARGE or HASH_MISMATCH. */
  get(hash: string, options?: GetBlobOptions): Promise<Uint8Array>
  /** Length of a blob, as the first data node that has it says; undefined when none has. A hint: only bytes are checked. */
  size(hash: string): Promise<number | undefined>
  /** Bytes behind any URL, unchecked: for links that carry no hash. */
  getUrl(url: string, options?: GetBlobOptions): Promise<Uint8Array>
}

const BYTES_MAX = 64 << 20
const REQUEST_TIMEOUT_MS = 30_000

/** SHA-256 as the data layer writes it: 64 hexadecimal digits without a prefix. */
export function blobHash(bytes: Uint8Array): string {
  return sha256(bytes).slice(2)
}

/**
 * A client of one or more data nodes. It trusts none of them: whatever it returns has the hash that was asked for.
 *
 * @example
 * const data = createDataClient(['http://127.0.0.1:5001'])
 * const { hash } = await data.put(new TextEncoder().encode('hello'))
 * const bytes = await data.get(hash)
 */
export function createDataClient(urls: readonly string[]): DataClient {
  const bases = urls.map(url => url.replace(/\/+$/, ''))

  async function put(bytes: Uint8Array): Promise<BlobRef> {
    const hash = blobHash(bytes)
    const answers = await Promise.allSettled(bases.map(base => upload(`${base}/blob/${hash}`, bytes)))
    const taken = answers.findIndex(answer => answer.status === 'fulfilled')
    if (taken < 0) {
      const reasons = answers.map(answer => (answer.status === 'rejected' ? String(answer.reason?.message) : ''))
      const [first] = answers
      if (first?.status === 'rejected' && first.reason instanceof SdkError) throw first.reason
      throw new SdkError(SDK_ERRORS.DATA_NODE_FAILED, 'no data node took the blob', {
        data: { bases, reasons },
        retryable: true,
      })
    }
    return { hash, cid: cidOfHash(hash), size: bytes.length, link: `${bases[taken]}/blob/${hash}` }
  }

  async function get(hash: string, options: GetBlobOptions = {}): Promise<Uint8Array> {
    const wanted = normaliseHash(hash)
    let failure: unknown
    let worst: (typeof SDK_ERRORS)[keyof typeof SDK_ERRORS] = SDK_ERRORS.BLOB_NOT_FOUND
    for (const url of [...bases.map(base => `${base}/blob/${wanted}`), ...(options.links ?? [])]) {
      try {
        const bytes = await download(url, options)
        if (blobHash(bytes) === wanted) return bytes
        worst = SDK_ERRORS.HASH_MISMATCH
      } catch (error) {
        failure = error
        if (error instanceof SdkError && error.code === SDK_ERRORS.BLOB_TOO_LARGE) worst = error.code
        options.signal?.throwIfAborted()
      }
    }
    throw new SdkError(worst, 'no place has the blob with this hash', {
      data: { hash: wanted, asked: bases.length + (options.links?.length ?? 0) },
      cause: failure,
      retryable: true,
    })
  }

  async function size(hash: string): Promise<number | undefined> {
    for (const base of bases) {
      const url = `${base}/blob/${normaliseHash(hash)}`
      const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch(
        () => undefined,
      )
      const length = Number(response?.headers.get('content-length') ?? Number.NaN)
      if (response?.ok === true && Number.isSafeInteger(length)) return length
    }
    return undefined
  }

  return { urls: bases, put, get, size, getUrl: download }
}

async function upload(url: string, bytes: Uint8Array): Promise<void> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes as Uint8Array<ArrayBuffer>,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
  } catch (cause) {
    throw new SdkError(SDK_ERRORS.DATA_NODE_FAILED, 'the data node does not answer', {
      data: { url },
      cause,
      retryable: true,
    })
  }
  const text = await response.text().catch(() => '')
  if (response.ok) return
  const code = response.status === 413 ? SDK_ERRORS.BLOB_TOO_LARGE : SDK_ERRORS.DATA_NODE_FAILED
  throw new SdkError(code, 'the data node refused the blob', {
    data: { url, status: response.status, answer: text.slice(0, 500) },
    retryable: response.status >= 500,
  })
}

async function download(url: string, options: GetBlobOptions = {}): Promise<Uint8Array> {
  const bytesMax = options.bytesMax ?? BYTES_MAX
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
  let response: Response
  try {
    response = await fetch(url, { signal })
  } catch (cause) {
    throw new SdkError(SDK_ERRORS.DATA_NODE_FAILED, 'no answer from the address of the blob', {
      data: { url },
      cause,
      retryable: true,
    })
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    const code = response.status === 404 ? SDK_ERRORS.BLOB_NOT_FOUND : SDK_ERRORS.DATA_NODE_FAILED
    throw new SdkError(code, 'the blob is not at its address', {
      data: { url, status: response.status },
      retryable: true,
    })
  }
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > bytesMax) {
        throw new SdkError(SDK_ERRORS.BLOB_TOO_LARGE, 'the blob is larger than allowed', { data: { url, bytesMax } })
      }
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof SdkError) throw cause
    throw new SdkError(SDK_ERRORS.DATA_NODE_FAILED, 'the connection broke in the middle of a blob', {
      data: { url },
      cause,
      retryable: true,
    })
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
