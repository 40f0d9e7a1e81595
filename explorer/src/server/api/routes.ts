import type { AddressDetail, TransactionDetail } from '../api-types.ts'
import type { Indexer } from '../indexing/indexer.ts'
import type { Decoder } from '../market.ts'
import type { Database } from '../store/database.ts'
import { ChainViews, type TransactionDbRow } from './chain-views.ts'
import { TASK_STATUS } from './labels.ts'
import { MarketViews } from './market-views.ts'
import { type NodeViews, ROUNDS_MAX, toApiTimeline } from './node-views.ts'
import { addressOf, hashOf, invalid, notFound, numberOf, type Query } from './paging.ts'
import { search } from './search.ts'
import { type ChainInfo, readDaily, readStats } from './stats.ts'
import { summaryOf } from './summary.ts'

export interface ApiParts {
  readonly db: Database
  readonly decoder: Decoder
  readonly indexer: Indexer
  readonly node: NodeViews
  readonly info: ChainInfo
}

/** Everything that a route may use; made anew for each request. */
export interface Request {
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly parts: ApiParts
  readonly chain: ChainViews
  readonly market: MarketViews
}

export interface Route {
  /** Under `/api/v2`; `:name` stands for one segment. */
  readonly path: string
  readonly summary: string
  /** Query parameters and what they mean. */
  readonly query?: Readonly<Record<string, string>>
  readonly answer: (request: Request) => unknown
}

export function requestOf(parts: ApiParts, params: Readonly<Record<string, string>>, query: Query): Request {
  const chain = new ChainViews(parts.db, parts.decoder)
  return { params, query, parts, chain, market: new MarketViews(parts.db, chain.book, Date.now()) }
}

const PAGING = { before: 'Position from next_page_params.', limit: 'Items, 1 to 100; 25 by default.' }

