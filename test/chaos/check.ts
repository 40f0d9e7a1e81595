import { readFileSync } from 'node:fs'
import { defined } from '#lib/assert'
import { call, callBatch } from '../load/rpc.ts'
import type { Acknowledged } from './load.ts'

const BATCH = 100

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))
}

export async function headOf(url: string): Promise<number> {
  return Number(await call<string>(url, 'eth_blockNumber'))
}

/** Compares every block up to the lowest head; returns what differs, and how many blocks were compared. */
export async function compareChains(urls: readonly string[]): Promise<{
  readonly violations: readonly string[]
  readonly blocks: number
}> {
  const heads = await Promise.all(urls.map(headOf))
  const last = Math.min(...heads)
  const violations: string[] = []
  for (const numbers of chunks(Array.from({ length: last + 1 }, (_, i) => i))) {
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
  return { violations, blocks: last + 1 }
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

/** Lines in the validators' logs that speak of equivocation or a fatal alarm. */
export function findAlarms(logs: readonly string[]): string[] {
  return logs.flatMap(path =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => FORBIDDEN.test(line))
      .map(line => `${path.split('/').at(-1)}: ${line.slice(0, 300)}`),
  )
}
