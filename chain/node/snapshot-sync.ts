import { decodeCertificate, verifyCertificate } from '#consensus'
import {
  createSnapshotTarget,
  createTransactionCheck,
  decodeSnapshotManifest,
  genesisBlock,
  isSnapshotChunk,
  type RecoveryPool,
  readHeadChunk,
  readPosition,
  readStateChunk,
  type SnapshotHead,
  type SnapshotManifest,
  type SnapshotTarget,
  snapshotIdentity,
} from '#evm'
import { defined } from '#lib/assert'
import { equalBytes, type Hex, toHex } from '#lib/bytes'
import type { Log } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import type { Network, PeerId } from '#p2p'
import type { Store } from '#storage'
import { type BlockNumber, blockHeaderHash, decodeBlockOrigin, type GenesisFile } from '#types'
import { createConsensusLog } from './consensus-log.ts'
import { fetchEpochRecords } from './epoch-records.ts'
import { createEpochStore, type EpochSetup } from './epoch-store.ts'
import { fetchCommitsBefore } from './snapshot-commits.ts'
import { decodeSnapshotOffers, encodeSnapshotRequest, type SnapshotRequest } from './snapshot-protocol.ts'

const REQUEST_TIMEOUT_MS = 30_000
/** How long peers are asked for snapshots before the best offer is taken, and how often. */
const SEARCH_MS = 3_000
const SEARCH_PAUSE_MS = 500
/** Chunks that are fetched at a time, and of these from one peer. */
const PARALLEL = 8
const PARALLEL_PER_PEER = 2
/** A peer that refuses (its limits) or fails rests so long; one without an answer at all counts as gone after some. */
const REST_MS = 300
const FAILURES_MAX = 20
const FORGED_POINTS = -60

/** How far a snapshot is, for `eth_syncing`, `/status` and people. */
export interface SnapshotProgress {
  readonly phase: 'searching' | 'fetching' | 'building' | 'commits'
  /** Of the chosen snapshot; 0 while none is. */
  readonly height: BlockNumber
  readonly chunksDone: number
  readonly chunks: number
}

export interface SnapshotSyncOptions {
  readonly genesis: GenesisFile
  readonly chainStore: Store
  readonly consensusStore: Store
  /** Started, and told whom to connect to by this function. */
  readonly network: Network
  readonly recovery: Pick<RecoveryPool, 'recover'>
  readonly log: Log
  readonly onProgress?: (progress: SnapshotProgress) => void
  /** Connects to the members of a committee that became known. */
  readonly connect: (setup: EpochSetup) => void
  /** Ends the attempt; what was fetched stays for the next one. */
  readonly signal?: AbortSignal
  /** How long peers are asked before an offer is taken; for tests. */
  readonly searchMs?: number
}

interface Candidate {
  readonly identity: Hex
  readonly height: BlockNumber
  readonly peers: PeerId[]
  /** Stake of the validators among them. */
  weight: number
}

/** Whether a store can still be filled from a snapshot: it holds no chain yet. */
export function isSnapshotWanted(chainStore: Store): boolean {
  return readPosition(chainStore) === undefined
}

/** Throws away an unfinished snapshot; a node that syncs from the genesis begins with an empty store. */
export async function clearSnapshot(chainStore: Store, recovery: Pick<RecoveryPool, 'recover'>): Promise<void> {
  const target = createSnapshotTarget(chainStore, recovery)
  if (isSnapshotWanted(chainStore) && target.resumed() !== undefined) await target.clear()
}

/**
 * Fills the empty stores of a node from a snapshot of its peers, so that a node that is then started goes on from there by
 * certified commits. Believed is only the genesis: the chain of epoch records leads to the committee, its certificate to a
 * header, the header's root to the state, its commit's digest to the commits before it. A manifest is not proven before
 * the end, so that one comes first which validators of f + 1 stake offer. Who sends what does not fit is scored down.
 * Resumes where a killed attempt stopped. CodedError `sync stopped` after an abort.
 */
