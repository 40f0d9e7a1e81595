import { type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { Stats } from '../server/api-types.ts'
import { forget, StoreContext, useApi, useTitle } from './api.tsx'
import { groupDigits } from './format.ts'
import { ThemeButton, WalletButton } from './header.tsx'
import { AddressPage } from './pages/address.tsx'
import { BlockPage, BlocksPage } from './pages/blocks.tsx'
import { CommitPage, VertexPage } from './pages/commit.tsx'
import { DagPage } from './pages/dag.tsx'
import { HomePage } from './pages/home.tsx'
import { ProviderPage, ProvidersPage } from './pages/providers.tsx'
import { SearchPage } from './pages/search.tsx'
import { SourcePage, SourcesPage } from './pages/sources.tsx'
import { ResponsePage, TaskPage, TasksPage } from './pages/tasks.tsx'
import { TokenPage, TokensPage } from './pages/tokens.tsx'
import { TransactionPage, TransactionsPage } from './pages/transactions.tsx'
import { ValidatorsPage } from './pages/validators.tsx'
import { Link, parseLocation, RouterContext } from './router.tsx'
import { SearchBox } from './search-box.tsx'
import { Heading } from './ui.tsx'

const NAVIGATION = [
  ['/dag', 'DAG'],
  ['/blocks', 'Blocks'],
  ['/txs', 'Transactions'],
  ['/tasks', 'Tasks'],
  ['/sources', 'Sources'],
  ['/providers', 'Providers'],
  ['/tokens', 'Tokens'],
  ['/validators', 'Validators'],
] as const

/** Path patterns and their pages; `:id` is one segment. */
const PAGES: readonly (readonly [string, (id: string) => ReactNode])[] = [
  ['/', () => <HomePage />],
  ['/dag', () => <DagPage />],
  ['/blocks', () => <BlocksPage />],
  ['/block/:id', id => <BlockPage id={id} />],
  ['/txs', () => <TransactionsPage />],
  ['/tx/:id', id => <TransactionPage hash={id} />],
  ['/address/:id', id => <AddressPage hash={id} />],
  ['/tokens', () => <TokensPage />],
  ['/token/:id', id => <TokenPage address={id} />],
  ['/sources', () => <SourcesPage />],
  ['/source/:id', id => <SourcePage address={id} />],
  ['/tasks', () => <TasksPage />],
  ['/task/:id', id => <TaskPage address={id} />],
  ['/response/:id', id => <ResponsePage address={id} />],
  ['/providers', () => <ProvidersPage />],
  ['/provider/:id', id => <ProviderPage address={id} />],
  ['/validators', () => <ValidatorsPage />],
  ['/commit/:id', id => <CommitPage index={id} />],
  ['/vertex/:id', id => <VertexPage digest={id} />],
  ['/search', () => <SearchPage />],
]

function pageOf(path: string): ReactNode {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  const split = trimmed.lastIndexOf('/')
  for (const [pattern, page] of PAGES) {
    if (pattern === trimmed) return page('')
    if (pattern.endsWith('/:id') && split > 0 && pattern === `${trimmed.slice(0, split)}/:id`)
      return page(encodeURIComponent(safeDecode(trimmed.slice(split + 1))))
  }
  return <NotFound />
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function NotFound() {
  useTitle('Page not found', 404)
  return (
    <>
      <Heading kind="There is no such page" />
      <p className="empty">
        Try the search above, or go to the <Link href="/">start page</Link>.
      </p>
    </>
  )
}

export function App() {
  const store = useContext(StoreContext)
  const [href, setHref] = useState(store.location)
  const location = useMemo(() => parseLocation(href), [href])
  const navigate = useCallback(
    (target: string) => {
      window.history.pushState(null, '', target)
      forget(store)
      setHref(target)
      window.scrollTo(0, 0)
      document.querySelector('h1')?.focus({ preventScroll: true })
    },
    [store],
  )
  useEffect(() => {
    const onBack = () => {
      forget(store)
      setHref(window.location.pathname + window.location.search)
    }
    window.addEventListener('popstate', onBack)
    return () => window.removeEventListener('popstate', onBack)
  }, [store])
  const { data: stats } = useApi<Stats>('/stats', 2_000)

  return (
    <RouterContext value={useMemo(() => ({ location, navigate }), [location, navigate])}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="top">
        <div className="wrap">
          <Link href="/" className="brand">
            <img src="/favicon.svg" alt="" width="26" height="26" />
            <span>{stats?.chain_name ?? 'Explorer'}</span>
          </Link>
          <SearchBox />
          <div className="tools">
            <WalletButton stats={stats} />
            <ThemeButton />
          </div>
        </div>
        <nav className="wrap main-nav" aria-label="Main">
          {NAVIGATION.map(([path, label]) => (
            <Link key={path} href={path} aria-current={location.path === path ? 'page' : undefined}>
              {label}
            </Link>
          ))}
        </nav>
      </header>
      <main id="main" className="wrap">
        {pageOf(location.path)}
      </main>
      <footer className="wrap">
        <span>
          Chain {stats?.chain_id ?? '–'} · block {stats === undefined ? '–' : groupDigits(stats.head)}
          {stats !== undefined && stats.indexing.lag_blocks > 2 && (
            <strong className="lag"> · indexing, {groupDigits(stats.indexing.lag_blocks)} blocks behind</strong>
          )}
        </span>
        <span>
          <a href="/api/v2/openapi.json">API</a> · <a href="/health">Health</a>
        </span>
      </footer>
    </RouterContext>
  )
}
