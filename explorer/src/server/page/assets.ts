import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { BuiltApp } from './build.ts'

export interface Asset {
  readonly type: string
  readonly body: Buffer
  readonly gzip: Buffer
}

/** The app's few files, held in memory: no path from outside ever reaches the disk. */
export interface Assets {
  /** By URL path, e.g. `/assets/entry-client-Ab12.js`. */
  readonly files: ReadonlyMap<string, Asset>
  readonly script: string
  readonly styles: readonly string[]
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

export function readAssets({ folder }: BuiltApp): Assets {
  const client = join(folder, 'client')
  const manifest = JSON.parse(readFileSync(join(client, 'manifest.json'), 'utf8')) as Record<
    string,
    { file: string; css?: readonly string[]; isEntry?: boolean }
  >
  const entry = Object.values(manifest).find(({ isEntry }) => isEntry)
  if (entry === undefined) throw new Error('explorer: the built app has no entry')
  const files = new Map<string, Asset>()
  for (const name of readdirSync(join(client, 'assets'))) {
    const body = readFileSync(join(client, 'assets', name))
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    files.set(`/assets/${name}`, { type, body, gzip: gzipSync(body) })
  }
  return { files, script: `/${entry.file}`, styles: (entry.css ?? []).map(file => `/${file}`) }
}
