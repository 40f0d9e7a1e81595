import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createExecutionEngine, genesisBlock } from '#evm'
import { toHex } from '#lib/bytes'
import { openDataDirectory } from '#node'
import { openChainStore, openLevelStore } from '#storage'
import { commitDigest, type Digest } from '#types'
import { createConsensusLog } from '../../chain/node/consensus-log.ts'
import { run } from '../../cli/run.ts'
import { CHAIN_ID } from '../evm/fixtures.ts'
import { killCommits, killGenesis } from '../evm/kill-workload.ts'

let root: string
let whole: string
let headHash: string
const commits = [...killCommits()].slice(0, 12)

/** A stopped node's data directory, with tables on the disk and not only LevelDB's log. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
  whole = join(root, 'whole')
  mkdirSync(whole)
  const genesis = killGenesis()
  const directory = openDataDirectory({ path: whole, chainId: CHAIN_ID, genesisHash: genesisBlock(genesis).hash })
  const chain = await openChainStore(join(directory.storePath, 'chain'), { writeBufferBytes: 64 * 1024 })
  const engine = await createExecutionEngine({ genesis, store: chain })
  const consensus = await openLevelStore(join(directory.storePath, 'consensus'), { writeBufferBytes: 64 * 1024 })
  const log = createConsensusLog(consensus, 0)
  let previousDigest: Digest = new Uint8Array(32)
  for (const ordered of commits) {
    await engine.execute(ordered)
    const commit = { ...ordered.commit, previousDigest }
    previousDigest = commitDigest(commit)
    await log.append([{ kind: 'commit', commit, digest: previousDigest }], { durable: true })
  }
  headHash = toHex(engine.chain.head().hash)
  await engine.close()
  await chain.compact()
  await consensus.compact()
  await chain.close()
  await consensus.close()
  directory.close()
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

// Written by the last version with layout 1, from the same commits.
const LAYOUT_1 = fileURLToPath(new URL('../vectors/store-schema-1', import.meta.url))

/** A start of the node makes the same chain out of what is there. */
async function expectSameChain(path: string): Promise<void> {
  const store = await openChainStore(join(path, 'store/chain'))
  const engine = await createExecutionEngine({ genesis: killGenesis(), store })
  for (const commit of commits) await engine.execute(commit)
  expect(toHex(engine.chain.head().hash)).toBe(headHash)
  await engine.close()
  await store.close()
}

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function ogpu(...args: readonly string[]): Promise<Outcome> {
  let out = ''
  let err = ''
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(text => {
      out += String(text)
      return true
    }),
    vi.spyOn(console, 'log').mockImplementation(text => {
      out += `${text}\n`
    }),
    vi.spyOn(console, 'error').mockImplementation(text => {
      err += text instanceof Error ? `${text.stack}\n` : `${text}\n`
    }),
  ]
  try {
    return { code: await run(args), out, err }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

async function db(path: string, ...args: readonly string[]): Promise<Outcome> {
  return ogpu('db', ...args, '--data-dir', path)
}

function copy(name: string): string {
  const path = join(root, name)
  rmSync(path, { recursive: true, force: true })
  cpSync(whole, path, { recursive: true })
  return path
}

describe('./ogpu db', () => {
  test('tells where the chain stands and what takes room', async () => {
    const { code, out } = await db(whole, 'info')
    expect(code).toBe(0)
    expect(out).toMatch(/head\s+block 12\n/)
    expect(out).toMatch(/executed\s+commit 0\/12\n/)
    expect(out).toMatch(/states kept\s+all/)
    const stats = await db(whole, 'stats')
    expect(stats.code).toBe(0)
    expect(stats.out).toMatch(/slotHistory\s+\d+ .* %/)
    expect(stats.out).toMatch(/00000001\.bulk\s+\S+ KiB\s+\d+/)
  })

  test('has nothing to mend and nothing to bring up to date in a whole directory', async () => {
    const path = copy('mended')
    expect(await db(path, 'repair')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('everything agrees'),
    })
    expect(await db(path, 'migrate')).toMatchObject({ code: 0, out: expect.stringContaining('up to date already') })
  })

  test('brings the store of an earlier version up to date', async () => {
    const path = copy('earlier')
    rmSync(join(path, 'store/chain'), { recursive: true })
    cpSync(LAYOUT_1, join(path, 'store/chain'), { recursive: true })
    const refused = await db(path, 'check')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('./ogpu db migrate') })
    expect(await db(path, 'migrate')).toMatchObject({ code: 0, out: expect.stringContaining('from layout 1 to 2') })
    expect((await db(path, 'check', '--deep')).code).toBe(0)
    await expectSameChain(path)
  })

  test('finds nothing wrong with a whole directory', async () => {
    for (const options of [[], ['--deep']]) {
      const { code, out, err } = await db(whole, 'check', ...options)
      expect(err).toBe('')
      expect(out).toContain('everything agrees')
      expect(code).toBe(0)
    }
  })

  test('compacts, and the directory stays whole', async () => {
    const path = copy('compacted')
    const { code, out } = await db(path, 'compact')
    expect(code).toBe(0)
    expect(out).toMatch(/chain .* before, .* now/)
    expect((await db(path, 'check', '--deep')).code).toBe(0)
  })

  test('rewinds so that the same commits give the same block again', async () => {
    const path = copy('rewound')
    const { code, out } = await db(path, 'rewind', '5')
    expect(out).toMatch(/from block 12; execution goes on after commit 0\/5/)
    expect(code).toBe(0)
    expect((await db(path, 'check', '--deep')).code).toBe(0)
    const hashes: unknown[] = []
    for (const folder of [path, whole]) {
      const store = await openChainStore(join(folder, 'store/chain'))
      const engine = await createExecutionEngine({ genesis: killGenesis(), store })
      for (const commit of commits) await engine.execute(commit)
      hashes.push(engine.chain.head().hash)
      await store.close()
    }
    expect(hashes[0]).toEqual(hashes[1])
  })

  test('refuses what makes no sense before it touches anything', async () => {
    expect((await db(whole, 'explode')).code).toBe(2)
    expect((await db(whole, 'rewind')).code).toBe(2)
    expect((await db(whole, 'rewind', '-1')).code).toBe(2)
    expect((await db(whole, 'rewind', '1e3')).code).toBe(2)
    const tooHigh = await db(whole, 'rewind', '13')
    expect(tooHigh).toMatchObject({ code: 1, err: expect.stringContaining('the head is block 12') })
    const nowhere = await db(join(root, 'nowhere'), 'info')
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('no node has run there') })
    expect(existsSync(join(root, 'nowhere'))).toBe(false)
  })

  test('keeps away from the directory of a node that runs', async () => {
    const genesisHash = genesisBlock(killGenesis()).hash
    const running = openDataDirectory({ path: whole, chainId: CHAIN_ID, genesisHash })
    try {
      expect((await db(whole, 'check')).err).toContain('is used by another node')
    } finally {
      running.close()
    }
  })

  test('says one clear line when a store is not there', async () => {
    for (const name of ['chain', 'consensus']) {
      const path = copy('gone')
      rmSync(join(path, 'store', name), { recursive: true })
      const { code, err } = await db(path, 'check')
      expect(code).toBe(1)
      expect(err).toContain(join('store', name))
      expect(existsSync(join(path, 'store', name))).toBe(false)
    }
  })
})

