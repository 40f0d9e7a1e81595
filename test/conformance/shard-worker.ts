/** Thread that runs every n-th case of a suite. */
import { parentPort, workerData } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { SHARDED_SUITES, type ShardData } from './shards.ts'

const port = defined(parentPort, 'a shard runs as a worker thread')
const { suite, args } = workerData as ShardData
const run = await SHARDED_SUITES[suite]()
await run(args, result => port.postMessage(result))
