import type { TransactionItem } from '../api-types.ts'
import { ExplorerError } from '../errors.ts'
import type { NodeClient } from '../node-client.ts'
import { POSITION_BASE } from '../store/schema.ts'
import { inputFromForm } from '../verify/request.ts'
import type { VerifiedContract } from '../verify/verified-store.ts'
import type { Verifier } from '../verify/verifier.ts'
import { ChainViews, type TransactionDbRow } from './chain-views.ts'
import { addressOf, hashOf, type Query } from './paging.ts'
import type { ApiParts } from './routes.ts'

/**
 * The `/api?module=…&action=…` form that wallets and scripts written for Etherscan use: the basic actions, read-only but
 * for the verification of sources.
 */
export interface EtherscanApi {
  /** Always an object with `status`, `message`, `result`, as Etherscan has it; `proxy` answers are bare JSON-RPC. */
  answer(query: Query): Promise<unknown>
}

type Action = (query: Query, parts: ApiParts, node: NodeClient, verifier: Verifier) => unknown

const PAGE_MAX = 1_000
const NOT_VERIFIED = 'Contract source code not verified'

const ACTIONS: Readonly<Record<string, Action>> = {
  'account.balance': async (query, _parts, node) =>
    quantity(await node.call('eth_getBalance', [addressOf(query.address), 'latest'])),
  'account.balancemulti': async (query, _parts, node) => {
    const accounts = (query.address ?? '').split(',').slice(0, 20).map(addressOf)
    const answers = await node.batch(
      accounts.map(account => ({ method: 'eth_getBalance', params: [account, 'latest'] })),
    )
    return accounts.map((account, index) => {
      const answer = answers[index]
      return { account, balance: answer?.kind === 'result' ? quantity(answer.result) : '0' }
    })
  },
  'account.txlist': (query, parts) => {
    const views = new ChainViews(parts.db, parts.decoder)
    const { order, from, to, limit, offset } = range(query)
    const rows = parts.db.all<TransactionDbRow>(
      `SELECT t.*, b.timestamp_ms FROM address_transactions a JOIN transactions t ON t.id = a.tx
       JOIN blocks b ON b.number = a.tx / ${POSITION_BASE} WHERE a.address = ? AND a.tx >= ? AND a.tx < ?
       ORDER BY a.tx ${order} LIMIT ? OFFSET ?`,
      addressOf(query.address),
      from,
      to,
      limit,
      offset,
    )
    return rows.map(row => transactionOf(views.transaction(row), row))
  },
  'account.tokentx': (query, parts) => {
    const { order, from, to, limit, offset } = range(query)
    return parts.db
      .all<Record<string, string | number | null>>(
        `SELECT r.log, r.tx, r.token, r.sender, r.recipient, r.amount, r.token_id, t.hash, t.nonce, t.gas, t.gas_price,
           t.gas_used, b.timestamp_ms, b.hash AS block_hash, k.name, k.symbol, k.decimals
         FROM address_transfers a JOIN token_transfers r ON r.log = a.log AND r.sub = a.sub
         JOIN transactions t ON t.id = r.tx JOIN blocks b ON b.number = r.tx / ${POSITION_BASE}
         JOIN tokens k ON k.address = r.token WHERE a.address = ? AND a.log >= ? AND a.log < ?
         AND (? IS NULL OR r.token = ?) ORDER BY a.log ${order}, a.sub ${order} LIMIT ? OFFSET ?`,
        addressOf(query.address),
        from,
        to,
        query.contractaddress === undefined ? null : addressOf(query.contractaddress),
        query.contractaddress === undefined ? null : addressOf(query.contractaddress),
        limit,
        offset,
      )
      .map(row => ({
        blockNumber: String(Math.floor(Number(row.tx) / POSITION_BASE)),
        timeStamp: String(Math.floor(Number(row.timestamp_ms) / 1000)),
        hash: row.hash,
        nonce: String(row.nonce),
        blockHash: row.block_hash,
        from: row.sender,
        to: row.recipient,
        contractAddress: row.token,
        value: row.amount,
        tokenID: row.token_id ?? '',
        tokenName: row.name ?? '',
        tokenSymbol: row.symbol ?? '',
        tokenDecimal: String(row.decimals ?? 0),
        transactionIndex: String(Number(row.tx) % POSITION_BASE),
        gas: String(row.gas),
        gasPrice: row.gas_price,
        gasUsed: String(row.gas_used),
      }))
  },
  'block.getblocknobytime': (query, parts) => {
    const time = Number(query.timestamp)
    const after = query.closest === 'after'
    const row = parts.db.get<{ number: number }>(
      `SELECT number FROM blocks WHERE timestamp_ms ${after ? '>=' : '<='} ? ORDER BY timestamp_ms ${after ? 'ASC' : 'DESC'}, number ${after ? 'ASC' : 'DESC'} LIMIT 1`,
      Number.isSafeInteger(time) ? time * 1000 + (after ? 0 : 999) : 0,
    )
    if (row === undefined) throw new ExplorerError('not found', 'No closest block found', { status: 404 })
    return String(row.number)
  },
  'contract.getcontractcreation': (query, parts) =>
    (query.contractaddresses ?? '')
      .split(',')
      .slice(0, 5)
      .map(addressOf)
      .flatMap(contractAddress => {
        const row = parts.db.get<{ creator: string; hash: string }>(
          'SELECT a.creator, t.hash FROM addresses a JOIN transactions t ON t.id = a.creation_tx WHERE a.address = ?',
          contractAddress,
        )
        return row === undefined ? [] : [{ contractAddress, contractCreator: row.creator, txHash: row.hash }]
      }),
  'contract.getabi': (query, parts, _node, verifier) => {
    const address = addressOf(query.address)
    const verified = verifier.contract(address)
    if (verified !== undefined) return verified.abi
    const abi = new ChainViews(parts.db, parts.decoder).interfaceAt(address)
    if (abi === undefined) throw new ExplorerError('not found', NOT_VERIFIED, { status: 404 })
    return abi.formatJson()
  },
  'contract.getsourcecode': (query, _parts, _node, verifier) => [sourceOf(verifier.contract(addressOf(query.address)))],
  'contract.verifysourcecode': (query, _parts, _node, verifier) =>
    verifier.submit(addressOf(query.contractaddress), inputFromForm(query)),
  'logs.getLogs': async (query, _parts, node) => {
    const block = (text: string | undefined, otherwise: string) =>
      text !== undefined && /^\d{1,15}$/.test(text) ? `0x${Number(text).toString(16)}` : otherwise
    return node.call('eth_getLogs', [
      {
        fromBlock: block(query.fromBlock, 'earliest'),
        toBlock: block(query.toBlock, 'latest'),
        ...(query.address === undefined ? {} : { address: addressOf(query.address) }),
        ...(query.topic0 === undefined ? {} : { topics: [hashOf(query.topic0)] }),
      },
    ])
  },
  'stats.tokensupply': (query, parts) =>
    new ChainViews(parts.db, parts.decoder).token(addressOf(query.contractaddress))?.total_supply ?? '0',
  'transaction.getstatus': (query, parts) => {
    const row = new ChainViews(parts.db, parts.decoder).transactionRow(hashOf(query.txhash))
    return { isError: row?.status === 0 ? '1' : '0', errDescription: row?.status === 0 ? 'execution reverted' : '' }
  },
  'transaction.gettxreceiptstatus': (query, parts) => ({
    status: String(new ChainViews(parts.db, parts.decoder).transactionRow(hashOf(query.txhash))?.status ?? ''),
  }),
}

