import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Executed, StorePosition } from '#evm'
import { CodedError, messageOf } from '#lib/errors'
import { checkConsensusLog, type DataDirectory } from '#node'
import { type ChainStore, type DiskStore, openChainStore, openLevelStore } from '#storage'

export type StoreName = 'chain' | 'consensus'

/** Opens one of the two stores; whatever the store says is told with its place and what helps. */
export async function withStore<T>(
  directory: DataDirectory,
  name: StoreName,
  work: (store: DiskStore) => Promise<T>,
): Promise<T> {
  const open = name === 'chain' ? openChainStore : openLevelStore
  return withOpened(directory, name, path => open(path, { createIfMissing: false }), work)
}

/** As {@link withStore}, with what only the chain's store has. */
export function withChain<T>(
  directory: DataDirectory,
  work: (store: ChainStore) => Promise<T>,
  onDamage?: (what: string) => void,
): Promise<T> {
  const options = { createIfMissing: false, ...(onDamage === undefined ? {} : { onDamage }) }
  return withOpened(directory, 'chain', path => openChainStore(path, options), work)
}

async function withOpened<S extends DiskStore, T>(
  directory: DataDirectory,
  name: StoreName,
  open: (path: string) => Promise<S>,
  work: (store: S) => Promise<T>,
): Promise<T> {
  const path = join(directory.storePath, name)
  try {
    // LevelDB would leave an empty folder behind.
    if (!existsSync(join(path, 'CURRENT'))) throw new CodedError('store damaged', 'its file CURRENT is missing')
    const store = await open(path)
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!(error instanceof CodedError) || !error.code.startsWith('store')) throw error
    throw new CodedError(error.code, `${path}: ${oneLine(messageOf(error))}. ${ADVICE[name]}`, { cause: error })
  }
}

export const ADVICE: Readonly<Record<StoreName, string>> = {
  chain:
    'What helps: ./ogpu db repair; where that does not, move that folder away and start the node, which makes the chain ' +
    'again from its consensus log. ' +
    'Keep keys/ and signing-guard where they are',
  consensus:
    'What helps: ./ogpu db repair; where that does not, move the store/ folder with both stores away and start the node, ' +
    'which fetches everything from its ' +
    'peers. Keep keys/ and signing-guard where they are',
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** A chain that `./ogpu import` made comes from no commits, so it has no consensus log. */
export function isImported(directory: DataDirectory, position: StorePosition): boolean {
  return position.executed.index === 0 && !existsSync(join(directory.storePath, 'consensus'))
}

/** Whether the consensus log has every commit after `from` that was executed, so that it can be executed again. */
export async function holdsCommits(
  directory: DataDirectory,
  { executed }: StorePosition,
  from: Executed,
): Promise<boolean> {
  const { commits, findings } = await withStore(directory, 'consensus', store => checkConsensusLog(store))
  if (findings.length > 0 || commits === undefined || commits.last < executed.index) return false
  return commits.firstEpoch < from.epoch || (commits.firstEpoch === from.epoch && commits.first <= from.index + 1)
}

/** What is wrong when the log ends before what was executed, in words. */
export function aheadOfLog(
  directory: DataDirectory,
  executed: Executed | undefined,
  lastCommit: number | undefined,
): string | undefined {
  if (executed === undefined || lastCommit === undefined || lastCommit >= executed.index) return undefined
  return (
    `${directory.storePath}: execution has reached commit ${executed.index}, but the consensus log ends with commit ${lastCommit}. ` +
    ADVICE.consensus
  )
}

/** Bytes on the disk. */
export function sizeOf(directory: DataDirectory, name: StoreName): number {
  const path = join(directory.storePath, name)
  if (!existsSync(path)) return 0
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
