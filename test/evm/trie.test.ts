import { createMPT, verifyMerkleProof } from '@ethereumjs/mpt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp, uintToRlp } from '#lib/rlp'
import { orderedRoot } from '../../chain/evm/trie/ordered-root.ts'
import { Trie } from '../../chain/evm/trie/trie.ts'

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly size: number; readonly fill: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'commit' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'prune' }

const step = (keys: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        key: fc.nat(keys),
        size: fc.constantFrom(1, 2, 5, 31, 32, 33, 70, 300),
        fill: fc.integer({ min: 1, max: 255 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.nat(keys) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'prune' as const }) },
  )

// Short keys make embedded nodes and deep shared paths; hashed ones are what the state uses.
const shortKey = (n: number) => Uint8Array.of((n * 37) & 0xff, n & 0x13)
const hashedKey = (n: number) => keccak256(Uint8Array.of(n))

async function compare(steps: readonly Step[], keyOf: (n: number) => Uint8Array): Promise<void> {
  const reference = await createMPT({})
  const stored = new Map<string, Uint8Array>()
  const source = { read: (path: Uint8Array) => stored.get(toHex(path)) }
  const sink = (path: Uint8Array, encoding: Uint8Array | undefined) => {
    if (encoding === undefined) stored.delete(toHex(path))
    else stored.set(toHex(path), encoding)
  }
  let trie = new Trie(source)
  const commit = () => {
    const root = trie.commit(sink)
    expect(toHex(root)).toBe(toHex(reference.root()))
    return root
  }
  const present = new Set<number>()
  for (const step of steps) {
    if (step.kind === 'put') {
      const value = new Uint8Array(step.size).fill(step.fill)
      trie.put(keyOf(step.key), value)
      await reference.put(keyOf(step.key), value)
      present.add(step.key)
    } else if (step.kind === 'delete') {
      trie.delete(keyOf(step.key))
      await reference.del(keyOf(step.key))
      present.delete(step.key)
    } else if (step.kind === 'commit') commit()
    else if (step.kind === 'reopen') trie = new Trie(source, commit())
    else {
      commit()
      trie.prune(3)
    }
  }
  const root = commit()
  // A trie opened from what was stored holds the same values and proves them; nothing else is stored.
  const reopened = new Trie(source, root)
  for (const key of [...present].slice(0, 5)) {
    const value = reopened.get(keyOf(key))
    expect(value).toEqual(await reference.get(keyOf(key)))
    expect(await verifyMerkleProof(keyOf(key), reopened.prove(keyOf(key)), {})).toEqual(value)
  }
  const again = new Trie()
  const written = new Set<string>()
  for (const key of present) again.put(keyOf(key), reopened.get(keyOf(key)) as Uint8Array)
  again.commit((path, encoding) => {
    if (encoding !== undefined) written.add(toHex(path))
  })
  expect([...stored.keys()].sort()).toEqual([...written].sort())
}

describe('a trie', () => {
  test('has the roots of @ethereumjs/mpt after any sequence of changes to hashed keys', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(40), { maxLength: 80 }), async steps => {
        await compare(steps, hashedKey)
      }),
      { numRuns: 60 },
    )
  })

  test('has the roots of @ethereumjs/mpt where nodes are so short that parents embed them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step(60), { maxLength: 80 }), async steps => {
        await compare(steps, shortKey)
      }),
      { numRuns: 60 },
    )
  })

  test('forgets about half of its nodes at its limit, and what changed last is not among them', () => {
    const wideKey = (n: number) => keccak256(Uint8Array.of(n >> 8, n))
    const stored = new Map<string, Uint8Array>()
    let reads = 0
    const read = (path: Uint8Array) => {
      reads += 1
      return stored.get(toHex(path))
    }
    const trie = new Trie({ read })
    const commit = () => {
      trie.commit((path, encoding) => {
        if (encoding !== undefined) stored.set(toHex(path), encoding)
      })
    }
    for (let i = 0; i < 4_000; i++) {
      trie.put(wideKey(i), Uint8Array.of(1, 2))
      if (i % 200 === 199) commit()
    }
    const before = trie.loaded
    trie.prune(before - 1)
    expect(trie.loaded).toBeLessThanOrEqual(before / 2)
    expect(trie.loaded).toBeGreaterThan(before / 3)
    for (let i = 3_800; i < 4_000; i++) expect(trie.get(wideKey(i))).toEqual(Uint8Array.of(1, 2))
    expect(reads).toBe(0)
    for (let i = 0; i < 3_800; i++) expect(trie.get(wideKey(i))).toEqual(Uint8Array.of(1, 2))
    expect(reads).toBeGreaterThan(0)
    // What is not durable yet stays, whatever the limit.
    trie.put(wideKey(0), Uint8Array.of(3))
    trie.commit()
    trie.prune(1, 20)
    reads = 0
    expect(trie.get(wideKey(0))).toEqual(Uint8Array.of(3))
    expect(reads).toBe(0)
  })

  test('proves the absence of a key', async () => {
    const trie = new Trie()
    for (let i = 0; i < 50; i++) trie.put(hashedKey(i), Uint8Array.of(1))
    const root = trie.commit()
    const proof = trie.prove(hashedKey(99))
    expect(toHex(keccak256(proof[0] as Uint8Array))).toBe(toHex(root))
    expect(await verifyMerkleProof(hashedKey(99), proof, {})).toBeNull()
  })
})

describe('the ordered root', () => {
  test('equals the trie of rlp(index) → value for any number of values', async () => {
    for (const count of [0, 1, 2, 127, 128, 129, 300]) {
      const values = Array.from({ length: count }, (_, i) => new Uint8Array((i % 150) + 1).fill(i + 1))
      const reference = await createMPT({})
      for (const [i, value] of values.entries()) await reference.put(encodeRlp(uintToRlp(i)), value)
      expect(toHex(orderedRoot(values))).toBe(toHex(reference.root()))
    }
  })
})
