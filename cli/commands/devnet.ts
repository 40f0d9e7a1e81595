import { MAINNET_CHAIN_ID, TESTNET_CHAIN_ID } from '@ogpu/sdk'
import { type Command, flag, integer, text } from '../command.ts'
import { startDevnet } from '../devnet/devnet.ts'
import { printUrls } from '../devnet/print.ts'
import { red, stage } from '../terminal.ts'

export const devnet: Command = {
  name: 'devnet',
  summary: 'Runs a network on this machine without the main job: validators, data node, explorer',
  options: {
    fresh: { type: 'boolean', help: 'Forget the state of an earlier devnet' },
    testnet: {
      type: 'boolean',
      help: `Rules of the testnet (chain ${TESTNET_CHAIN_ID}) instead of chain ${MAINNET_CHAIN_ID}`,
    },
    'data-dir': { type: 'string', value: 'FOLDER', default: 'data/devnet', help: 'Where the network keeps everything' },
    port: { type: 'string', value: 'PORT', default: '8545', help: 'First JSON-RPC port; taken ones are passed over' },
    validators: { type: 'string', value: 'N', default: '4', help: 'Validators, each a process' },
  },
  examples: ['./ogpu devnet', './ogpu devnet --validators 1 --port 9545 --data-dir /tmp/net'],
  async run({ values }) {
    const options = {
      dataDir: text(values, 'data-dir') ?? 'data/devnet',
      fresh: flag(values, 'fresh'),
      chainId: flag(values, 'testnet') ? TESTNET_CHAIN_ID : MAINNET_CHAIN_ID,
      validators: integer(values, 'validators', 1, 13) ?? 4,
      rpcPort: integer(values, 'port', 1, 65_535) ?? 8545,
    }
    const stopped = new Promise<undefined>(resolve => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(undefined))
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
