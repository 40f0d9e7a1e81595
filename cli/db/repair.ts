import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { commitOfBlock, type Executed, migrateStore, readPosition, repairChain, type StorePosition } from '#evm'
import { CodedError, messageOf } from '#lib/errors'
import { checkConsensusLog, type DataDirectory } from '#node'
import { repairLevelStore } from '#storage'
import { green, red, stage } from '../terminal.ts'
import { ADVICE, aheadOfLog, holdsCommits, isImported, type StoreName, withChain, withStore } from './stores.ts'

/** Mends both stores as far as their own content allows; 1 when something is left, each with what helps. */
export async function repair(directory: DataDirectory, force: boolean): Promise<number> {
  const left: string[] = []
  let executed: Executed | undefined
  let last: number | undefined
  const isLogThere = existsSync(join(directory.storePath, 'consensus'))
  // First the log: whether the chain may go back depends on it.
  if (isLogThere) {
    await attempt(directory, 'consensus', left, () =>
      stage('consensus log', async update => {
        const { findings, commits } = await withStore(directory, 'consensus', store =>
          checkConsensusLog(store, done => update(`${done} records`)),
        )
        last = commits?.last ?? 0
        const path = join(directory.storePath, 'consensus')
        if (findings.length > 0) left.push(...findings.map(what => `${path}: ${what}`), ADVICE.consensus)
        return findings.length === 0 ? 'in order' : red(`${findings.length} problems`)
      }),
    )
  }
  await attempt(directory, 'chain', left, async () => {
    executed = (await repairChainStore(directory, force, left))?.executed
  })
  const ahead = aheadOfLog(directory, executed, last)
  if (ahead !== undefined) left.push(ahead)
  for (const problem of left) console.error(`ogpu: ${problem}`)
  if (left.length > 0) return 1
  console.log(green('everything agrees'))
  return 0
}

async function repairChainStore(
  directory: DataDirectory,
  force: boolean,
  left: string[],
): Promise<StorePosition | undefined> {
  let position: StorePosition | undefined
  const damaged: string[] = []
  await stage('chain and state', update =>
    withChain(
      directory,
      async store => {
        const { done, findings } = await repairChain({
          store,
          onProgress: update,
          async isReplayable(to) {
            const now = readPosition(store)
            if (force || now === undefined || isImported(directory, now)) return true
            return holdsCommits(directory, now, commitOfBlock(store, to))
          },
        })
        const counts = await store.checkBulk()
        position = readPosition(store)
        const path = join(directory.storePath, 'chain')
        for (const step of done) console.log(`  ${step}`)
        for (const { what } of findings) left.push(`${path}: ${what}`)
        for (const what of counts) left.push(`${path}: ${what}`)
        if (findings.length + counts.length > 0) left.push(ADVICE.chain)
        const mended = done.length + damaged.length === 0 ? 'in order' : `mended, ${done.length} steps`
        return findings.length + counts.length === 0
          ? mended
          : red(`${findings.length + counts.length} problems are left`)
      },
      what => damaged.push(what),
    ),
  )
  for (const what of damaged) console.log(`  ${what}: nothing more is written to that file`)
  return position
}

/**
 * Does `work` on a store. What cannot be opened or read is put together by LevelDB from what it can read, and then tried
 * once more; the checks decide what that is worth. What fails is added to `left`.
 */
async function attempt(
  directory: DataDirectory,
  name: StoreName,
  left: string[],
  work: () => Promise<void>,
): Promise<void> {
  const path = join(directory.storePath, name)
  try {
    try {
      await work()
    } catch (error) {
      const isDatabase = error instanceof CodedError && ['store failed', 'store unavailable'].includes(error.code)
      if (!isDatabase && (existsSync(join(path, 'CURRENT')) || !existsSync(path))) throw error
      await stage(`${name} database`, async () => {
        await repairLevelStore(path)
        return 'put together from what can be read'
      })
      await work()
    }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    left.push(messageOf(error))
  }
}

/** Brings the chain's store up to this program's layout. */
export async function migrate(directory: DataDirectory): Promise<number> {
  await stage('chain', update =>
    withChain(directory, async store => {
      const moved = await migrateStore(store, { onProgress: (done, total) => update(`${done} of ${total} blocks`) })
      return moved === undefined
        ? 'up to date already'
        : `from layout ${moved.from} to ${moved.to}, ${moved.blocks} blocks`
    }),
  )
  return 0
}
