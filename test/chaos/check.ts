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

/** Receipts are asked for from every node for one in so many transactions; the rest is found in the compared blocks. */
const SAMPLE = 16

interface ComparedBlock {
  readonly hash: string
  readonly transactions: ReadonlySet<string>
}

/** The one chain that all nodes have, as far as it was compared. */
export class ComparedChain {
  readonly #blocks: ComparedBlock[] = []

  /** Blocks that were compared. */
  get length(): number {
    return this.#blocks.length
  }

  /** Compares every block that was not compared before, up to the lowest head; returns what differs. */
  async extend(urls: readonly string[]): Promise<readonly string[]> {
    const last = Math.min(...(await Promise.all(urls.map(headOf))))
    const first = this.#blocks.length
    for (const numbers of chunks(Array.from({ length: Math.max(0, last + 1 - first) }, (_, i) => first + i))) {
      const calls = numbers.map(number => ({
        method: 'eth_getBlockByNumber',
        params: [`0x${number.toString(16)}`, false],
      }))
      const all = await Promise.all(urls.map(url => callBatch(url, calls)))
      for (const [i, number] of numbers.entries()) {
        const blocks = all.map(
          answers => answers[i]?.result as { hash: string; transactions: string[] } | null | undefined,
        )
        const [block] = blocks
        if (block === null || block === undefined || blocks.some(other => other?.hash !== block.hash))
          return [`block ${number} differs: ${blocks.map(other => other?.hash).join(', ')}`]
        this.#blocks.push({ hash: block.hash, transactions: new Set(block.transactions) })
      }
    }
    return []
  }

  /** Every acknowledged transaction must be in the block that its receipt named, and that block in the chain. */
  findLost(acknowledged: readonly Acknowledged[]): string[] {
    return acknowledged.flatMap(({ hash, blockNumber, blockHash }) => {
      const block = this.#blocks[Number(blockNumber)]
      if (block?.hash === blockHash && block.transactions.has(hash)) return []
      return [
        `${hash} was acknowledged in block ${Number(blockNumber)} ${blockHash}; the chain has ${block?.hash} there`,
      ]
    })
  }
}

/** Some acknowledged transactions, asked for by hash on every node. */
export async function findUnknown(urls: readonly string[], acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const sample = acknowledged.filter((_, i) => i % SAMPLE === 0)
  const found = await Promise.all(urls.map((url, index) => unknownAt(url, index, sample)))
  return found.flat()
}

async function unknownAt(url: string, index: number, sample: readonly Acknowledged[]): Promise<string[]> {
  const violations: string[] = []
  for (const part of chunks(sample)) {
    const answers = await callBatch(
      url,
      part.map(({ hash }) => ({ method: 'eth_getTransactionReceipt', params: [hash] })),
    )
    for (const [i, { result }] of answers.entries()) {
      const { hash, blockHash } = defined(part[i], 'a transaction')
      const found = (result as { readonly blockHash: string } | null | undefined)?.blockHash
      if (found !== blockHash)
        violations.push(`node ${index} has ${hash} in ${found ?? 'no block'}, acknowledged in ${blockHash}`)
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