const PROXIED = new Map<string, (query: Query) => readonly unknown[]>([
  ['eth_blockNumber', () => []],
  ['eth_gasPrice', () => []],
  ['eth_getBlockByNumber', query => [query.tag ?? 'latest', query.boolean === 'true']],
  ['eth_getTransactionByHash', query => [hashOf(query.txhash)]],
  ['eth_getTransactionReceipt', query => [hashOf(query.txhash)]],
  ['eth_getTransactionCount', query => [addressOf(query.address), query.tag ?? 'latest']],
  ['eth_getCode', query => [addressOf(query.address), query.tag ?? 'latest']],
])

export function createEtherscanApi(
  parts: ApiParts,
  node: NodeClient,
  verifier: Verifier,
  onError: (path: string, error: unknown) => void,
): EtherscanApi {
  return {
    async answer(query) {
      const name = `${query.module ?? ''}.${query.action ?? ''}`
      try {
        if (query.module === 'proxy') {
          const params = PROXIED.get(query.action ?? '')
          if (params === undefined) throw new ExplorerError('invalid request', 'unknown action', { status: 422 })
          return { jsonrpc: '2.0', id: 1, result: await node.call(query.action as string, params(query)) }
        }
        if (name === 'contract.checkverifystatus') return verificationStatus(verifier, query.guid ?? '')
        const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
        if (action === undefined)
          return { status: '0', message: 'NOTOK', result: 'Error! Missing Or invalid Action name' }
        const result = await action(query, parts, node, verifier)
        if (Array.isArray(result) && result.length === 0)
          return { status: '0', message: 'No transactions found', result }
        return { status: '1', message: 'OK', result }
      } catch (error) {
        if (!(error instanceof ExplorerError)) onError(`/api ${name}`, error)
        return {
          status: '0',
          message: 'NOTOK',
          result: error instanceof ExplorerError ? error.message : 'internal error',
        }
      }
    },
  }
}

