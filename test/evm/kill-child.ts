import { createExecutionEngine } from '#evm'
import { openChainStore } from '#storage'
import { killCommits, killGenesis } from './kill-workload.ts'

// Executes what is left of the workload on the store in argv[2]; prints `ready`, and `done` if nobody kills it before.
const store = await openChainStore(process.argv[2] as string, { segmentBytes: 20_000 })
const engine = await createExecutionEngine({ genesis: killGenesis(), store })
process.stdout.write('ready\n')
for (const ordered of killCommits()) {
  // Consensus replays from a little before its last durable position.
  if (ordered.commit.index < engine.lastExecuted().index - 1) continue
  await engine.execute(ordered)
}
process.stdout.write('done\n')
await store.close()
