import { describe, expect, test } from 'vitest'
import { createExecutionEngine, type ExecutedBlock } from '#evm'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { createMemoryStore, KEY_PREFIX, type Store } from '#storage'
import { storeFailure } from '../../chain/storage/store-failure.ts'
import { EXIT_CODE, exitCodeOf } from '../../cli/exit-code.ts'
import { commitOf, genesisFile, signed } from './fixtures.ts'

const READER: Hex = '0x00000000000000000000000000000000000c0de5'
/** SLOAD(0), SSTORE(1, it). */
const CODE: Hex = '0x60005460015500'

type Access = 'read' | 'write'

// What the system says of a disk that fails, as the stores report it.
function eio(what: Access): never {
  const cause = Object.assign(new Error(`EIO: i/o error, ${what}`), { code: 'EIO', errno: -5, syscall: what })
  throw storeFailure(what, cause)
}

/** A store whose disk fails from a moment on. */
function fallibleStore() {
  const inner = createMemoryStore()
  const failing: { write: boolean; read: number | undefined } = { write: false, read: undefined }
  const store: Store = {
    get: key => (key[0] === failing.read ? eio('read') : inner.get(key)),
    scan: range => inner.scan(range),
    write: async (operations, options) => (failing.write ? eio('write') : inner.write(operations, options)),
    close: () => inner.close(),
  }
  return { store, failing }
}

async function begin(options: { readonly ownInterpreter: boolean }) {
  const { store, failing } = fallibleStore()
  const storage = { [`0x${'00'.repeat(32)}`]: `0x${'00'.repeat(31)}07` } as Record<Hex, Hex>
  const genesis = genesisFile({ alloc: { [READER]: { balance: '0x0', code: CODE, storage } } })
  const engine = await createExecutionEngine({ genesis, store, ...options })
  const seen: ExecutedBlock[] = []
  engine.chain.onBlock(block => seen.push(block))
  const transfer = (nonce: bigint) => signed(0, { nonce, to: new Uint8Array(20).fill(9), value: 1n }).raw
  await engine.execute(commitOf(1, [[transfer(0n)]]))
  expect(seen).toHaveLength(1)
  return { engine, failing, seen, transfer, head: toHex(engine.chain.head().hash) }
}

async function expectStopped(
  { engine, seen, head, transfer }: Awaited<ReturnType<typeof begin>>,
  raw: Uint8Array,
): Promise<void> {
  const failure = await engine.execute(commitOf(2, [[raw]])).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'store failed', message: expect.stringMatching(/EIO: i\/o error/) })
  expect(exitCodeOf(failure)).toBe(EXIT_CODE.failed)
  expect(seen).toHaveLength(1)
  expect(toHex(engine.chain.head().hash)).toBe(head)
  expect(engine.lastExecuted().index).toBe(1)
  await expect(engine.execute(commitOf(3, [[transfer(1n)]]))).rejects.toMatchObject({ code: 'execution stopped' })
}

describe.each([{ ownInterpreter: true }, { ownInterpreter: false }])('a disk that fails with EIO (%o)', options => {
  test('at a write stops execution, and nothing is published', async () => {
    const bed = await begin(options)
    bed.failing.write = true
    await expectStopped(bed, bed.transfer(1n))
  })

  test('at the read of an account stops execution, and nothing is published', async () => {
    const bed = await begin(options)
    bed.failing.read = KEY_PREFIX.account
    await expectStopped(bed, signed(1, { nonce: 0n, to: new Uint8Array(20).fill(9), value: 1n }).raw)
  })

  test('at the read of a slot inside a contract is not charged to whoever called it', async () => {
    const bed = await begin(options)
    bed.failing.read = KEY_PREFIX.slot
    await expectStopped(bed, signed(0, { nonce: 1n, to: fromHex(READER), value: 0n, gasLimit: 100_000n }).raw)
  })
})
