import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { defined } from '#lib/assert'
import {
  type Authority,
  DEFAULT_CONSENSUS_PARAMS,
  genesisVertices,
  sealVertex,
  VERTEX_VERSION,
  type VertexDraft,
  type VertexRef,
  vertexSigningBytes,
} from '#types'
import { type CoreModule, REAL_CORE } from '../sim/core.ts'
import { parseBlockName } from '../sim/dag.ts'
import { isObject, type Json, type JsonObject, objectAt, ScenarioError, stakesAt } from './scenario-file.ts'
import { type CaseResult, compared } from './suite.ts'

/**
 * Cases of section 2.3: each describes one block and whether it is valid. The form is read liberally, as no such group
 * was published: the block stands under `block` (or is the case itself), changes of a valid block under `change`; what is
 * not said is as in a valid block. Signatures are real Ed25519.
 */
const CHAIN_ID = 1071
const START_MS = 1_700_000_000_000
/** Transactions that a case calls invalid begin with this byte; it is no transaction type. */
const INVALID_TRANSACTION = 0xff

interface Signer {
  readonly authority: Authority
  readonly key: KeyObject
}

function createSigner(index: number, stake: number): Signer {
  const pair = () => generateKeyPairSync('ed25519')
  const raw = (key: KeyObject) => new Uint8Array(Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url'))
  const consensus = pair()
  const operator = new Uint8Array(20)
  new DataView(operator.buffer).setUint32(16, index + 1)
  return {
    key: consensus.privateKey,
    authority: {
      index,
      operator,
      consensusKey: raw(consensus.publicKey),
      networkKey: raw(pair().publicKey),
      checkpointKey: raw(pair().publicKey),
      stake,
    },
  }
}

/** Words that say "valid" or "invalid"; anything else is read as the name of an error. */
const VALID = /^(ok|valid|accept(ed)?|pass(ed)?|true)$/i
/** Which reason of ours a word for an error means. First match wins. */
const REASONS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/time|clock|drift|early/i, ['early']],
  [/chain/i, ['chain']],
  [/version/i, ['version']],
  [/epoch/i, ['past epoch', 'future epoch']],
  [/signature|signer|key/i, ['signature', 'malformed']],
  [
    /(ancestor|parent).*(author|authority).*(index|range|unknown)|invalid.*(ancestor|parent).*author/i,
    ['parent author', 'own parent', 'parent twice'],
  ],
  [/authorit(y|ies).*index|author.*(index|range|unknown)|unknown.*author/i, ['author', 'parent author']],
  [/genesis/i, ['genesis', 'round']],
  [/(duplicate|twice|same author)/i, ['parent twice', 'own parent']],
  [/position|own|first/i, ['own parent', 'parent twice', 'parent count']],
  [/stake|quorum|insufficient/i, ['quorum', 'parent count', 'own parent']],
  [/(ancestor|parent).*round|round.*(ancestor|parent)/i, ['parent round']],
  [
    /too many (ancestor|parent)|(ancestor|parent).*(count|many|empty|missing|no)|no (ancestor|parent)/i,
    ['parent count', 'parent twice', 'own parent', 'quorum'],
  ],
  [/round/i, ['round', 'parent round']],
  [/(too many|count).*(trans|tx)|(trans|tx).*count/i, ['transaction count', 'malformed']],
  [/(trans|tx).*(big|large|size|bytes|empty)/i, ['transaction bytes', 'payload bytes', 'malformed', 'oversized']],
  [/payload.*root|root|digest/i, ['payload root']],
  [/payload|size|bytes|large/i, ['payload bytes', 'oversized', 'transaction bytes', 'malformed']],
  [/commit.?vote/i, ['commit votes', 'malformed']],
  [/exec.?vote/i, ['exec votes', 'malformed', 'exec vote signature']],
  [/trans|tx/i, ['transaction', 'transaction bytes', 'transaction count']],
  [/decod|malform|canonic|trailing/i, ['malformed', 'oversized']],
]

function expectation(body: JsonObject, id: string): { valid: boolean; reason: string | undefined } {
  const reasonOf = (value: JsonObject) => {
    for (const key of ['reason', 'error', 'rule', 'code']) {
      const text = value[key]
      if (typeof text === 'string') return text
    }
    return undefined
  }
  for (const key of [
    'expect',
    'expected',
    'expectValid',
    'valid',
    'isValid',
    'result',
    'verdict',
    'outcome',
    'accept',
  ]) {
    const value = body[key]
    if (value === undefined) continue
    if (typeof value === 'boolean') return { valid: value, reason: value ? undefined : reasonOf(body) }
    if (value === null) return { valid: true, reason: undefined }
    if (typeof value === 'string') {
      const valid = VALID.test(value)
      const generic = /^(invalid|reject(ed)?|false|error|fail(ed)?|drop(ped)?|ignore(d)?|wait)$/i.test(value)
      return { valid, reason: valid ? undefined : generic ? reasonOf(body) : value }
    }
    if (isObject(value)) {
      const inner = expectation(value, id)
      return { valid: inner.valid, reason: inner.reason ?? reasonOf(value) ?? reasonOf(body) }
    }
  }
  for (const key of ['expectError', 'error', 'expectReason']) {
    const value = body[key]
    if (value === null) return { valid: true, reason: undefined }
    if (typeof value === 'string') return { valid: false, reason: value }
  }
  throw new ScenarioError(`${id}: the case does not say whether its block is valid`)
}

