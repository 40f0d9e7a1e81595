/**
 * What travels between the node's thread and a listener on a thread of its own. In both directions everything of one turn
 * of the event loop is one message; transactions travel packed, as cloning many small objects costs more than admitting
 * them. Each side bounds what the other may leave undone: the listener its questions, the node its news.
 */
import type { PoolVerdict } from '#evm'
import { defined } from '#lib/assert'
import { Reader, Writer } from '#lib/codec'
import { type Address, type Digest, decodeTransaction, type RecoveredTransaction } from '#types'
import type { LiveBackend } from './backend.ts'
import type { RpcErrorObject } from './errors.ts'

/** Shared by both threads; see {@link CELL}. */
export type LinkCells = Int32Array<SharedArrayBuffer>

export const CELL = {
  /** How often the chain has moved: a listener sees a new block from the moment that it is durable. */
  moves: 0,
  /** Number of the last message that the listener has read. */
  seen: 1,
} as const

export function createLinkCells(): LinkCells {
  return new Int32Array(new SharedArrayBuffer(Object.keys(CELL).length * Int32Array.BYTES_PER_ELEMENT))
}

/** From the listener. */
export interface LinkQuestions {
  readonly calls: readonly LinkCall[]
  /** Which news are wanted from now on; unchanged when absent. */
  readonly watch?: LinkWatch
}

export interface LinkCall {
  readonly id: number
  readonly name: keyof LinkCalls
  readonly args: readonly unknown[]
}

export interface LinkWatch {
  readonly pending: boolean
  readonly commits: boolean
}

/** From the node; also sent empty, to say that there are new blocks. */
export interface LinkNews {
  readonly number: number
  readonly pending: PackedTransactions | undefined
  readonly commits: readonly Readonly<Record<string, unknown>>[]
  readonly replies: readonly LinkReply[]
}

export type LinkReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: RpcErrorObject }

/** Byte strings, one after the other, each behind its length. */
export type PackedBytes = Uint8Array

export interface PackedTransactions {
  readonly raws: PackedBytes
  readonly senders: PackedBytes
}

interface PackedContent {
  readonly pending: PackedTransactions
  readonly queued: PackedTransactions
}

/** Verdicts of a batch: a hash for each transaction that was added, the others by their position. */
interface PackedVerdicts {
  readonly hashes: PackedBytes
  readonly refusals: readonly (readonly [position: number, message: string, retryable: boolean])[]
}

/** What a listener can ask of the node's thread. */
export function linkCalls({ pool, network, syncing, dag, admin }: LiveBackend) {
  // A listener is told what its node has.
  const theDag = () => defined(dag, 'asked for the DAG of a node that has one')
  const theAdmin = () => defined(admin, 'asked for the control of a node that has one')
  return {
    add: async (raws: PackedBytes): Promise<PackedVerdicts> => packVerdicts(await pool.add(unpackBytes(raws), 'local')),
    pooled: async (hash: Digest): Promise<PackedTransactions> => {
      const transaction = await pool.get(hash)
      return packTransactions(transaction === undefined ? [] : [transaction])
    },
    nextNonce: (address: Address) => pool.nextNonce(address),
    content: async (sender: Address | undefined): Promise<PackedContent> => {
      const { pending, queued } = await pool.content(sender)
      return {
        pending: packTransactions([...pending.values()].flat()),
        queued: packTransactions([...queued.values()].flat()),
      }
    },
    poolStatus: () => pool.status(),
    peerCount: () => network.peerCount(),
    listening: () => network.listening(),
    syncing: () => syncing(),
    dagStatus: () => theDag().status(),
    dagValidators: () => theDag().validators(),
    dagRounds: (from: number, to: number) => theDag().rounds(from, to),
    dagCommit: (index: number) => theDag().commit(index),
    dagVertex: (digest: Digest) => theDag().vertex(digest),
    dagCertificate: (height: number | undefined) => theDag().certificate(height),
    dagTimeline: (hash: Digest) => theDag().timeline(hash),
    adminAddresses: () => theAdmin().addresses(),
    adminPeers: () => theAdmin().peers(),
    adminAddPeer: (address: string) => theAdmin().addPeer(address),
  }
}

export type LinkCalls = ReturnType<typeof linkCalls>

export function packBytes(items: readonly Uint8Array[]): PackedBytes {
  const writer = new Writer(items.reduce((sum, { length }) => sum + 4 + length, 0))
  for (const item of items) writer.u32(item.length).bytes(item)
  return writer.finish()
}

/** Views of what {@link packBytes} packed. */
export function unpackBytes(packed: PackedBytes): Uint8Array[] {
  const reader = new Reader(packed)
  const items: Uint8Array[] = []
  while (reader.remaining > 0) items.push(reader.bytes(reader.u32()))
  return items
}

export function packTransactions(transactions: readonly RecoveredTransaction[]): PackedTransactions {
  return {
    raws: packBytes(transactions.map(({ raw }) => raw)),
    senders: packBytes(transactions.map(({ sender }) => sender)),
  }
}

export function unpackTransactions({ raws, senders }: PackedTransactions): RecoveredTransaction[] {
  const owners = unpackBytes(senders)
  return unpackBytes(raws).map((raw, i) => {
    const decoded = decodeTransaction(raw)
    const sender = defined(owners[i], 'every transaction has a sender')
    return { ...defined(decoded.kind === 'accept' ? decoded.value : undefined, 'what was admitted decodes'), sender }
  })
}

function packVerdicts(verdicts: readonly PoolVerdict[]): PackedVerdicts {
  const hashes: Uint8Array[] = []
  const refusals: [number, string, boolean][] = []
  for (const [i, verdict] of verdicts.entries()) {
    if (verdict.kind === 'added') hashes.push(verdict.hash)
    else refusals.push([i, verdict.message, verdict.retryable])
  }
  return { hashes: packBytes(hashes), refusals }
}

export function unpackVerdicts({ hashes, refusals }: PackedVerdicts): PoolVerdict[] {
  const verdicts = unpackBytes(hashes).map((hash): PoolVerdict => ({ kind: 'added', hash }))
  // Positions ascend, so that each one is right when its turn comes.
  for (const [i, message, retryable] of refusals) verdicts.splice(i, 0, { kind: 'rejected', message, retryable })
  return verdicts
}
