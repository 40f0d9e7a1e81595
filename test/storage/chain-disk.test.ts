import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type ChainStore,
  KEY_PREFIX,
  openChainReader,
  openChainStore,
  openLevelStore,
  type StoreOperation,
  storeKey,
  u48,
} from '#storage'

const bodyKey = (number: number) => storeKey(KEY_PREFIX.body, u48(number))
/** As large as wanted, and not the same for two numbers. */
const bodyOf = (number: number, length = 1_000) => new Uint8Array(length).fill(number + 1).fill(0xf9, 0, 1)
const put = (number: number, length?: number): StoreOperation => ({
  key: bodyKey(number),
  value: bodyOf(number, length),
})

let directory: string
let store: ChainStore
const open = (options = {}) => openChainStore(directory, { segmentBytes: 4_000, ...options })
const bulkFiles = () => readdirSync(join(directory, 'bulk')).sort()
const bulkPath = (name: string) => join(directory, 'bulk', name)

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ogpu-bulk-'))
  store = await open()
})
afterEach(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

async function fill(count: number): Promise<void> {
  for (let number = 0; number < count; number++) await store.write([put(number)], { durable: true })
}

describe('the store of a chain', () => {
  test('keeps large bodies and receipts in files, and everything else in the database', async () => {
    const receipts = storeKey(KEY_PREFIX.receipts, u48(1))
    const account = storeKey(KEY_PREFIX.account, new Uint8Array(20))
    const entries: StoreOperation[] = [
      put(1),
      put(2, 10),
      { key: receipts, value: bodyOf(7, 300) },
      { key: account, value: bodyOf(8) },
    ]
    await store.write(entries, { durable: true })
    for (const { key, value } of entries) expect(store.get(key)).toEqual(value)
    const found: (readonly [Uint8Array, Uint8Array])[] = []
    for await (const entry of store.scan({ from: Uint8Array.of(0x03), to: Uint8Array.of(0x05) })) found.push(entry)
    expect(found).toEqual([entries[0], entries[1], entries[2]].map(entry => [entry?.key, entry?.value]))
    await store.close()
    const database = await openLevelStore(directory)
    expect([bodyKey(1), bodyKey(2), receipts, account].map(key => database.get(key)?.length)).toEqual([
      13, 10, 13, 1_000,
    ])
    await database.close()
    store = await open()
    for (const { key, value } of entries) expect(store.get(key)).toEqual(value)
  })

  test('removes a file with the last value in it, but not the one that is written on', async () => {
    await fill(9)
    expect(bulkFiles()).toEqual(['00000001.bulk', '00000002.bulk', '00000003.bulk'])
    await store.write(
      [0, 1].map(number => ({ key: bodyKey(number) })),
      { durable: true },
    )
    expect(bulkFiles()).toHaveLength(3)
    await store.write([{ key: bodyKey(2) }, { key: bodyKey(77) }], { durable: true })
    expect(bulkFiles()).toEqual(['00000002.bulk', '00000003.bulk'])
    await store.write(
      [6, 7, 8].map(number => ({ key: bodyKey(number) })),
      { durable: true },
    )
    expect(bulkFiles()).toEqual(['00000002.bulk', '00000003.bulk'])
    await store.write([put(9), put(10)], { durable: true })
    expect(bulkFiles()).toEqual(['00000002.bulk', '00000004.bulk'])
    expect(store.get(bodyKey(3))).toEqual(bodyOf(3))
    expect(await store.checkBulk()).toEqual([])
  })

  test('counts right whatever a batch does to the same key', async () => {
    const operation = fc.record({
      number: fc.nat(4),
      length: fc.option(fc.constantFrom(3, 300, 1_500), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 8 }), async batches => {
        const expected = new Map<number, Uint8Array | undefined>()
        await store.write(
          [0, 1, 2, 3, 4].map(number => ({ key: bodyKey(number) })),
          { durable: false },
        )
        for (const batch of batches) {
          const operations = batch.map(({ number, length }) => {
            expected.set(number, length === undefined ? undefined : bodyOf(number, length))
            return length === undefined ? { key: bodyKey(number) } : put(number, length)
          })
          await store.write(operations, { durable: false })
        }
        for (const [number, value] of expected) expect(store.get(bodyKey(number))).toEqual(value)
        expect(await store.checkBulk()).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  test('takes batches that overlap in time one after another', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, number) => store.write([put(number)], { durable: number % 7 === 0 })),
    )
    for (let number = 0; number < 40; number++) expect(store.get(bodyKey(number))).toEqual(bodyOf(number))
    expect(await store.checkBulk()).toEqual([])
  })

  test('is read by others in the process as of the moment that they chose', async () => {
    await store.close()
    store = await open({ isShared: true })
    await fill(7)
    const reader = await openChainReader(directory)
    try {
      expect(reader.get(bodyKey(3))).toEqual(bodyOf(3))
      await store.write([put(7), { key: bodyKey(0) }, { key: bodyKey(1) }, { key: bodyKey(2) }], { durable: true })
      expect(reader.get(bodyKey(7))).toBeUndefined()
      expect(reader.latest(bodyKey(7))).toEqual(bodyOf(7))
      await expect(reader.write([], { durable: false })).rejects.toMatchObject({ code: 'store failed' })
      reader.renew()
      expect(reader.get(bodyKey(0))).toBeUndefined()
      expect(reader.get(bodyKey(7))).toEqual(bodyOf(7))
    } finally {
      await reader.close()
    }
  })
})

describe('a reader that knows how often was written', () => {
  test('moves on only where something was written, and always after it let go', async () => {
    await store.close()
    store = await open({ isShared: true })
    await fill(3)
    const reader = await openChainReader(directory, store.written)
    try {
      expect(reader.renew()).toBe(true)
      expect(reader.renew()).toBe(false)
      await store.write([put(3)], { durable: true })
      expect(reader.get(bodyKey(3))).toBeUndefined()
      expect(reader.renew()).toBe(true)
      expect(reader.get(bodyKey(3))).toEqual(bodyOf(3))
      expect(reader.renew()).toBe(false)
      reader.release()
      expect(reader.renew()).toBe(true)
      // Whoever learns of a write from its promise finds it after a renewal.
      for (let number = 4; number < 40; number++) {
        await store.write([put(number)], { durable: false })
        reader.renew()
        expect(reader.get(bodyKey(number))).toEqual(bodyOf(number))
      }
    } finally {
      await reader.close()
    }
  })
})

describe('bulk files after a crash', () => {
  test('lose what no batch has named, and go on behind what one has', async () => {
    await fill(4)
    await store.close()
    const before = statSync(bulkPath('00000002.bulk')).size
    appendFileSync(bulkPath('00000002.bulk'), new Uint8Array(777))
    writeFileSync(bulkPath('00000003.bulk'), 'half a head')
    store = await open()
    expect(bulkFiles()).toEqual(['00000001.bulk', '00000002.bulk'])
    expect(statSync(bulkPath('00000002.bulk')).size).toBe(before)
    await store.write([put(4), put(5)], { durable: true })
    for (let number = 0; number < 6; number++) expect(store.get(bodyKey(number))).toEqual(bodyOf(number))
  })

  test('are refused by name when committed bytes are missing, whichever they are', async () => {
    await fill(7)
    await store.close()
    for (const name of bulkFiles()) {
      const original = readFileSync(bulkPath(name))
      for (const size of [0, 5, 16, 1_000, original.length - 1]) {
        truncateSync(bulkPath(name), size)
        await expect(open()).rejects.toMatchObject({ code: 'store damaged', message: expect.stringContaining(name) })
        writeFileSync(bulkPath(name), original)
      }
      rmSync(bulkPath(name))
      await expect(open()).rejects.toMatchObject({ code: 'store damaged', message: expect.stringContaining(name) })
      writeFileSync(bulkPath(name), original)
    }
    store = await open()
  })

  test('are written on in a new file when a tool opens them all the same', async () => {
    await fill(5)
    await store.close()
    truncateSync(bulkPath('00000002.bulk'), 1_500)
    const damage: string[] = []
    store = await open({ onDamage: (what: string) => damage.push(what) })
    expect(damage).toEqual([expect.stringContaining('00000002.bulk has 1500 bytes')])
    expect(store.get(bodyKey(3))).toEqual(bodyOf(3))
    expect(() => store.get(bodyKey(4))).toThrow('00000002.bulk')
    await store.write([{ key: bodyKey(3) }, put(4)], { durable: true })
    expect(store.get(bodyKey(4))).toEqual(bodyOf(4))
    expect(bulkFiles()).toEqual(['00000001.bulk', '00000003.bulk'])
    await store.close()
    store = await open()
    expect(await store.checkBulk()).toEqual([])
  })

  test('name the place of every overwritten byte', async () => {
    await fill(2)
    const path = bulkPath('00000001.bulk')
    const original = readFileSync(path)
    for (let at = 16; at < original.length; at += 13) {
      const bytes = Buffer.from(original)
      bytes[at] = (bytes[at] as number) ^ 0x20
      writeFileSync(path, bytes)
      const damaged = at < 16 + 9 + 7 + 1_000 ? 0 : 1
      expect(() => store.get(bodyKey(damaged))).toThrow(/00000001\.bulk: the record at byte \d+ has a wrong checksum/)
      expect(store.get(bodyKey(1 - damaged))).toEqual(bodyOf(1 - damaged))
    }
    writeFileSync(path, original)
  })

  // The first pages of a process are never mapped: reading them is an I/O error, as from a broken disk.
  test.runIf(existsSync('/proc/self/mem'))('name themselves where the disk fails to read', async () => {
    await fill(1)
    const path = join(directory, 'bulk', '00000001.bulk')
    rmSync(path)
    symlinkSync('/proc/self/mem', path)
    let failure: unknown
    try {
      store.get(bodyKey(0))
    } catch (error) {
      failure = error
    }
    expect(failure).toMatchObject({
      code: 'store failed',
      message: expect.stringMatching(/^the store cannot read its bulk files: EIO/),
    })
  })

  test('refuse to go on in a process after a failed append', async () => {
    await fill(1)
    rmSync(join(directory, 'bulk'), { recursive: true })
    // The next file cannot be made where its folder is gone.
    await expect(store.write([put(1), put(2), put(3), put(4)], { durable: true })).rejects.toMatchObject({
      code: 'store failed',
    })
    await expect(store.write([put(1)], { durable: true })).rejects.toMatchObject({ code: 'store failed' })
    expect(existsSync(join(directory, 'bulk'))).toBe(false)
  })
})
