import { CodedError, messageOf } from '#lib/errors'
import { parseArguments } from './arguments.ts'
import type { RpcContext } from './context.ts'
import { errorObjectOf, RPC_ERRORS, RpcError, type RpcErrorObject } from './errors.ts'
import { isDeeperThan } from './json-text.ts'
import type { Method } from './method.ts'
import type { RpcMetrics } from './metrics.ts'
import { createPacer } from './pacer.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { Session } from './session.ts'

/** Answers JSON-RPC 2.0 text with JSON-RPC 2.0 text, whatever carries it. */
export interface Dispatcher {
  /** The answer, or undefined when nothing is to be answered (notifications only). */
  handle(text: string, session: Session, signal?: AbortSignal): Promise<Answer | undefined>
}

export interface Answer {
  readonly text: string
  /** Seconds after which a rate-limited client may come back; the transport says so in its own way. */
  readonly retryAfterS?: number
}

type RequestId = string | number | null

interface Request {
  readonly id: RequestId | undefined
  readonly method: string
  readonly params: readonly unknown[]
}

export interface DispatcherOptions {
  readonly context: RpcContext
  readonly methods: ReadonlyMap<string, Method>
  readonly limiter: RateLimiter
  readonly metrics: RpcMetrics
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { context, methods, limiter, metrics } = options
  const { limits } = context
  const heavy = createGate(limits.heavyConcurrency)
  const paced = createPacer(limits.bigBodyShare)

  function parseBody(text: string): unknown {
    if (isDeeperThan(text, limits.jsonDepthMax)) return new RpcError('parse', 'parse error: nested too deeply')
    try {
      return JSON.parse(text)
    } catch {
      return new RpcError('parse', 'parse error')
    }
  }

  /** The result as JSON. */
  async function call(request: Request, session: Session, signal: AbortSignal): Promise<string> {
    const method = methods.get(request.method)
    if (method === undefined) {
      throw new RpcError('methodNotFound', `the method ${request.method} does not exist/is not available`)
    }
    const { workers, refresh } = context.backend
    refresh?.()
    if (method.work !== undefined && workers !== undefined) {
      const timeoutMs = method.work === 'call' ? limits.callTimeoutMs : limits.traceTimeoutMs
      return workers.run({
        method: method.name,
        params: request.params,
        timeoutMs,
        client: session.address,
        signal,
      })
    }
    const args = parseArguments(method, request.params)
    const info = { session, signal }
    if (method.work === undefined) return jsonOf(await method.handle(context, args, info))
    // Who waited until nobody wants the answer any more does no work.
    return heavy(async () => (signal.aborted ? 'null' : jsonOf(await method.handle(context, args, info))))
  }

  async function answer(item: unknown, session: Session, deadline: Deadline): Promise<string | undefined> {
    const request = parseRequest(item)
    if (request instanceof RpcError) return failureText(null, errorObjectOf(request))
    const started = performance.now()
    const known = methods.has(request.method) ? request.method : 'unknown'
    let text: string
    let outcome = 'ok'
    try {
      const result = await deadline.limit(() => call(request, session, deadline.signal))
      text = `{"jsonrpc":"2.0","id":${JSON.stringify(request.id ?? null)},"result":${result}}`
    } catch (error) {
      const object = errorObjectOf(error)
      outcome = error instanceof CodedError ? error.code : 'internal'
      if (object.code === RPC_ERRORS.internal) {
        context.log.error('method failed', { method: known, error: messageOf(error), stack: stackOf(error) })
      }
      text = failureText(request.id ?? null, object)
    }
    metrics.calls.inc(1, { method: known, outcome })
    metrics.seconds.observe((performance.now() - started) / 1000, { method: known })
    if (text.length > limits.responseBytesMax) {
      text = failureText(request.id ?? null, { code: RPC_ERRORS.responseTooLarge, message: 'response too large' })
    }
    return request.id === undefined ? undefined : text
  }

