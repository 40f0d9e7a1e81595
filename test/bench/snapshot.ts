/**
 * Cost of a snapshot: `node launch.mjs test/bench/snapshot.ts [ACCOUNTS]` makes one of a state with so many accounts on a real
 * store and fills another store from it. Times are of the CPU.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createExecutionEngine,
  createRecoveryPool,
  createSnapshotTarget,
  genesisBlock,
  openSnapshotSource,
  readHeadChunk,
  readStateChunk,
} from '#evm'
import { assert, defined } from '#lib/assert'
import { type Hex, toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { openLevelStore } from '#storage'
import { commitOf, GENESIS_MS, genesisFile } from '../evm/fixtures.ts'

const accounts = Number(process.argv[2] ?? 100_000)
const alloc: Record<Hex, { balance: Hex }> = {}
for (let i = 0; i < accounts; i++) alloc[toHex(sha256(utf8(`account ${i}`)).subarray(0, 20))] = { balance: '0x123456' }
const genesis = genesisFile({ users: 1, alloc })
const folder = mkdtempSync(join(tmpdir(), 'ogpu-bench-'))
const recovery = createRecoveryPool({ workers: 0 })

async function timed<T>(what: string, action: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  const result = await action()
  const { user, system } = process.cpuUsage(before)
  console.log(
    `${what}  cpu=${((user + system) / 1e6).toFixed(2)} s  wall=${((performance.now() - startedMs) / 1e3).toFixed(2)} s`,
  )
  return result
}

try {
  const store = await openLevelStore(join(folder, 'source'))
  const engine = await createExecutionEngine({ genesis, store, recovery })
  await engine.execute(commitOf(1, [[]], { timestampMs: GENESIS_MS + 60_000 }))
  await engine.close()
  const chunks: Uint8Array[] = []
  const source = defined(openSnapshotSource(store), 'a snapshot')
  await timed(`snapshot/make accounts=${accounts}`, async () => {
    for await (const chunk of source.chunks) {
      sha256(chunk)
      chunks.push(chunk)
    }
  })
  console.log(`  ${chunks.length} parts, ${chunks.reduce((sum, { length }) => sum + length, 0)} bytes`)
  const filled = await openLevelStore(join(folder, 'target'))
  const target = createSnapshotTarget(filled, recovery)
  await timed(`snapshot/apply accounts=${accounts}`, async () => {
    for (const [index, chunk] of chunks.entries()) {
      if (index === 0) continue
      const records = readStateChunk(chunk)
      assert(records.kind === 'accept', 'own chunks are whole')
      await target.apply(index, records.value)
    }
  })
  await timed(`snapshot/build accounts=${accounts}`, () => target.build(source.header.stateRoot))
  const head = readHeadChunk(defined(chunks[0], 'a head chunk'), source.header)
  assert(head.kind === 'accept', 'the own head chunk is whole')
  await target.finish(head.value, genesisBlock(genesis), utf8('none'))
  await filled.close()
  await store.close()
} finally {
  await recovery.close()
  rmSync(folder, { recursive: true, force: true })
}
