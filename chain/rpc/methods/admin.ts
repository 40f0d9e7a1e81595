import { toHex } from '#lib/bytes'
import type { AdminAccess } from '../backend.ts'
import type { RpcContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { method } from '../method.ts'
import { ParamError, param } from '../params.ts'
import { BOOLEAN, listOf, STRING, titled } from '../schema.ts'

function adminOf({ backend }: RpcContext): AdminAccess {
  if (backend.admin !== undefined) return backend.admin
  throw new RpcError('server', 'this node has no admin interface')
}

/** Peers that one node can be told to keep. */
const ADDRESS_BYTES_MAX = 300
const ADDRESS =
  /^\/(?:ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/(?:tcp|udp)\/\d{1,5}(?:\/[a-z0-9-]+)*\/p2p\/[1-9A-HJ-NP-Za-km-z]{40,64}$/

const peerAddress = param('address', STRING, value => {
  if (typeof value === 'string' && value.length <= ADDRESS_BYTES_MAX && ADDRESS.test(value)) return value
  throw new ParamError('a multiaddr that ends in /p2p/<peer id> is wanted')
})

/** Host and port of a multiaddr. */
function placeOf(address: string | undefined): { readonly ip: string; readonly port: number; readonly text: string } {
  const [, , ip = '', , port = '0'] = (address ?? '').split('/')
  return { ip, port: Number(port), text: ip === '' ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:${port}` }
}

/** What go-ethereum's console asks of a node; our addresses are multiaddrs instead of enode URLs. */
export const adminMethods = [
  method({
    name: 'admin_nodeInfo',
    summary: 'Who this node is on the network, and which chain it is on.',
    params: [],
    result: titled('node'),
    handle: async context => {
      const admin = adminOf(context)
      const { chain, clientVersion } = context.backend
      const addresses = await admin.addresses()
      const { ip, port, text } = placeOf(addresses[0])
      return {
        id: admin.id,
        name: clientVersion,
        enode: addresses[0] ?? '',
        addresses,
        ip,
        ports: { discovery: port, listener: port },
        listenAddr: text,
        protocols: {
          ogpu: {
            network: chain.chainId,
            genesis: toHex(admin.genesisHash),
            head: toHex(chain.head().hash),
            height: chain.headHeader().number,
          },
        },
      }
    },
  }),
  method({
    name: 'admin_peers',
    summary: 'The connected peers.',
    params: [],
    result: listOf(titled('peer')),
    handle: async context =>
      (await adminOf(context).peers()).map(({ id, addresses, outbound, authority, agent }) => ({
        id,
        name: agent ?? '',
        enode: addresses[0] ?? '',
        caps: ['ogpu/1'],
        network: {
          localAddress: '',
          remoteAddress: placeOf(addresses[0]).text,
          inbound: !outbound,
          trusted: authority !== undefined,
          static: authority !== undefined,
        },
        protocols: { ogpu: authority === undefined ? {} : { validator: authority } },
      })),
  }),
  method({
    name: 'admin_addPeer',
    summary: 'Keeps a connection to a node until this one stops; its address is a multiaddr with the peer id.',
    params: [peerAddress],
    result: BOOLEAN,
    handle: async (context, [address]) => {
      await adminOf(context).addPeer(address)
      return true
    },
  }),
  method({
    name: 'admin_datadir',
    summary: 'Where the node keeps its data.',
    params: [],
    result: STRING,
    handle: context => adminOf(context).dataDir,
  }),
]
