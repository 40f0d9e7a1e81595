import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

const MODULE = new URL('../../chain/node/thread-priority.ts', import.meta.url).href
/** Fields 19 and 41 of /proc/…/stat (proc(5)). */
const THREAD = `
  const fields = require('node:fs').readFileSync('/proc/thread-self/stat', 'utf8').split(') ')[1].split(' ')
  return { niceness: Number(fields[16]), policy: Number(fields[38]) }`
const SCHED_OTHER = 0
const SCHED_IDLE = 5

it.runIf(process.platform === 'linux')(
  'one thread runs only when nobody else wants its core, the others as before',
  async () => {
    const worker = new Worker(
      `import('${MODULE}').then(({ runWhenIdle }) => {
      runWhenIdle()
      require('node:worker_threads').parentPort.postMessage((() => {${THREAD}})())
    })`,
      { eval: true },
    )
    const [lowered] = await Promise.all([
      new Promise((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
      new Promise(resolve => worker.once('exit', resolve)),
    ])
    const hasChrt = spawnSync('chrt', ['--version']).error === undefined
    expect(lowered).toEqual({ niceness: 15, policy: hasChrt ? SCHED_IDLE : SCHED_OTHER })
    const own = readFileSync('/proc/thread-self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
    expect(Number(own[38])).toBe(SCHED_OTHER)
  },
)
