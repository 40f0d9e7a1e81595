import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeBlocks } from '#types'

const VECTORS = fileURLToPath(new URL('../vectors/execution-apis', import.meta.url))
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const GENESIS = join(VECTORS, 'genesis.json')
const CHAIN = join(VECTORS, 'chain.rlp')

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args])
  const text = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    text.out += chunk
  })
  child.stderr.on('data', chunk => {
    text.err += chunk
  })
  return { child, text, ended: once(child, 'close').then(([code]) => ({ code: code as number, ...text })) }
}

describe('./ogpu import', () => {
  test('executes the chain, serves it, and ends when it is told to', async () => {
    const path = join(root, 'served')
    const { child, text, ended } = start(
      'import',
      '--genesis',
      GENESIS,
      '--data-dir',
      path,
      CHAIN,
      '--serve',
      '--port',
      '0',
    )
    try {
      while (!/JSON-RPC at (\S+)/.test(text.out) && child.exitCode === null)
        await new Promise(resolve => setTimeout(resolve, 50))
      const url = /JSON-RPC at (\S+)/.exec(text.out)?.[1] as string
      const ask = async (method: string, ...params: unknown[]) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
        const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        return ((await answer.json()) as { result: never }).result
      }
      const decoded = decodeBlocks(new Uint8Array(readFileSync(CHAIN)))
      if (decoded.kind !== 'accept') throw new Error('the vector does not decode')
      expect(Number(await ask('eth_blockNumber'))).toBe(decoded.value.length)
      const block = (await ask('eth_getBlockByNumber', 'latest', false)) as { hash: string; stateRoot: string }
      expect(text.out).toContain(block.hash)
      expect(text.out).toContain(block.stateRoot)
    } finally {
      child.kill('SIGTERM')
    }
    expect(await ended).toMatchObject({ code: 0, err: '' })
    const again = await start('import', '--genesis', GENESIS, '--data-dir', path, CHAIN).ended
    expect(again).toMatchObject({ code: 0, err: '' })
    const checked = await start('db', 'check', '--deep', '--data-dir', path).ended
    expect(checked).toMatchObject({ code: 0, err: '' })
  }, 30_000)

  test('names the first block that is wrong in one line, and keeps those before it', async () => {
    const bytes = readFileSync(CHAIN)
    const path = join(root, 'broken')
    const file = join(root, 'broken.rlp')
    bytes[60_000] = (bytes[60_000] as number) ^ 1
    writeFileSync(file, bytes)
    const broken = await start('import', '--genesis', GENESIS, '--data-dir', path, file).ended
    expect(broken.code).toBe(1)
    expect(broken.err.trim().split('\n')).toHaveLength(1)
    expect(broken.err).toMatch(/block \d+|sequence of RLP blocks/)
    expect(await start('import', '--genesis', GENESIS, '--data-dir', path, CHAIN).ended).toMatchObject({ code: 0 })
  }, 30_000)

  test('refuses files that are not there, or that belong to another chain', async () => {
    const path = join(root, 'none')
    const missing = await start('import', '--genesis', GENESIS, '--data-dir', path, join(root, 'no.rlp')).ended
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('cannot read') })
    writeFileSync(join(root, 'other.json'), JSON.stringify({ config: { chainId: 5 }, alloc: { zz: {} } }))
    const other = await start('import', '--genesis', join(root, 'other.json'), '--data-dir', path, CHAIN).ended
    expect(other.code).toBe(1)
    expect(other.err.trim().split('\n')).toHaveLength(1)
  }, 30_000)
})
