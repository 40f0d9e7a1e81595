import { Worker } from 'node:worker_threads'
import { CodedError, messageOf } from '#lib/errors'
import type { Store } from '#storage'
import type { Digest } from '#types'
import type { StateChanges } from './journal-state.ts'
import { PackedOperations } from './packed-operations.ts'
import { leafChangeOf, StateTries, type TrieLimits, type TrieUpdate } from './state-tries.ts'
import {
  packChanges,
  type TrieReply,
  type TrieRequest,
  type TrieWorkerData,
  unpackStorageRoots,
} from './trie-messages.ts'

export interface KeptUpdate extends TrieUpdate {
  /** Packed store operations that make the changed nodes durable. */
  readonly nodes: Uint8Array
}

/**
 * Keeps the tries of the state and says the root after each block. Updates may be handed over before the ones before them
 * are answered; they are answered in order. A failure is final: every later update fails too.
 */
export interface TrieKeeper {
  update(changes: StateChanges): Promise<KeptUpdate>
  /** The oldest `count` updates that were not published yet are durable. */
  publish(count: number): void
  close(): Promise<void>
}

/** On the calling thread. */
export function createInlineTries(store: Store, root: Digest, limits: TrieLimits): TrieKeeper {
  const tries = new StateTries(store, root, limits)
  const nodes = new PackedOperations()
  let durable = 0
  return {
    async update({ accounts }) {
      const update = tries.apply(accounts.map(leafChangeOf), nodes)
      return { ...update, nodes: nodes.take() }
    },
    publish(count) {
      durable += count
      tries.publish(durable)
    },
    close: async () => {},
  }
}

interface Waiting {
  readonly resolve: (update: KeptUpdate) => void
  readonly reject: (error: unknown) => void
}

/**
 * On a thread of its own, which reads the LevelDB at `directory` (open in this process as a shared one); only the caller
 * writes it.
 */
export function createTrieWorker(data: TrieWorkerData): TrieKeeper {
  const worker = new Worker(new URL('./trie-worker.ts', import.meta.url), { name: 'tries', workerData: data })
  const waiting = new Map<number, Waiting>()
  let next = 0
  let durable = 0
  let failure: CodedError | undefined
  let closing = false

  function fail(cause: unknown): void {
    failure ??= new CodedError('execution stopped', `the thread of the state tries failed: ${messageOf(cause)}`, {
      cause,
    })
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
    worker.unref()
  }

  worker.on('message', (reply: TrieReply) => {
    const call = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('error' in reply) {
      fail(new Error(reply.error))
      call?.reject(failure)
    } else {
      const { root, nodes } = reply
      call?.resolve({ root, nodes, storageRoots: unpackStorageRoots(reply.storageRoots) })
    }
    // The thread keeps the process alive only while somebody waits for it.
    if (waiting.size === 0) worker.unref()
  })
  worker.on('error', fail)
  worker.on('exit', code => {
    if (!closing) fail(new Error(`it ended with code ${code}`))
  })
  worker.unref()
  const send = (request: TrieRequest, transfer: ArrayBuffer[] = []) => worker.postMessage(request, transfer)

  return {
    update(changes) {
      if (failure !== undefined) return Promise.reject(failure)
      const id = next++
      const packed = packChanges(changes)
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        worker.ref()
        send({ kind: 'update', id, changes: packed }, [packed.buffer])
      })
    },
    publish(count) {
      durable += count
      send({ kind: 'publish', durable })
    },
    async close() {
      closing = true
      await worker.terminate()
    },
  }
}
