import { join } from 'node:path'
import { type CheckedChain, checkChain, commitOfBlock, readPosition, rewindChain, storeUsage } from '#evm'
import { toHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { type CheckedLog, checkConsensusLog, type DataDirectory, openExistingDataDirectory } from '#node'
import { type Command, flag, UsageError, type Values } from '../command.ts'
import { migrate, repair } from '../db/repair.ts'
import { ADVICE, aheadOfLog, holdsCommits, isImported, sizeOf, withChain, withStore } from '../db/stores.ts'
import { required } from '../sidecar-options.ts'
import { bold, bytes, dim, green, red, stage, table } from '../terminal.ts'

const VERBS = ['info', 'stats', 'check', 'repair', 'rewind', 'compact', 'migrate'] as const
type Verb = (typeof VERBS)[number]

export const db: Command = {
  name: 'db',
  summary: 'Looks into the stores of a stopped node: their size, their health, an earlier block',
  usage: 'info | stats | check | repair | rewind BLOCK | compact | migrate',
  description: `info     where the chain stands and what is kept
stats    what takes how much room, by kind of record and by bulk file; reads everything
check    compares blocks, roots, indexes and the consensus log; --deep also the state and its history. Changes nothing
repair   checks deeply and mends what can be mended: indexes and tries are made again, damaged blocks are taken back and
         executed again at the next start, damaged old states are given up. Says what is left, and what helps
rewind   takes the chain back to a block; at its next start the node executes the later commits again
compact  gives room of deleted and replaced records back to the disk
migrate  brings a store of an earlier version up to date, which a start of the node does as well
The node must be stopped. Exit codes: 0 done, 1 something is wrong, 2 wrong usage.`,
  options: {
    'data-dir': { type: 'string', value: 'FOLDER', default: './data', help: 'Data directory of the node' },
    deep: { type: 'boolean', help: 'check: recompute the state root from every account and slot' },
    force: {
      type: 'boolean',
      help: 'rewind: go below a finalized block; rewind, repair: go back without commits to execute again',
    },
  },
  examples: [
    './ogpu db info --data-dir /var/lib/ogpu',
    './ogpu db check --deep --data-dir /var/lib/ogpu',
    './ogpu db repair --data-dir /var/lib/ogpu',
    './ogpu db rewind 12000 --data-dir /var/lib/ogpu',
  ],
  async run({ values, positionals }) {
    const [verb, block, ...more] = positionals
    if (!isVerb(verb) || more.length > 0 || (verb === 'rewind') !== (block !== undefined)) {
      throw new UsageError(`say what to do: ./ogpu db ${VERBS.join(', ')} (BLOCK); see ./ogpu db --help`)
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
    case 'stats':
      return stats(directory)
    case 'repair':
      return repair(directory, flag(values, 'force'))
    case 'migrate':
      return migrate(directory)
    case 'check':
      return check(directory, flag(values, 'deep'))
    case 'compact':
      return compact(directory)
    case 'rewind':
      return rewind(directory, to, flag(values, 'force'))
  }
}

async function info(directory: DataDirectory): Promise<number> {
  await withStore(directory, 'chain', async store => {
    const position = readPosition(store)
    if (position === undefined) throw new CodedError('store damaged', 'the store is empty')
    const { base, executed, finalized, genesisHash, head, schema, states } = position
    console.log(
      table([
        [bold('chain'), dim(join(directory.storePath, 'chain'))],
        ['schema', String(schema)],
        ['genesis', toHex(genesisHash)],
        ['head', `block ${head}`],
        ['finalized', `block ${finalized}`],
        ['executed', `commit ${executed.epoch}/${executed.index}`],
        ['blocks kept', base === 0 ? 'all' : `from ${base} (and the genesis)`],
        ['states kept', states === 0 ? 'all' : `from block ${states}`],
        ['on disk', `chain ${bytes(sizeOf(directory, 'chain'))}, consensus ${bytes(sizeOf(directory, 'consensus'))}`],
      ]),
    )
  })
  return 0
}

async function stats(directory: DataDirectory): Promise<number> {
  const imported = await withStore(directory, 'chain', async store => {
    const position = readPosition(store)
    return position !== undefined && isImported(directory, position)
  })
  for (const name of imported ? (['chain'] as const) : (['chain', 'consensus'] as const)) {
    await withStore(directory, name, async store => {
      const usage = await storeUsage(store)
      const entries = usage.reduce((sum, one) => sum + one.entries, 0)
      const total = usage.reduce((sum, one) => sum + one.keyBytes + one.valueBytes, 0)
      const share = (part: number) => `${((100 * part) / Math.max(total, 1)).toFixed(1)} %`
      const rows = [...usage].sort((a, b) => b.keyBytes + b.valueBytes - a.keyBytes - a.valueBytes)
      console.log(`\n  ${bold(name)} ${dim(`${bytes(sizeOf(directory, name))} on disk`)}`)
      console.log(
        table([
          ['records of', 'count', 'keys', 'values', 'each', 'share'].map(dim),
          ...rows.map(one => [
            one.name,
            String(one.entries),
            bytes(one.keyBytes),
            bytes(one.valueBytes),
            bytes(Math.round((one.keyBytes + one.valueBytes) / one.entries)),
            share(one.keyBytes + one.valueBytes),
          ]),
          ['together', String(entries), '', bytes(total), '', ''],
        ]),
      )
    })
  }
  await withChain(directory, async store => {
    const files = store.bulkUsage()
    if (files.length === 0) return
    console.log(`\n  ${bold('bulk files')}`)
    const shown = files.length > FILES_SHOWN ? files.slice(-FILES_SHOWN) : files
    console.log(
      table([
        ['file', 'size', 'values in use'].map(dim),
        ...(shown.length < files.length ? [[`${files.length - shown.length} earlier ones`]] : []),
        ...shown.map(one => [one.file, bytes(one.bytes), String(one.live)]),
      ]),
    )
  })
  return 0
}

const FILES_SHOWN = 20

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
    const counts: string[] = []
    chain = await withChain(directory, async store => {
      counts.push(...(await store.checkBulk()))
      return checkChain({
        store,
        deep,
        onProgress: (what, done, total) => update(`${done}${total === 0 ? '' : ` of ${total}`} ${what}`),
      })
    })
    const path = join(directory.storePath, 'chain')
    const found = [...chain.findings.map(({ what }) => what), ...counts].map(what => `${path}: ${what}`)
    return found.length === 0 ? found : [...found, ADVICE.chain]
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
  const ahead = log === undefined ? undefined : aheadOfLog(directory, chain?.position.executed, log.commits?.last ?? 0)
  if (ahead !== undefined) problems.push(ahead)
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
      position !== undefined &&
      (to > position.head ||
        isImported(directory, position) ||
        (await holdsCommits(directory, position, commitOfBlock(store, to))))
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
