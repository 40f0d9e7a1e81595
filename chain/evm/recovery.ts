import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { GenerationCache } from '#lib/cache'
import { CodedError } from '#lib/errors'
import { accept, reject, type Verdict } from '#lib/verdict'
import {
  type Address,
  decodeTransaction,
  type RecoveredTransaction,
  recoverSender,
  type Transaction,
  type TransactionDecodeReason,
} from '#types'
import { type Decoded, DecodedCache } from './decoded-cache.ts'
import { packTransactions, type RecoveryReply, unpackSenders } from './recovery-batch.ts'
import { type ByteKey, keyOf } from './state/byte-keys.ts'

export type RecoveryVerdict = Verdict<RecoveredTransaction, TransactionDecodeReason | 'bad signature'>

/** Decodes transactions and recovers their senders, in worker threads when there are many. */
export interface RecoveryPool {
  /** Decodes without a look at the signature, and remembers the result: `recover` of the same array starts from there. */
  decode(raw: Uint8Array): Verdict<Transaction, TransactionDecodeReason>
  /** One verdict for each input, in order. Senders already known are not computed again. */
  recover(raw: readonly Uint8Array[]): Promise<readonly RecoveryVerdict[]>
  /** The same for one transaction on the calling thread (about 80 µs when the sender is unknown). */
  recoverOne(raw: Uint8Array): RecoveryVerdict
  /** These are executed or dropped, so that nobody asks again: what is kept costs every collection of garbage. */
  forget(raw: readonly Uint8Array[]): void
  stats(): RecoveryStats
  close(): Promise<void>
}

export interface RecoveryStats {
  readonly recovered: number
  readonly cacheHits: number
  readonly workers: number
}

export interface RecoveryPoolOptions {
  /** Worker threads; 0 does everything on the calling thread. Default: as many as there are cores, at most 8. */
  readonly workers?: number
  /** Senders remembered by transaction hash, so that a block does not pay again for what the pool has seen. */
  readonly cacheEntries?: number
}

/** Below this a message to a worker and back costs more than it saves. */
const SYNCHRONOUS_MAX = 4
/** Transactions in one message: about 9 ms of work, so that a small batch never waits long behind a large one. */
const CHUNK = 128
const CACHE_ENTRIES = 131_072

interface Job {
  readonly transactions: readonly Uint8Array[]
  readonly resolve: (senders: readonly (Address | undefined)[]) => void
}

interface WaitingCall {
  readonly transactions: readonly Transaction[]
  readonly resolve: (senders: readonly (Address | undefined)[]) => void
  readonly fail: (error: unknown) => void
}

interface Lane {
  readonly worker: Worker
  readonly jobs: Map<number, Job>
}

