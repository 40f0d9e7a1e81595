import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AssertionError, defined } from '#lib/assert'
import { openBook } from '../../relay/ledger/book.ts'
import type { Answer, Entry } from '../../relay/ledger/entries.ts'
import { type Journal, openJournal } from '../../relay/ledger/journal.ts'
import { encodeLine, readLines } from '../../relay/ledger/line.ts'
import { dump } from '../../relay/ledger/snapshot.ts'
import { apply, createState } from '../../relay/ledger/state.ts'
import { temporaryFolder } from './fixtures.ts'

let dir: string
let remove: () => Promise<void>
beforeEach(async () => {
  ;({ dir, remove } = await temporaryFolder())
})
afterEach(() => remove())

type Note = string | readonly string[]

async function openNotes(
  segmentBytesMax = 1 << 20,
): Promise<{ readonly notes: string[]; readonly journal: Journal<Note> }> {
  const notes: string[] = []
  const journal = await openJournal<Note>({
    dir,
    segmentBytesMax,
    onEntry: entry => {
      if (typeof entry === 'string') notes.push(entry)
      else notes.splice(0, notes.length, ...entry)
    },
    snapshot: () => [...notes],
  })
  return { notes, journal }
}

describe('the journal', () => {
  it('has what was confirmed after a kill at every byte of the file', async () => {
    const { journal } = await openNotes()
    const path = join(dir, 'journal-000001.log')
    const written: string[] = []
    const sizes: number[] = []
    for (let i = 0; i < 12; i++) {
      written.push(`note ${i} ${'é'.repeat(i)}`)
      await journal.append(defined(written[i], 'just pushed'))
      sizes.push((await readFile(path)).length)
    }
    await journal.close()
    const whole = await readFile(path)
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length))
      const { notes, journal: opened } = await openNotes()
      const confirmed = sizes.filter(size => size <= length).length
      expect(notes).toEqual(written.slice(0, confirmed))
      // And it can be written on.
      if (length % 16 === 0) await opened.append('after')
      await opened.close()
      if (length % 16 !== 0) continue
      const again = await openNotes()
      expect(again.notes).toEqual([...written.slice(0, confirmed), 'after'])
      await again.journal.close()
    }
  })

  it('a damaged byte in the middle is an error and not a shorter past', async () => {
    const { journal } = await openNotes()
    for (const note of ['one', 'two', 'three', 'four']) await journal.append(note)
    await journal.close()
    const path = join(dir, 'journal-000001.log')
    const whole = await readFile(path)
    const lastLine = whole.subarray(0, -1).lastIndexOf(0x0a) + 1
    for (let at = 0; at < whole.length; at++) {
      const changed = new Uint8Array(whole)
      changed[at] = (changed[at] ?? 0) ^ 0x01
      await writeFile(path, changed)
      if (at < lastLine) await expect(openNotes()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' })
      else {
        // The end of the file may be what a power cut left of an unconfirmed write.
        const { notes, journal: opened } = await openNotes()
        expect(notes).toEqual(['one', 'two', 'three'])
        await opened.close()
      }
    }
  })

  it('missing and repeated lines are errors', async () => {
    const { journal } = await openNotes()
    for (const note of ['one', 'two', 'three']) await journal.append(note)
    await journal.close()
    const path = join(dir, 'journal-000001.log')
    const [one, two, three] = (await readFile(path, 'utf8')).trimEnd().split('\n')
    for (const lines of [
      [one, three],
      [two, three],
      [one, two, two, three],
      [two, one, three],
    ]) {
      await writeFile(path, `${lines.join('\n')}\n`)
      await expect(openNotes()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' })
    }
  })

  it('goes on in a new segment with the state, and keeps the old ones', async () => {
    const { notes, journal } = await openNotes(400)
    const all: Promise<void>[] = []
    for (let i = 0; i < 60; i++) {
      notes.push(`note ${i}`)
      if (notes.length > 4) notes.shift()
      // The state moves before the write, as in the book.
      all.push(journal.append(`note ${i}`))
      if (i % 7 === 0) await Promise.all(all)
    }
    await Promise.all(all)
    await journal.close()
    const files = (await readdir(dir)).sort()
    expect(files.length).toBeGreaterThan(3)
    const again = await openNotes()
    expect(again.notes.slice(-4)).toEqual(['note 56', 'note 57', 'note 58', 'note 59'])
    await again.journal.close()
  })

  it('a half-made next segment is as if it had never been begun', async () => {
    const { journal } = await openNotes()
    await journal.append('one')
    await journal.close()
    await writeFile(join(dir, 'journal-000002.log.new'), 'half')
    const again = await openNotes()
    expect(again.notes).toEqual(['one'])
    await again.journal.close()
    expect(await readdir(dir)).toEqual(['journal-000001.log'])
    // Under its own name it is whole; without its first line it was tampered with.
    await writeFile(join(dir, 'journal-000002.log'), '')
    await expect(openNotes()).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' })
  })

  it('refuses to write after it failed, and says so', async () => {
    const folder = join(dir, 'sub')
    await mkdir(folder)
    const journal = await openJournal<string>({
      dir: folder,
      segmentBytesMax: 1,
      onEntry: () => {},
      snapshot: () => '',
    })
    // The next segment cannot be made where its folder stands in the way.
    await mkdir(join(folder, 'journal-000002.log.new'))
    await expect(journal.append('one')).rejects.toMatchObject({ code: 'JOURNAL_FAILED' })
    await expect(journal.append('two')).rejects.toMatchObject({ code: 'JOURNAL_FAILED' })
    expect(await journal.failed).toMatchObject({ code: 'JOURNAL_FAILED' })
    expect(journal.isBroken).toBe(true)
    await journal.close()
  })
})

