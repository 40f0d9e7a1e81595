// The devnet's liar: an executor whose runtime falsifies every output. It exists to be seen losing its bond, and is a
// program of its own so that no switch in the product can make an executor lie.
import { createDishonestRuntime, createIntRuntime, startExecutor } from '#executor'
import { accountKey, KEY_OPTIONS } from '../account-key.ts'
import { parse } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { logOf, required, requiredUrls, SIDECAR_OPTIONS } from '../sidecar-options.ts'
import { leaveTerminalToParent } from '../stop-signals.ts'
import { sayReady } from './child.ts'

leaveTerminalToParent()
const invocation = parse(
  {
    name: 'dishonest-executor',
    summary: 'An executor that lies, for the devnet',
    options: { ...SIDECAR_OPTIONS, ...KEY_OPTIONS },
    examples: [],
    run: async () => 0,
  },
  process.argv.slice(2),
)
if (invocation === 'help') process.exit(2)
const { values } = invocation
const running = await startExecutor({
  rpcUrl: required(values, 'rpc'),
  privateKey: accountKey(values),
  dataUrls: requiredUrls(values, 'data'),
  dir: required(values, 'data-dir'),
  runtimes: [createDishonestRuntime(createIntRuntime())],
  log: logOf(values, 'executor'),
})
sayReady({ address: running.address })
process.exitCode = await runUntilStopped(() => running.stop())
