import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createCommittee, execVoteSigningBytes, type Input, verifyCertificate, verifyEvidence } from '#consensus'
import { toHex } from '#lib/bytes'
import { SYSTEM_ITEM, sealVertex, type VerifiedVertex, type Vertex } from '#types'
import { CHAIN_ID, Cluster, EPOCH_START_MS, makeValidators, signerOf, type TestValidator } from './cluster.ts'

const FOUR = makeValidators([1, 1, 1, 1])
const COMMITTEE = createCommittee(FOUR.map(validator => validator.authority))

/** The same vertex with another payload, signed by its author: a twin. */
function twinOf(vertex: Vertex, validator: TestValidator, payload: Uint8Array): VerifiedVertex {
  const { payloadRoot, signature, headerDigest, digest, bytes, ...draft } = vertex
  const sealed = sealVertex({ ...draft, transactions: [payload] }, header =>
    signerOf(validator).sign(vertex.round, header),
  )
  return sealed as VerifiedVertex
}

/** Node 3 shows each vertex to nodes 0 and 1, and a twin of it to node 2. */
function withEquivocator(untilMs: number): Cluster {
  const cluster = new Cluster(FOUR)
  const [, , , byzantine] = FOUR as readonly [TestValidator, TestValidator, TestValidator, TestValidator]
  const post = cluster.post.bind(cluster)
  const twins = new Map<string, VerifiedVertex>()
  cluster.stored = ((stored: Cluster['stored']) => (index: number, digest: Uint8Array) => {
    const twin = twins.get(toHex(digest))
    return twin === undefined ? stored(index, digest) : [twin]
  })(cluster.stored.bind(cluster))
  cluster.post = (from: number, to: number, input: Input) => {
    if (from === 3 && to === 2 && input.kind === 'vertices') {
      const vertices = input.vertices.map(vertex => {
        if (vertex.author !== 3) return vertex
        const twin = twinOf(vertex, byzantine, new Uint8Array([66, vertex.round & 255]))
        twins.set(toHex(twin.digest), twin)
        return twin
      })
      post(from, to, { ...input, vertices })
    } else post(from, to, input)
  }
  cluster.start()
  cluster.run(untilMs)
  return cluster
}

describe('equivocation', () => {
  test('honest nodes agree, and each slot executes one payload', () => {
    const cluster = withEquivocator(4_000)
    const chains = [0, 1, 2].map(index => cluster.node(index).commits.map(commit => toHex(commit.digest)))
    const shortest = Math.min(...chains.map(chain => chain.length))
    expect(shortest).toBeGreaterThan(20)
    for (const chain of chains) expect(chain.slice(0, shortest)).toEqual(chains[0]?.slice(0, shortest))
    const slots = new Set<string>()
    let twins = 0
    for (const commit of cluster.node(0).commits)
      for (const [at, vertex] of commit.vertices.entries()) {
        const slot = `${vertex.round}/${vertex.author}`
        if (!commit.executes[at]) {
          expect(slots.has(slot)).toBe(true)
          twins++
        } else {
          expect(slots.has(slot)).toBe(false)
          slots.add(slot)
        }
      }
    expect(twins).toBeGreaterThan(0)
  })

  test('evidence is reported once by those who saw both, and anybody can check it', () => {
    const cluster = withEquivocator(3_000)
    const items = cluster
      .node(0)
      .commits.flatMap(commit => commit.vertices.flatMap(vertex => vertex.system))
      .filter(item => item.kind === SYSTEM_ITEM.equivocation)
    expect(items.length).toBeGreaterThan(0)
    expect(items.length).toBeLessThanOrEqual(3)
    for (const item of items) {
      const verdict = verifyEvidence(item.bytes, COMMITTEE, CHAIN_ID)
      expect(verdict).toMatchObject({ kind: 'accept', value: { epoch: 0, author: 3 } })
      expect(verifyEvidence(item.bytes, COMMITTEE, CHAIN_ID + 1)).toMatchObject({ reason: 'other slot' })
      const forged = item.bytes.slice()
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
      expect(verifyEvidence(forged, COMMITTEE, CHAIN_ID)).toMatchObject({ kind: 'reject', reason: 'signature' })
    }
    expect(cluster.node(0).alarms()).toContain('equivocation')
  })
})