export const ROUTES: readonly Route[] = [
  { path: '/stats', summary: 'Figures of the whole network, now.', answer: stats },
  {
    path: '/stats/charts/transactions',
    summary: 'Blocks, transactions, gas, fees and tasks of each of the last 90 days, newest first.',
    answer: ({ parts }) => ({ chart_data: readDaily(parts.db) }),
  },
  {
    path: '/main-page/blocks',
    summary: 'The newest blocks.',
    answer: ({ chain }) => chain.blocks({ limit: '8' }).items,
  },
  {
    path: '/main-page/transactions',
    summary: 'The newest transactions.',
    answer: ({ chain }) => chain.transactions({ limit: '8' }).items,
  },
  {
    path: '/main-page/indexing-status',
    summary: 'Whether everything up to the head is indexed.',
    answer: ({ parts }) => {
      const { indexed, head } = parts.indexer.status()
      return {
        finished_indexing: indexed >= head,
        finished_indexing_blocks: indexed >= head,
        indexed_blocks_ratio: head < 0 ? '0' : (Math.floor((100 * (indexed + 1)) / (head + 1)) / 100).toFixed(2),
      }
    },
  },
  {
    path: '/search',
    summary: 'Blocks, transactions, addresses, tokens, validators, commits and rounds for a text.',
    query: { q: 'What to look for.' },
    answer: async request => ({ items: await find(request), next_page_params: null }),
  },
  { path: '/search/quick', summary: 'The same as a bare list.', query: { q: 'What to look for.' }, answer: find },
  {
    path: '/search/check-redirect',
    summary: 'Whether a text names exactly one thing, and where its page is.',
    query: { q: 'What to look for.' },
    answer: async request => {
      const found = await find(request)
      const [only] = found
      const exact = only !== undefined && /^(0x[0-9a-f]+|\d+)$/i.test(request.query.q?.trim() ?? '')
      return exact
        ? { redirect: true, type: only.type, parameter: only.url }
        : { redirect: false, type: null, parameter: null }
    },
  },
  {
    path: '/blocks',
    summary: 'Blocks, newest first.',
    query: PAGING,
    answer: ({ chain, query }) => chain.blocks(query),
  },
  {
    path: '/blocks/:number_or_hash',
    summary: 'One block.',
    answer: request => blockOf(request),
  },
  {
    path: '/blocks/:number_or_hash/transactions',
    summary: 'Transactions of a block, in execution order.',
    query: { after: 'Position from next_page_params.', limit: PAGING.limit },
    answer: request => request.chain.transactionsOfBlock(blockOf(request).height, request.query),
  },
  {
    path: '/blocks/:number_or_hash/certificate',
    summary: 'Who signed the hash of the block; null before the next checkpoint.',
    answer: async request => ({ certificate: (await request.parts.node.certificate(blockOf(request).height)) ?? null }),
  },
  {
    path: '/transactions',
    summary: 'Transactions, newest first.',
    query: PAGING,
    answer: ({ chain, query }) => chain.transactions(query),
  },
  { path: '/transactions/:hash', summary: 'One transaction, also a pending or dropped one.', answer: transaction },
  {
    path: '/transactions/:hash/logs',
    summary: 'Its logs, decoded where the layout is known.',
    answer: request => list(request.chain.logsOfTransaction(rowOf(request).id)),
  },
  {
    path: '/transactions/:hash/token-transfers',
    summary: 'Its token transfers.',
    answer: request => list(request.chain.transfersOfTransaction(rowOf(request).id)),
  },
  {
    path: '/transactions/:hash/internal-transactions',
    summary: 'The calls inside it; traced by the node when asked for.',
    answer: async ({ params, parts, chain }) =>
      list(await parts.node.internals(hashOf(params.hash), parts.decoder, chain.book)),
  },
  { path: '/addresses/:address', summary: 'What is known of an address.', answer: address },
  {
    path: '/addresses/:address/counters',
    summary: 'How much there is of an address.',
    answer: ({ params, parts }) => {
      const row = addressRow(parts.db, addressOf(params.address))
      return {
        transactions_count: String(row?.transaction_count ?? 0),
        token_transfers_count: String(row?.transfer_count ?? 0),
        logs_count: String(row?.log_count ?? 0),
      }
    },
  },
  {
    path: '/addresses/:address/transactions',
    summary: 'Transactions from, to, or creating an address, newest first.',
    query: PAGING,
    answer: ({ params, chain, query }) => chain.transactionsOfAddress(addressOf(params.address), query),
  },
  {
    path: '/addresses/:address/token-transfers',
    summary: 'Token transfers from and to an address, newest first.',
    query: PAGING,
    answer: ({ params, chain, query }) => chain.transfersOfAddress(addressOf(params.address), query),
  },
  {
    path: '/addresses/:address/token-balances',
    summary: 'Token balances as the transfers state them.',
    answer: ({ params, chain }) => chain.balances(addressOf(params.address)),
  },
  {
    path: '/addresses/:address/logs',
    summary: 'Logs of a contract, newest first.',
    query: PAGING,
    answer: ({ params, chain, query }) => chain.logsOfAddress(addressOf(params.address), query),
  },
  {
    path: '/addresses/:address/blocks-validated',
    summary: 'Blocks whose fees went to an address.',
    query: PAGING,
    answer: ({ params, chain, query }) => chain.blocks(query, addressOf(params.address)),
  },
  {
    path: '/addresses/:address/market-events',
    summary: 'Market and proof events that name an address.',
    answer: ({ params, market }) => list(market.eventsOf([addressOf(params.address)])),
  },
  {
    path: '/tokens',
    summary: 'Tokens, most held first.',
    query: PAGING,
    answer: ({ chain, query }) => chain.tokens(query),
  },
  {
    path: '/tokens/:address',
    summary: 'One token.',
    answer: ({ params, chain }) => required(chain.token(addressOf(params.address)), 'token'),
  },
  {
    path: '/tokens/:address/transfers',
    summary: 'Its transfers, newest first.',
    query: PAGING,
    answer: ({ params, chain, query }) => chain.transfersOfToken(addressOf(params.address), query),
  },
  {
    path: '/tokens/:address/holders',
    summary: 'Its holders, largest balance first.',
    query: PAGING,
    answer: ({ params, chain, query }) => chain.holders(addressOf(params.address), query),
  },
  {
    path: '/sources',
    summary: 'Sources, newest first.',
    query: PAGING,
    answer: ({ market, query }) => market.sources(query),
  },
  {
    path: '/sources/:address',
    summary: 'One source with the providers registered on it.',
    answer: ({ params, market }) => {
      const source = required(market.source(addressOf(params.address)), 'source')
      return { ...source, registrations: market.registrations(source.address) }
    },
  },
  {
    path: '/tasks',
    summary: 'Tasks, newest first.',
    query: {
      ...PAGING,
      status: `One of ${TASK_STATUS.join(', ')}.`,
      source: 'Only of this source.',
      client: 'Only of this client.',
    },
    answer: ({ market, query }) => market.tasks(query),
  },
  {
    path: '/tasks/:address',
    summary: 'One task with its attempts, responses and every event of its life.',
    answer: ({ params, market }) => required(market.taskDetail(addressOf(params.address)), 'task'),
  },
  {
    path: '/responses/:address',
    summary: 'One response.',
    answer: ({ params, market }) => required(market.response(addressOf(params.address)), 'response'),
  },
  {
    path: '/providers',
    summary: 'Providers, most confirmed responses first.',
    query: PAGING,
    answer: ({ market, query }) => market.providers(query),
  },
  {
    path: '/providers/:address',
    summary: 'One provider with its latest attempts and events.',
    answer: ({ params, market }) => {
      const provider = required(market.provider(addressOf(params.address)), 'provider')
      return {
        ...provider,
        attempts: market.attemptsOfProvider(provider.address),
        events: market.eventsOf([provider.address]),
      }
    },
  },
  {
    path: '/market-events',
    summary: 'Events of the market and proof contracts, newest first.',
    query: { ...PAGING, name: 'Only events of this name.' },
    answer: ({ market, query }) => market.events(query),
  },
  {
    path: '/dag/status',
    summary: 'Where consensus is, as the node sees it.',
    answer: async ({ parts }) => required(await parts.node.dagStatus(), 'DAG'),
  },
  {
    path: '/dag/rounds',
    summary: 'Rounds of the DAG with their vertices and leaders.',
    query: { from: 'First round.', to: `Last round; at most ${ROUNDS_MAX} in one answer.` },
    answer: async ({ parts, query }) =>
      list(await parts.node.rounds(numberOf(query.from, 'from'), numberOf(query.to, 'to'))),
  },
  {
    path: '/dag/commits/:index',
    summary: 'One commit: its leader, its vertices in order, and the blocks made from it.',
    answer: ({ params, parts }) => parts.node.commit(numberOf(params.index, 'commit')),
  },
  {
    path: '/dag/vertices/:digest',
    summary: 'One vertex of the DAG.',
    answer: ({ params, parts }) => parts.node.vertex(hashOf(params.digest)),
  },
  {
    path: '/validators',
    summary: 'The committee: stake, leaders committed and skipped, reachability.',
    answer: async ({ parts }) => list(await parts.node.validators()),
  },
]

