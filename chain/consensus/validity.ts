import { equalBytes } from '#lib/bytes'
import { accept, ignore, reject, type Verdict } from '#lib/verdict'
import {
  type AuthorityIndex,
  type ConsensusParams,
  type Digest,
  payloadRoot,
  SYSTEM_BYTES_MAX,
  SYSTEM_ITEM,
  VERTEX_VERSION,
  type Vertex,
} from '#types'
import { type Stakes, Tally } from './committee.ts'
import { SYSTEM_ITEMS_MAX } from './limits.ts'

/** Why a vertex is not taken; the text is the metric label. */
export const VERTEX_REASON = {
  oversized: 'the encoding is longer than any vertex',
  malformed: 'the bytes are not one canonical encoding',
  version: 'unknown format version',
  chain: 'made for another chain',
  'past epoch': 'made for an epoch that ended',
  'future epoch': 'made for an epoch that did not start',
  author: 'author is not in the committee',
  round: 'round 0 is made locally and never sent',
  'parent count': 'no parents, or more than members',
  'parent author': 'a parent of an unknown author',
  'own parent': "the first parent is the author's own vertex",
  'parent twice': 'two parents of one author',
  'parent round': 'a parent is not older than the vertex',
  genesis: 'a parent of round 0 that is not a genesis vertex of this epoch',
  quorum: 'parents of the previous round weigh less than a quorum',
  'transaction count': 'too many transactions',
  'payload bytes': 'payload too large',
  'transaction bytes': 'a transaction is empty or too large',
  'payload root': 'the header names another payload',
  'commit votes': 'too many or not in ascending order',
  'exec votes': 'too many or not in ascending order',
  'system items': 'too many, too large or of an unknown kind',
  transaction: 'a transaction fails the static check',
  'exec vote signature': 'an execution vote is not signed by the author',
  signature: 'not signed by the author',
} as const

export type VertexReason = keyof typeof VERTEX_REASON

export interface VertexRules {
  readonly chainId: number
  readonly epoch: number
  readonly committee: Stakes
  readonly params: ConsensusParams
  /** Digest of each authority's genesis vertex. */
  readonly genesis: readonly Digest[]
  /**
   * Static check of one raw transaction (decodes, chain id, type, gas): `undefined` when it may be carried, else why not.
   * Must depend on the bytes alone, never on state, or nodes disagree about which vertices exist.
   */
  readonly checkTransaction?: (raw: Uint8Array) => string | undefined
}

/**
 * Static validity: a pure function of the vertex and the epoch's constants, so all nodes agree on it for ever. The
 * first broken rule decides. Signatures are checked by `createVertexVerifier`; look-ahead, clock drift and collected
 * rounds are admission rules of the core and never make a vertex invalid.
 */
export function checkVertex(vertex: Vertex, rules: VertexRules): Verdict<Vertex, VertexReason> {
  const { params } = rules
  if (vertex.version !== VERTEX_VERSION) return reject('version')
  if (vertex.chainId !== rules.chainId) return reject('chain')
  if (vertex.epoch < rules.epoch) return ignore('past epoch')
  if (vertex.epoch > rules.epoch) return ignore('future epoch')
  if (vertex.author >= rules.committee.size) return reject('author')
  if (vertex.round < 1) return reject('round')
  const parents = checkParents(vertex, rules)
  if (parents !== undefined) return reject(parents)
  if (vertex.transactions.length > params.transactionsPerVertexMax) return reject('transaction count')
  let bytes = 0
  for (const transaction of vertex.transactions) {
    if (transaction.length === 0 || transaction.length > params.transactionBytesMax) return reject('transaction bytes')
    bytes += transaction.length
  }
  if (bytes > params.payloadBytesPerVertexMax) return reject('payload bytes')
  if (vertex.commitVotes.length > params.commitVotesPerVertexMax) return reject('commit votes')
  if (!ascends(vertex.commitVotes.map(vote => vote.index))) return reject('commit votes')
  if (vertex.execVotes.length > params.execVotesPerVertexMax) return reject('exec votes')
  if (!ascends(vertex.execVotes.map(vote => vote.height))) return reject('exec votes')
  if (!areSystemItemsValid(vertex)) return reject('system items')
  if (!equalBytes(payloadRoot(vertex.transactions), vertex.payloadRoot)) return reject('payload root')
  for (const transaction of vertex.transactions) {
    const fault = rules.checkTransaction?.(transaction)
    if (fault !== undefined) return reject('transaction', fault)
  }
  return accept(vertex)
}

function checkParents(vertex: Vertex, rules: VertexRules): VertexReason | undefined {
  const { committee, genesis } = rules
  const { parents } = vertex
  if (parents.length < 1 || parents.length > committee.size) return 'parent count'
  const authors = new Uint8Array(committee.size)
  const previousRound = new Tally(committee)
  for (const [at, parent] of parents.entries()) {
    const author: AuthorityIndex = parent.author
    if (author >= committee.size) return 'parent author'
    if (at === 0 && author !== vertex.author) return 'own parent'
    if (authors[author] === 1) return 'parent twice'
    authors[author] = 1
    if (parent.round >= vertex.round) return 'parent round'
    if (parent.round === 0 && !equalBytes(parent.digest, genesis[author] as Digest)) return 'genesis'
    if (parent.round === vertex.round - 1) previousRound.add(author)
  }
  return previousRound.weight >= committee.quorum ? undefined : 'quorum'
}

/** Strictly ascending and above zero. */
function ascends(numbers: readonly number[]): boolean {
  let previous = 0
  for (const number of numbers) {
    if (number <= previous) return false
    previous = number
  }
  return true
}

const KNOWN_KINDS: ReadonlySet<number> = new Set(Object.values(SYSTEM_ITEM))

function areSystemItemsValid(vertex: Vertex): boolean {
  if (vertex.system.length > SYSTEM_ITEMS_MAX) return false
  let bytes = 0
  for (const item of vertex.system) {
    if (!KNOWN_KINDS.has(item.kind)) return false
    bytes += item.bytes.length
  }
  return bytes <= SYSTEM_BYTES_MAX
}
