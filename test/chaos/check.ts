import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { afterPrefix, KEY_PREFIX, openLevelStore, storeKey } from '#storage'
import { VERTEX } from '../../chain/node/consensus-log.ts'
import { call, callBatch } from '../load/rpc.ts'
import type { Acknowledged } from './load.ts'

const BATCH = 100

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))
}

export async function headOf(url: string): Promise<number> {
  return Number(await call<string>(url, 'eth_blockNumber'))
}

/** Compares every block from `first` to the lowest head; returns what differs, and the first block not compared. */
export async function compareChains(
  urls: readonly string[],
  first: number,
): Promise<{ readonly violations: readonly string[]; readonly next: number }> {
  const heads = await Promise.all(urls.map(headOf))
  const last = Math.min(...heads)
  const violations: string[] = []
  for (const numbers of chunks(Array.from({ length: Math.max(0, last + 1 - first) }, (_, i) => first + i))) {
    const calls = numbers.map(number => ({
      method: 'eth_getBlockByNumber',
      params: [`0x${number.toString(16)}`, false],
    }))
    const all = await Promise.all(urls.map(url => callBatch(url, calls)))
    for (const [i, number] of numbers.entries()) {
      const hashes = all.map(answers => (answers[i]?.result as { readonly hash: string } | undefined)?.hash)
      if (hashes.some(hash => hash === undefined || hash !== hashes[0]))
        violations.push(`block ${number} differs: ${hashes.join(', ')}`)
    }
  }
  return { violations, next: Math.max(first, last + 1) }
}

/** Every acknowledged transaction must be in the same block on every validator. */
export async function findLost(urls: readonly string[], acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const violations: string[] = []
  for (const [index, url] of urls.entries()) {
    for (const part of chunks(acknowledged)) {
      const answers = await callBatch(
        url,
        part.map(({ hash }) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
      )
      for (const [i, { result }] of answers.entries()) {
        const { hash, blockHash } = defined(part[i], 'a transaction')
        const found = (result as { readonly blockHash: string } | null | undefined)?.blockHash
        if (found !== blockHash)
          violations.push(`validator ${index} has ${hash} in ${found ?? 'no block'}, acknowledged in ${blockHash}`)
      }
    }
  }
  return violations
}

/** Alarms that no fault of a process may cause. */
const FORBIDDEN = /equivocation|"?fatal"?[=:] ?true|assertion failed|broken promise/i

/** Lines in the nodes' logs that speak of equivocation or a fatal alarm. */
export function findAlarms(logs: readonly string[]): string[] {
  return logs.flatMap(path =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => FORBIDDEN.test(line))
      .map(line => `${path.split('/').at(-1)}: ${line.slice(0, 300)}`),
  )
}

/**
 * Everything that validators were ever seen to sign, collected from the stores of stopped nodes: two different vertices
 * of one author and round are an equivocation, wherever the two lie.
 */
export class SeenVertices {
  readonly #digests = new Map<string, string>()
  readonly violations: string[] = []

  get count(): number {
    return this.#digests.size
  }

  /** Reads the consensus log of a node that does not run; a folder without one adds nothing. */
  async addStore(folder: string): Promise<void> {
    const directory = join(folder, 'store', 'consensus')
    if (!existsSync(join(directory, 'CURRENT'))) return
    const store = await openLevelStore(directory, { createIfMissing: false })
    try {
      const prefix = storeKey(KEY_PREFIX.consensus, Uint8Array.of(VERTEX))
      for await (const [key] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
        // Epoch u32, round u32, author u16, digest.
        const view = new DataView(key.buffer, key.byteOffset + prefix.length)
        const slot = `epoch ${view.getUint32(0)}, round ${view.getUint32(4)}, author ${view.getUint16(8)}`
        const digest = toHex(key.subarray(prefix.length + 10))
        const known = this.#digests.get(slot)
        if (known === undefined) this.#digests.set(slot, digest)
        else if (known !== digest) this.violations.push(`two vertices of ${slot}: ${known} and ${digest} (${folder})`)
      }
    } finally {
      await store.close()
    }
  }
}
