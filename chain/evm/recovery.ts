import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { toRawHex } from '#lib/bytes'
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
import { packTransactions, type RecoveryReply, unpackSenders } from './recovery-batch.ts'

export type RecoveryVerdict = Verdict<RecoveredTransaction, TransactionDecodeReason | 'bad signature'>

/** Decodes transactions and recovers their senders, in worker threads when there are many. */
export interface RecoveryPool {
  /** One verdict for each input, in order. Senders already known are not computed again. */
  recover(raw: readonly Uint8Array[]): Promise<readonly RecoveryVerdict[]>
  /** The same for one transaction on the calling thread (about 80 µs when the sender is unknown). */
  recoverOne(raw: Uint8Array): RecoveryVerdict
  stats(): RecoveryStats
  close(): Promise<void>
}

export interface RecoveryStats {
  readonly recovered: number
  readonly cacheHits: number
  readonly workers: number
}

export interface RecoveryPoolOptions {
  /** Worker threads; 0 does everything on the calling thread. Default: all cores but one, at most 8. */
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
  const workerCount = options.workers ?? Math.min(8, Math.max(1, availableParallelism() - 1))
  const senders = createSenderCache(options.cacheEntries ?? CACHE_ENTRIES)
  const lanes: Lane[] = []
  let nextJob = 0
  let recovered = 0
  let cacheHits = 0
  let closed = false
  let waiting: WaitingCall[] = []

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
      for (const job of lane.jobs.values()) job.resolve(job.transactions.map(recoverHere))
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
    if (workerCount === 0 || transactions.length <= SYNCHRONOUS_MAX) return transactions.map(recoverSender)
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

  function attach(transaction: Transaction, sender: Address | undefined): RecoveryVerdict {
    if (sender === undefined) return reject('bad signature')
    return accept(Object.assign(transaction as { sender?: Address } & Transaction, { sender }))
  }

  return {
    async recover(raw) {
      if (closed) throw new CodedError('closed', 'the recovery pool is closed')
      const verdicts = new Array<RecoveryVerdict>(raw.length)
      const unknown: { readonly at: number; readonly key: string; readonly transaction: Transaction }[] = []
      raw.forEach((bytes, at) => {
        const decoded = decodeTransaction(bytes)
        if (decoded.kind !== 'accept') {
          verdicts[at] = decoded
          return
        }
        const key = toRawHex(decoded.value.hash)
        const sender = senders.get(key)
        if (sender === undefined) unknown.push({ at, key, transaction: decoded.value })
        else {
          cacheHits += 1
          verdicts[at] = attach(decoded.value, sender)
        }
      })
      const found = unknown.length === 0 ? [] : await recoverTogether(unknown.map(entry => entry.transaction))
      unknown.forEach(({ at, key, transaction }, index) => {
        const sender = found[index]
        recovered += 1
        if (sender !== undefined) senders.set(key, sender)
        verdicts[at] = attach(transaction, sender)
      })
      return verdicts
    },

    recoverOne(raw) {
      const decoded = decodeTransaction(raw)
      if (decoded.kind !== 'accept') return decoded
      const key = toRawHex(decoded.value.hash)
      const known = senders.get(key)
      if (known !== undefined) {
        cacheHits += 1
        return attach(decoded.value, known)
      }
      recovered += 1
      const sender = recoverSender(decoded.value)
      if (sender !== undefined) senders.set(key, sender)
      return attach(decoded.value, sender)
    },

    stats: () => ({ recovered, cacheHits, workers: lanes.length }),

    async close() {
      closed = true
      await Promise.all(lanes.map(lane => lane.worker.terminate()))
    },
  }
}

function recoverHere(raw: Uint8Array): Address | undefined {
  const decoded = decodeTransaction(raw)
  return decoded.kind === 'accept' ? recoverSender(decoded.value) : undefined
}

// Two generations instead of a linked list: when the young one is full it becomes the old one, and a hit in the old one
// moves the entry up. At most twice `entries / 2` are kept and nothing is ever scanned.
function createSenderCache(entries: number): {
  get(key: string): Address | undefined
  set(key: string, value: Address): void
} {
  const half = Math.max(1, entries >> 1)
  let young = new Map<string, Address>()
  let old = new Map<string, Address>()
  const set = (key: string, value: Address) => {
    young.set(key, value)
    if (young.size < half) return
    old = young
    young = new Map()
  }
  return {
    set,
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const aged = old.get(key)
      if (aged !== undefined) set(key, aged)
      return aged
    },
  }
}