function first(block: JsonObject, ...keys: readonly string[]): Json | undefined {
  for (const key of keys) if (block[key] !== undefined) return block[key]
  return undefined
}

function numberOr(value: Json | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

function authorOf(value: Json | undefined, fallback: number): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return fallback
  return parseBlockName(/\d/.test(value) ? value : `${value}0`)?.author ?? fallback
}

export function* runBlockVerificationCase(
  id: string,
  body: JsonObject,
  core: CoreModule = REAL_CORE,
): Generator<CaseResult> {
  const want = expectation(body, id)
  const actual = verdictOf(id, body, core)
  const accepted = actual === 'valid'
  if (want.valid || accepted) {
    yield compared(
      id,
      want.valid ? 'valid' : `invalid (${want.reason ?? 'no reason given'})`,
      accepted ? 'valid' : actual,
    )
    return
  }
  // The first broken rule decides; where the file names one, ours must be a word for the same thing.
  const meant = REASONS.find(([pattern]) => want.reason !== undefined && pattern.test(want.reason))?.[1]
  const same = meant === undefined || meant.includes(actual)
  yield compared(id, same ? actual : `invalid (${want.reason}: ${meant?.join(' or ')})`, actual)
}

/** `valid`, or why the vertex verifier does not take the block. */
export function verdictOf(id: string, body: JsonObject, core: CoreModule = REAL_CORE): string {
  // In a flat case `id` names the case and not the block.
  const { id: _caseId, ...flat } = body
  const described =
    body.block === undefined
      ? flat
      : typeof body.block === 'string'
        ? { id: body.block }
        : objectAt(body.block, `${id}.block`)
  const change = first(body, 'change', 'changes', 'mutation', 'mutate', 'with')
  const block: JsonObject = { ...described, ...(isObject(change) ? change : {}) }
  const stakes = body.stakes === undefined && body.validators === undefined ? [1, 1, 1, 1] : stakesAt(body, id)
  const epoch = numberOr(
    first(body, 'committeeEpoch', 'currentEpoch', ...(body.block === undefined ? [] : ['epoch'])),
    0,
  )
  const signers = stakes.map((stake, index) => createSigner(index, stake))
  const committee = core.createCommittee(signers.map(s => s.authority))
  const params = { ...DEFAULT_CONSENSUS_PARAMS, ...limitsOf(body) }
  const verifier = core.createVertexVerifier({
    chainId: CHAIN_ID,
    epoch,
    committee,
    params,
    previousEpochRecord: new Uint8Array(32),
    checkTransaction: raw => (raw[0] === INVALID_TRANSACTION ? 'not a transaction' : undefined),
  })
  const genesis = genesisVertices({
    chainId: CHAIN_ID,
    epoch,
    size: stakes.length,
    committeeDigest: committee.digest,
    previousEpochRecord: new Uint8Array(32),
  })
  const draft = draftOf(block, stakes.length, epoch, genesis)
  const bytes = seal(draft, block, signers)
  const verdict = verifier.verify(bytes)
  if (verdict.kind !== 'accept') return verdict.reason
  const nowMs = first(body, 'nowMs', 'now', 'clockMs', 'localTimeMs')
  if (typeof nowMs !== 'number') return 'valid'
  const follower = core.createConsensus({
    chainId: CHAIN_ID,
    epoch,
    authorities: committee.authorities,
    epochSeed: new Uint8Array(32),
    epochStartMs: nowMs,
    previousEpochRecord: new Uint8Array(32),
    params,
    trustLog: true,
  })
  follower.step({ kind: 'vertices', vertices: [verdict.value], nowMs })
  const { suspended, highestAcceptedRound } = follower.status()
  return suspended > 0 || highestAcceptedRound > 0 ? 'valid' : 'early'
}

function limitsOf(body: JsonObject): Partial<typeof DEFAULT_CONSENSUS_PARAMS> {
  const limits = first(body, 'limits', 'params', 'parameters')
  if (!isObject(limits)) return {}
  return Object.fromEntries(
    Object.entries(limits).filter(([k, v]) => k in DEFAULT_CONSENSUS_PARAMS && typeof v === 'number'),
  )
}

