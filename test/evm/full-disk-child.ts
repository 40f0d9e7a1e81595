import { createExecutionEngine } from '#evm'
import { CodedError } from '#lib/errors'
import { openChainStore } from '#storage'
import { exitCodeOf } from '../../cli/exit-code.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

// Executes what is left of the workload on the store in argv[2]. Prints each commit once it is durable; what stops it
// goes to stderr in one line, and the exit code is the node's.
try {
  const options = { writeBufferBytes: 64 * 1024, segmentBytes: Number(process.argv[3]) }
  const store = await openChainStore(process.argv[2] as string, options)
  const engine = await createExecutionEngine({ genesis: killGenesis(), store })
  for (const ordered of killCommits()) {
    await engine.execute(ordered)
    process.stdout.write(`${ordered.commit.index}\n`)
  }
  await store.close()
} catch (error) {
  process.stderr.write(
    error instanceof CodedError ? `${error.code}: ${error.message}\n` : `${(error as Error).stack}\n`,
  )
  process.exitCode = exitCodeOf(error)
}