export async function syncFromSnapshot(options: SnapshotSyncOptions): Promise<BlockNumber> {
  const { genesis, chainStore, consensusStore, network, log, signal } = options
  const { chainId } = genesis.config
  const store = createEpochStore(consensusStore, genesis)
  const target = createSnapshotTarget(chainStore, options.recovery)
  const refused = new Set<Hex>()

  const progress = (phase: SnapshotProgress['phase'], height = 0, chunksDone = 0, chunks = 0) =>
    options.onProgress?.({ phase, height, chunksDone, chunks })

  function checkStopped(): void {
    if (signal?.aborted === true) throw new CodedError('sync stopped', 'the sync was stopped; it can be resumed')
  }

  async function pause(ms: number): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, ms))
    checkStopped()
  }

  const ask = (peer: PeerId, request: SnapshotRequest) =>
    network.request(peer, 'snapshot', encodeSnapshotRequest(request), { timeoutMs: REQUEST_TIMEOUT_MS })

  /** Follows the records and returns the newest epoch whose committee is known. */
  async function followEpochs(): Promise<EpochSetup> {
    const epoch = await fetchEpochRecords({ network, store, chainId, log })
    const setup = store.setupOf(epoch)
    options.connect(setup)
    return setup
  }

  async function candidates(setup: EpochSetup): Promise<readonly Candidate[]> {
    const found = new Map<Hex, Candidate>()
    const offers = await Promise.allSettled(
      network.peers().map(async ({ id }) => ({ id, answer: await ask(id, { kind: 'list' }) })),
    )
    for (const offer of offers) {
      if (offer.status === 'rejected') continue
      const { id, answer } = offer.value
      const list = decodeSnapshotOffers(answer)
      if (list === undefined) network.report(id, FORGED_POINTS, 'malformed snapshot offers')
      const member = setup.peers.indexOf(id)
      for (const { height, identity } of list ?? []) {
        const name = toHex(identity)
        if (refused.has(name) || height === 0) continue
        const candidate = found.get(name) ?? { identity: name, height, peers: [], weight: 0 }
        found.set(name, candidate)
        candidate.peers.push(id)
        candidate.weight += setup.committee.authorities[member]?.stake ?? 0
      }
    }
    const { validity } = setup.committee
    return [...found.values()].sort(
      (a, b) =>
        Number(b.weight >= validity) - Number(a.weight >= validity) || b.height - a.height || b.weight - a.weight,
    )
  }

  /** The manifest of a candidate whose header a certificate proves; undefined when none of its peers gives one. */
  async function manifestOf(candidate: Candidate): Promise<Uint8Array | undefined> {
    for (const peer of candidate.peers) {
      try {
        const bytes = await ask(peer, { kind: 'manifest', height: candidate.height })
        const manifest = decodeSnapshotManifest(bytes)
        if (manifest.kind === 'accept' && toHex(snapshotIdentity(manifest.value)) === candidate.identity) {
          const fault = faultOf(manifest.value)
          if (fault === undefined) return bytes
          log.warn('a snapshot is not certified', { peer, height: candidate.height, fault })
          if (fault === 'unknown epoch') continue
        }
        network.report(peer, FORGED_POINTS, 'forged snapshot manifest')
      } catch (error) {
        log.debug('no manifest from a peer', { peer, error: messageOf(error) })
      }
    }
    return undefined
  }

  function faultOf({ header, certificate }: SnapshotManifest): string | undefined {
    const decoded = decodeCertificate(certificate)
    if (decoded.kind !== 'accept') return 'no certificate'
    const { epoch, height, blockHash } = decoded.value
    if (height !== header.number || !equalBytes(blockHash, blockHeaderHash(header))) return 'of another block'
    const origin = decodeBlockOrigin(header.extraData)
    if (origin?.epoch !== epoch || header.parentBeaconBlockRoot === undefined) return 'of another epoch'
    if (epoch > 0 && store.get(epoch - 1) === undefined) return 'unknown epoch'
    const verified = verifyCertificate(decoded.value, store.setupOf(epoch).committee, chainId)
    return verified.kind === 'accept' ? undefined : verified.reason
  }

  async function choose(): Promise<{ readonly candidate: Candidate; readonly bytes: Uint8Array }> {
    const until = performance.now() + (options.searchMs ?? SEARCH_MS)
    for (;;) {
      progress('searching')
      const setup = await followEpochs()
      if (performance.now() >= until)
        for (const candidate of await candidates(setup)) {
          const bytes = await manifestOf(candidate)
          if (bytes !== undefined) return { candidate, bytes }
        }
      await pause(SEARCH_PAUSE_MS)
    }
  }

  /** The attempt that was killed, when somebody still offers the same. */
  async function resume(): Promise<{ readonly candidate: Candidate; readonly bytes: Uint8Array } | undefined> {
    const bytes = target.resumed()
    if (bytes === undefined) return undefined
    const manifest = decodeSnapshotManifest(bytes)
    if (manifest.kind === 'accept') {
      const identity = toHex(snapshotIdentity(manifest.value))
      const until = performance.now() + (options.searchMs ?? SEARCH_MS)
      do {
        const candidate = (await candidates(await followEpochs())).find(one => one.identity === identity)
        if (candidate !== undefined) return { candidate, bytes }
        await pause(SEARCH_PAUSE_MS)
      } while (performance.now() < until)
    }
    log.info('nobody has the snapshot any more that was begun: another one is taken')
    await target.clear()
    return undefined
  }

  async function attempt(candidate: Candidate, manifest: SnapshotManifest): Promise<void> {
    const { header } = manifest
    const origin = defined(decodeBlockOrigin(header.extraData), 'a certified header says which commit it is of')
    const head = await fetchChunks({ candidate, manifest, target, network, ask, pause, progress, log })
    progress('building', candidate.height, manifest.chunks.length, manifest.chunks.length)
    await target.build(header.stateRoot)
    checkStopped()
    progress('commits', candidate.height, manifest.chunks.length, manifest.chunks.length)
    const setup = store.setupOf(origin.epoch)
    await fetchCommitsBefore({
      network,
      setup,
      chainId,
      checkTransaction: createTransactionCheck({ genesis, protocolVersion: setup.protocolVersion }),
      last: origin.commitIndex,
      lastDigest: defined(header.parentBeaconBlockRoot, 'a certified header names its commit'),
      consensusLog: createConsensusLog(consensusStore, setup.epoch),
      log,
    })
    await target.finish(head, genesisBlock(genesis), manifest.certificate)
  }

  options.connect(store.setupOf(0))
  for (;;) {
    checkStopped()
    const { candidate, bytes } = (await resume()) ?? (await choose())
    const decoded = decodeSnapshotManifest(bytes)
    if (decoded.kind !== 'accept') throw new CodedError('store damaged', 'the manifest of a snapshot is damaged')
    if (target.resumed() === undefined) await target.begin(bytes)
    const { height, peers } = candidate
    log.info('fetching a snapshot', { height, chunks: decoded.value.chunks.length, peers: peers.length })
    try {
      await attempt(candidate, decoded.value)
      log.info('snapshot complete', { height, hash: toHex(blockHeaderHash(decoded.value.header)) })
      return height
    } catch (error) {
      if (!(error instanceof CodedError) || !RETRIED.has(error.code)) throw error
      log.warn('a snapshot is of no use', { height, reason: error.message })
      // Its parts have the hashes that its manifest names, so whoever offers it offers something false.
      if (error.code === 'snapshot refused') {
        refused.add(candidate.identity)
        for (const peer of peers) network.report(peer, FORGED_POINTS, 'false snapshot')
      }
      // What is only not to be had now stays, for as long as somebody offers it.
      if (error.code !== 'no commits') await target.clear()
    }
  }
}

