import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SOURCES = fileURLToPath(new URL('../../sdk/src', import.meta.url))

describe('the SDK in a browser', () => {
  it('imports ethers and itself, nothing of the server', () => {
    const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
    expect(files.length).toBeGreaterThan(20)
    for (const name of files) {
      const text = readFileSync(join(SOURCES, name), 'utf8')
      for (const [, specifier] of text.matchAll(/\bfrom\s+'([^']+)'|\bimport\(\s*'([^']+)'/g)) {
        expect(specifier === 'ethers' || specifier?.startsWith('.'), `${name} imports ${specifier}`).toBe(true)
      }
      expect(/\b(Buffer|process|__dirname)\b\s*[.(]/.test(text), `${name} uses a server global`).toBe(false)
    }
  })
})
