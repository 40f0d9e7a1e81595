import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckedChain, checkChain, readPosition, rewindChain, type StorePosition, storeUsage } from '#evm'
import { toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { type CheckedLog, checkConsensusLog, type DataDirectory, openExistingDataDirectory } from '#node'
import { type DiskStore, openChainStore, openLevelStore } from '#storage'
import { type Command, flag, UsageError, type Values } from '../command.ts'
import { required } from '../sidecar-options.ts'
import { bold, bytes, dim, green, red, stage, table } from '../terminal.ts'

const VERBS = ['info', 'check', 'compact', 'rewind'] as const
type Verb = (typeof VERBS)[number]
type StoreName = 'chain' | 'consensus'

export const db: Command = {
  name: 'db',
  summary: 'Looks into the stores of a stopped node: their size, their health, an earlier block',
  usage: 'info | check | compact | rewind BLOCK',
  description: `info     where the chain stands, and what takes how much room
check    compares blocks, roots, indexes and the consensus log; --deep also recomputes the state. Changes nothing
compact  gives room of deleted and replaced records back to the disk
rewind   takes the chain back to a block; at its next start the node executes the later commits again
The node must be stopped. Exit codes: 0 done, 1 something is wrong, 2 wrong usage.`,
  options: {
    'data-dir': { type: 'string', value: 'FOLDER', default: './data', help: 'Data directory of the node' },
    deep: { type: 'boolean', help: 'check: recompute the state root from every account and slot' },
    force: { type: 'boolean', help: 'rewind: go below a finalized block, or without commits to execute again' },
  },
  examples: [
    './ogpu db info --data-dir /var/lib/ogpu',
    './ogpu db check --deep --data-dir /var/lib/ogpu',
    './ogpu db rewind 12000 --data-dir /var/lib/ogpu',
  ],
  async run({ values, positionals }) {
    const [verb, block, ...more] = positionals
    if (!isVerb(verb) || more.length > 0 || (verb === 'rewind') !== (block !== undefined)) {
      throw new UsageError('say what to do: ./ogpu db info, check, compact or rewind BLOCK; see ./ogpu db --help')
    }
    const to = Number(block ?? 0)
    if (!/^\d+$/.test(block ?? '0') || !Number.isSafeInteger(to)) {
      throw new UsageError(`rewind takes the number of a block, not "${block}"`)
    }
    const directory = openExistingDataDirectory(required(values, 'data-dir'))
    try {
      return await runVerb(verb, directory, values, to)
    } finally {
      directory.close()
    }
  },
}

function isVerb(text: string | undefined): text is Verb {
  return VERBS.some(verb => verb === text)
}

function runVerb(verb: Verb, directory: DataDirectory, values: Values, to: number): Promise<number> {
  switch (verb) {
    case 'info':
      return info(directory)
    case 'check':
      return check(directory, flag(values, 'deep'))
    case 'compact':
      return compact(directory)
    case 'rewind':
      return rewind(directory, to, flag(values, 'force'))
  }
}

/** Opens one of the two stores; whatever the store says is told with its place and what helps. */
async function withStore<T>(
  directory: DataDirectory,
  name: StoreName,
  work: (store: DiskStore) => Promise<T>,
): Promise<T> {
  const path = join(directory.storePath, name)
  try {
    // LevelDB would leave an empty folder behind.
    if (!existsSync(join(path, 'CURRENT'))) throw new CodedError('store damaged', 'its file CURRENT is missing')
    const open = name === 'chain' ? openChainStore : openLevelStore
    const store = await open(path, { createIfMissing: false })
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

const ADVICE: Readonly<Record<StoreName, string>> = {
  chain:
    'What helps: move that folder away and start the node; it makes the chain again from its consensus log. ' +
    'Keep keys/ and signing-guard where they are',
  consensus:
    'What helps: move the store/ folder with both stores away and start the node; it fetches everything from its ' +
    'peers. Keep keys/ and signing-guard where they are',
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

async function info(directory: DataDirectory): Promise<number> {
  const imported = await withStore(directory, 'chain', async store => {
    const position = readPosition(store)
    if (position === undefined) throw new CodedError('store damaged', 'the store is empty')
    const { executed, finalized, genesisHash, head, schema } = position
    console.log(
      table([
        [bold('chain'), dim(join(directory.storePath, 'chain'))],
        ['schema', String(schema)],
        ['genesis', toHex(genesisHash)],
        ['head', `block ${head}`],
        ['finalized', `block ${finalized}`],
        ['executed', `commit ${executed.epoch}/${executed.index}`],
      ]),
    )
    return isImported(directory, position)
  })
  for (const name of imported ? (['chain'] as const) : (['chain', 'consensus'] as const)) {
    await withStore(directory, name, async store => {
      const usage = await storeUsage(store)
      const total = usage.reduce(
        (sum, { entries, keyBytes, valueBytes }) => ({
          entries: sum.entries + entries,
          bytes: sum.bytes + keyBytes + valueBytes,
        }),
        { entries: 0, bytes: 0 },
      )
      console.log(`\n  ${bold(name)}`)
      console.log(
        table([
          ['records of', 'count', 'keys', 'values'].map(dim),
          ...usage.map(({ name: prefix, entries, keyBytes, valueBytes }) => [
            prefix,
            String(entries),
            bytes(keyBytes),
            bytes(valueBytes),
          ]),
          ['together', String(total.entries), bytes(total.bytes), `${bytes(sizeOf(directory, name))} on disk`],
        ]),
      )
    })
  }
  return 0
}

/** A chain that `./ogpu import` made comes from no commits, so it has no consensus log. */
function isImported(directory: DataDirectory, position: StorePosition): boolean {
  return position.executed.index === 0 && !existsSync(join(directory.storePath, 'consensus'))
}

async function check(directory: DataDirectory, deep: boolean): Promise<number> {
  let chain: CheckedChain | undefined
  let log: CheckedLog | undefined
  const problems: string[] = []
  const guarded = async (name: string, work: (update: (detail: string) => void) => Promise<readonly string[]>) => {
    await stage(name, async update => {
      try {
        const found = await work(update)
        problems.push(...found)
        return found.length === 0 ? 'in order' : red(`${found.length} problems`)
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        problems.push(error.message)
        return red('cannot be read')
      }
    })
  }
  await guarded(deep ? 'chain and state' : 'chain', async update => {
    chain = await withStore(directory, 'chain', store =>
      checkChain({
        store,
        deep,
        onProgress: (what, done, total) => update(`${done}${total === 0 ? '' : ` of ${total}`} ${what}`),
      }),
    )
    const path = join(directory.storePath, 'chain')
    return chain.findings.map(({ what }) => `${path}: ${what}`).concat(chain.findings.length > 0 ? [ADVICE.chain] : [])
  })
  const imported = chain !== undefined && isImported(directory, chain.position)
  if (!imported)
    await guarded('consensus log', async update => {
      log = await withStore(directory, 'consensus', store =>
        checkConsensusLog(store, done => update(`${done} records`)),
      )
      const path = join(directory.storePath, 'consensus')
      return log.findings.map(what => `${path}: ${what}`).concat(log.findings.length > 0 ? [ADVICE.consensus] : [])
    })
  if (chain !== undefined && log !== undefined) {
    const { executed } = chain.position
    const last = log.commits?.last ?? 0
    if (last < executed.index) {
      problems.push(
        `execution has reached commit ${executed.index}, but the consensus log ends with commit ${last}. ${ADVICE.consensus}`,
      )
    }
  }
  for (const problem of problems) console.error(`ogpu: ${problem}`)
  if (problems.length > 0 || chain === undefined) return 1
  const state = deep ? `, ${chain.accounts} accounts, ${chain.slots} slots` : ''
  console.log(
    green(
      `${chain.blocks} blocks, ${chain.transactions} transactions${state}${log === undefined ? '' : `, ${log.vertices} vertices`}: everything agrees`,
    ),
  )
  return 0
}

async function compact(directory: DataDirectory): Promise<number> {
  for (const name of ['chain', 'consensus'] as const) {
    const before = sizeOf(directory, name)
    if (before === 0) continue
    await stage(name, async () => {
      await withStore(directory, name, store => store.compact())
      return `${bytes(before)} before, ${bytes(sizeOf(directory, name))} now`
    })
  }
  return 0
}

async function rewind(directory: DataDirectory, to: number, force: boolean): Promise<number> {
  await withStore(directory, 'chain', async store => {
    const position = readPosition(store)
    const isReplayable =
      position !== undefined && (isImported(directory, position) || (await holdsCommits(directory, position)))
    if (!isReplayable && !force) {
      throw new CodedError(
        'not replayable',
        'the consensus log does not hold every commit that was executed, so the node could not make the blocks again ' +
          'by itself (./ogpu db check says more); --force rewinds all the same',
      )
    }
    await stage(`rewind to block ${to}`, async update => {
      const done = await rewindChain({ store, to, force, onProgress: head => update(`at block ${head}`) })
      return `from block ${done.from}; execution goes on after commit ${done.executed.epoch}/${done.executed.index}`
    })
  })
  return 0
}

async function holdsCommits(directory: DataDirectory, { executed }: StorePosition): Promise<boolean> {
  const { commits, findings } = await withStore(directory, 'consensus', store => checkConsensusLog(store))
  return findings.length === 0 && commits?.first === 1 && commits.last >= executed.index
}

function sizeOf(directory: DataDirectory, name: StoreName): number {
  const path = join(directory.storePath, name)
  if (!existsSync(path)) return 0
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
