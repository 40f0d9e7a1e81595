/** An executor as a process of its own, so that a test can kill it: options come as the first message. */
import { assert } from '#lib/assert'
import { type ExecutorOptions, startExecutor } from '../../executor/sidecar/start.ts'

assert(process.send !== undefined, 'this module runs as a child process')
process.once('message', async options => {
  await startExecutor(options as ExecutorOptions)
  process.send?.('started')
})
