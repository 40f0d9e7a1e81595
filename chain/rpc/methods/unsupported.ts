import { RpcError } from '../errors.ts'
import { type Method, method } from '../method.ts'
import { any, optional } from '../params.ts'
import { ANY } from '../schema.ts'

/** Methods of other nodes that this one refuses for good, with what it says: an answer of its own is clearer than none. */
const REFUSED: Readonly<Record<string, string>> = {
  eth_sendTransaction: 'unknown account',
  eth_sign: 'unknown account',
  eth_signTransaction: 'unknown account',
  eth_signTypedData: 'unknown account',
  eth_signTypedData_v4: 'unknown account',
  eth_fillTransaction: 'this node fills in no transactions: ask for nonce, fees and gas',
  eth_sendRawTransactionConditional: 'conditional transactions are not supported',
  eth_callBundle: 'bundles are not supported: use eth_callMany or eth_simulateV1',
  eth_getWork: 'blocks come from consensus, not from mining',
  eth_submitWork: 'blocks come from consensus, not from mining',
  eth_submitHashrate: 'blocks come from consensus, not from mining',
  debug_setHead: 'blocks are final: the head cannot be set',
  debug_dbGet: 'the database is not served',
}

const ARGUMENTS_MAX = 8

export const unsupportedMethods: readonly Method[] = Object.entries(REFUSED).map(([name, why]) =>
  method({
    name,
    summary: `Refused: ${why}.`,
    params: Array.from({ length: ARGUMENTS_MAX }, (_, index) => optional(any(`argument${index}`))),
    result: ANY,
    handle: () => {
      throw new RpcError('server', why)
    },
  }),
)