  async function answerBatch(items: readonly unknown[], session: Session, deadline: Deadline) {
    const answers = new Array<string | undefined>(items.length)
    let next = 0
    let bytes = 0
    const work = async () => {
      for (let at = next++; at < items.length; at = next++) {
        if (bytes > limits.responseBytesMax) {
          answers[at] = failureText(idOf(items[at]), {
            code: RPC_ERRORS.responseTooLarge,
            message: 'response too large',
          })
          continue
        }
        const text = await answer(items[at], session, deadline)
        answers[at] = text
        bytes += text?.length ?? 0
      }
    }
    await Promise.all(Array.from({ length: Math.min(limits.batchConcurrency, items.length) }, work))
    const texts = answers.filter(text => text !== undefined)
    return texts.length === 0 ? undefined : `[${texts.join(',')}]`
  }

  function weightOf(item: unknown): number {
    const name = typeof item === 'object' && item !== null && 'method' in item ? item.method : undefined
    return methods.get(String(name))?.weight ?? 1
  }

  return {
    async handle(text, session, signal = new AbortController().signal) {
      const isBig = text.length > limits.bigBodyChars
      const body = isBig ? await paced(() => parseBody(text)) : parseBody(text)
      if (body instanceof RpcError) return { text: failureText(null, errorObjectOf(body)) }
      const isBatch = Array.isArray(body)
      const items: readonly unknown[] = isBatch ? (body as unknown[]) : [body]
      if (items.length === 0) {
        return { text: failureText(null, { code: RPC_ERRORS.invalidRequest, message: 'empty batch' }) }
      }
      if (items.length > limits.batchItemsMax) {
        return { text: failureText(null, { code: RPC_ERRORS.invalidRequest, message: 'batch too large' }) }
      }
      const weight = items.reduce<number>((sum, item) => sum + weightOf(item), 0)
      const waitS = limiter.take(session.address, weight)
      if (waitS > 0) {
        const limited = { code: RPC_ERRORS.limitExceeded, message: 'rate limit exceeded' }
        const texts = items.map(item => failureText(idOf(item), limited))
        return { text: isBatch ? `[${texts.join(',')}]` : (texts[0] ?? ''), retryAfterS: waitS }
      }
      const deadline = createDeadline(limits.methodTimeoutMs, signal)
      try {
        const answered = await (isBatch ? answerBatch(items, session, deadline) : answer(items[0], session, deadline))
        return answered === undefined ? undefined : { text: answered }
      } finally {
        deadline.close()
      }
    },
  }
}

function failureText(id: RequestId, error: RpcErrorObject): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error })
}

function jsonOf(result: unknown): string {
  return JSON.stringify(result ?? null)
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined
}

function idOf(item: unknown): RequestId {
  const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : null
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

function parseRequest(item: unknown): Request | RpcError {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return new RpcError('invalidRequest', 'invalid request')
  }
  const { id, method, params } = item as Record<string, unknown>
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    return new RpcError('invalidRequest', 'invalid request')
  }
  if (typeof method !== 'string') return new RpcError('invalidRequest', 'invalid request')
  if (params !== undefined && params !== null && !Array.isArray(params)) {
    return new RpcError('invalidParams', 'non-array args')
  }
  return { id: id as RequestId | undefined, method, params: params ?? [] }
}

/** The time that all calls of one request have together; one for all of them, as a batch may have a thousand. */
interface Deadline {
  /** Aborts when the time is over or nobody wants the answer any more. */
  readonly signal: AbortSignal
  /** What `work` comes to, or a timeout; begins nothing that is too late. */
  limit<T>(work: () => Promise<T>): Promise<T>
  close(): void
}

function createDeadline(timeoutMs: number, outer: AbortSignal): Deadline {
  const controller = new AbortController()
  const { promise: end, reject } = Promise.withResolvers<never>()
  // Nobody may be waiting for it.
  end.catch(() => {})
  const finish = () => {
    controller.abort()
    reject(new RpcError('timeout', 'request timed out'))
  }
  const timer = setTimeout(finish, timeoutMs)
  if (outer.aborted) finish()
  else outer.addEventListener('abort', finish)
  return {
    signal: controller.signal,
    limit: work => (controller.signal.aborted ? end : Promise.race([work(), end])),
    close() {
      clearTimeout(timer)
      outer.removeEventListener('abort', finish)
    },
  }
}

/** Lets `width` run at the same time; the others wait in order. Each waiter is one request of a bounded transport. */
function createGate(width: number): <T>(run: () => T | Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async run => {
    if (running >= width) await new Promise<void>(resolve => waiting.push(resolve))
    else running += 1
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
