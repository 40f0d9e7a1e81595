import { ExplorerError, messageOf } from '../errors.ts'
import type { Decoder } from '../market.ts'
import type { NodeClient, RpcAnswer } from '../node-client.ts'
import type { NodeBlock, NodeReceipt } from '../node-types.ts'
import { type Database, readCursor, writeMeta } from '../store/database.ts'
import { writeBlocks } from '../store/write-chain.ts'
import { writeMarket } from '../store/write-market.ts'
import { readMarketChanges } from './market-changes.ts'
import { readMarketObjects } from './market-objects.ts'
import { type BlockRow, blockToRows } from './rows.ts'
import { readTimelines, writeTimelines } from './timelines.ts'
import { readTokenUpdates, writeTokenUpdates } from './tokens.ts'

export interface IndexerStatus {
  /** Last indexed block; -1 before the first. */
  readonly indexed: number
  /** The node's head as last seen; -1 before the first answer. */
  readonly head: number
  /** Since when the indexer is not able to go on, and why. */
  readonly problem?: { readonly since: number; readonly message: string }
}

export interface Indexer {
  status(): IndexerStatus
  /** Looks for new blocks now instead of at the next poll. */
  wake(): void
  stop(): Promise<void>
}

export interface IndexerOptions {
  readonly node: NodeClient
  readonly db: Database
  readonly decoder: Decoder
  readonly pollMs?: number
  /** Called after each committed batch with its blocks, in order. */
  readonly onBlocks?: (blocks: readonly BlockRow[]) => void
  readonly onProblem?: (message: string) => void
}

/** Blocks asked for at once; halved when the node cannot answer (large blocks), doubled again when it can. */
const BLOCKS_PER_BATCH_MAX = 24
const RETRY_MS = 1_000
/** Timelines are asked for only this close to the head: a node keeps them for recent transactions. */
const TIMELINE_DEPTH = 600

/**
 * Follows the node's head. Blocks are final, so each is read once; all rows of a batch and the cursor are one database
 * transaction, so a process killed at any instant resumes exactly after the last batch.
 */
export function startIndexer(options: IndexerOptions): Indexer {
  const { node, db, decoder, pollMs = 1_000 } = options
  let head = -1
  let indexed = readCursor(db)
  let problem: IndexerStatus['problem']
  let stopped = false
  let batch = BLOCKS_PER_BATCH_MAX
  let wakeUp = () => {}

  async function run(): Promise<void> {
    while (!stopped) {
      let waitMs = pollMs
      try {
        head = Number(await node.call('eth_blockNumber', []))
        while (!stopped && indexed < head) {
          await step()
          batch = Math.min(BLOCKS_PER_BATCH_MAX, 2 * batch)
          problem = undefined
        }
        problem = undefined
      } catch (error) {
        if (stopped) return
        batch = Math.max(1, batch >> 1)
        const message = messageOf(error)
        if (problem === undefined) options.onProblem?.(message)
        problem = { since: problem?.since ?? Date.now(), message }
        waitMs = RETRY_MS
      }
      if (!stopped) await sleep(waitMs)
    }
  }

  function sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function step(): Promise<void> {
    const from = indexed + 1
    const to = Math.min(head, indexed + batch)
    const blocks = await readBlocks(node, from, to)
    checkLinks(db, blocks)
    const changes = readMarketChanges(decoder, blocks)
    const [tokens, objects, timelines] = [
      await readTokenUpdates(node, db, blocks),
      await readMarketObjects(node, decoder, db, changes),
      await readTimelines(node, to > head - TIMELINE_DEPTH ? blocks : []),
    ]
    if (stopped) return
    db.transaction(() => {
      const holders = writeBlocks(db, blocks)
      writeTokenUpdates(db, tokens, holders)
      writeMarket(db, changes, objects)
      writeTimelines(db, timelines)
      writeMeta(db, 'cursor', String(to))
    })
    indexed = to
    options.onBlocks?.(blocks)
  }

  const done = run()
  return {
    status: () => ({ indexed, head, ...(problem === undefined ? {} : { problem }) }),
    wake: () => wakeUp(),
    async stop() {
      stopped = true
      wakeUp()
      await done
    },
  }
}

async function readBlocks(node: NodeClient, from: number, to: number): Promise<readonly BlockRow[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => `0x${(from + index).toString(16)}`)
  const answers = await node.batch(
    numbers.flatMap(number => [
      { method: 'eth_getBlockByNumber', params: [number, true] },
      { method: 'eth_getBlockReceipts', params: [number] },
    ]),
  )
  return numbers.map((number, index) => {
    const block = resultOf(answers[2 * index], `block ${Number(number)}`) as NodeBlock
    const receipts = resultOf(answers[2 * index + 1], `receipts of block ${Number(number)}`) as readonly NodeReceipt[]
    return blockToRows(block, receipts)
  })
}

function resultOf(answer: RpcAnswer | undefined, what: string): unknown {
  if (answer?.kind === 'result' && answer.result) return answer.result
  const why = answer?.kind === 'error' ? answer.message : 'it says there is none'
  throw new ExplorerError('bad node answer', `the node does not give ${what}: ${why}`, { status: 502 })
}

/** Refuses a node whose chain does not continue ours: the wrong node, or one that broke finality. */
function checkLinks(db: Database, blocks: readonly BlockRow[]): void {
  const first = blocks[0]
  if (first === undefined) return
  let parent = db.get<{ hash: string }>('SELECT hash FROM blocks WHERE number = ?', first.number - 1)?.hash
  for (const block of blocks) {
    if (parent !== undefined && block.parentHash !== parent)
      throw new ExplorerError('bad node answer', `block ${block.number} does not continue the indexed chain`, {
        status: 502,
      })
    parent = block.hash
  }
}
