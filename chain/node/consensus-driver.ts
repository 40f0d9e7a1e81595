import type { CheckpointCertificate, Consensus, Effect, Input } from '#consensus'
import type { Clock, Log } from '#lib/env'
import { reachFailPoint } from '#lib/fail-point'
import type { AuthorityIndex, CommitIndex, OrderedCommit, VerifiedVertex, VertexRef } from '#types'
import type { ConsensusLog } from './consensus-log.ts'

/** Inputs that may wait for the core. A full inbox makes senders wait: their sockets are not read on. */
const INBOX_CAPACITY = 4_096

/** What the driver sends; `validator-link.ts` puts it on the network. Nothing here waits for a peer. */
export interface ValidatorPort {
  broadcast(vertex: VerifiedVertex): void
  push(to: AuthorityIndex, vertices: readonly VertexRef[]): void
  fetch(refs: readonly VertexRef[], to: readonly AuthorityIndex[]): void
  syncCommits(from: CommitIndex, upTo: CommitIndex, to: readonly AuthorityIndex[]): void
  askOwnLast(): void
}

export interface ConsensusDriverOptions {
  readonly core: Consensus
  readonly consensusLog: ConsensusLog
  readonly port: ValidatorPort
  readonly clock: Clock
  readonly log: Log
  /** Executable transactions for the next own vertex. */
  readonly takePayload: (room: { readonly transactions: number; readonly bytes: number }) => readonly Uint8Array[]
  readonly onCommit: (ordered: OrderedCommit) => Promise<void>
  readonly onCertificate: (certificate: CheckpointCertificate) => Promise<void>
  readonly onAlarm: (code: string, fatal: boolean) => void
  /** The own vertex is stored and leaves when this resolves; rejects when that must not happen. */
  readonly beforePublish: (vertex: VerifiedVertex) => Promise<void>
  /** The own vertex left; `seconds` from its making until it was durable. */
  readonly onPublished: (vertex: VerifiedVertex, seconds: number) => void
  readonly onRequeue: (transactions: readonly Uint8Array[]) => void
  /** The core accepted these (or made them): for views and timelines, after they are stored. */
  readonly onStored: (records: Extract<Effect, { kind: 'persist' }>['records']) => void
  /** Storage failed or the core asserts: the node must stop. */
  readonly onFailure: (error: unknown) => void
}

export interface ConsensusDriver {
  start(): void
  /** Queues an input; false when the inbox is full (the caller slows its source down). */
  submit(input: Input): boolean
  /** A hint that there is payload to take, so that an idle core need not wait for its next tick. */
  payloadArrived(): void
  stop(): Promise<void>
}

/**
 * Interprets the effects of the pure core, in order. All decisions are the core's: what is here is the inbox, one timer
 * and the rule that a `persist` followed by a `publish` or a `commit` reaches the disk first.
 */
