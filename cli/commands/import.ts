import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { genesisBlock, type ImportedChain, importChain, migrateStore } from '#evm'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { openDataDirectory } from '#node'
import { openChainStore } from '#storage'
import type { GenesisFile } from '#types'
import { type Command, flag, integer, UsageError } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { loadGenesis } from '../genesis-file.ts'
import { serveImported } from '../serve-imported.ts'
import { required } from '../sidecar-options.ts'
import { stage, table } from '../terminal.ts'
import { VERSION } from '../version.ts'

export const importCommand: Command = {
  name: 'import',
  summary: 'Executes an Ethereum test chain from a file, and serves it',
  usage: 'CHAIN.RLP',
  description: `Takes go-ethereum's genesis file with any forks, and blocks one after another as RLP ("geth export"). Every root and
hash is checked; the import stops at the first block that differs, and goes on after the last good one when it is
started again. The seal of proof of work is not checked: this is for test chains.`,
  options: {
    genesis: { type: 'string', value: 'FILE', help: "go-ethereum's genesis file of the chain" },
    'data-dir': { type: 'string', value: 'FOLDER', help: 'Where the chain and its state go' },
    serve: { type: 'boolean', help: 'Serve JSON-RPC afterwards, until Ctrl-C' },
    host: { type: 'string', value: 'HOST', default: '127.0.0.1', help: 'Interface to serve on' },
    port: { type: 'string', value: 'PORT', default: '8545', help: 'Port to serve on; 0 takes a free one' },
  },
  examples: [
    './ogpu import --genesis genesis.json --data-dir /tmp/chain chain.rlp',
    './ogpu import --genesis genesis.json --data-dir /tmp/chain chain.rlp --serve --port 8545',
  ],
  async run({ values, positionals }) {
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) {
      throw new UsageError('name one file with the blocks; see ./ogpu import --help')
    }
    const port = integer(values, 'port', 0, 65_535) ?? 8_545
    const genesis = await loadGenesis(required(values, 'genesis'))
    const rlp = readBytes(file)
    const directory = openDataDirectory({
      path: required(values, 'data-dir'),
      chainId: genesis.config.chainId,
      genesisHash: hashOf(genesis),
    })
    const closers: (() => unknown)[] = [() => directory.close()]
    const closeAll = async () => {
      for (const close of closers.splice(0).reverse()) await close()
    }
    try {
      const storePath = join(directory.storePath, 'chain')
      const store = await openChainStore(storePath, { isShared: true })
      closers.push(() => store.close())
      await migrateStore(store)
      let chain: ImportedChain | undefined
      await stage('import', async update => {
        const onBlock = (done: number, total: number) => update(`${done} of ${total} blocks`)
        const opened = await importChain({ genesisJson: genesis, rlp, store, onBlock })
        closers.push(() => opened.close())
        chain = opened
        return `${opened.chain.head().header.number} blocks`
      })
      const imported = defined(chain, 'a stage that ends without an error has done its work')
      const { hash, header } = imported.chain.head()
      console.log(
        table([
          ['head', `block ${header.number}`],
          ['hash', toHex(hash)],
          ['state root', toHex(header.stateRoot)],
        ]),
      )
      if (!flag(values, 'serve')) return 0
      const server = await serveImported({
        imported,
        genesis,
        storePath,
        written: store.written,
        clientVersion: `ogpu/v${VERSION}/import`,
        host: required(values, 'host'),
        port,
      })
      closers.push(() => server.close())
      console.log(`JSON-RPC at ${server.url} and ${server.wsUrl}; Ctrl-C ends it`)
      sayReady({ rpcUrl: server.url, wsUrl: server.wsUrl })
      return await runUntilStopped(closeAll)
    } finally {
      await closeAll()
    }
  },
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
}

function hashOf(genesis: GenesisFile): Uint8Array {
  try {
    return genesisBlock(genesis).hash
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw new CodedError('bad genesis', `the genesis file cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
