import { afterEach, describe, expect, it } from 'vitest'
import { createRecoveryPool, type RecoveryPool } from '#evm'
import { fromHex, toHex } from '#lib/bytes'
import { privateKeyToAddress, signTransaction } from '#types'

const KEYS = [1, 2, 3].map(index => new Uint8Array(32).fill(index))

function transfers(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const key = KEYS[index % KEYS.length] as Uint8Array
    const fields = {
      type: 2,
      chainId: 1071n,
      nonce: BigInt(index),
      gasLimit: 21_000n,
      maxFeePerGas: 10n ** 9n,
    } as const
    const body = { maxPriorityFeePerGas: 1n, to: new Uint8Array(20), value: 1n, data: new Uint8Array(0) }
    return signTransaction({ ...fields, ...body }, key).raw
  })
}

describe('recovery pool', () => {
  let pool: RecoveryPool
  afterEach(async () => {
    await pool.close()
  })

  it('gives every input its verdict in order, through threads', async () => {
    pool = createRecoveryPool({ workers: 2 })
    const raw = transfers(300)
    raw[7] = fromHex('05')
    raw[8] = new Uint8Array(0)
    const verdicts = await pool.recover(raw)
    expect(verdicts).toHaveLength(300)
    verdicts.forEach((verdict, index) => {
      if (index === 7) expect(verdict).toMatchObject({ kind: 'reject', reason: 'unsupported type' })
      else if (index === 8) expect(verdict).toMatchObject({ kind: 'reject', reason: 'malformed' })
      else {
        if (verdict.kind !== 'accept') throw new Error(`${index} was refused`)
        expect(toHex(verdict.value.sender)).toBe(toHex(privateKeyToAddress(KEYS[index % 3] as Uint8Array)))
      }
    })
    expect(pool.stats()).toMatchObject({ recovered: 298, workers: 2 })
  })

  it('does not compute a known sender again', async () => {
    pool = createRecoveryPool({ workers: 1 })
    const raw = transfers(20)
    await pool.recover(raw)
    await pool.recover(raw)
    expect(pool.recoverOne(raw[3] as Uint8Array)).toMatchObject({ kind: 'accept' })
    expect(pool.stats()).toMatchObject({ recovered: 20, cacheHits: 21 })
  })

  it('forgets the oldest senders beyond its bound and still answers', async () => {
    pool = createRecoveryPool({ workers: 0, cacheEntries: 8 })
    const raw = transfers(20)
    await pool.recover(raw)
    const again = await pool.recover(raw.map(bytes => bytes.slice()))
    expect(again.every(verdict => verdict.kind === 'accept')).toBe(true)
    expect(pool.stats().recovered).toBeGreaterThan(20)
  })

  it('forgets what it is told to, and answers again when asked again', async () => {
    pool = createRecoveryPool({ workers: 0 })
    const raw = transfers(6)
    await pool.recover(raw)
    pool.forget([...raw.slice(0, 4), Uint8Array.of(1)])
    const again = await pool.recover(raw.map(bytes => bytes.slice()))
    expect(again.every(verdict => verdict.kind === 'accept')).toBe(true)
    expect(pool.stats()).toMatchObject({ recovered: 10, cacheHits: 2 })
  })

  it('recovers what two callers want at a time once, and tells both of a bad signature', async () => {
    pool = createRecoveryPool({ workers: 1 })
    const raw = transfers(200)
    const bad = (raw[5] as Uint8Array).slice()
    bad.fill(0xff, bad.length - 32)
    raw[5] = bad
    const both = await Promise.all([pool.recover(raw), pool.recover(raw.map(bytes => bytes.slice()))])
    for (const verdicts of both) {
      verdicts.forEach((verdict, i) => {
        if (i === 5) expect(verdict).toMatchObject({ kind: 'reject', reason: 'bad signature' })
        else if (verdict.kind !== 'accept') throw new Error(`${i} was refused`)
        else expect(verdict.value.sender).toEqual(privateKeyToAddress(KEYS[i % KEYS.length] as Uint8Array))
      })
    }
    // A bad signature is not remembered, so it alone is looked at twice.
    expect(pool.stats().recovered).toBe(201)
  })

  it('names a bad signature', () => {
    pool = createRecoveryPool({ workers: 0 })
    const raw = (transfers(1)[0] as Uint8Array).slice()
    raw.fill(0xff, raw.length - 32)
    expect(pool.recoverOne(raw)).toMatchObject({ kind: 'reject', reason: 'bad signature' })
  })

  it('refuses work after close', async () => {
    pool = createRecoveryPool({ workers: 1 })
    await pool.close()
    await expect(pool.recover(transfers(1))).rejects.toThrow('closed')
  })
})
