import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkVertex,
  createCommittee,
  createVertexVerifier,
  decodeCertificate,
  decodeFetchAnswer,
  decodeFetchRequest,
  decodeLogRecord,
  decodeOwnLastAnswer,
  decodeOwnLastRequest,
  decodeRangeAnswer,
  decodeRangeRequest,
  decodeStreamFrame,
  encodeCertificate,
  encodeFetchAnswer,
  encodeFetchRequest,
  encodeOwnLastAnswer,
  encodeOwnLastRequest,
  encodeRangeAnswer,
  encodeRangeRequest,
  encodeStreamFrame,
  type VertexRules,
  verifyEvidence,
} from '#consensus'
import { toHex } from '#lib/bytes'
import type { Verdict } from '#lib/verdict'
import {
  type Commit,
  commitDigest,
  DEFAULT_CONSENSUS_PARAMS,
  decodeCommit,
  decodeVertex,
  encodeCommit,
  genesisVertices,
  refOf,
  sealVertex,
  VERTEX_VERSION,
  type Vertex,
  type VertexDraft,
  type VertexRef,
} from '#types'
import { CHAIN_ID, Cluster, makeValidators, signerOf } from './cluster.ts'

const FOUR = makeValidators([1, 1, 1, 1])
const COMMITTEE = createCommittee(FOUR.map(validator => validator.authority))
const ZERO = new Uint8Array(32)
const GENESIS = genesisVertices({
  chainId: CHAIN_ID,
  epoch: 0,
  size: 4,
  committeeDigest: COMMITTEE.digest,
  previousEpochRecord: ZERO,
})
const RULES: VertexRules = {
  chainId: CHAIN_ID,
  epoch: 0,
  committee: COMMITTEE,
  params: DEFAULT_CONSENSUS_PARAMS,
  genesis: GENESIS.map(vertex => vertex.digest),
}
const VERIFIER = createVertexVerifier({
  chainId: CHAIN_ID,
  epoch: 0,
  committee: COMMITTEE,
  params: DEFAULT_CONSENSUS_PARAMS,
  previousEpochRecord: ZERO,
  checkTransaction: raw => (raw[0] === 0xff ? 'bad type' : undefined),
})

function genesis(author: number): VertexRef {
  const vertex = GENESIS[author]
  if (vertex === undefined) throw new Error('an author')
  return refOf(vertex)
}

function draft(change: Partial<VertexDraft> = {}): VertexDraft {
  return {
    version: VERTEX_VERSION,
    chainId: CHAIN_ID,
    epoch: 0,
    round: 1,
    author: 0,
    timestampMs: 5,
    parents: [genesis(0), genesis(1), genesis(2)],
    commitVotes: [],
    execVotes: [],
    system: [],
    transactions: [],
    ...change,
  }
}

function seal(change: Partial<VertexDraft> = {}, signerIndex?: number): Vertex {
  const made = draft(change)
  const signer = FOUR[signerIndex ?? made.author] ?? FOUR[0]
  if (signer === undefined) throw new Error('a signer')
  return sealVertex(made, digest => signerOf(signer).sign(made.round, digest))
}

function reasonOf(verdict: Verdict<unknown>): string {
  return verdict.kind === 'accept' ? 'accept' : verdict.reason
}

const other = (round: number, author: number): VertexRef => ({ round, author, digest: new Uint8Array(32).fill(round) })
const vote = (index: number) => ({ index, digest: ZERO })
const exec = (height: number) => ({ height, blockHash: ZERO, signature: new Uint8Array(64) })

