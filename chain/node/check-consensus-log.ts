import { decodeLogRecord } from '#consensus'
import { equalBytes, toRawHex } from '#lib/bytes'
import { afterPrefix, KEY_PREFIX, readU48, type Store, storeKey } from '#storage'
import type { CommitIndex, Digest, Epoch } from '#types'
import { BY_DIGEST, CERTIFIERS, CHECKPOINT, COMMIT, VERTEX } from './consensus-log.ts'

export interface CheckedLog {
  /** What is damaged, in words; empty when nothing is. */
  readonly findings: readonly string[]
  readonly records: number
  readonly vertices: number
  /** The commits that are kept, without a hole when `findings` is empty; absent when there is none. */
  readonly commits?: { readonly firstEpoch: Epoch; readonly first: CommitIndex; readonly last: CommitIndex }
}

const FINDINGS_MAX = 20
const KIND_NAMES: Readonly<Record<number, string>> = {
  [VERTEX]: 'vertex',
  [COMMIT]: 'commit',
  [CERTIFIERS]: 'certifiers',
  [CHECKPOINT]: 'checkpoint',
}

/** Decodes every record of a consensus log, and follows the chain of commits by their digests. Changes nothing. */
export async function checkConsensusLog(store: Store, onProgress?: (records: number) => void): Promise<CheckedLog> {
  const findings: string[] = []
  const report = (what: string) => {
    if (findings.length < FINDINGS_MAX) findings.push(what)
  }
  let records = 0
  let vertices = 0
  let pointers = 0
  let first: { readonly firstEpoch: Epoch; readonly first: CommitIndex } | undefined
  let previous: { readonly epoch: number; readonly index: CommitIndex; readonly digest: Digest } | undefined
  const prefix = storeKey(KEY_PREFIX.consensus)
  for await (const [key, value] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
    if (++records % 5_000 === 0) onProgress?.(records)
    const kind = key[1] ?? 0
    if (kind === BY_DIGEST) {
      pointers += 1
      continue
    }
    const name = KIND_NAMES[kind]
    if (name === undefined) {
      report(`a record with the unknown key ${toRawHex(key)}`)
      continue
    }
    const decoded = decodeLogRecord(value)
    if (decoded.kind !== 'accept' || decoded.value.kind !== name) {
      report(`${name} record ${toRawHex(key.subarray(2))} does not decode`)
      continue
    }
    const record = decoded.value
    if (record.kind === 'vertex') {
      vertices += 1
      if (!equalBytes(key.subarray(-32), record.vertex.digest)) {
        report(`the vertex of round ${record.vertex.round} by validator ${record.vertex.author} lies under another key`)
      }
    }
    if (record.kind !== 'commit') continue
    const { epoch, index, previousDigest } = record.commit
    if (readU48(key, 6) !== index) report(`commit ${index} lies under the key of another one`)
    if (previous !== undefined && previous.epoch === epoch) {
      if (index !== previous.index + 1) report(`commits ${previous.index + 1} to ${index - 1} are missing`)
      else if (!equalBytes(previousDigest, previous.digest))
        report(`commit ${index} does not follow commit ${index - 1}`)
    }
    first ??= { firstEpoch: epoch, first: index }
    previous = { epoch, index, digest: record.digest }
  }
  if (pointers !== vertices) report(`the index by digest has ${pointers} entries for ${vertices} vertices`)
  return {
    findings,
    records,
    vertices,
    ...(first === undefined || previous === undefined ? {} : { commits: { ...first, last: previous.index } }),
  }
}
