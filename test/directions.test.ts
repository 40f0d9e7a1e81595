import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Who may import whom (ARCHITECTURE.md, "Direction"). Every folder may import `#lib/*` and itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  'chain/types': [],
  'chain/storage': ['#types'],
  'chain/consensus': ['#types'],
  'chain/evm': ['#types', '#storage'],
  'chain/p2p': ['#types'],
  'chain/rpc': ['#types', '#evm'],
  'chain/node': ['#types', '#consensus', '#evm', '#p2p', '#storage', '#rpc'],
  contracts: [],
  genesis: ['#types', '#contracts', '@ogpu/sdk'],
  executor: ['@ogpu/sdk'],
  relay: ['@ogpu/sdk'],
  explorer: ['@ogpu/sdk'],
  sdk: [],
  cli: [
    '#types',
    '#consensus',
    '#evm',
    '#p2p',
    '#storage',
    '#rpc',
    '#node',
    '#genesis',
    '#executor',
    '#relay',
    '@ogpu/sdk',
    '@ogpu/explorer',
  ],
}

/** These see only the types of their neighbours. */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = { 'chain/rpc': ['#evm'] }

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !path.includes(`${sep}node_modules${sep}`) && !path.includes(`${sep}dist${sep}`))
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(
    /^(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  )) {
    found.push({ specifier: (match[2] ?? match[3] ?? match[4]) as string, typeOnly: match[1] !== undefined })
  }
  return found
}

describe('dependency directions', () => {
  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    it(`${folder} imports only what the architecture allows`, () => {
      const wrong: string[] = []
      for (const path of sources(folder)) {
        const name = relative(root, path)
        if (folder === 'lib' || !name.startsWith('lib')) {
          for (const { specifier, typeOnly } of importsOf(readFileSync(path, 'utf8'))) {
            if (specifier.startsWith('.')) {
              const target = relative(root, join(path, '..', specifier))
              // The manifest is nobody's code: it says which version this is.
              if (target === 'package.json') continue
              if (!target.startsWith(folder)) wrong.push(`${name}: ${specifier} leaves the folder without a door`)
            } else if (specifier.startsWith('#') || specifier.startsWith('@ogpu/')) {
              const door = specifier.startsWith('@ogpu/') ? specifier.split('/').slice(0, 2).join('/') : specifier
              if (!door.startsWith('#lib/') && !allowed.includes(door))
                wrong.push(`${name}: may not import ${specifier}`)
              if (TYPES_ONLY[folder]?.includes(door) && !typeOnly)
                wrong.push(`${name}: imports more than types of ${specifier}`)
            }
          }
        }
      }
      expect(wrong).toEqual([])
    })
  }
})
