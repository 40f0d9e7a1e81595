import { type CommitExecutionEngine, type ExecutedBlock, encodeSnapshotManifest, openSnapshotSource } from '#evm'
import { equalBytes } from '#lib/bytes'
import type { Log } from '#lib/env'
import { messageOf } from '#lib/errors'
import { sha256 } from '#lib/hash'
import type { Store } from '#storage'
import { blockHeaderHash, blockTimeMs } from '#types'
import { isFirstOfInterval } from './checkpoints.ts'
import type { SnapshotFolder } from './snapshot-folder.ts'

/** Making a snapshot takes at most this share of the time: 1/5. */
const DUTY_DIVISOR = 4
const PAUSE_MIN_MS = 2
/**
 * A block's certificate comes within a second or two; without one the snapshot is worth nothing. Once a later block has
 * one, that of this block hardly comes any more (the last blocks of an epoch may go without).
 */
const CERTIFICATE_WAIT_MS = 60_000
const OVERTAKEN_WAIT_MS = 1_000
const CERTIFICATE_POLL_MS = 250

export interface SnapshotMaker {
  stop(): Promise<void>
}

/**
 * Makes a snapshot of the first checkpoint block of every interval of commit time: the same blocks on every node with the
 * same interval. It is read from the store in the background, slowly; a failure is logged and harms nothing else.
 */
export function createSnapshotMaker(options: {
  readonly folder: SnapshotFolder
  readonly chainStore: Store
  readonly engine: Pick<CommitExecutionEngine, 'chain' | 'certificate'>
  readonly intervalMs: number
  /** Of certificates; a snapshot is due only where one will be. */
  readonly checkpointIntervalMs: number
  readonly keep: number
  readonly chunkBytes?: number
  readonly log: Log
}): SnapshotMaker {
  const { folder, chainStore, engine, keep, log } = options
  const { checkpointIntervalMs } = options
  // Every beginning of a snapshot's interval is then one of a checkpoint's.
  const intervalMs = Math.ceil(options.intervalMs / checkpointIntervalMs) * checkpointIntervalMs
  let previousMs = blockTimeMs(engine.chain.head())
  let making: Promise<void> | undefined
  let stopped = false
  let wake: (() => void) | undefined

  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function make(source: NonNullable<ReturnType<typeof openSnapshotSource>>): Promise<void> {
    const { header } = source
    const height = header.number
    folder.begin(height)
    const chunks: { readonly digest: Uint8Array; readonly bytes: number }[] = []
    let startedMs = performance.now()
    let bytes = 0
    for await (const chunk of source.chunks) {
      if (stopped) return folder.discard(height)
      await folder.writeChunk(height, chunks.length, chunk)
      chunks.push({ digest: sha256(chunk), bytes: chunk.length })
      bytes += chunk.length
      await pause(Math.max(PAUSE_MIN_MS, (performance.now() - startedMs) * DUTY_DIVISOR))
      startedMs = performance.now()
    }
    const certificate = await certificateOf(height)
    const block = await engine.chain.blockByNumber(height)
    if (certificate === undefined || block === undefined || !equalBytes(block.hash, blockHeaderHash(header))) {
      folder.discard(height)
      if (!stopped) log.warn('a snapshot got no certificate', { height })
      return
    }
    await folder.finish(height, encodeSnapshotManifest({ header, certificate, chunks }), keep)
    log.info('snapshot made', { height, chunks: chunks.length, bytes })
  }

  async function certificateOf(height: number): Promise<Uint8Array | undefined> {
    let overtakenMs = 0
    for (let waitedMs = 0; waitedMs < CERTIFICATE_WAIT_MS && !stopped; waitedMs += CERTIFICATE_POLL_MS) {
      const certificate = engine.certificate(height)
      if (certificate !== undefined || overtakenMs > OVERTAKEN_WAIT_MS) return certificate
      if (engine.chain.finalized() > height) overtakenMs += CERTIFICATE_POLL_MS
      await pause(CERTIFICATE_POLL_MS)
    }
    return undefined
  }

  // Called when a commit's blocks are on disk and before the next write begins, so the state in the store is theirs.
  function onBlock({ block }: ExecutedBlock): void {
    // Of a commit with several blocks the last one.
    if (block.header.number !== engine.chain.headHeader().number) return
    const atMs = blockTimeMs(block)
    const isDue = isFirstOfInterval(previousMs, atMs, intervalMs)
    previousMs = atMs
    if (!isDue || making !== undefined || stopped) return
    const source = openSnapshotSource(chainStore, options.chunkBytes)
    if (source === undefined) return
    making = make(source)
      .catch(error => {
        log.warn('no snapshot was made', { height: source.header.number, error: messageOf(error) })
        folder.discard(source.header.number)
      })
      .finally(() => {
        making = undefined
      })
  }

  const unsubscribe = engine.chain.onBlock(onBlock)
  return {
    async stop() {
      unsubscribe()
      stopped = true
      wake?.()
      await making
    },
  }
}
