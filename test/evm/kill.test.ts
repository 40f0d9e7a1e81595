import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { checkChain, createExecutionEngine } from '#evm'
import { toHex } from '#lib/bytes'
import { createMemoryStore, openChainStore } from '#storage'
import { KILL_COMMITS, killCommits, killGenesis } from './kill-workload.ts'

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url))

/** Runs the child and kills it `delayMs` after it began to execute; true when it finished first. */
function runAndKill(directory: string, retention: object, delayMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const running = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', child, directory, JSON.stringify(retention)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let output = ''
    running.stdout.on('data', (chunk: Buffer) => {
      if (!output.includes('ready') && `${output}${chunk}`.includes('ready')) {
        setTimeout(() => running.kill('SIGKILL'), delayMs)
      }
      output += chunk.toString()
    })
    running.on('error', reject)
    running.on('exit', () => resolve(output.includes('done')))
  })
}

describe('an execution that is killed at any moment', () => {
  test.each([
    { mode: 'archive', retention: {} },
    { mode: 'pruned', retention: { historyBlocks: 10, bodyBlocks: 20, lagBlocks: 3 } },
  ])('goes on after every restart and ends in the chain of an undisturbed one ($mode)', async ({ retention }) => {
    const directory = mkdtempSync(join(tmpdir(), 'ogpu-kill-'))
    try {
      let kills = 0
      for (const delayMs of [3, 17, 41, 8, 67, 29]) {
        if (await runAndKill(directory, retention, delayMs)) break
        kills += 1
      }
      expect(kills).toBeGreaterThan(0)

      const reference = await createExecutionEngine({ genesis: killGenesis(), store: createMemoryStore() })
      for (const ordered of killCommits()) await reference.execute(ordered)

      const store = await openChainStore(directory)
      expect((await checkChain({ store, deep: true })).findings).toEqual([])
      expect(await store.checkBulk()).toEqual([])
      const engine = await createExecutionEngine({ genesis: killGenesis(), store, ...retention })
      const resumed = engine.lastExecuted().index
      for (const ordered of killCommits()) await engine.execute(ordered)
      expect(engine.lastExecuted()).toEqual({ epoch: 0, index: KILL_COMMITS })
      expect(resumed).toBeLessThanOrEqual(KILL_COMMITS)
      for (let number = engine.chain.earliest(); number <= reference.chain.head().header.number; number++) {
        const [a, b] = [await engine.chain.blockByNumber(number), await reference.chain.blockByNumber(number)]
        expect(toHex(a?.hash ?? new Uint8Array())).toBe(toHex(b?.hash ?? new Uint8Array()))
        expect(await engine.chain.receipts(number)).toEqual(await reference.chain.receipts(number))
      }
      await store.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