function draftOf(block: JsonObject, size: number, epoch: number, genesis: readonly VertexRef[]): VertexDraft {
  const name = typeof block.id === 'string' ? parseBlockName(block.id) : undefined
  const blockId = typeof block.name === 'string' ? parseBlockName(block.name) : name
  const author = authorOf(first(block, 'author', 'authority', 'authorIndex'), blockId?.author ?? 0)
  const round = numberOr(block.round, blockId?.round ?? 2)
  const parents = first(block, 'parents', 'ancestors')
  return {
    version: numberOr(block.version, VERTEX_VERSION),
    chainId: numberOr(block.chainId, CHAIN_ID),
    epoch: numberOr(block.epoch, epoch),
    round,
    author,
    timestampMs: numberOr(first(block, 'timestampMs', 'timestamp'), START_MS),
    parents: Array.isArray(parents)
      ? (parents as readonly Json[]).map(p => parentOf(p, genesis))
      : Array.from({ length: typeof parents === 'number' ? parents : size }, (_, k) =>
          parentOf({ author: (author + k) % Math.max(size, 1), round: round - 1 }, genesis),
        ),
    commitVotes: listOf(first(block, 'commitVotes')).map((v, i) => ({
      index: numberOr(isObject(v) ? v.index : v, i + 1),
      digest: new Uint8Array(32).fill(1),
    })),
    execVotes: [],
    system: [],
    transactions: transactionsOf(first(block, 'transactions', 'txs', 'txCount', 'transactionCount'), block),
  }
}

function listOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[]
  return typeof value === 'number' ? Array.from({ length: value }, (_, i) => i + 1) : []
}

function parentOf(value: Json, genesis: readonly VertexRef[]): VertexRef {
  const text = typeof value === 'string' ? value : undefined
  const pair = Array.isArray(value) ? (value as readonly Json[]) : undefined
  const object = isObject(value) ? value : {}
  const name = text === undefined ? undefined : parseBlockName(text)
  if (text !== undefined && name === undefined) throw new ScenarioError(`"${text}" is not a parent`)
  const author = name?.author ?? authorOf(pair?.[0] ?? first(object, 'author', 'authority'), 0)
  const round = name?.round ?? numberOr(pair?.[1] ?? object.round, 0)
  const isWrong =
    (name?.twin ?? 0) > 0 || object.genesis === false || object.digest === 'wrong' || object.unknown === true
  const known = genesis[author]
  if (round === 0 && !isWrong && known !== undefined) return { round, author, digest: known.digest }
  const digest = new Uint8Array(32).fill(name?.twin ?? 0xee)
  new DataView(digest.buffer).setUint32(0, Math.max(0, round))
  digest[4] = author & 0xff
  return { round, author, digest }
}

function transactionsOf(value: Json | undefined, block: JsonObject): Uint8Array[] {
  const make = (size: number, valid: boolean) => {
    const raw = new Uint8Array(size).fill(2)
    if (!valid && size > 0) raw[0] = INVALID_TRANSACTION
    return raw
  }
  const size = numberOr(first(block, 'transactionBytes', 'txBytes', 'txSize'), 100)
  if (typeof value === 'number') return Array.from({ length: value }, () => make(size, true))
  if (!Array.isArray(value)) return size === 100 ? [] : [make(size, true)]
  return (value as readonly Json[]).map(item => {
    if (typeof item === 'number') return make(item, true)
    if (typeof item === 'string') return make(item === 'empty' ? 0 : 100, !/invalid|bad|malformed/i.test(item))
    const object = isObject(item) ? item : {}
    return make(numberOr(first(object, 'size', 'bytes', 'length'), 100), object.valid !== false)
  })
}

function seal(draft: VertexDraft, block: JsonObject, signers: readonly Signer[]): Uint8Array {
  const how = first(block, 'signature', 'sig')
  const wrong = typeof how === 'string' && /wrong.?key|other|foreign/i.test(how)
  const by = authorOf(
    first(block, 'signedBy', 'signer', 'signingKey'),
    wrong ? (draft.author + 1) % signers.length : draft.author,
  )
  const signer = defined(signers[by] ?? signers[0], 'a signer')
  const vertex = sealVertex(draft, digest => {
    const signature = new Uint8Array(sign(null, vertexSigningBytes(digest), signer.key))
    if (how === false || (typeof how === 'string' && /zero|empty|missing|none|absent/i.test(how)))
      return signature.fill(0)
    if (typeof how === 'string' && /garbage|malformed|tamper|flip|invalid|bad/i.test(how))
      signature[10] = (signature[10] ?? 0) ^ 1
    return signature
  })
  const { bytes } = vertex
  const encoding = first(block, 'encoding', 'bytes', 'raw')
  if (typeof encoding === 'string') {
    if (/trunc|cut|short/i.test(encoding)) return bytes.slice(0, -1)
    if (/trail|extra|long/i.test(encoding)) return new Uint8Array([...bytes, 0])
  }
  if (first(block, 'payloadRoot') === 'wrong' || block.payloadTampered === true) {
    const changed = bytes.slice()
    const at = changed.length - 65
    changed[at] = (changed[at] ?? 0) ^ 1
    return changed
  }
  return bytes
}
