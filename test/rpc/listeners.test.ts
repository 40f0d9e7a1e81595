import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createExecutionEngine } from '#evm'
import { fromHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { issueToken } from '#rpc'
import { type ChainStore, openChainStore } from '#storage'
import { type RpcListeners, startRpcListeners } from '../../chain/node/rpc-listeners.ts'
import { genesisFile } from '../evm/fixtures.ts'
import { memoryChain } from './memory-chain.ts'

describe('the listeners of a node', () => {
  let folder: string
  let store: ChainStore
  let listeners: RpcListeners | undefined
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ogpu-listeners-'))
    store = await openChainStore(join(folder, 'chain'), { isShared: true })
    await (await createExecutionEngine({ genesis: genesisFile(), store })).close()
  })
  afterEach(async () => {
    await listeners?.close()
    listeners = undefined
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (admin: { readonly port: number | undefined; readonly secretFile: string | undefined }) => {
    const { pool, chain } = memoryChain()
    listeners = await startRpcListeners({
      live: {
        pool,
        network: { peerCount: () => 0, listening: () => true },
        syncing: () => undefined,
        admin: {
          ...{ id: 'self', dataDir: folder, genesisHash: new Uint8Array(32) },
          ...{ addresses: () => [], peers: () => [], addPeer: () => {} },
        },
      },
      blocks: chain,
      clientVersion: 'ogpu/test',
      config: {
        ...{ enabled: true, host: '127.0.0.1', port: 0, apis: ['eth', 'admin'], cors: [], hosts: ['localhost'] },
        ...{ batchMax: 10, connectionsMax: 10, workers: 0, admin },
      },
      chain: {
        genesis: genesisFile(),
        storePath: join(folder, 'chain'),
        written: store.written,
        historyBlocks: undefined,
      },
      adminSecretPath: join(folder, 'admin-secret'),
      log: silentLog,
    })
    return listeners
  }

  const ask = async (url: string | undefined, method: string, token?: string) => {
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] })
    return fetch(String(url), { method: 'POST', headers, body })
  }

  it('the operator’s has every method behind a token; its secret is made once, for this user only', async () => {
    const path = join(folder, 'admin-secret')
    const { adminUrl } = await start({ port: 0, secretFile: undefined })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const secret = fromHex(readFileSync(path, 'utf8').trim())
    expect((await ask(adminUrl, 'admin_datadir')).status).toBe(401)
    expect((await ask(adminUrl, 'eth_chainId', issueToken(new Uint8Array(32), Date.now()))).status).toBe(401)
    expect((await ask(adminUrl, 'eth_chainId', issueToken(secret, Date.now() - 120_000))).status).toBe(401)
    const answer = await ask(adminUrl, 'admin_datadir', issueToken(secret, Date.now()))
    expect(await answer.json()).toMatchObject({ result: folder })
    await listeners?.close()
    await start({ port: 0, secretFile: undefined })
    expect(fromHex(readFileSync(path, 'utf8').trim())).toEqual(secret)
  })

  it('there is none unless configured, and a secret that is none stops the start', async () => {
    expect((await start({ port: undefined, secretFile: undefined })).adminUrl).toBe(undefined)
    await listeners?.close()
    const secretFile = join(folder, 'mine')
    writeFileSync(secretFile, 'secret')
    await expect(start({ port: 0, secretFile })).rejects.toMatchObject({ code: 'admin secret invalid' })
  })
})
