import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defined } from '#lib/assert'
import { startDevnet } from '../../cli/devnet/devnet.ts'
import { run } from '../../cli/run.ts'

async function ask(url: string, method: string, ...params: unknown[]): Promise<never> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return ((await answer.json()) as { result: never }).result
}

async function reach(url: string, height: number): Promise<void> {
  while (Number(await ask(url, 'eth_blockNumber')) < height) await new Promise(resolve => setTimeout(resolve, 100))
}

async function hashes(url: string, upTo: number): Promise<readonly string[]> {
  const found: string[] = []
  for (let number = 0; number <= upTo; number++) {
    found.push(((await ask(url, 'eth_getBlockByNumber', `0x${number.toString(16)}`, false)) as { hash: string }).hash)
  }
  return found
}

test('a validator whose chain was taken back makes the same blocks again from its consensus log', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
  const options = {
    dataDir: join(dataDir, 'net'),
    fresh: false,
    chainId: 1071,
    validators: 1,
    rpcPort: 18_545,
    portsFrom: 18_545,
  }
  try {
    const first = await startDevnet(options)
    const url = defined(first.validators[0], 'one validator').rpcUrl
    await reach(url, 6)
    const before = await hashes(url, 6)
    await first.stop()
    const directory = first.layout.node(0)
    expect(await run(['db', 'check', '--deep', '--data-dir', directory])).toBe(0)
    expect(await run(['db', 'rewind', '2', '--force', '--data-dir', directory])).toBe(0)
    expect(await run(['db', 'check', '--deep', '--data-dir', directory])).toBe(0)
    const again = async () => {
      const network = await startDevnet(options)
      const at = defined(network.validators[0], 'one validator').rpcUrl
      await reach(at, 8)
      const found = await hashes(at, 6)
      await network.stop()
      return found
    }
    expect(await again()).toEqual(before)
    // What `db check` advises for a damaged chain.
    rmSync(join(directory, 'store', 'chain'), { recursive: true })
    expect(await again()).toEqual(before)
    expect(await run(['db', 'check', '--deep', '--data-dir', directory])).toBe(0)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}, 120_000)
