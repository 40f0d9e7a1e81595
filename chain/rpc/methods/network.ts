import { toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { RpcError } from '../errors.ts'
import { toQuantity } from '../format.ts'
import { heavyMethod, method } from '../method.ts'
import { data } from '../params.ts'
import { BOOLEAN, DATA, HASH, listOf, nullable, OBJECT, QUANTITY, STRING, titled } from '../schema.ts'

/** Who this node is and how it does: net_, web3_ and the fixed answers that tools ask for. */
export const networkMethods = [
  method({
    name: 'web3_clientVersion',
    summary: 'Name and version of the node software.',
    params: [],
    result: STRING,
    handle: ({ backend }) => backend.clientVersion,
  }),
  heavyMethod({
    name: 'web3_sha3',
    summary: 'Keccak-256 of the given bytes.',
    params: [data('data')],
    result: HASH,
    work: 'call',
    handle: (_context, [bytes]) => toHex(keccak256(bytes)),
  }),
  method({
    name: 'net_version',
    summary: 'Network id as a decimal string; equal to the chain id.',
    params: [],
    result: STRING,
    handle: ({ backend }) => String(backend.chain.chainId),
  }),
  method({
    name: 'net_listening',
    summary: 'Whether the node accepts peers.',
    params: [],
    result: BOOLEAN,
    handle: ({ backend }) => backend.network.listening(),
  }),
  method({
    name: 'net_peerCount',
    summary: 'Number of connected peers.',
    params: [],
    result: QUANTITY,
    handle: async ({ backend }) => toQuantity(await backend.network.peerCount()),
  }),
  method({
    name: 'rpc_modules',
    summary: 'Namespaces that this listener serves, with their versions.',
    params: [],
    result: titled('namespaces'),
    handle: ({ namespaces }) => Object.fromEntries(namespaces.map(name => [name, '1.0'])),
  }),
  method({
    name: 'eth_chainId',
    summary: 'Chain id for replay protection (EIP-695).',
    params: [],
    result: QUANTITY,
    handle: ({ backend }) => toQuantity(backend.chain.chainId),
  }),
  method({
    name: 'eth_syncing',
    summary: 'Progress of catching up with the network, or false.',
    params: [],
    result: { oneOf: [BOOLEAN, OBJECT] },
    handle: async ({ backend }) => {
      const progress = await backend.syncing()
      if (progress === undefined) return false
      return {
        startingBlock: toQuantity(progress.startingBlock),
        currentBlock: toQuantity(progress.currentBlock),
        highestBlock: toQuantity(progress.highestBlock),
      }
    },
  }),
  method({
    name: 'eth_config',
    summary: 'Fork rules that are active, next and last (EIP-7910).',
    params: [],
    result: titled('fork configurations'),
    handle: ({ backend }) => {
      if (backend.forks === undefined) throw new RpcError('server', 'this node has no fork schedule')
      return backend.forks(backend.chain.head().header)
    },
  }),
  method({
    name: 'eth_accounts',
    summary: 'Accounts whose keys the node holds: none.',
    params: [],
    result: listOf(STRING),
    handle: () => [],
  }),
  method({
    name: 'eth_coinbase',
    summary: 'Account that receives the fees of the latest block.',
    params: [],
    result: nullable(DATA),
    handle: ({ backend }) => toHex(backend.chain.head().header.coinbase),
  }),
  method({
    name: 'eth_mining',
    summary: 'Always false: blocks come from consensus, not from mining.',
    params: [],
    result: BOOLEAN,
    handle: () => false,
  }),
  method({
    name: 'eth_hashrate',
    summary: 'Always zero.',
    params: [],
    result: QUANTITY,
    handle: () => '0x0',
  }),
  method({
    name: 'eth_protocolVersion',
    summary: 'Version of the Ethereum wire protocol that answers follow.',
    params: [],
    result: QUANTITY,
    handle: () => '0x44',
  }),
]