export function createConsensusDriver(options: ConsensusDriverOptions): ConsensusDriver {
  const { core, consensusLog, port, clock, log } = options
  let inbox: Input[] = []
  let running: Promise<void> | undefined
  let stopped = false
  let wakeAtMs = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let payloadWaits = false

  async function perform(effects: readonly Effect[]): Promise<void> {
    const startMs = performance.now()
    for (const [i, effect] of effects.entries()) {
      switch (effect.kind) {
        case 'persist': {
          // A later durable write covers earlier ones of the same store, so only what leaves the node must wait for the disk.
          const durable = effects.slice(i + 1).some(next => next.kind === 'publish' || next.kind === 'commit')
          const isOwn = effect.records.some(record => record.kind === 'vertex' && record.own)
          const isCommit = effect.records.some(record => record.kind === 'commit')
          if (isOwn) reachFailPoint('vertex-before-store')
          if (isCommit) reachFailPoint('commit-before-store')
          await consensusLog.append(effect.records, { durable })
          if (isOwn) reachFailPoint('vertex-stored')
          if (isCommit) reachFailPoint('commit-stored')
          options.onStored(effect.records)
          break
        }
        case 'publish':
          await options.beforePublish(effect.vertex)
          reachFailPoint('guard-recorded')
          port.broadcast(effect.vertex)
          reachFailPoint('vertex-published')
          options.onPublished(effect.vertex, (performance.now() - startMs) / 1_000)
          break
        case 'push':
          port.push(effect.to, effect.vertices)
          break
        case 'fetch':
          port.fetch(effect.refs, effect.to)
          break
        case 'syncCommits':
          port.syncCommits(effect.from, effect.upTo, effect.to)
          break
        case 'askOwnLast':
          port.askOwnLast()
          break
        case 'wake':
          wakeAt(effect.atMs)
          break
        case 'commit':
          await options.onCommit(effect.ordered)
          reachFailPoint('commit-queued')
          break
        case 'requeue':
          options.onRequeue(effect.transactions)
          break
        case 'certified':
          await options.onCertificate(effect.certificate)
          reachFailPoint('certificate-stored')
          break
        case 'alarm':
          log[effect.fatal ? 'error' : 'warn']('consensus alarm', {
            code: effect.code,
            fatal: effect.fatal,
            ...effect.data,
          })
          options.onAlarm(effect.code, effect.fatal)
          break
      }
    }
  }

  function wakeAt(atMs: number): void {
    if (atMs >= wakeAtMs || stopped) return
    wakeAtMs = atMs
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        wakeAtMs = Number.POSITIVE_INFINITY
        // A timer may fire up to a millisecond before the clock gets there; the core must not see the time go short.
        enqueue({ kind: 'tick', nowMs: Math.max(clock.now(), atMs) })
      },
      Math.max(0, atMs - clock.now()),
    )
  }

  async function offerPayload(): Promise<void> {
    payloadWaits = false
    const room = core.payloadRoom()
    if (room.transactions === 0 || room.bytes === 0) return
    const transactions = options.takePayload(room)
    if (transactions.length > 0) await perform(core.step({ kind: 'payload', transactions, nowMs: clock.now() }))
  }

  async function run(): Promise<void> {
    while ((inbox.length > 0 || payloadWaits) && !stopped) {
      const inputs = coalesced(inbox)
      inbox = []
      await offerPayload()
      for (const input of inputs) await perform(core.step(input))
      // Sockets are read between turns, so that everything that has arrived meanwhile enters the next turn together.
      await new Promise<void>(resolve => setImmediate(resolve))
    }
  }

  function schedule(): void {
    running ??= new Promise<void>(resolve => setImmediate(resolve))
      .then(run)
      .catch(error => {
        stopped = true
        options.onFailure(error)
      })
      .finally(() => {
        running = undefined
        if ((inbox.length > 0 || payloadWaits) && !stopped) schedule()
      })
  }

  function enqueue(input: Input): void {
    if (stopped) return
    inbox.push(input)
    schedule()
  }

  return {
    start() {
      enqueue({ kind: 'start', nowMs: clock.now() })
    },
    submit(input) {
      if (inbox.length >= INBOX_CAPACITY) return false
      enqueue(input)
      return true
    },
    payloadArrived() {
      if (payloadWaits || stopped) return
      payloadWaits = true
      schedule()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/**
 * All vertex inputs of one turn become one, in front of the rest: a vertex made after each single message would lose
 * parents (rule G). `from` stays when a single peer delivered them all; else the core asks the authors.
 */
function coalesced(inputs: readonly Input[]): Input[] {
  const deliveries = inputs.filter(input => input.kind === 'vertices')
  const [first] = deliveries
  if (first === undefined || deliveries.length === 1) return [...inputs]
  const { from } = first
  const sameSender = from !== undefined && deliveries.every(delivery => delivery.from === from)
  const merged: Input = {
    kind: 'vertices',
    vertices: deliveries.flatMap(delivery => delivery.vertices),
    ...(sameSender ? { from } : {}),
    nowMs: Math.max(...deliveries.map(delivery => delivery.nowMs)),
  }
  return [merged, ...inputs.filter(input => input.kind !== 'vertices')]
}
