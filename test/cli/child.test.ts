import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startChild } from '../../cli/devnet/child.ts'

it('a child that has a parent leaves Ctrl-C and hang-ups to it, and ends in order when told to', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
  const child = await startChild({
    name: 'data node',
    args: ['data', '--port', '0', '--data-dir', join(dir, 'data')],
    logFile: join(dir, 'log'),
  })
  try {
    let end: string | undefined
    void child.ended.then(reason => {
      end = reason
    })
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.kill(child.pid, signal)
    const url = Object.values(child.ready).find(value => String(value).startsWith('http'))
    for (let asked = 0; asked < 20; asked++) await fetch(`${url}/`)
    expect(end).toBeUndefined()
    await child.stop()
    expect(await child.ended).toBe('exit code 0')
  } finally {
    await child.kill()
    rmSync(dir, { recursive: true, force: true })
  }
})
