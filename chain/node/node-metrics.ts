import type { ConsensusStatus } from '#consensus'
import type { MetricsRegistry } from '#lib/env'
import type { OrderedCommit } from '#types'

const FINALITY_SECONDS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]
const BLOCK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const SYNC_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1]

/** What the drivers tell about consensus and execution. */
export interface NodeMetrics {
  /** A look at the core, once for each scrape or second. */
  status(status: ConsensusStatus): void
  /** A commit left the core. `nowMs` minus its timestamp is the time to finality that users see. */
  committed(ordered: OrderedCommit, nowMs: number): void
  /** An own vertex was made durable in `seconds` and published. */
  proposed(transactions: number, seconds: number): void
  /** A vertex from a peer was checked. */
  verified(outcome: 'accept' | 'ignore' | 'reject', count?: number): void
  /** Vertices that wait for a check, and commits that wait for execution. */
  queues(verifying: number, executing: number): void
  executed(
    block: { readonly height: number; readonly transactions: number; readonly gasUsed: bigint },
    seconds: number,
  ): void
  /** The highest checkpoint with a quorum of execution votes. */
  certified(height: number): void
  /** Codes come from the core's fixed table. */
  alarm(code: string, fatal: boolean): void
  disk(freeBytes: number, totalBytes: number): void
  /** Bytes of a part of the data directory. */
  stored(part: 'chain' | 'consensus' | 'snapshots', bytes: number): void
  /** The protocol version that the network runs, and the highest that this program knows. */
  versions(running: number, known: number): void
  ready(check: string, ok: boolean): void
}

/** Declares the node's own metrics; docs/operators.md lists them. */
export function createNodeMetrics(registry: MetricsRegistry): NodeMetrics {
  const gauge = (name: string, help: string, labels?: readonly string[]) => registry.gauge(name, help, labels)
  const counter = (name: string, help: string, labels?: readonly string[]) => registry.counter(name, help, labels)
  const epoch = gauge('consensus_epoch', 'Epoch of the core')
  const round = gauge('consensus_round', 'Round that the core is in')
  const acceptedRound = gauge('consensus_accepted_round', 'Highest round with an accepted vertex')
  const gcRound = gauge('consensus_gc_round', 'Round up to which vertices were collected')
  const commitIndex = gauge('consensus_commit_index', 'Last commit of this node')
  const quorumIndex = gauge('consensus_quorum_commit_index', 'Highest commit that a quorum voted for')
  const suspended = gauge('consensus_suspended_vertices', 'Vertices that wait for parents')
  const missing = gauge('consensus_missing_vertices', 'Vertices that are referred to and absent')
  const syncing = gauge('consensus_syncing', '1 while the node catches up by commit sync')
  const halted = gauge('consensus_halted', '1 after a fatal alarm: nothing is proposed any more')
  const commits = counter('consensus_commits_total', 'Commits')
  const committedVertices = counter('consensus_committed_vertices_total', 'Vertices in commits')
  const committedTransactions = counter(
    'consensus_committed_transactions_total',
    'Transactions in commits, with repeats',
  )
  const lastCommit = gauge('consensus_last_commit_timestamp_seconds', 'Local time of the last commit')
  const finality = registry.histogram(
    'consensus_commit_age_seconds',
    'Local time minus the timestamp of a commit, when it left the core',
    FINALITY_SECONDS,
  )
  const proposals = counter('consensus_own_vertices_total', 'Own vertices')
  const proposedTransactions = counter('consensus_own_transactions_total', 'Transactions in own vertices')
  const persist = registry.histogram('consensus_persist_seconds', 'Time to make an own vertex durable', SYNC_SECONDS)
  const alarms = counter('consensus_alarms_total', 'Alarms of the core', ['code', 'fatal'])
  const checked = counter('verify_vertices_total', 'Vertices from peers that were checked', ['outcome'])
  const verifying = gauge('verify_queue_vertices', 'Vertices that wait for a check')
  const executing = gauge('execution_queue_commits', 'Commits that wait for execution')
  const height = gauge('execution_block_height', 'Last executed block')
  const lastBlock = gauge('execution_last_block_timestamp_seconds', 'Local time of the last executed block')
  const blockSeconds = registry.histogram('execution_block_seconds', 'Time to execute and store a block', BLOCK_SECONDS)
  const transactions = counter('execution_transactions_total', 'Executed transactions')
  const gas = counter('execution_gas_total', 'Gas used by executed transactions')
  const certifiedHeight = gauge('checkpoint_certified_height', 'Highest certified block')
  const diskFree = gauge('disk_free_bytes', 'Free bytes where the data directory lies')
  const diskSize = gauge('disk_size_bytes', 'Size of the disk where the data directory lies')
  const stored = gauge('store_bytes', 'Bytes of a part of the data directory', ['part'])
  const version = gauge('node_protocol_version', 'Protocol version of the current epoch')
  const knownVersion = gauge('node_protocol_version_known', 'Highest protocol version that this program knows')
  const ready = gauge('node_ready', '1 for each condition of readiness that holds', ['check'])

  return {
    status: status => {
      epoch.set(status.epoch)
      round.set(status.round)
      acceptedRound.set(status.highestAcceptedRound)
      gcRound.set(status.gcRound)
      commitIndex.set(status.lastCommitIndex)
      quorumIndex.set(status.quorumCommitIndex)
      suspended.set(status.suspended)
      missing.set(status.missing)
      syncing.set(status.syncing ? 1 : 0)
      halted.set(status.halted ? 1 : 0)
    },
    committed: ({ commit, vertices }, nowMs) => {
      commits.inc()
      committedVertices.inc(vertices.length)
      committedTransactions.inc(vertices.reduce((sum, vertex) => sum + vertex.transactions.length, 0))
      lastCommit.set(nowMs / 1_000)
      finality.observe(Math.max(0, nowMs - commit.timestampMs) / 1_000)
    },
    proposed: (count, seconds) => {
      proposals.inc()
      proposedTransactions.inc(count)
      persist.observe(seconds)
    },
    verified: (outcome, count = 1) => checked.inc(count, { outcome }),
    queues: (waiting, behind) => {
      verifying.set(waiting)
      executing.set(behind)
    },
    executed: (block, seconds) => {
      height.set(block.height)
      lastBlock.set(Date.now() / 1_000)
      blockSeconds.observe(seconds)
      transactions.inc(block.transactions)
      gas.inc(Number(block.gasUsed))
    },
    certified: certifiedAt => certifiedHeight.set(certifiedAt),
    alarm: (code, fatal) => alarms.inc(1, { code, fatal: String(fatal) }),
    disk: (freeBytes, totalBytes) => {
      diskFree.set(freeBytes)
      diskSize.set(totalBytes)
    },
    stored: (part, bytes) => stored.set(bytes, { part }),
    versions: (running, known) => {
      version.set(running)
      knownVersion.set(known)
    },
    ready: (check, ok) => ready.set(ok ? 1 : 0, { check }),
  }
}
