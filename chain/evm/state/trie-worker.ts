/** Worker thread that keeps the tries of the state: changes of a block in, its root and its changed nodes out. */
import { parentPort, workerData } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { openLevelReader } from '#storage'
import { PackedOperations } from './packed-operations.ts'
import { StateTries } from './state-tries.ts'
import {
  packStorageRoots,
  type TrieReply,
  type TrieRequest,
  type TrieWorkerData,
  unpackChanges,
} from './trie-messages.ts'

const port = defined(parentPort, 'the trie worker runs as a worker thread')
const { directory, root, limits } = workerData as TrieWorkerData
const store = await openLevelReader(directory)
// Nodes are read as they are now: one that is not in memory is durable, and nobody else writes it.
const tries = new StateTries({ get: key => store.latest(key) }, root, limits)
const nodes = new PackedOperations()
let failure: string | undefined

function reply(message: TrieReply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

port.on('message', (request: TrieRequest) => {
  if (request.kind === 'publish') {
    tries.publish(request.durable)
    return
  }
  const { id } = request
  try {
    // A failed update leaves the tries in no certain state: nothing after it may get a root.
    if (failure !== undefined) throw new Error(failure)
    const update = tries.apply(unpackChanges(request.changes), nodes)
    const storageRoots = packStorageRoots(update.storageRoots)
    const packed = nodes.take()
    reply({ id, root: update.root, storageRoots, nodes: packed }, [storageRoots.buffer, packed.buffer])
  } catch (error) {
    failure = messageOf(error)
    reply({ id, error: failure })
  }
})
