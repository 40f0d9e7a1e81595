import type { SearchItem } from '../api-types.ts'
import type { DagValidator } from '../node-types.ts'
import type { ChainViews } from './chain-views.ts'

const RESULTS_MAX = 10

/** What one box finds: block numbers and hashes, transactions, addresses and what lives there, names of tokens and validators. */
export function search(views: ChainViews, validators: readonly DagValidator[], text: string): readonly SearchItem[] {
  const query = text.trim().slice(0, 100)
  if (query === '') return []
  if (/^\d{1,15}$/.test(query)) return searchNumber(views, Number(query))
  if (/^0x[0-9a-f]{64}$/i.test(query)) return searchHash(views, query.toLowerCase())
  if (/^0x[0-9a-f]{40}$/i.test(query)) return searchAddress(views, query.toLowerCase())
  return [...searchNames(views, query), ...searchValidators(validators, query)].slice(0, RESULTS_MAX)
}

function searchNumber(views: ChainViews, number: number): readonly SearchItem[] {
  const block = views.block('number', number)
  return [
    ...(block === undefined
      ? []
      : [{ type: 'block', label: `Block ${number}`, detail: block.hash, url: `/block/${number}` } as const]),
    { type: 'round', label: `Round ${number}`, detail: 'in the DAG', url: `/dag?round=${number}` },
    { type: 'commit', label: `Commit ${number}`, detail: 'of the DAG', url: `/commit/${number}` },
  ]
}

function searchHash(views: ChainViews, hash: string): readonly SearchItem[] {
  const block = views.block('hash', hash)
  if (block !== undefined)
    return [{ type: 'block', label: `Block ${block.height}`, detail: hash, url: `/block/${block.height}` }]
  const made = views.db.get<{ commit_index: number | null }>(
    'SELECT commit_index FROM blocks WHERE commit_digest = ?',
    hash,
  )
  if (made !== undefined && made.commit_index !== null)
    return [{ type: 'commit', label: `Commit ${made.commit_index}`, detail: hash, url: `/commit/${made.commit_index}` }]
  // Also unknown hashes lead to the transaction page: the node may know it as waiting or dropped.
  return [{ type: 'transaction', label: 'Transaction', detail: hash, url: `/tx/${hash}` }]
}

function searchAddress(views: ChainViews, address: string): readonly SearchItem[] {
  const ref = views.book.ref(address)
  const own = (type: SearchItem['type'], label: string, path: string): SearchItem => ({
    type,
    label,
    detail: address,
    url: `/${path}/${address}`,
  })
  const page = own('address', ref.name ?? (ref.is_contract ? 'Contract' : 'Account'), 'address')
  if (ref.kind === 'task') return [own('task', 'Task', 'task'), page]
  if (ref.kind === 'source') return [own('source', 'Source', 'source'), page]
  if (ref.kind === 'token') return [own('token', ref.name ?? 'Token', 'token'), page]
  return [page]
}

function searchNames(views: ChainViews, query: string): readonly SearchItem[] {
  const pattern = `%${query.replace(/[\\%_]/g, character => `\\${character}`)}%`
  const tokens = views.db.all<{ address: string; name: string | null; symbol: string | null; type: string }>(
    `SELECT address, name, symbol, type FROM tokens WHERE name LIKE ?1 ESCAPE '\\' OR symbol LIKE ?1 ESCAPE '\\'
     ORDER BY holder_count DESC LIMIT ${RESULTS_MAX}`,
    pattern,
  )
  const lower = query.toLowerCase()
  const contracts = [...views.decoder.addresses].filter(([name]) => name.toLowerCase().startsWith(lower))
  return [
    ...contracts.map(([name, address]) => ({
      type: 'address' as const,
      label: name,
      detail: address,
      url: `/address/${address}`,
    })),
    ...tokens.map(({ address, name, symbol, type }) => ({
      type: 'token' as const,
      label: `${name ?? 'Unnamed'} (${symbol ?? '?'})`,
      detail: `${type} ${address}`,
      url: `/token/${address}`,
    })),
  ]
}

function searchValidators(validators: readonly DagValidator[], query: string): readonly SearchItem[] {
  const lower = query.toLowerCase()
  return validators
    .filter(({ name }) => String(name).toLowerCase().includes(lower))
    .slice(0, RESULTS_MAX)
    .map(({ name, index, operator }) => ({
      type: 'validator',
      label: String(name),
      detail: `validator ${index}, ${operator}`,
      url: '/validators',
    }))
}
