import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fromHex, isHex, toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { createFile } from '#lib/files'
import type { NodeConfig } from './config.ts'
import { type RpcThreadOptions, startRpcThread } from './rpc-listener-host.ts'
import type { ListenerServer } from './rpc-listener-thread.ts'

export interface RpcListenersOptions extends Omit<RpcThreadOptions, 'workers' | 'servers'> {
  readonly config: NodeConfig['rpc']
  /** Where the secret of the operator's listener lies unless configured. */
  readonly adminSecretPath: string
}

export interface RpcListeners {
  readonly url: string | undefined
  readonly wsUrl: string | undefined
  readonly adminUrl: string | undefined
  metricsText(): Promise<string>
  close(): Promise<void>
}

/** Each thread holds some 60 MiB. */
const WORKERS_MAX = 8

/** Starts a node's JSON-RPC: the public listener, and the operator's own where one is configured. */
export async function startRpcListeners(options: RpcListenersOptions): Promise<RpcListeners> {
  const { config, adminSecretPath, ...rest } = options
  const limits = { batchItemsMax: config.batchMax, connectionsMax: config.connectionsMax }
  const open: ListenerServer = {
    name: '',
    host: config.host,
    port: config.port,
    namespaces: config.apis,
    limits,
    corsOrigins: namesOf(config.cors),
    hosts: namesOf(config.hosts),
  }
  const { port, secretFile } = config.admin
  const admin = (bound: number): ListenerServer => ({
    name: 'admin',
    port: bound,
    limits,
    // No web page has business here.
    corsOrigins: [],
    jwtSecret: openAdminSecret(secretFile ?? adminSecretPath),
  })
  const servers = [...(config.enabled ? [open] : []), ...(port === undefined ? [] : [admin(port)])]
  if (servers.length === 0) {
    return { url: undefined, wsUrl: undefined, adminUrl: undefined, metricsText: async () => '', close: async () => {} }
  }
  const workers = config.workers ?? Math.min(WORKERS_MAX, Math.max(1, availableParallelism() - 1))
  const thread = await startRpcThread({ ...rest, workers, servers })
  const [first] = config.enabled ? thread.servers : []
  return {
    url: first?.url,
    wsUrl: first?.wsUrl,
    adminUrl: port === undefined ? undefined : thread.servers.at(-1)?.url,
    metricsText: () => thread.metricsText(),
    close: () => thread.close(),
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
