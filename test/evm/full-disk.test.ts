import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkChain, createExecutionEngine } from '#evm'
import { toHex } from '#lib/bytes'
import { createMemoryStore, openChainStore } from '#storage'
import { KILL_COMMITS, killCommits, killGenesis } from './kill-workload.ts'

const CHILD = fileURLToPath(new URL('./full-disk-child.ts', import.meta.url))
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning', CHILD]

let expected: string
let root: string
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ogpu-full-'))
  const reference = await createExecutionEngine({ genesis: killGenesis(), store: createMemoryStore() })
  for (const commit of killCommits()) await reference.execute(commit)
  expected = toHex(reference.chain.head().hash)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Run {
  readonly code: number | null
  readonly err: string
  /** Commits that were reported as durable. */
  readonly acknowledged: number
}

/** Runs the child after `script` has prepared the shell. */
function run(script: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `${script}; exec "$@"`, 'sh', ...NODE, ...args])
    let out = ''
    let err = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    child.stderr.on('data', chunk => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, err, acknowledged: Number(out.trim().split('\n').at(-1)) }))
  })
}

function expectRefused({ code, err }: Run): void {
  expect(err).toMatch(/^store full: the store cannot .* \(what was acknowledged is on the disk; make room there/)
  expect(err.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(4)
}

async function expectWhole(directory: string, acknowledged: number): Promise<void> {
  const store = await openChainStore(directory)
  try {
    const engine = await createExecutionEngine({ genesis: killGenesis(), store })
    expect(engine.lastExecuted().index).toBeGreaterThanOrEqual(acknowledged)
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
    expect(await store.checkBulk()).toEqual([])
  } finally {
    await store.close()
  }
}

describe('an execution whose disk is full', () => {
  // A limit on the size of files refuses writes as a full disk does, in the middle of a write too. Which file meets it
  // first depends on the sizes: bulk files, LevelDB's log, its tables.
  test.each([
    { what: 'its bulk file', segmentBytes: 1 << 30, blocks: [40, 333] },
    { what: 'the log or a table of its database', segmentBytes: 9_000, blocks: [60, 127] },
  ])(
    'at $what stops with a clear line, has all it acknowledged, and goes on with more room',
    async ({ segmentBytes, blocks }) => {
      const directory = mkdtempSync(join(root, 'limit-'))
      let acknowledged = 0
      let refused = 0
      for (const limit of blocks) {
        const done = await run(`ulimit -f ${limit}`, [directory, String(segmentBytes)])
        if (done.code !== 0) {
          expectRefused(done)
          refused += 1
        }
        acknowledged = Math.max(acknowledged, done.acknowledged || 0)
        await expectWhole(directory, acknowledged)
      }
      expect(refused).toBe(blocks.length)
      const last = await run(':', [directory, String(segmentBytes)])
      expect(last).toMatchObject({ code: 0, err: '', acknowledged: KILL_COMMITS })
      const store = await openChainStore(directory)
      const engine = await createExecutionEngine({ genesis: killGenesis(), store })
      expect(toHex(engine.chain.head().hash)).toBe(expected)
      await store.close()
    },
    60_000,
  )

  // A file system of its own, where the machine lets us have one; it ends with its processes.
  test.runIf(spawnSync('unshare', ['-m', 'true']).status === 0)(
    'at any place stops and goes on, on a small file system',
    async () => {
      const directory = mkdtempSync(join(root, 'small-'))
      const saved = join(root, 'saved')
      const steps = [480, 560].map(
        kib => `mount -o remount,size=${kib}k "$1"; "$0" $3 "$1/store" 20000; echo "code $?"; sync`,
      )
      const script = [
        'set -u',
        'mount -t tmpfs -o size=400k tmpfs "$1"',
        '"$0" $3 "$1/store" 20000; echo "code $?"',
        ...steps,
        'mount -o remount,size=64m "$1"',
        '"$0" $3 "$1/store" 20000; echo "code $?"',
        'cp -r "$1/store" "$2"',
      ].join('\n')
      const done = spawnSync(
        'unshare',
        [
          '-m',
          'sh',
          '-c',
          script,
          process.execPath,
          directory,
          saved,
          `--disable-warning=ExperimentalWarning ${CHILD}`,
        ],
        { encoding: 'utf8' },
      )
      const codes = [...done.stdout.matchAll(/code (\d+)/g)].map(([, code]) => Number(code))
      expect(codes.slice(0, 3)).toEqual([4, 4, 4])
      expect(codes.at(-1)).toBe(0)
      for (const line of done.stderr.trim().split('\n')) expect(line).toMatch(/^store full: .*o space left/)
      await expectWhole(saved, KILL_COMMITS)
      const store = await openChainStore(saved)
      const engine = await createExecutionEngine({ genesis: killGenesis(), store })
      expect(toHex(engine.chain.head().hash)).toBe(expected)
      await store.close()
    },
    60_000,
  )
})
