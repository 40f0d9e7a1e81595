import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryStore, type Store, type StoreOperation } from '#storage'
import { createWriteBehind } from '../../chain/node/write-behind.ts'
import { until } from './fixture.ts'

const key = (name: number) => Uint8Array.of(7, name)
const put = (name: number, value: number): StoreOperation => ({ key: key(name), value: Uint8Array.of(value) })

/** A store that notes its batches, and holds or fails them when told to. */
function traced() {
  const inner = createMemoryStore()
  const batches: { readonly operations: readonly StoreOperation[]; readonly durable: boolean }[] = []
  const control = { hold: undefined as Promise<void> | undefined, fails: false }
  const store: Store = {
    ...inner,
    get: at => inner.get(at),
    scan: range => inner.scan(range),
    close: () => inner.close(),
    async write(operations, options) {
      await control.hold
      if (control.fails) throw new Error('disk gone')
      batches.push({ operations, durable: options.durable })
      await inner.write(operations, options)
    },
  }
  return { store, inner, batches, control }
}

async function contentOf(store: Store): Promise<string[]> {
  const rows: string[] = []
  for await (const [at, value] of store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(255) }))
    rows.push(`${at[1]}=${value[0]}`)
  return rows
}

describe('a store that gathers writes', () => {
  test('brings what need not be durable together with what must, in one batch and in order', async () => {
    const { store, batches } = traced()
    const behind = createWriteBehind(store)
    await behind.write([put(1, 1)], { durable: false })
    await behind.write([put(2, 2), { key: key(1) }], { durable: false })
    expect(batches).toEqual([])
    await behind.write([put(3, 3)], { durable: true })
    expect(batches).toEqual([{ operations: [put(1, 1), put(2, 2), { key: key(1) }, put(3, 3)], durable: true }])
    expect(await contentOf(store)).toEqual(['2=2', '3=3'])
  })

  test('does not keep what waits for long, nor when it is much', async () => {
    const { store, batches } = traced()
    const behind = createWriteBehind(store)
    await behind.write([put(1, 1)], { durable: false })
    await until(() => batches.length === 1)
    expect(batches[0]?.durable).toBe(false)
    await behind.write([{ key: key(2), value: new Uint8Array(5 * 1024 * 1024) }], { durable: false })
    expect(batches).toHaveLength(2)
    await behind.write([put(3, 3)], { durable: false })
    await behind.close()
    expect(batches).toHaveLength(3)
  })

  test('shows everything that was written to readers, also while it is on its way', async () => {
    const { store, control } = traced()
    const behind = createWriteBehind(store)
    let release = () => {}
    control.hold = new Promise(resolve => {
      release = resolve
    })
    const first = behind.write([put(1, 1), put(2, 1)], { durable: true })
    await behind.write([put(1, 2)], { durable: false })
    const second = behind.write([{ key: key(2) }], { durable: true })
    await behind.write([put(3, 3)], { durable: false })
    expect([1, 2, 3, 4].map(name => behind.get(key(name))?.[0])).toEqual([2, undefined, 3, undefined])
    release()
    await Promise.all([first, second])
    expect([1, 2, 3].map(name => behind.get(key(name))?.[0])).toEqual([2, undefined, 3])
    expect(await contentOf(behind)).toEqual(['1=2', '3=3'])
  })

  test('fails every write after one that failed, whoever waited for that one', async () => {
    const { store, control } = traced()
    const behind = createWriteBehind(store)
    await behind.write([put(1, 1)], { durable: false })
    control.fails = true
    await new Promise(resolve => setTimeout(resolve, 260))
    control.fails = false
    await expect(behind.write([put(2, 2)], { durable: false })).rejects.toThrow('disk gone')
    await expect(behind.write([put(2, 2)], { durable: true })).rejects.toThrow('disk gone')
    expect(await contentOf(store)).toEqual([])
  })

  test('whatever is written, reads are those of a plain store, and a crash takes away a tail only', async () => {
    const operation = fc.record({ name: fc.nat(5), value: fc.option(fc.nat(255), { nil: undefined }) })
    const write = fc.record({ operations: fc.array(operation, { maxLength: 4 }), durable: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 20 }), async writes => {
        const { store, inner } = traced()
        const behind = createWriteBehind(store)
        const plain = createMemoryStore()
        const states: string[] = [JSON.stringify([])]
        let safe = 0
        for (const { operations, durable } of writes) {
          const all = operations.map(({ name, value }) => (value === undefined ? { key: key(name) } : put(name, value)))
          await plain.write(all, { durable })
          await behind.write(all, { durable })
          states.push(JSON.stringify(await contentOf(plain)))
          if (durable) safe = states.length - 1
          for (let name = 0; name < 6; name++) expect(behind.get(key(name))).toEqual(plain.get(key(name)))
          expect(states.slice(safe)).toContain(JSON.stringify(await contentOf(inner)))
        }
        expect(await contentOf(behind)).toEqual(await contentOf(plain))
        await behind.close()
      }),
      { numRuns: 60 },
    )
  })
})