/** Starts the threads lazily with the first large batch. Callers bound the input: every batch is awaited by one. */
export function createRecoveryPool(options: RecoveryPoolOptions = {}): RecoveryPool {
  const workerCount = options.workers ?? Math.min(8, availableParallelism())
  const senders = new GenerationCache<ByteKey, Address>(options.cacheEntries ?? CACHE_ENTRIES)
  const decoded = new DecodedCache()
  const lanes: Lane[] = []
  let nextJob = 0
  let recovered = 0
  let cacheHits = 0
  let closed = false
  let waiting: WaitingCall[] = []
  // The end of the call in whose hands a transaction is.
  const underWay = new Map<ByteKey, Promise<void>>()

  function startLane(): Lane {
    const worker = new Worker(new URL('./recovery-worker.ts', import.meta.url), { name: 'recovery' })
    worker.unref()
    const lane: Lane = { worker, jobs: new Map() }
    worker.on('message', (reply: RecoveryReply) => {
      const job = lane.jobs.get(reply.id)
      lane.jobs.delete(reply.id)
      job?.resolve(unpackSenders(reply.senders))
    })
    // A lost thread must not lose transactions: its work is done here, and the next batch starts a new thread.
    const abandon = () => {
      const index = lanes.indexOf(lane)
      if (index >= 0) lanes.splice(index, 1)
      for (const job of lane.jobs.values()) job.resolve(job.transactions.map(recoverSender))
      lane.jobs.clear()
    }
    worker.on('error', abandon)
    worker.on('exit', abandon)
    return lane
  }

  function dispatch(transactions: readonly Uint8Array[]): Promise<readonly (Address | undefined)[]> {
    if (lanes.length < workerCount) lanes.push(startLane())
    const lane = lanes.reduce((least, other) => (other.jobs.size < least.jobs.size ? other : least))
    const id = nextJob++
    const batch = packTransactions(transactions)
    return new Promise(resolve => {
      lane.jobs.set(id, { transactions, resolve })
      lane.worker.postMessage({ id, batch }, [batch.buffer])
    })
  }

  async function recoverMany(transactions: readonly Transaction[]): Promise<readonly (Address | undefined)[]> {
    if (workerCount === 0 || transactions.length <= SYNCHRONOUS_MAX)
      return transactions.map(({ raw }) => recoverSender(raw))
    const size = Math.min(CHUNK, Math.ceil(transactions.length / workerCount))
    const chunks: Promise<readonly (Address | undefined)[]>[] = []
    for (let at = 0; at < transactions.length; at += size) {
      chunks.push(dispatch(transactions.slice(at, at + size).map(transaction => transaction.raw)))
    }
    return (await Promise.all(chunks)).flat()
  }

  // Calls of one turn of the event loop share a batch, so that many requests with one transaction each use the threads.
  function recoverTogether(transactions: readonly Transaction[]): Promise<readonly (Address | undefined)[]> {
    if (workerCount === 0 || transactions.length >= CHUNK) return recoverMany(transactions)
    return new Promise((resolve, fail) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ transactions, resolve, fail })
    })
  }

  function flush(): void {
    const calls = waiting
    waiting = []
    recoverMany(calls.flatMap(call => call.transactions)).then(
      senders => {
        let at = 0
        for (const call of calls) {
          call.resolve(senders.slice(at, at + call.transactions.length))
          at += call.transactions.length
        }
      },
      error => {
        for (const call of calls) call.fail(error)
      },
    )
  }

  function decode(raw: Uint8Array): Verdict<Decoded, TransactionDecodeReason> {
    const known = decoded.get(raw)
    if (known !== undefined) return accept(known)
    const verdict = decodeTransaction(raw)
    if (verdict.kind === 'accept') decoded.set(verdict.value)
    return verdict
  }

  function attach(transaction: Decoded, sender: Address | undefined): RecoveryVerdict {
    if (sender === undefined) return reject('bad signature')
    transaction.sender = sender
    return accept(transaction as RecoveredTransaction)
  }

  // Of a transaction that needs no signature recovery, or its decoded form and its key in the sender cache.
  function look(raw: Uint8Array): RecoveryVerdict | { readonly kind: 'unknown'; key: ByteKey; transaction: Decoded } {
    const verdict = decode(raw)
    if (verdict.kind !== 'accept') return verdict
    if (isRecovered(verdict.value)) {
      cacheHits += 1
      return accept(verdict.value)
    }
    const key = keyOf(verdict.value.hash)
    const sender = senders.get(key)
    if (sender === undefined) return { kind: 'unknown', key, transaction: verdict.value }
    cacheHits += 1
    return attach(verdict.value, sender)
  }

  function settle(key: ByteKey, transaction: Decoded, sender: Address | undefined): RecoveryVerdict {
    recovered += 1
    if (sender !== undefined) senders.set(key, sender)
    return attach(transaction, sender)
  }

  async function recover(raw: readonly Uint8Array[]): Promise<readonly RecoveryVerdict[]> {
    if (closed) throw new CodedError('closed', 'the recovery pool is closed')
    const verdicts = new Array<RecoveryVerdict>(raw.length)
    // Three lists side by side instead of one of objects: they live until the threads have answered.
    const positions: number[] = []
    const keys: ByteKey[] = []
    const unknown: Decoded[] = []
    const elsewhere: number[] = []
    const awaited = new Set<Promise<void>>()
    for (let at = 0; at < raw.length; at++) {
      const found = look(raw[at] as Uint8Array)
      const other = found.kind === 'unknown' ? underWay.get(found.key) : undefined
      if (found.kind !== 'unknown') verdicts[at] = found
      else if (other !== undefined) {
        elsewhere.push(at)
        awaited.add(other)
      } else {
        positions.push(at)
        keys.push(found.key)
        unknown.push(found.transaction)
      }
    }
    if (unknown.length > 0) {
      const { promise: end, resolve: finish } = Promise.withResolvers<void>()
      for (const key of keys) underWay.set(key, end)
      try {
        const found = await recoverTogether(unknown)
        for (let i = 0; i < unknown.length; i++) {
          verdicts[positions[i] as number] = settle(keys[i] as ByteKey, unknown[i] as Decoded, found[i])
        }
      } finally {
        for (const key of keys) underWay.delete(key)
        finish()
      }
    }
    if (elsewhere.length === 0) return verdicts
    await Promise.all(awaited)
    // Known by now, unless their signatures are bad.
    const later = await recover(elsewhere.map(at => raw[at] as Uint8Array))
    for (let i = 0; i < later.length; i++) verdicts[elsewhere[i] as number] = later[i] as RecoveryVerdict
    return verdicts
  }

  return {
    decode,

    recover,

    recoverOne(raw) {
      const found = look(raw)
      if (found.kind !== 'unknown') return found
      return settle(found.key, found.transaction, recoverSender(found.transaction.raw))
    },

    forget(raw) {
      for (const bytes of raw) {
        const known = decoded.get(bytes)
        if (known === undefined) continue
        decoded.delete(bytes)
        senders.delete(keyOf(known.hash))
      }
    },

    stats: () => ({ recovered, cacheHits, workers: lanes.length }),

    async close() {
      closed = true
      await Promise.all(lanes.map(lane => lane.worker.terminate()))
    },
  }
}

function isRecovered(transaction: Decoded): transaction is RecoveredTransaction {
  return transaction.sender !== undefined
}
