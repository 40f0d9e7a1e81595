// Indexes the node at argv[2] into the folder argv[3] and ends; a test kills it on the way.
import { startIndexer } from '../../explorer/src/server/indexing/indexer.ts'
import { Decoder } from '../../explorer/src/server/market.ts'
import { createNodeClient } from '../../explorer/src/server/node-client.ts'
import { openStore } from '../../explorer/src/server/store/database.ts'
import { MARKET } from './demo-chain.ts'

const [, , url = '', folder = ''] = process.argv
const node = createNodeClient(url, new AbortController().signal)
const chainId = Number(await node.call('eth_chainId', []))
const genesis = (await node.call('eth_getBlockByNumber', ['0x0', false])) as { hash: string }
const db = openStore(folder, { chainId, genesisHash: genesis.hash })
process.stdout.write('open\n')
const indexer = startIndexer({
  node,
  db,
  decoder: new Decoder(MARKET),
  pollMs: 5,
})
// The head may be reached already: the one before was killed after its last batch.
setInterval(() => {
  const { indexed, head } = indexer.status()
  if (head >= 0 && indexed === head) process.exit(0)
}, 2)
