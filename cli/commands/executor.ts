import { startExecutor } from '#executor'
import { accountKey, KEY_OPTIONS } from '../account-key.ts'
import { type Command, integer, text } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { logOf, METRICS_OPTIONS, metricsOf, required, requiredUrls, SIDECAR_OPTIONS } from '../sidecar-options.ts'

export const executor: Command = {
  name: 'executor',
  summary: 'Runs the executor of a provider: takes tasks, computes, posts results and proofs',
  description: `The provider must be paired with a master that locked stake for it, and registered on sources
(./ogpu task --help shows the whole path). A stopped executor goes on where it was: its state is in --data-dir.`,
  options: {
    ...SIDECAR_OPTIONS,
    ...KEY_OPTIONS,
    ...METRICS_OPTIONS,
    concurrency: { type: 'string', value: 'N', default: '1', help: 'Jobs at once' },
    'min-payment': { type: 'string', value: 'WEI', default: '0', help: 'Leave tasks that pay less alone' },
    gateway: { type: 'string', value: 'URL', help: 'Base URL under which results are served; announced on chain' },
  },
  examples: [
    './ogpu executor --key-file provider.key --data http://127.0.0.1:5001 --data-dir /var/lib/ogpu/executor',
    './ogpu executor --rpc https://rpc.example.org --key-file key.json --password-file password --data https://data.example.org --data-dir state',
  ],
  async run({ values }) {
    const gateway = text(values, 'gateway')
    const metrics = await metricsOf(values)
    const running = await startExecutor({
      rpcUrl: required(values, 'rpc'),
      privateKey: accountKey(values),
      dataUrls: requiredUrls(values, 'data'),
      dir: required(values, 'data-dir'),
      concurrency: integer(values, 'concurrency', 1, 64) ?? 1,
      minPaymentWei: BigInt(integer(values, 'min-payment', 0, Number.MAX_SAFE_INTEGER) ?? 0),
      ...(gateway === undefined ? {} : { gateway }),
      log: logOf(values, 'executor'),
      ...metrics.options,
    })
    sayReady({ address: running.address, ...metrics.ready })
    return runUntilStopped(async () => {
      await running.stop()
      await metrics.close()
    })
  },
}
