import { startExplorer } from '@ogpu/explorer'
import { type Command, integer, text } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { required, SIDECAR_OPTIONS } from '../sidecar-options.ts'

export const explorer: Command = {
  name: 'explorer',
  summary: 'Runs the block explorer: indexer, API and web app',
  options: {
    rpc: SIDECAR_OPTIONS.rpc,
    ws: { type: 'string', value: 'URL', help: 'WebSocket of the same node, for live updates' },
    'data-dir': SIDECAR_OPTIONS['data-dir'],
    host: { type: 'string', value: 'HOST', default: '127.0.0.1', help: 'Interface to listen on' },
    port: { type: 'string', value: 'PORT', default: '4000', help: 'Port; 0 takes a free one' },
    name: { type: 'string', value: 'TEXT', default: 'OpenGPU Chain', help: 'Name of the network on the pages' },
  },
  examples: ['./ogpu explorer --rpc http://127.0.0.1:8545 --data-dir /var/lib/ogpu/explorer'],
  async run({ values }) {
    const wsUrl = text(values, 'ws')
    const running = await startExplorer({
      rpcUrl: required(values, 'rpc'),
      ...(wsUrl === undefined ? {} : { wsUrl }),
      dataDir: required(values, 'data-dir'),
      host: required(values, 'host'),
      port: integer(values, 'port', 0, 65_535) ?? 4000,
      chainName: required(values, 'name'),
    })
    console.log(`explorer at ${running.url}`)
    sayReady({ url: running.url })
    return runUntilStopped(() => running.stop())
  },
}
