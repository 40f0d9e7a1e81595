import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { devnetGenesis } from '#genesis'
import { toHex } from '#lib/bytes'
import { deriveDevValidatorKeys, publicKeysOf, saveDevKeys } from '../../chain/node/keys/index.ts'
import { createSigningGuard } from '../../chain/node/signing-guard.ts'
import { type Child, startChild } from '../../cli/devnet/child.ts'
import { run } from '../../cli/run.ts'

const children: Child[] = []
const folders: string[] = []
afterEach(async () => {
  for (const child of children.splice(0)) await child.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function ask(url: string, method: string, ...params: unknown[]) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return (await answer.json()) as { readonly result?: unknown; readonly error?: { readonly message: string } }
}

async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

test('a node process starts from a snapshot, answers JSON-RPC while it looks for one, and follows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
  folders.push(folder)
  const keys = deriveDevValidatorKeys('snapshot process', 0)
  const { operator, consensusKey, networkKey, checkpointKey, peerId } = publicKeysOf(keys)
  const port = await freePort()
  const address = `/ip4/127.0.0.1/tcp/${port}`
  const genesis = await devnetGenesis({
    timestampSec: Math.floor(Date.now() / 1_000),
    validators: [{ name: 'v', operator, consensusKey, networkKey, checkpointKey, stake: 1, addresses: [address] }],
    accounts: [{ address: toHex(keys.operator.address), balanceWei: 10n ** 24n }],
  })
  const network = join(folder, 'genesis.json')
  writeFileSync(network, JSON.stringify(genesis))
  const validatorDir = join(folder, 'validator')
  saveDevKeys(join(validatorDir, 'keys'), keys)
  const guard = { path: join(validatorDir, 'signing-guard'), chainId: 1071, epoch: 0, key: keys.consensus }
  createSigningGuard(guard)
  const common = ['--network', network, '--health-disable', '--log-format', 'json', '--rpc-workers', '0']
  const startValidator = async () => {
    const args = ['--data-dir', validatorDir, '--validator', '--p2p-listen', address, '--snapshot-interval', '2']
    const logFile = join(folder, 'validator.log')
    children.push(await startChild({ name: 'v', args: ['node', ...args, '--rpc-port', '0', ...common], logFile }))
    return children.at(-1) as Child
  }
  const validator = await startValidator()
  const url = String(validator.ready.rpcUrl)
  const snapshots = join(validatorDir, 'snapshots')
  await until('a snapshot', () => existsSync(snapshots) && readdirSync(snapshots).some(name => /^\d+$/.test(name)))

  // The validator is away while the new node looks for it.
  await validator.stop()
  children.splice(0)
  const rpcPort = await freePort()
  const followerDir = join(folder, 'follower')
  const logFile = join(folder, 'follower.log')
  const args = ['--data-dir', followerDir, '--sync', 'snapshot', '--p2p-listen', '/ip4/127.0.0.1/tcp/0']
  const peers = ['--p2p-peers', `${address}/p2p/${peerId}`]
  const follower = startChild({
    name: 'f',
    args: ['node', ...args, ...peers, '--rpc-port', String(rpcPort), ...common],
    logFile,
    timeoutMs: 90_000,
  })
  const own = `http://127.0.0.1:${rpcPort}`
  await until('JSON-RPC of the new node', () =>
    ask(own, 'eth_chainId').then(
      ({ result }) => result === '0x42f',
      () => false,
    ),
  )
  expect((await ask(own, 'eth_syncing')).result).toEqual({
    startingBlock: '0x0',
    currentBlock: '0x0',
    highestBlock: '0x0',
  })
  expect((await ask(own, 'eth_sendRawTransaction', '0x01')).error?.message).toContain('syncing')

  const again = await startValidator()
  const joined = await follower
  children.push(joined)
  const target = Number((await ask(String(again.ready.rpcUrl), 'eth_blockNumber')).result) + 2
  await until('the new node in step', async () => Number((await ask(own, 'eth_blockNumber')).result) >= target)
  const earliest = Number(
    ((await ask(own, 'eth_getBlockByNumber', 'earliest', false)).result as { number: string }).number,
  )
  expect(earliest).toBeGreaterThan(0)
  const block = `0x${target.toString(16)}`
  const hashAt = async (at: string) =>
    ((await ask(at, 'eth_getBlockByNumber', block, false)).result as { hash: string }).hash
  expect(await hashAt(own)).toBe(await hashAt(String(again.ready.rpcUrl)))
  expect((await ask(own, 'eth_syncing')).result).toBe(false)
  expect(url).not.toBe(own)
  expect(readFileSync(logFile, 'utf8')).toContain('snapshot complete')
  await joined.stop()
  children.splice(children.indexOf(joined), 1)
  expect(await run(['db', 'check', '--deep', '--data-dir', followerDir])).toBe(0)
}, 180_000)
