import { effectiveTip, type RecoveredTransaction } from '#types'
import { type ByteKey, keyOf } from './state/byte-keys.ts'

interface Head {
  readonly tip: bigint
  /** Position of the transaction in the DAG's total order. */
  readonly position: number
  readonly queue: readonly Positioned[]
  readonly next: number
}

interface Positioned {
  readonly transaction: RecoveredTransaction
  readonly position: number
}

/**
 * The order in which a commit's transactions run (consensus.md 2.24): best effective tip at `baseFee` first, but each
 * sender's in the order of their nonces; equals in the order of the DAG, which is the order of the input.
 */
export function orderTransactions(
  transactions: readonly RecoveredTransaction[],
  baseFee: bigint,
): readonly RecoveredTransaction[] {
  const queues = new Map<ByteKey, Positioned[]>()
  transactions.forEach((transaction, position) => {
    const key = keyOf(transaction.sender)
    const queue = queues.get(key)
    if (queue === undefined) queues.set(key, [{ transaction, position }])
    else queue.push({ transaction, position })
  })
  const heap: Head[] = []
  for (const queue of queues.values()) {
    queue.sort((a, b) => {
      const byNonce = a.transaction.nonce - b.transaction.nonce
      return byNonce === 0n ? a.position - b.position : byNonce < 0n ? -1 : 1
    })
    push(heap, headAt(queue, 0, baseFee))
  }
  const ordered: RecoveredTransaction[] = []
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    ordered.push((head.queue[head.next - 1] as Positioned).transaction)
    if (head.next < head.queue.length) replaceTop(heap, headAt(head.queue, head.next, baseFee))
    else pop(heap)
  }
  return ordered
}

function headAt(queue: readonly Positioned[], index: number, baseFee: bigint): Head {
  const { transaction, position } = queue[index] as Positioned
  return { tip: effectiveTip(transaction, baseFee), position, queue, next: index + 1 }
}

function goesBefore(a: Head, b: Head): boolean {
  return a.tip === b.tip ? a.position < b.position : a.tip > b.tip
}

function push(heap: Head[], head: Head): void {
  let at = heap.length
  heap.push(head)
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] as Head
    if (!goesBefore(head, above)) break
    heap[at] = above
    at = parent
  }
  heap[at] = head
}

function replaceTop(heap: Head[], head: Head): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    const right = heap[child + 1]
    if (right !== undefined && goesBefore(right, heap[child] as Head)) child += 1
    const below = heap[child] as Head
    if (!goesBefore(below, head)) break
    heap[at] = below
    at = child
  }
  heap[at] = head
}

function pop(heap: Head[]): void {
  const last = heap.pop()
  if (last !== undefined && heap.length > 0) replaceTop(heap, last)
}