/** After these another snapshot is tried; everything else is a failure of this machine. */
const RETRIED: ReadonlySet<string> = new Set(['snapshot refused', 'snapshot gone', 'no commits'])

/** Fetches the missing chunks from all peers of the candidate, checks and applies them; returns the head chunk's content. */
async function fetchChunks(options: {
  readonly candidate: Candidate
  readonly manifest: SnapshotManifest
  readonly target: SnapshotTarget
  readonly network: Network
  readonly ask: (peer: PeerId, request: SnapshotRequest) => Promise<Uint8Array>
  readonly pause: (ms: number) => Promise<void>
  readonly progress: (phase: 'fetching', height: number, done: number, chunks: number) => void
  readonly log: Log
}): Promise<SnapshotHead> {
  const { candidate, manifest, target, network, log } = options
  const { height } = candidate
  const { chunks } = manifest
  // The head chunk is kept in memory until the end, so it is fetched again after a restart.
  const wanted = chunks.map((_, index) => index).filter(index => index === 0 || !target.isApplied(index))
  const sources = candidate.peers.map(peer => ({ peer, busy: 0, restsUntilMs: 0, failures: 0 }))
  let done = chunks.length - wanted.length
  let head: SnapshotHead | undefined

  async function apply(index: number, bytes: Uint8Array): Promise<void> {
    if (index === 0) {
      const read = readHeadChunk(bytes, manifest.header)
      if (read.kind !== 'accept') throw new CodedError('snapshot refused', 'the head chunk does not fit its header')
      head = read.value
    } else {
      const records = readStateChunk(bytes)
      if (records.kind !== 'accept') throw new CodedError('snapshot refused', `chunk ${index} is malformed`)
      await target.apply(index, records.value)
    }
    done += 1
    options.progress('fetching', height, done, chunks.length)
  }

  async function fetchOne(index: number): Promise<void> {
    const chunk = defined(chunks[index], 'a wanted chunk is one of the manifest')
    for (;;) {
      const able = sources.filter(({ failures }) => failures < FAILURES_MAX)
      if (able.length === 0) throw new CodedError('snapshot gone', 'no peer gives the chunks of the snapshot any more')
      const now = performance.now()
      const source = able
        .filter(({ busy, restsUntilMs }) => busy < PARALLEL_PER_PEER && restsUntilMs <= now)
        .sort((a, b) => a.busy - b.busy)[0]
      if (source === undefined) {
        await options.pause(20)
        continue
      }
      source.busy += 1
      try {
        const bytes = await options.ask(source.peer, { kind: 'chunk', height, index })
        if (isSnapshotChunk(chunk, bytes)) {
          source.failures = 0
          return await apply(index, bytes)
        }
        source.failures = FAILURES_MAX
        log.warn('a peer sent a forged chunk', { peer: source.peer, index })
        network.report(source.peer, FORGED_POINTS, 'forged snapshot chunk')
      } catch (error) {
        if (error instanceof CodedError && error.code === 'snapshot refused') throw error
        // Refused is what a server says whose limits are used up.
        const isLimit = error instanceof CodedError && error.code === 'request refused'
        source.failures += isLimit ? 0.1 : 1
        source.restsUntilMs = performance.now() + REST_MS
        log.debug('no chunk from a peer', { peer: source.peer, index, error: messageOf(error) })
      } finally {
        source.busy -= 1
      }
      await options.pause(0)
    }
  }

  options.progress('fetching', height, done, chunks.length)
  const queue = wanted.values()
  const failures: unknown[] = []
  const lane = async () => {
    for (const index of queue) {
      if (failures.length > 0) return
      await fetchOne(index).catch(error => failures.push(error))
    }
  }
  // All lanes are over before anybody clears what they write to.
  await Promise.all(Array.from({ length: PARALLEL }, lane))
  if (failures.length > 0) throw failures[0]
  return defined(head, 'the head chunk was fetched')
}