describe('static validity', () => {
  const cases: readonly (readonly [string, Partial<VertexDraft>])[] = [
    ['accept', {}],
    ['version', { version: 2 }],
    ['chain', { chainId: 1071 }],
    ['future epoch', { epoch: 1 }],
    ['author', { author: 4 }],
    ['round', { round: 0 }],
    ['parent count', { parents: [] }],
    ['parent count', { parents: [0, 1, 2, 3, 0].map(genesis) }],
    ['parent author', { parents: [genesis(0), { ...genesis(1), author: 9 }] }],
    ['own parent', { parents: [genesis(1), genesis(0), genesis(2)] }],
    ['parent twice', { parents: [genesis(0), genesis(1), genesis(1)] }],
    ['parent round', { parents: [genesis(0), genesis(1), other(1, 2)] }],
    ['genesis', { parents: [genesis(0), genesis(1), other(0, 2)] }],
    ['quorum', { parents: [genesis(0), genesis(1)] }],
    ['quorum', { round: 3, parents: [other(2, 0), other(2, 1), other(1, 2)] }],
    ['accept', { round: 3, parents: [other(1, 0), other(2, 1), other(2, 2), other(2, 3)] }],
    ['transaction count', { transactions: Array.from({ length: 513 }, () => new Uint8Array([1])) }],
    ['transaction bytes', { transactions: [new Uint8Array(128 * 1024 + 1)] }],
    ['transaction bytes', { transactions: [new Uint8Array(0)] }],
    ['payload bytes', { transactions: Array.from({ length: 5 }, () => new Uint8Array(128 * 1024)) }],
    ['commit votes', { commitVotes: [vote(2), vote(2)] }],
    ['commit votes', { commitVotes: [vote(0)] }],
    ['commit votes', { commitVotes: Array.from({ length: 101 }, (_, i) => vote(i + 1)) }],
    ['exec votes', { execVotes: [exec(3), exec(2)] }],
    ['exec votes', { execVotes: Array.from({ length: 33 }, (_, i) => exec(i + 1)) }],
    ['system items', { system: [{ kind: 99, bytes: ZERO }] }],
    ['system items', { system: Array.from({ length: 9 }, () => ({ kind: 1, bytes: ZERO })) }],
  ]
  for (const [at, [reason, change]] of cases.entries())
    test(`case ${at + 1}: ${reason}`, () => {
      expect(reasonOf(checkVertex(seal(change), RULES))).toBe(reason)
    })

  test('an older epoch is ignored, not punished', () => {
    expect(checkVertex(seal(), { ...RULES, epoch: 1 })).toEqual({ kind: 'ignore', reason: 'past epoch' })
  })

  test('a payload that the header does not name is rejected', () => {
    const vertex = { ...seal(), transactions: [new Uint8Array([1])] }
    expect(reasonOf(checkVertex(vertex, RULES))).toBe('payload root')
  })

  test('signatures of author, execution votes and static checks of transactions are verified', () => {
    expect(reasonOf(VERIFIER.verify(seal().bytes))).toBe('accept')
    expect(reasonOf(VERIFIER.verify(seal({}, 1).bytes))).toBe('signature')
    expect(reasonOf(VERIFIER.verify(seal({ execVotes: [exec(4)] }).bytes))).toBe('exec vote signature')
    expect(VERIFIER.verify(seal({ transactions: [new Uint8Array([255])] }).bytes)).toMatchObject({
      reason: 'transaction',
      detail: 'bad type',
    })
  })

  test('with unequal stakes a quorum is one of stake, not of heads', () => {
    const heavy = createCommittee(makeValidators([7, 1, 1, 1]).map(validator => validator.authority))
    const rules = { ...RULES, committee: heavy }
    expect(reasonOf(checkVertex(seal({ parents: [genesis(0)] }), rules))).toBe('accept')
    const light = { author: 1, parents: [genesis(1), genesis(2), genesis(3)] }
    expect(reasonOf(checkVertex(seal(light), rules))).toBe('quorum')
  })
})

describe('canonical bytes', () => {
  const commit: Commit = {
    version: 1,
    epoch: 3,
    index: 7,
    previousDigest: new Uint8Array(32).fill(1),
    timestampMs: 1_700_000_000_123,
    leader: other(9, 2),
    vertices: [other(8, 0), other(8, 1), other(9, 2)],
    scores: [5, 0, 6, 4],
    endsEpoch: true,
  }

  test('what decodes encodes to the same bytes', () => {
    const vertex = seal({
      transactions: [new Uint8Array([1, 2, 3]), new Uint8Array([4])],
      commitVotes: [vote(1), vote(5)],
      execVotes: [exec(9)],
      system: [{ kind: 2, bytes: new Uint8Array([7]) }],
    })
    const decoded = decodeVertex(vertex.bytes)
    expect(decoded).toMatchObject({ kind: 'accept', value: { round: 1, author: 0, timestampMs: 5 } })
    if (decoded.kind !== 'accept') return
    const { payloadRoot, signature, headerDigest, digest, bytes, ...again } = decoded.value
    expect(toHex(sealVertex(again, () => signature).bytes)).toBe(toHex(vertex.bytes))
    expect(toHex(digest)).toBe(toHex(vertex.digest))
    expect(decodeCommit(encodeCommit(commit))).toEqual({ kind: 'accept', value: commit })
  })

  test('golden vectors: a change of format does not go unnoticed', () => {
    const plain = sealVertex(draft({ parents: [other(0, 0), other(0, 1), other(0, 2)] }), () => new Uint8Array(64))
    expect(toHex(plain.headerDigest)).toBe(GOLDEN.header)
    expect(toHex(plain.digest)).toBe(GOLDEN.vertex)
    expect(toHex(commitDigest(commit))).toBe(GOLDEN.commit)
    const identity = { chainId: 1071, epoch: 2, size: 2, committeeDigest: ZERO, previousEpochRecord: ZERO }
    expect(genesisVertices(identity).map(vertex => toHex(vertex.digest))).toEqual(GOLDEN.genesis)
  })

  test('every changed bit of a vertex is noticed', () => {
    const { bytes } = seal({ transactions: [new Uint8Array([1, 2, 3])] })
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = bytes.slice()
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(VERIFIER.verify(changed).kind).not.toBe('accept')
      }),
    )
  })
})

