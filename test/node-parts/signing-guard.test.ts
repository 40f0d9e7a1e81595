import { verify } from 'node:crypto'
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { vertexSigningBytes } from '#types'
import { ed25519KeyOfSeed } from '../../chain/node/keys/index.ts'
import { createSigningGuard, openSigningGuard, type SigningGuard } from '../../chain/node/signing-guard.ts'
import { codeOf, temporaryFolders } from './folder.ts'

const folder = temporaryFolders()
const key = ed25519KeyOfSeed(sha256(utf8('guard')))
const digestOf = (text: string) => sha256(utf8(text))

const open = (path: string, changes: { chainId?: number; epoch?: number } = {}): SigningGuard =>
  openSigningGuard({ path, chainId: 1071, epoch: 0, key, ...changes })

async function using<T>(guard: SigningGuard, action: (guard: SigningGuard) => T | Promise<T>): Promise<T> {
  try {
    return await action(guard)
  } finally {
    guard.close()
  }
}

/** What the node does with an own vertex: signs, stores, records, publishes. */
async function release(guard: SigningGuard, round: number, digest: Uint8Array): Promise<Uint8Array> {
  const signature = guard.sign(round, digest)
  await guard.record(round, digest)
  return signature
}

const codeOfAsync = (action: Promise<unknown>) =>
  action.then(
    () => 'no error',
    (error: { readonly code?: string }) => error.code ?? String(error),
  )