const ANSWER: Answer = { text: 'x', details: {}, outputBytes: 1, resultHash: '', provider: '', checkedBy: 'digest' }

describe('the book', () => {
  it('after a kill at every byte shows a state that it had confirmed', async () => {
    const clock = { now: () => 1_800_000_000_000 }
    const book = await openBook({ dir, clock })
    const path = join(dir, 'journal-000001.log')
    const states: { readonly size: number; readonly state: unknown }[] = []
    const remember = async () =>
      states.push({ size: (await readFile(path)).length, state: structuredClone(dump(book.state)) })
    await remember()
    const account = await book.addCustomer({ name: 'A', tier: 'basic' })
    await remember()
    await book.topUp({ customer: account.id, microUsd: 1_000, reference: 'r' })
    await remember()
    const { key } = await book.createKey({ customer: account.id, name: 'k', budgetMicroUsd: 900 })
    await remember()
    for (const outcome of ['completed', 'failed'] as const) {
      const { task } = (await book.accept({
        key,
        model: 'm',
        microUsd: 300,
        input: new Uint8Array([1, 2]),
        idempotency: { key: outcome, body: 'b' },
      })) as { readonly task: { readonly id: string } }
      await remember()
      await book.markPublishing(task.id, { source: '0x5', paymentWei: '9', configUrl: 'http://x', fromBlock: 7 })
      await remember()
      await book.markPublished(task.id, { address: '0x1', block: 8 })
      await remember()
      if (outcome === 'completed') await book.complete(task.id, ANSWER)
      else await book.fail(task.id, { code: 'PROVIDER_UNAVAILABLE', message: 'm' })
      await remember()
    }
    await book.close()
    const whole = await readFile(path)
    for (let length = 0; length <= whole.length; length++) {
      const { lines, isDamaged } = readLines<Entry>(whole.subarray(0, length), 1)
      expect(isDamaged).toBe(false)
      const state = createState()
      for (const { value } of lines) apply(state, value)
      const expected = states.findLast(({ size }) => size <= length)
      expect(dump(state)).toEqual(expected?.state)
    }
    // The same from disk, where the last confirmed write was cut.
    await truncate(path, whole.length - 3)
    const opened = await openBook({ dir, clock })
    expect(dump(opened.state)).toEqual(states.at(-2)?.state)
    await opened.close()
  })

  it('is the same over many segments', async () => {
    const clock = { now: () => 1_800_000_000_000 }
    const book = await openBook({ dir, clock, segmentBytesMax: 3_000 })
    const account = await book.addCustomer({ name: 'A', tier: 'max' })
    await book.topUp({ customer: account.id, microUsd: 1_000, reference: 'r' })
    const { key } = await book.createKey({ customer: account.id, name: 'k', budgetMicroUsd: null })
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const accepted = await book.accept({ key, model: 'm', microUsd: 10, input: new Uint8Array([i]) })
        const id = accepted.kind === 'new' ? accepted.task.id : ''
        await book.markPublished(id, { address: '0x1', block: i })
        if (i % 3 === 0) await book.fail(id, { code: 'PROVIDER_UNAVAILABLE', message: 'm' })
        else if (i % 3 === 1) await book.complete(id, ANSWER)
      }),
    )
    const before = structuredClone(dump(book.state))
    await book.close()
    expect((await readdir(dir)).length).toBeGreaterThan(2)
    const again = await openBook({ dir, clock })
    expect(dump(again.state)).toEqual(before)
    await again.close()
  })

  it('decides nothing more after an entry that contradicts it', async () => {
    const clock = { now: () => 1_800_000_000_000 }
    const book = await openBook({ dir, clock })
    await expect(book.complete('opengpu:none', ANSWER)).rejects.toBeInstanceOf(AssertionError)
    expect(book.isBroken).toBe(true)
    expect(await book.failed).toBeInstanceOf(AssertionError)
    await expect(book.addCustomer({ name: 'A', tier: 'basic' })).rejects.toMatchObject({ code: 'CAPACITY_EXHAUSTED' })
    await book.close()
  })

  it('refuses a folder that another process uses, and takes over from a dead one', async () => {
    await writeFile(join(dir, 'LOCK'), '1\n')
    const clock = { now: () => 1 }
    await expect(openBook({ dir, clock })).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' })
    await writeFile(join(dir, 'LOCK'), '4194999\n')
    const book = await openBook({ dir, clock })
    await book.close()
    expect(await readdir(dir)).not.toContain('LOCK')
  })

  it.runIf(process.platform === 'linux')('takes over from a process that ended and was not asked after', async () => {
    // The shell becomes a `sleep`, which never asks after the child that it inherits.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = await once(parent.stdout, 'data')
    await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
    process.kill(Number(line), 'SIGKILL')
    await expect.poll(() => readFile(`/proc/${Number(line)}/stat`, 'utf8')).toMatch(/\) Z /)
    await writeFile(join(dir, 'LOCK'), `${Number(line)}\n`)
    const book = await openBook({ dir, clock: { now: () => 1 } })
    await book.close()
    parent.kill()
  })

  it('a journal that contradicts itself is refused', async () => {
    const clock = { now: () => 1_800_000_000_000 }
    const book = await openBook({ dir, clock })
    const account = await book.addCustomer({ name: 'A', tier: 'basic' })
    await book.topUp({ customer: account.id, microUsd: 5, reference: 'r' })
    await book.close()
    const foreign = encodeLine(3, { kind: 'key-revoked', id: 'nobody', atMs: 1_900_000_000_000 })
    await appendFile(join(dir, 'journal-000001.log'), foreign)
    await expect(openBook({ dir, clock })).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' })
  })
})
