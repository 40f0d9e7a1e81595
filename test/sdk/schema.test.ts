import {
  canonicalJson,
  encodeJobFile,
  encodeSourceMetadata,
  type Json,
  makePolicy,
  parseJobFile,
  parsePlainConfig,
} from '@ogpu/sdk'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const hash = (digit: string): string => digit.repeat(64)
const job = {
  functionName: 'run',
  programId: `0x${hash('1')}`,
  graph: { hash: hash('2'), size: 10 },
  weights: { hash: hash('3'), size: 20 },
  input: { hash: hash('4'), size: 0 },
  dataUrls: ['http://127.0.0.1:5001'],
}

describe('canonical JSON', () => {
  it('has one form whatever the order of keys, and reads back equal', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.maxSafeInteger(), fc.string(), fc.boolean(), fc.constant(null))),
        object => {
          const text = canonicalJson(object)
          expect(JSON.parse(text)).toEqual(object)
          expect(canonicalJson(Object.fromEntries(Object.entries(object).reverse()))).toBe(text)
        },
      ),
    )
  })

  it('refuses numbers that are not integers', () => {
    for (const value of [0.5, Number.NaN, 2 ** 53, -0] as Json[]) expect(() => canonicalJson(value)).toThrow(/integers/)
  })
})

describe('task configs', () => {
  it('keep the published keys and read back equal', () => {
    const bytes = encodeJobFile(job)
    expect(parseJobFile(bytes)).toEqual(job)
    expect(parsePlainConfig(bytes)).toMatchObject({ functionName: 'run', data: { input: { hash: hash('4') } } })
  })

  it('name the field that is wrong', () => {
    const json = JSON.parse(new TextDecoder().decode(encodeJobFile(job)))
    const parse = (change: object) => parseJobFile(new TextEncoder().encode(JSON.stringify({ ...json, ...change })))
    expect(() => parse({ format: 'ogpu-job/2' })).toThrow(/job\.format/)
    expect(() => parse({ data: { input: { hash: 'xyz', size: 1 } } })).toThrow(/job\.data\.input\.hash/)
    expect(() => parse({ data_urls: ['file:///etc/passwd'] })).toThrow(/data_urls/)
    expect(() => parse({ program: null })).toThrow(/job\.program/)
    expect(() => parseJobFile(new TextEncoder().encode('not json'))).toThrow(/not JSON/)
  })

  it('no bytes make the reader fail otherwise than by its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map(text => new TextEncoder().encode(text)),
        ),
        bytes => {
          expect(() => parseJobFile(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
        },
      ),
    )
  })
})

describe('policies', () => {
  it('take defaults and refuse what the contract would refuse', () => {
    const programId = `0x${hash('a')}`
    expect(makePolicy({ programId })).toMatchObject({ redundancy: 3, quorum: 2 })
    expect(() => makePolicy({ programId: '0x1' })).toThrow(/programId/)
    expect(() => makePolicy({ programId, redundancy: 4, quorum: 2 })).toThrow(/quorum/)
    expect(() => makePolicy({ programId, auditors: 2, auditQuorum: 1 })).toThrow(/auditQuorum/)
    expect(() => makePolicy({ programId, auditFeeBps: 5001 })).toThrow(/auditFeeBps/)
    expect(() => makePolicy({ programId, windowBlocks: 0 })).toThrow(/windowBlocks/)
  })

  it('source metadata has every published key', () => {
    const metadata = JSON.parse(new TextDecoder().decode(encodeSourceMetadata({ name: 'x', description: 'y' })))
    expect(Object.keys(metadata).sort()).toEqual(['amd', 'cpu', 'description', 'logoUrl', 'name', 'nvidia'])
  })
})
