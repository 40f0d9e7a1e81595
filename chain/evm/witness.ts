import { assert, defined } from '#lib/assert'
import { compareBytes, equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { type Address, type BlockNumber, type Digest, encodeBlockHeader } from '#types'
import type { BlockEnd } from './block-end.ts'
import type { createChainReader } from './chain-reader.ts'
import { readHeader } from './chain-store.ts'
import type { ExecutionView } from './execution-view.ts'
import { blockToReplay, openReplay, replayDiffers, runAgain } from './replay.ts'
import { SimulatedTries } from './simulate-root.ts'
import { decodeAccount } from './state/account.ts'
import { type ByteKey, bytesOfKey, keyOf } from './state/byte-keys.ts'
import { type ProofTries, rewindTries } from './state/history.ts'
import type { StateChanges } from './state/journal-state.ts'
import { TouchedSource } from './state/touched-source.ts'
import { Trie } from './trie/trie.ts'

/** What it takes to run a block again, and to check the state root in its header, without the state (stateless clients). */
export interface ExecutionWitness {
  /** Nodes of the state's tries before the block, as RLP, in order of their bytes. */
  readonly state: readonly Uint8Array[]
  /** Code that was run or read, in order of its bytes. */
  readonly codes: readonly Uint8Array[]
  /** Addresses and slots that were read or written. */
  readonly keys: readonly Uint8Array[]
  /** Headers as RLP, from the oldest whose hash BLOCKHASH gave to the parent's. */
  readonly headers: readonly Uint8Array[]
}

/**
 * Runs block `number` again and collects what that needs. The same nodes, and no others, have given the root of its header
 * when this returns. CodedErrors `genesis`, `unknown block`, `state unavailable`, `pruned`, `replay differs`.
 */
export async function witnessOf(
  executor: ExecutionView,
  chain: ReturnType<typeof createChainReader>,
  end: BlockEnd,
  number: BlockNumber,
  signal?: AbortSignal,
): Promise<ExecutionWitness> {
  const block = await blockToReplay(chain, number)
  const touched = new TouchedSource(chain.source(number - 1))
  let oldest = number - 1
  const machine = await executor.newMachine(executor.forkAt(number, block.header.timestamp), {
    blockHashes: asked => {
      oldest = Math.min(oldest, asked)
      return executor.blockHash(asked)
    },
  })
  const steps: StateChanges[] = []
  const { execution } = await openReplay(executor, { source: () => touched }, block, machine, {
    isWatched: false,
    onFlush: changes => steps.push(changes),
  })
  await runAgain(execution, block.transactions, signal)
  await end(block, machine, execution)
  steps.push(execution.finish().changes())

  await executor.settled()
  // From here on nothing waits, so store, head and tries are of one moment.
  const head = executor.headHeader()
  const parentRoot = headerAt(executor, number - 1).stateRoot
  const tries = new WitnessTries(rewindTries(executor.store, number - 1, head.number, head.stateRoot), parentRoot)
  const keys = readThrough(tries, touched)
  const simulated = new SimulatedTries(tries)
  const root = steps.map(changes => simulated.update(changes)).at(-1)
  if (root === undefined || !equalBytes(root, block.header.stateRoot))
    throw replayDiffers('the state root is another one')
  const headers: Uint8Array[] = []
  for (let at = oldest; at < number; at++) headers.push(encodeBlockHeader(headerAt(executor, at)))
  return { state: tries.nodes(), codes: [...touched.codes.values()].sort(compareBytes), keys, headers }
}

function headerAt({ store }: ExecutionView, number: BlockNumber) {
  return defined(readHeader(store, number), 'headers of the chain are kept')
}

/** Looks up everything that execution asked for, and returns it as a flat list. */
function readThrough(tries: WitnessTries, touched: TouchedSource): Uint8Array[] {
  const keys = new Map<ByteKey, Uint8Array>()
  for (const [key, address] of touched.accounts) {
    keys.set(key, address)
    const leaf = tries.accounts.get(keccak256(address))
    if (leaf === undefined) continue
    const { storageRoot } = decodeAccount(leaf)
    for (const slotKey of touched.slotsOf(key)) {
      const slot = bytesOfKey(slotKey)
      keys.set(slotKey, slot)
      tries.storage(address, storageRoot).get(keccak256(slot))
    }
  }
  return [...keys.values()]
}

/** The tries of a state, of which every node that is looked at is remembered. */
class WitnessTries implements ProofTries {
  readonly accounts: Trie
  readonly #base: ProofTries
  readonly #storage = new Map<ByteKey, Trie>()
  readonly #nodes = new Map<ByteKey, Uint8Array>()

  constructor(base: ProofTries, root: Digest) {
    assert(equalBytes(base.accounts.commit(), root), 'tries taken back to a block have the root of its header')
    this.#base = base
    this.accounts = this.#watched(base.accounts, root)
  }

  storage(address: Address, root: Digest): Trie {
    const key = keyOf(address)
    const known = this.#storage.get(key)
    if (known !== undefined) return known
    const trie = this.#watched(this.#base.storage(address, root), root)
    this.#storage.set(key, trie)
    return trie
  }

  nodes(): Uint8Array[] {
    return [...this.#nodes.values()].sort(compareBytes)
  }

  #watched(trie: Trie, root: Digest): Trie {
    return new Trie(
      {
        read: path => {
          const node = trie.read(path)
          if (node !== undefined) this.#nodes.set(keyOf(keccak256(node)), node)
          return node
        },
      },
      root,
    )
  }
}
