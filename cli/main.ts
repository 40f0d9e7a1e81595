// The command line. Each command is a file in commands/ that parses, calls and prints; it is loaded only when it runs.
import { enableCompileCache } from 'node:module'
import { leaveTerminalToParent } from './stop-signals.ts'

leaveTerminalToParent()
enableCompileCache()
const { run } = await import('./run.ts')
process.exitCode = await run(process.argv.slice(2))
