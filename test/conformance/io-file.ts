import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One question and the answer that the reference client gave. */
export interface RoundTrip {
  readonly request: { readonly method: string; readonly params?: readonly unknown[] }
  readonly response: { readonly result?: unknown; readonly error?: Readonly<Record<string, unknown>> }
  /** The two as they stand in the file. */
  readonly requestText: string
}

/** One `.io` file of ethereum/execution-apis. */
export interface IoFile {
  /** `method/name`. */
  readonly name: string
  readonly method: string
  /** The answer is only checked against the method's schema. */
  readonly isSpecOnly: boolean
  readonly roundTrips: readonly RoundTrip[]
}

export function parseIoFile(name: string, text: string): IoFile {
  const roundTrips: RoundTrip[] = []
  let pending: string | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('>> ')) pending = line.slice(3)
    else if (line.startsWith('<< ') && pending !== undefined) {
      roundTrips.push({ request: JSON.parse(pending), response: JSON.parse(line.slice(3)), requestText: pending })
      pending = undefined
    }
  }
  if (roundTrips.length === 0) throw new Error(`${name} holds no round trip`)
  const isSpecOnly = /^\/\/ speconly/m.test(text)
  return { name, method: name.split('/')[0] ?? name, isSpecOnly, roundTrips }
}

/** All `.io` files under a folder in path order: earlier ones fill the pool that later ones read. */
export function readIoFiles(folder: string): IoFile[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.io'))
  return files
    .sort()
    .map(path => parseIoFile(path.replaceAll('\\', '/').slice(0, -3), readFileSync(join(folder, path), 'utf8')))
}