describe('signing guard', () => {
  it('signs rising rounds, and the same vertex again', async () => {
    const path = join(folder(), 'guard')
    await using(open(path), async guard => {
      expect(guard.isNew).toBe(true)
      expect(guard.lastSignedRound).toBeUndefined()
      const signature = await release(guard, 1, digestOf('a'))
      expect(await release(guard, 1, digestOf('a'))).toEqual(signature)
      await release(guard, 7, digestOf('b'))
      expect(guard.lastSignedRound).toBe(7)
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.publicKey).toString('base64url') }
      expect(verify(null, vertexSigningBytes(digestOf('a')), { key: jwk, format: 'jwk' }, signature)).toBe(true)
    })
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('of unknown past stays new over restarts until it records a round, so that a kill while asking the others changes nothing', async () => {
    const path = join(folder(), 'guard')
    for (let i = 0; i < 2; i++) {
      await using(open(path), async guard => {
        expect(guard.isNew).toBe(true)
        await guard.record(8, digestOf('an old vertex that came back from a peer'))
      })
    }
    await using(open(path), guard => guard.sign(9, digestOf('never published')))
    await using(open(path), guard => expect(guard.isNew).toBe(true))
    await using(open(path), guard => release(guard, 10, digestOf('a')))
    await using(open(path), async guard => {
      expect(guard.isNew).toBe(false)
      expect(guard.lastSignedRound).toBe(10)
    })
  })

  it('of keys made just now is not new, and is never written over', async () => {
    const path = join(folder(), 'guard')
    createSigningGuard({ path, chainId: 1071, epoch: 0, key })
    await using(open(path), async guard => {
      expect(guard.isNew).toBe(false)
      expect(guard.lastSignedRound).toBeUndefined()
    })
    expect(codeOf(() => createSigningGuard({ path, chainId: 1071, epoch: 0, key }))).toBe('EEXIST')
  })

  it('refuses another vertex of a signed round and every earlier round, also after a restart', async () => {
    const path = join(folder(), 'guard')
    await using(open(path), guard => release(guard, 5, digestOf('a')))
    for (let i = 0; i < 2; i++) {
      await using(open(path), async guard => {
        expect(guard.isNew).toBe(false)
        expect(guard.lastSignedRound).toBe(5)
        expect(await codeOfAsync(release(guard, 5, digestOf('b')))).toBe('round already signed')
        expect(await codeOfAsync(release(guard, 4, digestOf('a')))).toBe('round already signed')
        await release(guard, 5, digestOf('a'))
      })
    }
    await using(open(path), guard => release(guard, 6, digestOf('b')))
  })

  it('over any sequence of requests and restarts never signs two digests of a round', async () => {
    const path = join(folder(), 'guard')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1_000_000),
        fc.array(fc.record({ round: fc.nat(20), digest: fc.nat(3), restart: fc.boolean() }), { maxLength: 40 }),
        async (epoch, steps) => {
          const file = `${path}-${epoch}-${steps.length}-${Math.random()}`
          const signed = new Map<number, number>()
          let highest = -1
          let guard = open(file, { epoch })
          for (const { round, digest, restart } of steps) {
            if (restart) {
              guard.close()
              guard = open(file, { epoch })
            }
            const code = await codeOfAsync(release(guard, round, digestOf(`${digest}`)))
            if (code === 'no error') {
              expect(signed.get(round) ?? digest).toBe(digest)
              expect(round).toBeGreaterThanOrEqual(highest)
              signed.set(round, digest)
              highest = round
            } else {
              expect(code).toBe('round already signed')
              expect(round < highest || signed.get(round) !== digest).toBe(true)
            }
          }
          guard.close()
        },
      ),
      { numRuns: 30 },
    )
  })

  it('a round that was signed and never recorded is free after a restart, as its vertex never left', async () => {
    const path = join(folder(), 'guard')
    await using(open(path), async guard => {
      await release(guard, 5, digestOf('a'))
      guard.sign(6, digestOf('b'))
      expect(codeOf(() => guard.sign(6, digestOf('c')))).toBe('round already signed')
    })
    await using(open(path), async guard => {
      expect(guard.lastSignedRound).toBe(5)
      await release(guard, 6, digestOf('c'))
      expect(codeOf(() => guard.sign(6, digestOf('b')))).toBe('round already signed')
    })
  })

  it('starts anew in a later epoch and never goes back to an earlier one', async () => {
    const path = join(folder(), 'guard')
    await using(open(path), guard => release(guard, 50, digestOf('a')))
    await using(open(path, { epoch: 1 }), async guard => {
      expect(guard.lastSignedRound).toBeUndefined()
      await release(guard, 1, digestOf('b'))
    })
    expect(codeOf(() => open(path, { epoch: 0 }))).toBe('signing guard epoch')
  })

  it('of another chain or key is foreign', async () => {
    const path = join(folder(), 'guard')
    await using(open(path), guard => release(guard, 1, digestOf('a')))
    expect(codeOf(() => open(path, { chainId: 1 }))).toBe('signing guard foreign')
    const other = ed25519KeyOfSeed(sha256(utf8('other')))
    expect(codeOf(() => openSigningGuard({ path, chainId: 1071, epoch: 0, key: other }))).toBe('signing guard foreign')
  })

  it('refuses a file that was torn, truncated, emptied or changed in any byte', async () => {
    const directory = folder()
    const path = join(directory, 'guard')
    await using(open(path), guard => release(guard, 123, digestOf('a')))
    const good = readFileSync(path)
    expect(good.length).toBe(512)
    const broken = join(directory, 'broken')
    for (let length = 0; length < 512; length += 37) {
      copyFileSync(path, broken)
      truncateSync(broken, length)
      expect(codeOf(() => open(broken))).toBe('signing guard corrupt')
    }
    const meaning = good.toString('latin1').trimEnd().length
    for (let offset = 0; offset < meaning; offset += 5) {
      const bytes = Buffer.from(good)
      bytes[offset] = (bytes[offset] as number) ^ 1
      writeFileSync(broken, bytes)
      expect(codeOf(() => open(broken))).toBe('signing guard corrupt')
    }
    expect(() => open(broken)).toThrow(/never an older copy/)
  })

  it('signs nothing once its record could not be written', async () => {
    const guard = open(join(folder(), 'guard'))
    await release(guard, 1, digestOf('a'))
    guard.close()
    expect(await codeOfAsync(release(guard, 1, digestOf('a')))).toBe('signing guard failed')
    expect(await codeOfAsync(release(guard, 2, digestOf('b')))).toBe('signing guard failed')
    expect(codeOf(() => open(join(folder(), 'no', 'such', 'folder')))).toBe('signing guard failed')
  })
})
