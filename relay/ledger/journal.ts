/**
 * An append-only file of entries, flushed to disk before anybody is told. Entries that arrive while a flush runs share
 * the next one. A segment that has grown large is followed by a new one that begins with a snapshot; the old ones stay
 * as the archive of every cent, and are never read again by this program.
 */
import { open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors'
import { encodeLine, readLines } from './line.ts'

export const JOURNAL_ERRORS = {
  /** A line in the middle is not as it was written: the disk or somebody changed it. */
  JOURNAL_DAMAGED: 'JOURNAL_DAMAGED',
  /** Writing failed; what the memory holds may not be on disk, so nothing more is written. */
  JOURNAL_FAILED: 'JOURNAL_FAILED',
  JOURNAL_CLOSED: 'JOURNAL_CLOSED',
} as const

export interface Journal<E> {
  /** Durable when the promise resolves. Entries are written in the order of the calls. */
  append(entry: E): Promise<void>
  /** Resolves with the reason when the journal can no longer be written. */
  readonly failed: Promise<unknown>
  readonly isBroken: boolean
  close(): Promise<void>
}

interface Waiting {
  readonly text: string
  resolve(): void
  reject(error: unknown): void
}

const NAME = /^journal-(\d{6})\.log$/

function nameOf(segment: number): string {
  return `journal-${String(segment).padStart(6, '0')}.log`
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Opens the journal in `dir`, which exists, and hands every entry of its newest segment to `onEntry`, in order. `snapshot` is asked for
 * the state when a new segment begins; it must include everything appended so far.
 */
export async function openJournal<E>(options: {
  readonly dir: string
  readonly segmentBytesMax: number
  onEntry(entry: E): void
  snapshot(): E
}): Promise<Journal<E>> {
  const { dir, segmentBytesMax } = options
  const names = await readdir(dir)
  for (const name of names) if (name.endsWith('.log.new')) await rm(join(dir, name))
  const segments = names.flatMap(name => NAME.exec(name)?.[1] ?? []).map(Number)
  let segment = Math.max(1, ...segments)
  let number = 0
  let size = 0
  const path = join(dir, nameOf(segment))
  if (segments.length > 0) {
    const bytes = await readFile(path)
    const { lines, bytesGood, isDamaged } = readLines<E>(bytes, segment === 1 ? 1 : undefined)
    // Later segments come into being whole: without its first line one is not what it was.
    if (isDamaged || (segment > 1 && lines.length === 0)) {
      throw new CodedError(JOURNAL_ERRORS.JOURNAL_DAMAGED, `${path} is damaged after byte ${bytesGood}`, {
        data: { path, bytesGood, bytes: bytes.length },
      })
    }
    for (const line of lines) options.onEntry(line.value)
    number = lines.at(-1)?.number ?? 0
    size = bytesGood
    if (bytesGood < bytes.length) await truncate(path, bytesGood)
  }
  let file = await open(path, 'a', 0o600)
  await file.sync()
  await syncFolder(dir)

  const queue: Waiting[] = []
  let writing: Promise<void> | undefined
  let broken: unknown
  let isClosed = false
  let fail: (reason: unknown) => void = () => {}
  const failed = new Promise<unknown>(resolve => {
    fail = resolve
  })

  /** The next segment, complete under its own name before the old one is left. */
  async function startSegment(first: string): Promise<void> {
    const name = nameOf(segment + 1)
    const next = await open(join(dir, `${name}.new`), 'w', 0o600)
    await next.writeFile(first)
    await next.sync()
    await rename(join(dir, `${name}.new`), join(dir, name))
    await syncFolder(dir)
    await file.close()
    file = next
    segment++
    size = Buffer.byteLength(first)
  }

  async function write(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0)
      const bytes = Buffer.from(batch.map(waiting => waiting.text).join(''))
      // Taken in the same turn as the batch, so that it holds exactly what is written before it.
      const first = size + bytes.length > segmentBytesMax ? encodeLine(++number, options.snapshot()) : undefined
      try {
        await file.writeFile(bytes)
        await file.datasync()
        size += bytes.length
        if (first !== undefined) await startSegment(first)
        for (const waiting of batch) waiting.resolve()
      } catch (cause) {
        broken = new CodedError(JOURNAL_ERRORS.JOURNAL_FAILED, 'the journal cannot be written', { cause })
        for (const waiting of [...batch, ...queue.splice(0)]) waiting.reject(broken)
        fail(broken)
      }
    }
    writing = undefined
  }

  return {
    failed,
    get isBroken() {
      return broken !== undefined
    },
    append(entry) {
      if (broken !== undefined) return Promise.reject(broken)
      if (isClosed) return Promise.reject(new CodedError(JOURNAL_ERRORS.JOURNAL_CLOSED, 'the journal is closed'))
      return new Promise((resolve, reject) => {
        queue.push({ text: encodeLine(++number, entry), resolve, reject })
        // A turn later, so that entries of one turn share a flush; never while another write runs.
        writing ??= Promise.resolve().then(write)
      })
    },
    async close() {
      isClosed = true
      await writing
      await file.close()
    },
  }
}
