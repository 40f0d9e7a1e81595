import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toHex } from '#lib/bytes'
import { afterPrefix, createMemoryStore, openChainStore, openLevelStore, readU48, type Store, u48 } from '#storage'

const key = (...bytes: number[]) => Uint8Array.from(bytes)

async function collect(entries: AsyncIterable<readonly [Uint8Array, Uint8Array]>): Promise<string[]> {
  const list: string[] = []
  for await (const [name, value] of entries) list.push(`${toHex(name)}=${toHex(value)}`)
  return list
}

const implementations: Record<string, (directory: string) => Promise<Store>> = {
  memory: async () => createMemoryStore(),
  level: directory => openLevelStore(directory),
  chain: directory => openChainStore(directory),
}

for (const [name, open] of Object.entries(implementations)) {
  describe(`a ${name} store`, () => {
    let directory: string
    let store: Store
    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), 'ogpu-store-'))
      store = await open(directory)
    })
    afterEach(async () => {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    })

    test('answers undefined for a key that was never written', () => {
      expect(store.get(key(1))).toBeUndefined()
    })

    test('applies a batch in order, so that the last write of a key wins', async () => {
      await store.write(
        [
          { key: key(1), value: key(1) },
          { key: key(2), value: key(2) },
          { key: key(1) },
          { key: key(2), value: key(3) },
        ],
        { durable: true },
      )
      expect(store.get(key(1))).toBeUndefined()
      expect(store.get(key(2))).toEqual(key(3))
    })

    test('keeps empty values apart from absent ones', async () => {
      await store.write([{ key: key(9), value: key() }], { durable: false })
      expect(store.get(key(9))).toEqual(key())
    })

    test('scans in byte order, from inclusive, to exclusive, in both directions, up to a limit', async () => {
      const keys = [key(1), key(1, 0), key(1, 255), key(2), key(128), key(255, 1)]
      await store.write(
        keys.map((name, i) => ({ key: name, value: key(i) })),
        { durable: false },
      )
      expect(await collect(store.scan({ from: key(1), to: key(2) }))).toEqual([
        '0x01=0x00',
        '0x0100=0x01',
        '0x01ff=0x02',
      ])
      expect(await collect(store.scan({ from: key(1), to: key(255), reverse: true, limit: 2 }))).toEqual([
        '0x80=0x04',
        '0x02=0x03',
      ])
      expect(await collect(store.scan({ from: key(2), to: key(1) }))).toEqual([])
    })

    test('scans more entries than one read-ahead holds', async () => {
      const operations = Array.from({ length: 1_000 }, (_, i) => ({ key: u48(i), value: key(1) }))
      await store.write(operations, { durable: false })
      expect(await collect(store.scan({ from: u48(0), to: u48(5_000) }))).toHaveLength(1_000)
    })

    test('is not changed by what callers do to their bytes afterwards', async () => {
      const value = key(7)
      await store.write([{ key: key(1), value }], { durable: false })
      value[0] = 8
      expect(store.get(key(1))).toEqual(key(7))
    })

    test('refuses work after it was closed', async () => {
      await store.close()
      expect(() => store.get(key(1))).toThrow('store')
    })
  })
}

describe('the level store', () => {
  test('finds everything again after it was closed and opened', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ogpu-store-'))
    const first = await openLevelStore(directory)
    await first.write([{ key: key(1), value: key(2) }], { durable: true })
    await first.close()
    const second = await openLevelStore(directory)
    expect(second.get(key(1))).toEqual(key(2))
    await second.close()
    rmSync(directory, { recursive: true, force: true })
  })

  test('refuses a directory that another store holds', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ogpu-store-'))
    const first = await openLevelStore(directory)
    await expect(openLevelStore(directory)).rejects.toMatchObject({ code: 'store unavailable' })
    await first.close()
    rmSync(directory, { recursive: true, force: true })
  })
})

describe('keys', () => {
  test('six-byte numbers keep their order and come back', () => {
    for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1]) expect(readU48(u48(value))).toBe(value)
  })

  test('the end of a prefix lies behind its last key', () => {
    expect(afterPrefix(key(1, 255))).toEqual(key(2))
    expect(afterPrefix(key(1, 2))).toEqual(key(1, 3))
  })
})
