import { startVerifier } from '#executor'
import { accountKey, KEY_OPTIONS } from '../account-key.ts'
import { type Command, integer } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { logOf, METRICS_OPTIONS, metricsOf, required, requiredUrls, SIDECAR_OPTIONS } from '../sidecar-options.ts'

export const verifier: Command = {
  name: 'verifier',
  summary: 'Runs a verifier: re-runs drawn results and posts verdicts',
  description: 'The account must be enrolled as an auditor with locked stake to be drawn.',
  options: {
    ...SIDECAR_OPTIONS,
    ...KEY_OPTIONS,
    ...METRICS_OPTIONS,
    'check-every': {
      type: 'string',
      value: 'N',
      default: '0',
      help: 'Also check every n-th result that was not drawn; 0 is none',
    },
  },
  examples: ['./ogpu verifier --key-file auditor.key --data http://127.0.0.1:5001 --data-dir /var/lib/ogpu/verifier'],
  async run({ values }) {
    const metrics = await metricsOf(values)
    const running = await startVerifier({
      rpcUrl: required(values, 'rpc'),
      privateKey: accountKey(values),
      dataUrls: requiredUrls(values, 'data'),
      dir: required(values, 'data-dir'),
      checkEvery: integer(values, 'check-every', 0, 1_000_000) ?? 0,
      log: logOf(values, 'verifier'),
      ...metrics.options,
    })
    sayReady({ address: running.address, ...metrics.ready })
    return runUntilStopped(async () => {
      await running.stop()
      await metrics.close()
    })
  },
}
