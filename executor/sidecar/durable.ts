/** Small files that survive a kill at any moment: written aside, flushed, renamed, directory flushed. */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '#lib/env'
import { messageOf } from '#lib/errors'

/** Replaces `dir/name` as a whole: a reader sees the old content or the new one, after a power cut too. */
export async function writeDurably(dir: string, name: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dir, `.${name}.tmp`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(dir, name))
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The file's bytes; undefined when it does not exist. */
export async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export interface RecordStore<T extends { readonly id: string }> {
  /** In the order in which they were first put. */
  all(): readonly T[]
  get(id: string): T | undefined
  /** Durable when the promise resolves. */
  put(record: T): Promise<void>
  delete(id: string): Promise<void>
}

/** A folder with one JSON file for each record. A file that cannot be read is put aside and reported. */
export async function openRecordStore<T extends { readonly id: string }>(
  dir: string,
  isRecord: (value: unknown) => value is T,
  log: Log,
): Promise<RecordStore<T>> {
  await mkdir(dir, { recursive: true })
  const records = new Map<string, T>()
  // Writes of one record never overtake each other.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const mine = turn.then(act)
    turn = mine.catch(() => {})
    return mine
  }
  for (const name of (await readdir(dir)).filter(file => /^[0-9a-z-]+\.json$/i.test(file)).sort()) {
    try {
      const value: unknown = JSON.parse(await readFile(join(dir, name), 'utf8'))
      if (!isRecord(value)) throw new Error('not a record')
      records.set(value.id, value)
    } catch (error) {
      log.error('a record cannot be read and is put aside', { file: name, error: messageOf(error) })
      await rename(join(dir, name), join(dir, `${name}.unreadable`))
    }
  }
  return {
    all: () => [...records.values()],
    get: id => records.get(id),
    put: record => {
      records.set(record.id, record)
      return inTurn(() => writeDurably(dir, `${record.id}.json`, JSON.stringify(record)))
    },
    delete: id => {
      records.delete(id)
      return inTurn(() => rm(join(dir, `${id}.json`), { force: true }))
    },
  }
}