describe('torn and overwritten files of a store', () => {
  // What `check --deep` calls whole must be whole; what is not must be named in lines, never as a stack.
  const expectClear = ({ code, err, out }: Outcome, path: string) => {
    expect(err).not.toMatch(/^\s+at /m)
    expect(err).not.toContain('broken assumption')
    if (code === 0) expect(out).toContain('everything agrees')
    else {
      expect(code).toBe(1)
      expect(err).toContain(path)
      expect(err).toContain('What helps: ')
    }
  }

  test.each(['chain', 'consensus'])(
    'of %s are named with what helps',
    async name => {
      let failed = 0
      let mended = 0
      const files = readdirSync(join(whole, 'store', name), { recursive: true }) as string[]
      for (const file of files) {
        if (file === 'LOCK' || file.startsWith('LOG')) continue
        if (statSync(join(whole, 'store', name, file)).isDirectory()) continue
        const original = readFileSync(join(whole, 'store', name, file))
        if (original.length === 0) continue
        for (const part of [0, 0.3, 0.7, 0.98]) {
          const at = Math.floor(original.length * part)
          for (const kind of ['truncated', 'overwritten'] as const) {
            const path = copy('torn')
            const target = join(path, 'store', name, file)
            if (kind === 'truncated') truncateSync(target, at)
            else {
              const bytes = Buffer.from(original)
              bytes.fill(0x5a, at, Math.min(at + 64, bytes.length))
              writeFileSync(target, bytes)
            }
            const outcome = await db(path, 'check', '--deep')
            expectClear(outcome, path)
            if (outcome.code !== 0) failed += 1
            const repaired = await db(path, 'repair')
            expectClear(repaired, path)
            if (repaired.code === 0) {
              if (outcome.code !== 0) mended += 1
              expect(await db(path, 'check', '--deep')).toMatchObject({ code: 0, err: '' })
              await expectSameChain(path)
            }
            for (const verb of [['info'], ['compact'], ['rewind', '3']]) {
              const { err } = await db(path, ...verb)
              expect(err).not.toMatch(/^\s+at /m)
            }
          }
        }
      }
      expect(failed).toBeGreaterThan(5)
      // Of the consensus log nothing can be made again here: its peers have it.
      if (name === 'chain') expect(mended).toBeGreaterThan(5)
    },
    60_000,
  )
})
