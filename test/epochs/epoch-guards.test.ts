import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { createEpochGuards } from '../../chain/node/epoch-guards.ts'
import { ed25519KeyOfSeed } from '../../chain/node/keys/index.ts'
import { createSigningGuard } from '../../chain/node/signing-guard.ts'
import { codeOf, temporaryFolders } from '../node-parts/folder.ts'

const folder = temporaryFolders()
const key = ed25519KeyOfSeed(sha256(utf8('epoch guards')))
const NOW_MS = 1_000_000
const digest = sha256(utf8('a vertex'))

const guardsAt = (path: string, nowMs = NOW_MS) => createEpochGuards({ path, chainId: 1071, key, nowMs })

/** Opens an epoch's guard, signs a round as the node does, and closes it. */
async function sign(
  guards: ReturnType<typeof guardsAt>,
  epoch: number,
  startMs: number,
  round: number,
): Promise<boolean> {
  const guard = guards.open(epoch, startMs)
  const { isNew } = guard
  guard.sign(round, digest)
  await guard.record(round, digest)
  guard.close()
  return isNew
}

function isNewIn(guards: ReturnType<typeof guardsAt>, epoch: number, startMs: number): boolean {
  const guard = guards.open(epoch, startMs)
  guard.close()
  return guard.isNew
}

describe('signing guards of epochs', () => {
  it('trust a launched key in every epoch, and remember rounds for each', async () => {
    const path = join(folder(), 'guard')
    createSigningGuard({ path, chainId: 1071, epoch: 0, key })
    const guards = guardsAt(path)
    expect(await sign(guards, 0, 0, 9)).toBe(false)
    expect(await sign(guards, 1, 5_000, 3)).toBe(false)
    const again = guardsAt(path)
    const [first, second] = [again.open(0, 0), again.open(1, 5_000)]
    expect([first.lastSignedRound, second.lastSignedRound]).toEqual([9, 3])
    first.close()
    second.close()
  })

  it('do not trust a key without files in an epoch that began before them, over restarts, and trust later ones', async () => {
    const path = join(folder(), 'guard')
    expect(isNewIn(guardsAt(path), 3, NOW_MS - 60_000)).toBe(true)
    expect(isNewIn(guardsAt(path, NOW_MS + 60_000), 3, NOW_MS - 60_000)).toBe(true)
    expect(isNewIn(guardsAt(path, NOW_MS + 60_000), 4, NOW_MS + 1_000)).toBe(true)
    expect(isNewIn(guardsAt(path, NOW_MS + 60_000), 5, NOW_MS + 30_000)).toBe(false)
  })

  it('do not trust an epoch whose file was taken away', async () => {
    const path = join(folder(), 'guard')
    createSigningGuard({ path, chainId: 1071, epoch: 0, key })
    await sign(guardsAt(path), 4, 5_000, 7)
    expect(existsSync(`${path}.e4`)).toBe(true)
    const other = join(folder(), 'guard')
    createSigningGuard({ path: other, chainId: 1071, epoch: 0, key })
    writeFileSync(`${other}.since`, '0 4\n')
    expect(isNewIn(guardsAt(other), 4, 5_000)).toBe(true)
  })

  it('keep the file of the epoch before, and no older one but the first', async () => {
    const path = join(folder(), 'guard')
    createSigningGuard({ path, chainId: 1071, epoch: 0, key })
    const guards = guardsAt(path)
    for (let epoch = 0; epoch <= 5; epoch++) sign(guards, epoch, 10_000 * epoch + 5_000, 1)
    const kept = [path, ...[1, 2, 3, 4, 5].map(epoch => `${path}.e${epoch}`)].map(file => existsSync(file))
    expect(kept).toEqual([true, false, false, false, true, true])
  })

  it('refuse a damaged file', async () => {
    const path = join(folder(), 'guard')
    writeFileSync(`${path}.since`, 'yesterday')
    expect(codeOf(() => guardsAt(path))).toBe('signing guard corrupt')
  })
})
