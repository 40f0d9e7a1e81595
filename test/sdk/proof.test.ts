import {
  auditReportOf,
  auditSealOf,
  digestOf,
  graphRootOf,
  merklePath,
  merkleRoot,
  outputRoot,
  portableKeccak,
  rootFromPath,
  sealOf,
  wordsOf,
  ZERO_HASH,
} from '@ogpu/sdk'
import { AbiCoder, keccak256 as ethersKeccak256 } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'

const leaf = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('Merkle trees', () => {
  it('every leaf opens with its path, and no other leaf does', () => {
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 40 }), fc.nat(), leaf, (leaves, pick, other) => {
        const index = pick % leaves.length
        const root = merkleRoot(leaves, keccak256)
        const path = merklePath(leaves, index, keccak256)
        expect(rootFromPath(leaves[index] as Uint8Array, index, path, keccak256)).toEqual(root)
        if (!equalBytes(other, leaves[index] as Uint8Array)) {
          expect(rootFromPath(other, index, path, keccak256)).not.toEqual(root)
        }
      }),
    )
  })

  it('the portable hash and the fast one agree', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(outputRoot(bytes, portableKeccak)).toEqual(outputRoot(bytes, keccak256))
      }),
    )
  })

  it('outputs are cut into 32-byte words with zeros behind', () => {
    expect(wordsOf(new Uint8Array(33)).length).toBe(2)
    expect(wordsOf(new Uint8Array(0))).toEqual([])
    expect(outputRoot(new Uint8Array(0))).toEqual(new Uint8Array(32))
    expect(() => merklePath([], 0)).toThrow(RangeError)
  })

  it('the graph root opens to a single operator', () => {
    const graph = (op: string): Uint8Array =>
      new TextEncoder().encode(`{"format":"x","nodes":[{"op":"${op}"},{"op":"relu"}]}`)
    expect(graphRootOf(graph('a'))).not.toEqual(graphRootOf(graph('b')))
    expect(() => graphRootOf(new TextEncoder().encode('[]'))).toThrow(/graph/)
  })
})

describe('seals', () => {
  const task = `0x${'1'.repeat(40)}`
  const account = `0x${'2'.repeat(40)}`
  const [outRoot, traceRoot, blobId, salt] = ['3', '4', '5', '6'].map(digit => `0x${digit.repeat(64)}`) as [
    string,
    string,
    string,
    string,
  ]
  const encode = (types: string[], values: unknown[]) =>
    ethersKeccak256(AbiCoder.defaultAbiCoder().encode(types, values))

  it('are the hashes that the contracts document', () => {
    expect(sealOf({ task, provider: account, outRoot, traceRoot, blobId, salt })).toBe(
      encode(
        ['address', 'address', 'bytes32', 'bytes32', 'bytes32', 'bytes32'],
        [task, account, outRoot, traceRoot, blobId, salt],
      ),
    )
    const verdict = digestOf(outRoot, traceRoot)
    expect(verdict).toBe(encode(['bytes32', 'bytes32'], [outRoot, traceRoot]))
    expect(auditSealOf({ task, auditor: account, verdict, report: blobId, salt })).toBe(
      encode(['address', 'address', 'bytes32', 'bytes32', 'bytes32'], [task, account, verdict, blobId, salt]),
    )
  })

  it('are accompanied by a report over the steps that the seed picks', () => {
    const seeds = [outRoot, traceRoot, blobId, salt]
    const roots = Array.from({ length: 100 }, (_, i) => `0x${i.toString(16).padStart(64, 'a')}`)
    expect(new Set(seeds.map(seed => auditReportOf(seed, roots))).size).toBe(seeds.length)
    expect(auditReportOf(salt, roots)).toBe(auditReportOf(salt, [...roots]))
    // Another inner root of a step that was picked makes another report.
    const reports = new Set(
      roots.map((_, at) =>
        auditReportOf(
          salt,
          roots.map((root, i) => (i === at ? salt : root)),
        ),
      ),
    )
    expect(reports.size).toBeGreaterThan(4)
    expect(auditReportOf(salt, [blobId])).not.toBe(auditReportOf(salt, [traceRoot]))
    expect(auditReportOf(salt, [])).toBe(ZERO_HASH)
  })

  it('bind the provider, so that a copied seal opens for nobody else', () => {
    const other = `0x${'7'.repeat(40)}`
    const fields = { task, outRoot, traceRoot, blobId, salt }
    expect(sealOf({ ...fields, provider: account })).not.toBe(sealOf({ ...fields, provider: other }))
  })
})
