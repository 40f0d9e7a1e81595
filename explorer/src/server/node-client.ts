import { ExplorerError, messageOf } from './errors.ts'

export interface RpcRequest {
  readonly method: string
  readonly params: readonly unknown[]
}

/** What the node said to one request; an `error` is its answer too (a reverted call, an unknown method). */
export type RpcAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data?: unknown }

/** JSON-RPC over HTTP. Throws ExplorerError `node unreachable` (also on timeouts, bad JSON and oversized answers). */
export interface NodeClient {
  /** The result, or ExplorerError `node error` when the node answered with an error. */
  call(method: string, params: readonly unknown[]): Promise<unknown>
  /** Answers in the order of the requests. */
  batch(requests: readonly RpcRequest[]): Promise<readonly RpcAnswer[]>
}

const BATCH_MAX = 50
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const TIMEOUT_MS = 20_000

interface RawAnswer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown } | null
}

export function createNodeClient(rpcUrl: string, signal: AbortSignal): NodeClient {
  async function post(body: unknown): Promise<unknown> {
    try {
      const response = await fetch(rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      return JSON.parse(await readBounded(response))
    } catch (cause) {
      throw new ExplorerError('node unreachable', `the node at ${rpcUrl} gave no answer: ${messageOf(cause)}`, {
        status: 503,
        cause,
      })
    }
  }

  async function batch(requests: readonly RpcRequest[]): Promise<readonly RpcAnswer[]> {
    const answers: RpcAnswer[] = []
    for (let start = 0; start < requests.length; start += BATCH_MAX) {
      const part = requests.slice(start, start + BATCH_MAX)
      const raw = await post(part.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params })))
      if (!Array.isArray(raw)) throw new ExplorerError('node unreachable', 'the node does not answer batches')
      const byId = new Map<unknown, RawAnswer>()
      for (const answer of raw as readonly RawAnswer[]) byId.set(answer?.id, answer)
      for (let id = 0; id < part.length; id++) answers.push(toAnswer(byId.get(id)))
    }
    return answers
  }

  return {
    batch,
    async call(method, params) {
      const answer = toAnswer((await post({ jsonrpc: '2.0', id: 0, method, params })) as RawAnswer)
      if (answer.kind === 'result') return answer.result
      throw new ExplorerError('node error', `${method}: ${answer.message}`, { status: 502 })
    },
  }
}

function toAnswer(raw: RawAnswer | undefined): RpcAnswer {
  if (raw === undefined || raw === null) throw new ExplorerError('node unreachable', 'the node left out an answer')
  if (raw.error) {
    const { code, message, data } = raw.error
    return { kind: 'error', code: Number(code), message: String(message), ...(data === undefined ? {} : { data }) }
  }
  return { kind: 'result', result: raw.result }
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) throw new RangeError(`answer above ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Keeps subscriptions (`newHeads`, `dagCommits`) to `wsUrl` alive and calls back with each notification. A lost
 * connection is opened again after 1 s; nothing depends on it, because the indexer polls as well.
 */
export function subscribe(
  wsUrl: string,
  topics: readonly string[],
  onEvent: (topic: string, payload: unknown) => void,
): { stop(): void } {
  let socket: WebSocket | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function open(): void {
    const topicOf = new Map<unknown, string>()
    const current = new WebSocket(wsUrl)
    socket = current
    current.onopen = () => {
      topics.forEach((topic, id) => {
        current.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'eth_subscribe', params: [topic] }))
      })
    }
    current.onmessage = event => {
      if (typeof event.data !== 'string' || event.data.length > ANSWER_BYTES_MAX) return
      let message: { id?: unknown; result?: unknown; params?: { subscription?: unknown; result?: unknown } }
      try {
        message = JSON.parse(event.data)
      } catch {
        return
      }
      const topic = typeof message?.id === 'number' ? topics[message.id] : undefined
      if (topic !== undefined && typeof message.result === 'string') topicOf.set(message.result, topic)
      const subject = topicOf.get(message?.params?.subscription)
      if (subject !== undefined) onEvent(subject, message.params?.result)
    }
    current.onerror = () => {}
    current.onclose = () => {
      if (!stopped) timer = setTimeout(open, 1_000)
    }
  }

  open()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      socket?.close()
    },
  }
}
