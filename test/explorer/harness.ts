import { setTimeout as sleep } from 'node:timers/promises'
import { type Explorer, type ExplorerOptions, startExplorer } from '../../explorer/src/index.ts'
import { type DemoMarket, fillDemoChain } from './demo-chain.ts'
import { FakeNode } from './fake-node.ts'

export interface Demo {
  readonly node: FakeNode
  readonly market: DemoMarket
  readonly explorer: Explorer
  readonly url: string
  /** Body of an API answer, with its status. */
  api<T>(path: string): Promise<{ status: number; body: T }>
  stop(): Promise<void>
}

/** An explorer that has indexed a demo chain of `blocks` blocks (0: only genesis). */
export async function startDemo(blocks: number, options: Partial<ExplorerOptions> = {}): Promise<Demo> {
  const node = await new FakeNode({ genesisTime: Math.floor(Date.now() / 1000) - blocks - 5 }).listen()
  const market = fillDemoChain(node, blocks)
  const explorer = await startExplorer({
    rpcUrl: node.url,
    memory: true,
    host: '127.0.0.1',
    port: 0,
    chainName: 'Test chain',
    rate: { perSecond: 10_000, burst: 10_000 },
    ...options,
  })
  await indexedUpTo(explorer, node.head)
  return {
    node,
    market,
    explorer,
    url: explorer.url,
    async api<T>(path: string) {
      const response = await fetch(`${explorer.url}/api/v2${path}`)
      return { status: response.status, body: (await response.json()) as T }
    },
    async stop() {
      await explorer.stop()
      await node.close()
    },
  }
}

export async function indexedUpTo(explorer: Explorer, block: number): Promise<void> {
  for (let waited = 0; explorer.indexed() < block; waited += 20) {
    if (waited > 20_000) throw new Error(`indexed ${explorer.indexed()} of ${block} after 20 s`)
    await sleep(20)
  }
}
