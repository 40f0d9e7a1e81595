import { readFileSync } from 'node:fs'
import { contractsOf } from '@ogpu/sdk'
import { createApi } from './api/api.ts'
import { createEtherscanApi } from './api/etherscan.ts'
import { Feed } from './api/feed.ts'
import { NodeViews } from './api/node-views.ts'
import type { ApiParts } from './api/routes.ts'
import { createSourcifyApi } from './api/sourcify.ts'
import { ExplorerError, messageOf } from './errors.ts'
import { createHttp, DEFAULT_RATE, type RequestRate } from './http.ts'
import { startIndexer } from './indexing/indexer.ts'
import { type ContractAddresses, contractName, Decoder } from './market.ts'
import { createNodeClient, subscribe } from './node-client.ts'
import { readAssets } from './page/assets.ts'
import { ensureApp } from './page/build.ts'
import { createPages } from './page/pages.ts'
import { openStore } from './store/database.ts'
import { createCompiler } from './verify/compiler.ts'
import { openVerifiedStore } from './verify/verified-store.ts'
import { createVerifier } from './verify/verifier.ts'

export interface ExplorerOptions {
  /** HTTP JSON-RPC of the node to index. */
  readonly rpcUrl: string
  /** WebSocket of the same node: blocks are then seen at once instead of at the next poll. */
  readonly wsUrl?: string
  /** Folder of the database; made when missing. */
  readonly dataDir?: string
  /** Keep the database in memory instead; it is rebuilt from the node at every start. */
  readonly memory?: boolean
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly chainName?: string
  readonly coinSymbol?: string
  /** JSON-RPC address that "Add network" gives to wallets; `rpcUrl` when absent. */
  readonly publicRpcUrl?: string
  /** Addresses of the market contracts by name; those of the chain id when absent. */
  readonly contracts?: ContractAddresses
  /** Requests per client address; 50 a second and 300 at once when absent. */
  readonly rate?: RequestRate
  readonly log?: (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void
}

export interface Explorer {
  readonly url: string
  /** Number of the last indexed block; -1 before the first. */
  indexed(): number
  stop(): Promise<void>
}

const POLL_MS = 1_000

/**
 * Starts indexer, API and web app in this thread, and resolves when the address answers (indexing goes on behind it).
 * Throws ExplorerError `node unreachable`, `other chain` (database of another genesis) or `build failed`.
 */
export async function startExplorer(options: ExplorerOptions): Promise<Explorer> {
  if (options.memory !== true && options.dataDir === undefined)
    throw new ExplorerError('invalid options', 'startExplorer needs dataDir, or memory: true')
  const log = options.log ?? (() => {})
  const stopping = new AbortController()
  const node = createNodeClient(options.rpcUrl, stopping.signal)
  const chainId = Number(await node.call('eth_chainId', []))
  const genesis = (await node.call('eth_getBlockByNumber', ['0x0', false])) as { hash?: unknown } | null
  if (!Number.isSafeInteger(chainId) || typeof genesis?.hash !== 'string')
    throw new ExplorerError('node unreachable', `the node at ${options.rpcUrl} does not tell its chain id and genesis`)
  const app = await ensureApp()
  const assets = readAssets(app)
  const icon = readFileSync(new URL('../app/icon.svg', import.meta.url), 'utf8')
  const dataDir = options.memory === true ? undefined : options.dataDir
  const identity = { chainId, genesisHash: genesis.hash }
  const db = openStore(dataDir, identity)
  const verified = openVerifiedStore(dataDir, identity)
  const decoder = new Decoder(options.contracts ?? publishedContracts(chainId))
  const feed = new Feed()
  const indexer = startIndexer({
    node,
    db,
    decoder,
    pollMs: POLL_MS,
    onBlocks(blocks) {
      for (const { number, hash, timestampMs, gasUsed, transactions } of blocks.slice(-8))
        feed.publish('block', {
          number,
          hash,
          timestamp_ms: timestampMs,
          gas_used: gasUsed,
          transactions_count: transactions.length,
        })
    },
    onProblem: message => log('warn', 'indexing waits', { message }),
  })
  const subscription =
    options.wsUrl === undefined
      ? undefined
      : subscribe(options.wsUrl, ['newHeads', 'dagCommits'], (topic, payload) => {
          if (topic === 'newHeads') indexer.wake()
          else feed.publish('commit', payload)
        })
  const onError = (path: string, error: unknown) => log('error', 'request failed', { path, message: messageOf(error) })
  const parts: ApiParts = {
    db,
    decoder,
    indexer,
    node: new NodeViews(node),
    info: {
      chainId,
      chainName: options.chainName ?? `Chain ${chainId}`,
      coinSymbol: options.coinSymbol ?? 'OGPU',
      rpcUrl: options.publicRpcUrl ?? options.rpcUrl,
    },
  }
  const api = createApi(parts, onError)
  const verifier = createVerifier({ node, db, store: verified, compiler: createCompiler(), onError })
  const http = createHttp({
    api,
    etherscan: createEtherscanApi(parts, node, verifier, onError),
    sourcify: createSourcifyApi(verifier, chainId, onError),
    feed,
    pages: await createPages(app, assets, api, '/favicon.svg'),
    assets,
    icon,
    status: () => indexer.status(),
    rate: options.rate ?? DEFAULT_RATE,
    onError,
  })

  async function stop(): Promise<void> {
    stopping.abort()
    subscription?.stop()
    feed.close()
    await http.close()
    await indexer.stop()
    await verifier.stop()
    db.close()
  }

  try {
    const url = await http.listen({ host: options.host, port: options.port })
    log('info', 'explorer is up', { url, chainId, indexed: indexer.status().indexed })
    return { url, indexed: () => indexer.status().indexed, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function publishedContracts(chainId: number): ContractAddresses {
  return Object.fromEntries(Object.entries(contractsOf(chainId)).map(([key, address]) => [contractName(key), address]))
}
