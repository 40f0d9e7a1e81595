import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorTable, limitTable, METHODS, methodTables } from '#rpc'

describe('docs/json-rpc.md', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/json-rpc.md'), 'utf8')
  const part = (name: string) => text.split(`<!-- ${name} -->\n`)[1]?.split('\n<!-- end -->')[0]

  it('has the methods, limits and errors of the code', () => {
    expect(part('methods')).toBe(methodTables())
    expect(part('limits')).toBe(limitTable())
    expect(part('errors')).toBe(errorTable())
  })

  it('names every method once', () => {
    expect(new Set(METHODS.map(method => method.name)).size).toBe(METHODS.length)
    for (const { name, summary } of METHODS) expect(summary, name).toMatch(/\.$/)
  })
})