async function stats({ parts }: Request): Promise<unknown> {
  const [dag, validators] = await Promise.all([
    parts.node.dagStatus().catch(() => undefined),
    parts.node.validators().catch(() => []),
  ])
  return readStats(parts.db, parts.info, parts.indexer.status(), dag, validators)
}

async function find({ parts, chain, query }: Request) {
  return search(chain, await parts.node.validators().catch(() => []), query.q ?? '')
}

function blockOf({ params, chain }: Request) {
  const name = params.number_or_hash ?? ''
  const block = name.startsWith('0x')
    ? chain.block('hash', hashOf(name))
    : chain.block('number', numberOf(name, 'block'))
  return required(block, 'block')
}

function rowOf({ params, chain }: Request): TransactionDbRow {
  return required(chain.transactionRow(hashOf(params.hash)), 'transaction')
}

async function transaction({ params, parts, chain }: Request): Promise<unknown> {
  const hash = hashOf(params.hash)
  const row = chain.transactionRow(hash)
  if (row === undefined) return required(await parts.node.unmined(hash, chain.book), 'transaction')
  const item = chain.transaction(row)
  const input = `0x${Buffer.from(row.input).toString('hex')}`
  const [live, reason] = await Promise.all([
    parts.node.timeline(hash).catch(() => undefined),
    item.status === 'error' ? parts.node.revertReason(hash, parts.decoder).catch(() => undefined) : undefined,
  ])
  const detail: Omit<TransactionDetail, 'summary'> = {
    ...item,
    raw_input: input,
    decoded_input: chain.decodeCall(row.recipient, input) ?? null,
    base_fee_per_gas: chain.block('number', item.block_number)?.base_fee_per_gas ?? null,
    confirmations: Math.max(0, parts.indexer.status().indexed - item.block_number + 1),
    revert_reason: reason ?? null,
    timeline: toApiTimeline(live) ?? chain.timeline(row.id),
  }
  return { ...detail, summary: summaryOf(detail, chain.transfersOfTransaction(row.id), parts.info.coinSymbol) }
}

