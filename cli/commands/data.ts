import { startDataNode } from '#executor'
import { type Command, integer, text } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { logOf, required, SIDECAR_OPTIONS } from '../sidecar-options.ts'

const { 'data-dir': dataDir, 'log-level': logLevel, 'log-format': logFormat } = SIDECAR_OPTIONS

export const data: Command = {
  name: 'data',
  summary: 'Runs a data node: keeps programs, inputs and results by their hash',
  options: {
    'data-dir': dataDir,
    host: { type: 'string', value: 'HOST', default: '127.0.0.1', help: 'Interface to listen on' },
    port: { type: 'string', value: 'PORT', default: '5001', help: 'Port; 0 takes a free one' },
    'public-url': { type: 'string', value: 'URL', help: 'Under which clients reach this node, for links' },
    'blob-max': { type: 'string', value: 'MIB', default: '64', help: 'Largest blob' },
    quota: { type: 'string', value: 'GIB', default: '20', help: 'Room for all blobs' },
    'log-level': logLevel,
    'log-format': logFormat,
  },
  examples: ['./ogpu data --data-dir /var/lib/ogpu/blobs --port 5001', 'curl -T model.bin http://127.0.0.1:5001/blob'],
  async run({ values }) {
    const publicUrl = text(values, 'public-url')
    const node = await startDataNode({
      dir: required(values, 'data-dir'),
      host: required(values, 'host'),
      port: integer(values, 'port', 0, 65_535) ?? 5001,
      ...(publicUrl === undefined ? {} : { publicUrl }),
      blobBytesMax: (integer(values, 'blob-max', 1, 1_024 * 1_024) ?? 64) * 1024 * 1024,
      quotaBytes: (integer(values, 'quota', 1, 1_000_000) ?? 20) * 1024 ** 3,
      log: logOf(values, 'data'),
    })
    console.log(`data node at ${node.url}`)
    sayReady({ url: node.url })
    return runUntilStopped(() => node.stop())
  },
}
