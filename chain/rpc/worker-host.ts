import type { MessagePort } from 'node:worker_threads'
import type { Log } from '#lib/env'
import { messageOf } from '#lib/errors'
import { parseArguments } from './arguments.ts'
import type { ReadBackend } from './backend.ts'
import { createReadContext } from './context.ts'
import { errorObjectOf, RPC_ERRORS, RpcError } from './errors.ts'
import { DEFAULT_RPC_LIMITS } from './limits.ts'
import { METHODS } from './table.ts'
import type { WorkerReply, WorkerRequest } from './workers.ts'

export interface RequestHost {
  readonly port: MessagePort
  readonly backend: ReadBackend
  /** Moves the backend to the present; called before each request. */
  readonly renew: () => void
  /** Called when no request came for a while. */
  readonly release: () => void
  readonly log: Log
}

/** An idle thread must not keep the store from clearing up. */
const IDLE_MS = 1_000

/** Answers heavy requests on the thread that calls it, one after the other. */
export function serveRequests({ port, backend, renew, release, log }: RequestHost): void {
  const context = createReadContext(backend, DEFAULT_RPC_LIMITS)
  const methods = new Map(METHODS.map(method => [method.name, method]))
  // The thread is ended where a request must end, so nothing is aborted here.
  const { signal } = new AbortController()
  let idle: NodeJS.Timeout | undefined

  async function answer({ id, method: name, params }: WorkerRequest): Promise<WorkerReply> {
    try {
      const method = methods.get(name)
      if (method?.work === undefined) throw new RpcError('internal', `${name} is no work for a thread`)
      renew()
      const args = parseArguments(method, JSON.parse(params) as unknown[])
      const text = JSON.stringify((await method.handle(context, args, { signal })) ?? null)
      if (text.length > context.limits.responseBytesMax) throw new RpcError('responseTooLarge', 'response too large')
      return { kind: 'result', id, head: backend.chain.headHeader().number, text }
    } catch (error) {
      const object = errorObjectOf(error)
      if (object.code === RPC_ERRORS.internal) {
        const stack = error instanceof Error ? error.stack : undefined
        log.error('method failed', { method: name, error: messageOf(error), stack })
      }
      return { kind: 'error', id, head: backend.chain.headHeader().number, error: object }
    }
  }

  port.on('message', (request: WorkerRequest) => {
    clearTimeout(idle)
    void answer(request).then(reply => {
      port.postMessage(reply)
      idle = setTimeout(release, IDLE_MS)
    })
  })
  port.postMessage({ kind: 'ready' } satisfies WorkerReply)
}