interface AddressDbRow {
  first_block: number
  last_block: number
  transaction_count: number
  transfer_count: number
  log_count: number
  creator: string | null
  hash: string | null
}

function addressRow(db: Database, hash: string): AddressDbRow | undefined {
  return db.get<AddressDbRow>(
    'SELECT a.*, t.hash FROM addresses a LEFT JOIN transactions t ON t.id = a.creation_tx WHERE a.address = ?',
    hash,
  )
}

async function address({ params, parts, chain, market }: Request): Promise<AddressDetail> {
  const hash = addressOf(params.address)
  const row = addressRow(parts.db, hash)
  const account = await parts.node.account(hash).catch(() => undefined)
  const code = account?.code ?? '0x'
  // EIP-7702: an account whose code is 0xef0100 and an address acts as that contract but stays an account.
  const delegate = code.startsWith('0xef0100') && code.length === 48 ? `0x${code.slice(8)}` : null
  const ref = chain.book.ref(hash)
  const isContract = ref.is_contract || (code !== '0x' && delegate === null)
  return {
    ...ref,
    kind: ref.kind === 'account' && isContract ? 'contract' : ref.kind,
    is_contract: isContract,
    coin_balance: account?.balance ?? null,
    nonce: account?.nonce ?? null,
    code_size: (code.length - 2) / 2,
    delegate: chain.book.optional(delegate),
    creator: chain.book.optional(row?.creator),
    creation_transaction_hash: row?.hash ?? null,
    transactions_count: row?.transaction_count ?? 0,
    token_transfers_count: row?.transfer_count ?? 0,
    logs_count: row?.log_count ?? 0,
    first_block: row?.first_block ?? null,
    last_block: row?.last_block ?? null,
    token: chain.token(hash) ?? null,
    source: market.source(hash) ?? null,
    task: market.task(hash) ?? null,
    provider: market.provider(hash) ?? null,
  }
}

function list<T>(items: readonly T[]): { items: readonly T[]; next_page_params: null } {
  return { items, next_page_params: null }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notFound(what)
  return value
}

/** Segments of `path` bound to the parameters of `pattern`; undefined when it does not match. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (let i = 0; i < wanted.length; i++) {
    const name = wanted[i] as string
    if (name.startsWith(':')) {
      try {
        params[name.slice(1)] = decodeURIComponent(given[i] as string)
      } catch {
        throw invalid('the path is not valid percent-encoding')
      }
    } else if (name !== given[i]) return undefined
  }
  return params
}
