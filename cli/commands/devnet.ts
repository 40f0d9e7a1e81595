import type { Command } from '../command.ts'
import { startDevnet } from '../devnet/devnet.ts'
import { DEVNET_OPTIONS, devnetOptionsOf } from '../devnet/options.ts'
import { printUrls } from '../devnet/print.ts'
import { STOP_SIGNALS } from '../stop-signals.ts'
import { red, stage } from '../terminal.ts'

export const devnet: Command = {
  name: 'devnet',
  summary: 'Runs a network on this machine without the main job: validators, data node, explorer',
  options: DEVNET_OPTIONS,
  examples: ['./ogpu devnet', './ogpu devnet --validators 1 --port 9545 --data-dir /tmp/net'],
  async run({ values }) {
    const options = devnetOptionsOf(values)
    const stopped = new Promise<undefined>(resolve => {
      for (const signal of STOP_SIGNALS) process.once(signal, () => resolve(undefined))
    })
    const network = await startDevnet(options)
    try {
      await network.startDataNode()
      await network.startExplorer()
      printUrls(network)
      const reason = await Promise.race([stopped, network.crashed])
      if (reason === undefined) return 0
      console.error(red(`ogpu: ${reason}`))
      return 1
    } finally {
      await stage('stopping', async () => network.stop().then(() => 'all processes ended'))
    }
  },
}