/** Clients match these texts; why a verification failed stands in `message`. */
function verificationStatus(verifier: Verifier, id: string): unknown {
  const job = verifier.job(id)
  if (job === undefined) return { status: '0', message: 'NOTOK', result: 'Unknown UID' }
  if (job.state === 'waiting') return { status: '0', message: 'NOTOK', result: 'Pending in queue' }
  if (job.state === 'verified') return { status: '1', message: 'OK', result: 'Pass - Verified' }
  return { status: '0', message: job.message, result: 'Fail - Unable to verify' }
}

function sourceOf(contract: VerifiedContract | undefined): Readonly<Record<string, string>> {
  if (contract === undefined) return { SourceCode: '', ABI: NOT_VERIFIED, ContractName: '', CompilerVersion: '' }
  const { settings, sources, name, compilerVersion, constructorArguments, abi } = contract
  const optimizer = (settings.optimizer ?? {}) as { readonly enabled?: unknown; readonly runs?: unknown }
  const files = Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }]))
  return {
    // Etherscan marks a standard JSON by a second pair of braces.
    SourceCode: `{${JSON.stringify({ language: 'Solidity', sources: files, settings })}}`,
    ABI: abi,
    ContractName: name,
    CompilerVersion: `v${compilerVersion}`,
    OptimizationUsed: optimizer.enabled === true ? '1' : '0',
    Runs: String(optimizer.runs ?? 200),
    ConstructorArguments: constructorArguments ?? '',
    EVMVersion: typeof settings.evmVersion === 'string' ? settings.evmVersion : 'Default',
    Library: '',
    LicenseType: '',
    Proxy: '0',
    Implementation: '',
    SwarmSource: '',
  }
}

function transactionOf(item: TransactionItem, row: TransactionDbRow): unknown {
  return {
    blockNumber: String(item.block_number),
    timeStamp: String(Math.floor(Number(row.timestamp_ms) / 1000)),
    hash: item.hash,
    nonce: String(item.nonce),
    transactionIndex: String(item.position),
    from: item.from.hash,
    to: item.to?.hash ?? '',
    value: item.value,
    gas: item.gas_limit,
    gasPrice: item.gas_price,
    isError: item.status === 'error' ? '1' : '0',
    txreceipt_status: item.status === null ? '' : item.status === 'ok' ? '1' : '0',
    input: `0x${Buffer.from(row.input).toString('hex')}`,
    contractAddress: item.created_contract?.hash ?? '',
    gasUsed: item.gas_used,
    functionName: item.method ?? '',
  }
}

/** Etherscan pages by page number; both page and size are bounded, so the offset is too. */
function range(query: Query): { order: 'ASC' | 'DESC'; from: number; to: number; limit: number; offset: number } {
  const number = (text: string | undefined, otherwise: number) =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : otherwise
  const limit = Math.max(1, Math.min(PAGE_MAX, number(query.offset, PAGE_MAX)))
  const page = Math.max(1, Math.min(10, number(query.page, 1)))
  const last = Math.min(number(query.endblock, 2 ** 32), 2 ** 32)
  return {
    order: query.sort === 'desc' ? 'DESC' : 'ASC',
    from: Math.min(number(query.startblock, 0), 2 ** 32) * POSITION_BASE,
    to: (last + 1) * POSITION_BASE,
    limit,
    offset: (page - 1) * limit,
  }
}

function quantity(value: unknown): string {
  return BigInt(String(value)).toString()
}