describe('any bytes from outside', () => {
  const decoders: Readonly<Record<string, (bytes: Uint8Array) => { readonly kind: string }>> = {
    vertex: bytes => VERIFIER.verify(bytes),
    commit: decodeCommit,
    evidence: bytes => verifyEvidence(bytes, COMMITTEE, CHAIN_ID),
    certificate: decodeCertificate,
    'log record': decodeLogRecord,
    'stream frame': decodeStreamFrame,
    'fetch request': decodeFetchRequest,
    'fetch answer': decodeFetchAnswer,
    'range request': decodeRangeRequest,
    'range answer': decodeRangeAnswer,
    'own-last request': decodeOwnLastRequest,
    'own-last answer': decodeOwnLastAnswer,
  }
  for (const [name, decode] of Object.entries(decoders))
    test(`as a ${name} get a verdict, never a throw`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
          expect(['accept', 'reject', 'ignore']).toContain(decode(bytes).kind)
        }),
        { numRuns: 200 },
      )
    })

  test('truncated and extended messages of every kind are rejected', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(600)
    const vertices = cluster.vertices(0).slice(0, 3)
    const commits = cluster
      .node(0)
      .commits.slice(0, 2)
      .map(ordered => ordered.commit)
    const blobs = vertices.map(vertex => vertex.bytes)
    const signatures = [{ author: 1, signature: new Uint8Array(64) }]
    const samples: readonly (readonly [Uint8Array, (bytes: Uint8Array) => Verdict<unknown>])[] = [
      [encodeStreamFrame({ kind: 'own', vertices: blobs }), decodeStreamFrame],
      [encodeFetchRequest({ epoch: 0, refs: vertices.map(refOf) }), decodeFetchRequest],
      [encodeFetchAnswer(blobs), decodeFetchAnswer],
      [encodeRangeRequest({ epoch: 0, from: 1, upTo: 9 }), decodeRangeRequest],
      [encodeRangeAnswer({ commits, certifiers: blobs, vertices: blobs }), decodeRangeAnswer],
      [encodeOwnLastRequest({ epoch: 0, author: 3 }), decodeOwnLastRequest],
      [encodeOwnLastAnswer({ highestRound: 9, ownRound: 3 }), decodeOwnLastAnswer],
      [encodeCertificate({ epoch: 0, height: 4, blockHash: ZERO, signatures }), decodeCertificate],
    ]
    for (const [bytes, decode] of samples) {
      expect(decode(bytes).kind).toBe('accept')
      expect(decode(bytes.subarray(0, bytes.length - 1)).kind).toBe('reject')
      expect(decode(new Uint8Array([...bytes, 0])).kind).toBe('reject')
    }
  })
})

/** Computed by an independent implementation of the text (Python, hashlib). */
const GOLDEN = {
  header: '0x1639db62aa14ab7dae769a5a4ff040f31bf11263eb6f6d1d6cd2329fdc12bb08',
  vertex: '0x725677275b2e95e08368c68ee40285583853922a9625278fe9ea05630fa1a9ff',
  commit: '0xae292bf48b53eed143e2fa3fdbb484b69d862cc8e19574e5064bdc529cddfbde',
  genesis: [
    '0xf0872fc84277aa0c3c3bba1f7976a74fb4c7d7a86ec0e36369112ae14b288c35',
    '0x88484dcfaf450641eba85a271a3efc555c77dfbee3e4c5aca2038616e9509901',
  ] as readonly string[],
}
