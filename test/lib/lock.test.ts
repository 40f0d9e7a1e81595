import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeLock } from '#lib/lock'

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ogpu-lock-'))
  file = join(directory, 'LOCK')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('a lock', () => {
  it('is held until it is given back, also against the same process', () => {
    const unlock = takeLock(file)
    expect(() => takeLock(file)).toThrow('this process')
    unlock()
    expect(readdirSync(directory)).toEqual([])
    takeLock(file)()
  })

  it('of a living process is respected, whether it says when it started or not', async () => {
    const child = spawn('sleep', ['60'])
    await once(child, 'spawn')
    writeFileSync(file, `${child.pid}\n`)
    expect(() => takeLock(file)).toThrow(`process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    takeLock(file)()
  })

  it('of nobody, of a reused id and with damaged text is taken over', () => {
    for (const text of [
      `{"pid":${process.ppid},"started":"long ago"}`,
      `{"pid":${process.pid}}`,
      '4194999',
      'null',
      '{',
      '',
    ]) {
      writeFileSync(file, text)
      takeLock(file)()
      expect(readdirSync(directory)).toEqual([])
    }
  })

  it('is not given back by somebody who lost it', () => {
    const unlock = takeLock(file)
    writeFileSync(file, 'another')
    unlock()
    expect(readFileSync(file, 'utf8')).toBe('another')
  })

  it.runIf(process.platform === 'linux')('of a process that ended and was not asked after is taken over', async () => {
    // The shell becomes a `sleep`, which never asks after the child that it inherits.
    const script = 'sleep 60 & echo $!; exec sleep 60'
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = await once(parent.stdout, 'data')
      const pid = Number(line)
      await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /)
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') as string[]
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      for (const text of [`${pid}`, JSON.stringify({ pid, started: `${boot} ${stat[19]}` })]) {
        writeFileSync(file, text)
        takeLock(file)()
      }
    } finally {
      parent.kill()
    }
  })
})
