import { createExecutionEngine } from '#evm'
import { openChainStore } from '#storage'
import { killCommits, killGenesis } from './kill-workload.ts'

// Executes what is left of the workload on the store in argv[2], which keeps what argv[3] says; prints `ready`, and `done` if nobody kills it before.
// As a node does it: the tries on a thread of their own, one commit ahead.
const directory = process.argv[2] as string
const store = await openChainStore(directory, { segmentBytes: 20_000, isShared: true })
const retention = JSON.parse(process.argv[3] ?? '{}') as object
const engine = await createExecutionEngine({ genesis: killGenesis(), store, ...retention, trieWorker: { directory } })
process.stdout.write('ready\n')
let before: Promise<unknown> | undefined
for (const ordered of killCommits()) {
  // Consensus replays from a little before its last durable position.
  if (ordered.commit.index < engine.lastExecuted().index - 1) continue
  const executed = engine.execute(ordered)
  await before
  before = executed
}
await before
process.stdout.write('done\n')
await engine.close()
await store.close()
