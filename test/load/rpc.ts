import { Agent, request } from 'node:http'

/** One call of a JSON-RPC batch. */
export interface Call {
  readonly method: string
  readonly params: readonly unknown[]
}

export interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const TIMEOUT_MS = 10_000

function post(url: string, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, answer => {
      const chunks: Buffer[] = []
      answer.on('data', chunk => chunks.push(chunk))
      answer.once('error', reject)
      answer.once('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()))
        } catch (error) {
          reject(error)
        }
      })
    })
    sent.once('timeout', () => sent.destroy(new Error(`no answer from ${url} in ${TIMEOUT_MS / 1_000} s`)))
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Answers in the order of the calls. Throws when the node does not answer. */
export async function callBatch(url: string, calls: readonly Call[]): Promise<readonly Answer[]> {
  const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
  const answers = (await post(url, body)) as (Answer & { readonly id: number })[]
  if (!Array.isArray(answers)) throw new Error(`the node refused a batch: ${JSON.stringify(answers).slice(0, 200)}`)
  return answers.sort((a, b) => a.id - b.id)
}

/** The result of one call; throws with the node's message when it answers with an error. */
export async function call<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const { result, error } = (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as Answer
  if (error !== undefined) throw new Error(`${method}: ${error.message}`)
  return result as T
}
