import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fromHex, isHex, toHex } from '#lib/bytes'
import type { Log } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { createFile } from '#lib/files'
import { createRpcServer, createRpcWorkers, type RpcBackend, type RpcServer } from '#rpc'
import type { NodeConfig } from './config.ts'
import type { RpcWorkerData } from './rpc-thread.ts'

export interface RpcListenersOptions {
  readonly backend: Omit<RpcBackend, 'workers'>
  readonly config: NodeConfig['rpc']
  /** What the threads need to read the chain. */
  readonly chain: RpcWorkerData
  /** Where the secret of the operator's listener lies unless configured. */
  readonly adminSecretPath: string
  readonly log: Log
}

export interface RpcListeners {
  readonly url: string | undefined
  readonly wsUrl: string | undefined
  readonly adminUrl: string | undefined
  close(): Promise<void>
}

/** Each thread holds some 60 MiB. */
const WORKERS_MAX = 8

/** Starts JSON-RPC: threads for heavy methods, the public listener, and the operator's own where one is configured. */
export async function startRpcListeners(options: RpcListenersOptions): Promise<RpcListeners> {
  const { config, log } = options
  const count = config.workers ?? Math.min(WORKERS_MAX, Math.max(1, availableParallelism() - 1))
  const workers =
    count === 0
      ? undefined
      : createRpcWorkers({
          entry: new URL('./rpc-worker.ts', import.meta.url),
          data: options.chain,
          count,
          log,
        })
  const backend: RpcBackend = { ...options.backend, ...(workers === undefined ? {} : { workers }) }
  const servers: RpcServer[] = []
  const close = async () => {
    await Promise.all(servers.map(server => server.close()))
    await workers?.close()
  }
  const limits = { batchItemsMax: config.batchMax, connectionsMax: config.connectionsMax }
  try {
    const open = config.enabled
      ? await createRpcServer({
          backend,
          host: config.host,
          port: config.port,
          namespaces: config.apis,
          limits,
          corsOrigins: namesOf(config.cors),
          hosts: namesOf(config.hosts),
          log,
        })
      : undefined
    if (open !== undefined) servers.push(open)
    const { port, secretFile } = config.admin
    const admin =
      port === undefined
        ? undefined
        : await createRpcServer({
            backend,
            port,
            limits,
            // No web page has business here.
            corsOrigins: [],
            jwtSecret: openAdminSecret(secretFile ?? options.adminSecretPath),
            log: log.child('admin'),
          })
    if (admin !== undefined) servers.push(admin)
    return { url: open?.url, wsUrl: open?.wsUrl, adminUrl: admin?.url, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A list of one `*` means everybody. */
function namesOf(list: readonly string[]): '*' | readonly string[] {
  return list.includes('*') ? '*' : list
}

/** Reads the secret, or makes one that only this user can read. CodedError `admin secret invalid`. */
function openAdminSecret(path: string): Uint8Array {
  try {
    if (!existsSync(path)) {
      const secret = new Uint8Array(randomBytes(32))
      createFile(path, `${toHex(secret)}\n`, 0o600)
      return secret
    }
    const text = readFileSync(path, 'utf8').trim()
    if (isHex(text, 32)) return fromHex(text)
  } catch (error) {
    throw new CodedError('admin secret invalid', `cannot use ${path}: ${messageOf(error)}`, { cause: error })
  }
  throw new CodedError('admin secret invalid', `${path} is not 32 bytes of hexadecimal`)
}