describe('execution votes', () => {
  function vote(cluster: Cluster, index: number, height: number, fill: number) {
    const blockHash = new Uint8Array(32).fill(fill)
    const key = FOUR[index]?.checkpointKey
    if (key === undefined) throw new Error('a key')
    const signature = new Uint8Array(sign(null, execVoteSigningBytes(CHAIN_ID, 0, height, blockHash), key))
    return cluster.feed(index, { kind: 'executed', height, blockHash, signature, nowMs: 0 })
  }

  test('while certificates lag by more than 64 blocks own vertices are empty, until they catch up', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(200)
    const offer = () => cluster.node(0).core.payloadRoom().transactions
    // Only two of four are that far: no certificate forms.
    for (const height of [10, 20, 74, 80]) for (const index of [0, 1]) vote(cluster, index, height, 0xaa)
    cluster.run(1_000)
    expect(offer()).toBeGreaterThan(0)
    for (const height of [90, 100]) for (const index of [0, 1]) vote(cluster, index, height, 0xaa)
    cluster.run(2_000)
    expect(offer()).toBe(0)
    const rounds = cluster.node(0).published.length
    cluster.run(3_000)
    expect(cluster.node(0).published.length).toBeGreaterThan(rounds + 5)
    vote(cluster, 2, 90, 0xaa)
    cluster.run(4_000)
    expect(offer()).toBeGreaterThan(0)
  })

  test('a quorum of ordered votes is a certificate that a light client can check', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(200)
    for (const index of [0, 1, 2]) vote(cluster, index, 7, 0xaa)
    cluster.run(2_000)
    for (const node of cluster.nodes) {
      const certificates = node.effects.flatMap(effect => (effect.kind === 'certified' ? [effect.certificate] : []))
      expect(certificates.length).toBe(1)
      const [certificate] = certificates
      if (certificate === undefined) throw new Error('a certificate')
      expect(verifyCertificate(certificate, COMMITTEE, CHAIN_ID)).toMatchObject({ kind: 'accept' })
      expect(verifyCertificate(certificate, COMMITTEE, CHAIN_ID + 1)).toMatchObject({ reason: 'signature' })
      const short = { ...certificate, signatures: certificate.signatures.slice(1) }
      expect(verifyCertificate(short, COMMITTEE, CHAIN_ID)).toMatchObject({ reason: 'quorum' })
      const [first] = certificate.signatures
      const twice = { ...certificate, signatures: [...short.signatures, ...short.signatures] }
      expect(first).toBeDefined()
      expect(verifyCertificate(twice, COMMITTEE, CHAIN_ID)).toMatchObject({ reason: 'signed twice' })
    }
  })

  test('a node whose result differs from a certified one stops', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(200)
    for (const index of [0, 1, 2]) vote(cluster, index, 7, 0xaa)
    vote(cluster, 3, 7, 0xbb)
    cluster.run(2_000)
    expect(cluster.node(3).alarms()).toContain('state diverged')
    expect(cluster.node(3).core.status().halted).toBe(true)
    for (const index of [0, 1, 2]) expect(cluster.node(index).core.status().halted).toBe(false)
    expect(cluster.node(0).commits.length).toBeGreaterThan(12)
  })

  test('when no certificate can form everybody is warned and carries no user transactions', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(200)
    for (const [index, fill] of [0xaa, 0xaa, 0xbb, 0xbb].entries()) vote(cluster, index, 7, fill)
    cluster.run(2_000)
    for (const node of cluster.nodes) {
      expect(node.alarms()).toContain('no certificate possible')
      expect(node.alarms()).toContain('state disputed')
      expect(node.core.payloadRoom().transactions).toBe(0)
      expect(node.core.status().halted).toBe(false)
    }
    const before = cluster.node(0).commits.length
    cluster.run(3_000)
    expect(cluster.node(0).commits.length).toBeGreaterThan(before)
  })
})

describe('the end of an epoch', () => {
  const params = { epochDurationMs: 1_000 }

  test('the first commit at or after its time is the last, everywhere the same', () => {
    const cluster = new Cluster(FOUR, params)
    cluster.start()
    cluster.run(4_000)
    const lasts = cluster.nodes.map(node => node.commits.at(-1))
    expect(new Set(lasts.map(last => last && toHex(last.digest))).size).toBe(1)
    for (const node of cluster.nodes) {
      expect(node.commits.map(commit => commit.commit.endsEpoch)).toEqual(
        node.commits.map((_, at) => at === node.commits.length - 1),
      )
      const [before, last] = node.commits.slice(-2)
      expect(before?.commit.timestampMs).toBeLessThan(EPOCH_START_MS + 1_000)
      expect(last?.commit.timestampMs).toBeGreaterThanOrEqual(EPOCH_START_MS + 1_000)
      expect(node.core.status()).toMatchObject({ ended: true, closed: true, halted: false })
    }
    const rounds = cluster.nodes.map(node => node.core.status().round)
    cluster.run(6_000)
    expect(cluster.nodes.map(node => node.core.status().round)).toEqual(rounds)
  })

  test('payload that is in no commit comes back', () => {
    const cluster = new Cluster(FOUR, params)
    cluster.start()
    let sent = 0
    for (let at = 1; at <= 80; at++) {
      cluster.run(20 * at)
      const room = cluster.node(1).core.payloadRoom()
      if (room.transactions === 0) continue
      cluster.feed(1, { kind: 'payload', transactions: [new Uint8Array([1, at])], nowMs: 0 })
      sent++
    }
    cluster.run(4_000)
    const node = cluster.node(1)
    const executed = node.commits.flatMap(commit => commit.vertices.flatMap(vertex => vertex.transactions.map(toHex)))
    const back = node.effects.flatMap(effect => (effect.kind === 'requeue' ? effect.transactions.map(toHex) : []))
    expect(executed.length + back.length).toBe(sent)
    expect(new Set([...executed, ...back]).size).toBe(sent)
    expect(back.length).toBeGreaterThan(0)
  })
})
