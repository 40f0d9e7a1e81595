import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The network that a client talks to, and what the runner made for this client alone. */
export interface World {
  readonly chainId: number
  readonly rpcUrl: string
  readonly wsUrl: string
  readonly explorerUrl: string
  /** Private keys of accounts with 1,000 coins each that nobody else uses. */
  readonly keys: readonly [Hex, Hex, Hex]
  /** An empty folder. */
  readonly dir: string
  readonly ledger: Artifact
}

export type Hex = `0x${string}`

export interface Artifact {
  readonly abi: readonly Readonly<Record<string, unknown>>[]
  readonly bytecode: Hex
}

/** One thing that has to hold; the name says which. A check that throws does not keep the others from running. */
export type Check = (name: string, run: () => Promise<unknown>) => Promise<void>

export interface Client {
  readonly run: (world: World, check: Check) => Promise<void>
}

export const HERE = fileURLToPath(new URL('.', import.meta.url))
export const MODULES = join(HERE, 'node_modules')

export const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11'
export const DETERMINISTIC_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C'

export function versionOf(name: string): string {
  const manifest = join(MODULES, name, 'package.json')
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : '(absent)'
}

/** Waits until `condition` gives something, asking again every `everyMs`. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  timeoutMs = 20_000,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const found = await condition()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1_000} s`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** The error that `run` ends with; throws when it ends well. */
export async function failureOf(run: () => Promise<unknown>): Promise<Error & Readonly<Record<string, unknown>>> {
  let value: unknown
  try {
    value = await run()
  } catch (error) {
    return error as Error & Readonly<Record<string, unknown>>
  }
  throw new Error(`no failure, but ${String(value)}`)
}

export interface RawAnswer {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** A JSON-RPC body as it is, without any library between. */
export async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

/** The result of one JSON-RPC call; throws with the node's message. */
// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is what the checks are about
export async function rpc(url: string, method: string, params: readonly unknown[] = []): Promise<any> {
  const answer = (await post(url, { jsonrpc: '2.0', id: 1, method, params })) as RawAnswer
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}
