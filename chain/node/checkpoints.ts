import { type CheckpointCertificate, encodeCertificate, execVoteSigningBytes, type Input } from '#consensus'
import type { CommitExecutionEngine, ExecutedCommit } from '#evm'
import { equalBytes } from '#lib/bytes'
import { type BlockNumber, blockTimeMs, decodeBlockOrigin, type Epoch } from '#types'
import type { Ed25519Key } from './keys/index.ts'

/**
 * Votes on executed blocks: on the last block of the first commit of every checkpoint interval of commit time, and on the
 * last one of an epoch. Which blocks these are is a pure function of the chain, so all validators vote on the same ones.
 * A certified block is therefore always the last of its commit, and who starts from its state goes on with the next one.
 */
export function createCheckpointVoter(options: {
  readonly chainId: number
  readonly epoch: Epoch
  readonly intervalMs: number
  readonly key: Ed25519Key
  /** Commit time of the last executed block at the start. */
  readonly headTimeMs: number
}): (executed: ExecutedCommit, nowMs: number) => readonly Input[] {
  const { chainId, epoch, intervalMs, key } = options
  let previousMs = options.headTimeMs
  return ({ blocks }, nowMs) => {
    const block = blocks.at(-1)?.block
    if (block === undefined) return []
    // All blocks of a commit have its time.
    const atMs = blockTimeMs(block)
    const isDue = isFirstOfInterval(previousMs, atMs, intervalMs)
    previousMs = atMs
    if (!isDue && decodeBlockOrigin(block.header.extraData)?.endsEpoch !== true) return []
    const height = block.header.number
    const signature = key.sign(execVoteSigningBytes(chainId, epoch, height, block.hash))
    return [{ kind: 'executed', height, blockHash: block.hash, signature, nowMs }]
  }
}

/** Whether an interval of commit time began between a commit's blocks and those of the commit before. */
export function isFirstOfInterval(previousMs: number, atMs: number, intervalMs: number): boolean {
  return Math.floor(atMs / intervalMs) > Math.floor(previousMs / intervalMs)
}

/** Certificates that wait for our own execution. One comes a second; older ones are covered by newer ones. */
const WAITING_MAX = 64

export interface CertificateKeeper {
  /** A quorum voted; our own execution may not be there yet. */
  add(certificate: CheckpointCertificate): Promise<void>
  onExecuted(): Promise<void>
}

/** Stores each certificate once our own execution has reached its block and got the same hash. */
export function createCertificateKeeper(options: {
  readonly engine: Pick<CommitExecutionEngine, 'chain' | 'markFinalized'>
  readonly onMarked: (height: BlockNumber) => void
}): CertificateKeeper {
  const { engine } = options
  let waiting: CheckpointCertificate[] = []

  async function settle(): Promise<void> {
    const head = engine.chain.head().header.number
    const due = waiting.filter(certificate => certificate.height <= head)
    if (due.length === 0) return
    waiting = waiting.filter(certificate => certificate.height > head)
    for (const certificate of due) {
      // A node that began with a snapshot hears late of blocks before it, which it has never had.
      if (certificate.height < engine.chain.earliest()) continue
      const block = await engine.chain.blockByNumber(certificate.height)
      // Another hash is a divergence; the core raises that alarm, and nothing is marked final here.
      if (block === undefined || !equalBytes(block.hash, certificate.blockHash)) continue
      await engine.markFinalized(certificate.height, encodeCertificate(certificate))
      options.onMarked(certificate.height)
    }
  }

  return {
    add(certificate) {
      waiting.push(certificate)
      if (waiting.length > WAITING_MAX) waiting.shift()
      return settle()
    },
    onExecuted: settle,
  }
}
