import { type ReactNode, useState } from 'react'
import type { AddressRef, Decoded, Page, TokenItem } from '../server/api-types.ts'
import { useAlive, useNow } from './api.tsx'
import { formatAge, formatAmount, formatTime, groupDigits, sentenceCase, shortHash } from './format.ts'
import { hrefWith, Link, useRouter } from './router.tsx'

export function Card({ title, extra, children }: { title?: ReactNode; extra?: ReactNode; children: ReactNode }) {
  return (
    <section className="card">
      {title !== undefined && (
        <header className="card-head">
          <h2>{title}</h2>
          {extra}
        </header>
      )}
      {children}
    </section>
  )
}

/** Title line of a page: what it is, its identity, and a badge. */
export function Heading({
  kind,
  id,
  badge,
  children,
}: {
  kind: string
  id?: string
  badge?: ReactNode
  children?: ReactNode
}) {
  return (
    <div className="heading">
      <h1 tabIndex={-1}>
        <span>{kind}</span>
        {id !== undefined && <code className="identity">{id}</code>}
      </h1>
      {id?.startsWith('0x') && <Copy text={id} />}
      {badge}
      {children}
    </div>
  )
}

/** A list of facts about one thing; an entry that is false or undefined is left out. */
export function Facts({ items }: { items: readonly (readonly [string, ReactNode] | false | undefined)[] }) {
  return (
    <dl className="facts">
      {items.map(
        item =>
          item && (
            <div key={item[0]}>
              <dt>{item[0]}</dt>
              <dd>{item[1]}</dd>
            </div>
          ),
      )}
    </dl>
  )
}

export interface Column<T> {
  readonly head: string
  readonly cell: (item: T) => ReactNode
  /** `number` aligns right; `wide` is left out on narrow screens. */
  readonly look?: 'number' | 'wide' | 'number wide'
}

export function Table<T>({
  items,
  columns,
  keyOf,
  empty = 'Nothing here yet.',
}: {
  items: readonly T[]
  columns: readonly Column<T>[]
  keyOf: (item: T) => string
  empty?: string
}) {
  if (items.length === 0) return <p className="empty">{empty}</p>
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            {columns.map(({ head, look }) => (
              <th key={head} scope="col" className={look}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map(item => (
            <tr key={keyOf(item)}>
              {columns.map(({ head, cell, look }) => (
                <td key={head} className={look}>
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Links to the first and the next page of a list; they are ordinary links and work without JavaScript. */
export function Pager({ page }: { page: Page<unknown> }) {
  const { location } = useRouter()
  const started = location.query.has('before') || location.query.has('after')
  if (!started && page.next_page_params === null) return null
  return (
    <nav className="pager" aria-label="Pages">
      {started && <Link href={hrefWith(location, { before: null, after: null })}>← First page</Link>}
      {page.next_page_params !== null && <Link href={hrefWith(location, page.next_page_params)}>Next page →</Link>}
    </nav>
  )
}

/** Sections of a page as links (`?tab=`). */
export function Tabs({ tabs, current }: { tabs: readonly (readonly [string, string])[]; current: string }) {
  const { location } = useRouter()
  return (
    <nav className="tabs" aria-label="Sections">
      {tabs.map(([name, label], index) => (
        <Link
          key={name}
          href={hrefWith(location, { tab: index === 0 ? null : name, before: null, after: null })}
          aria-current={name === current ? 'page' : undefined}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}

/** Waits, says what went wrong, or shows the data. */
export function Await<T>({
  loaded,
  children,
}: {
  loaded: { data: T | undefined; problem: string | undefined }
  children: (data: T) => ReactNode
}) {
  if (loaded.data !== undefined) return <>{children(loaded.data)}</>
  if (loaded.problem !== undefined) return <p className="empty problem">{sentence(loaded.problem)}</p>
  return <p className="empty">Loading…</p>
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

export function Age({ iso }: { iso: string }) {
  const now = useNow()
  return (
    <time dateTime={iso} title={formatTime(iso)}>
      {formatAge(iso, now)}
    </time>
  )
}

export function Moment({ iso }: { iso: string }) {
  return (
    <>
      <time dateTime={iso}>{formatTime(iso)}</time> <span className="quiet">({<Age iso={iso} />})</span>
    </>
  )
}

export function Address({ of, full = false }: { of: AddressRef; full?: boolean }) {
  const path = { task: 'task', source: 'source', token: 'token', provider: 'provider' }[of.kind as string] ?? 'address'
  const hash = full ? of.hash : shortHash(of.hash)
  return (
    <Link className="address" href={`/${path}/${of.hash}`} title={of.hash}>
      {of.name !== null && <span className={`name ${of.kind}`}>{of.name.slice(0, 40)}</span>}
      <code>{of.name === null || full ? hash : shortHash(of.hash, 6, 4)}</code>
    </Link>
  )
}

export function Hash({ href, hash, full = false }: { href?: string; hash: string; full?: boolean }) {
  const code = <code title={hash}>{full ? hash : shortHash(hash)}</code>
  return href === undefined ? code : <Link href={href}>{code}</Link>
}

export function Copy({ text }: { text: string }) {
  const alive = useAlive()
  const [done, setDone] = useState(false)
  if (!alive) return null
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setDone(true)
    setTimeout(() => setDone(false), 1_200)
  }
  return (
    <button type="button" className="copy" onClick={() => void copy()} aria-label={done ? 'Copied' : 'Copy'}>
      {done ? <CopiedIcon /> : <CopyIcon />}
    </button>
  )
}

function CopyIcon() {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5v-1.5a1.5 1.5 0 0 0-1.5-1.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
    </svg>
  )
}

function CopiedIcon() {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M3 8.5l3.5 3.5L13 5" />
    </svg>
  )
}

export function Coins({ wei, symbol = 'OGPU' }: { wei: string; symbol?: string }) {
  return (
    <span className="amount" title={`${groupDigits(wei)} wei`}>
      {formatAmount(wei, 18)} <small>{symbol}</small>
    </span>
  )
}

export function Tokens({ value, token, id }: { value: string; token: TokenItem; id: string | null }) {
  return (
    <span className="amount">
      {id === null || token.type === 'ERC-1155' ? formatAmount(value, Math.min(token.decimals ?? 0, 77)) : ''}
      {id === null ? ' ' : <span className="quiet"> #{shortHash(id, 10, 4)} </span>}
      <Link href={`/token/${token.address}`}>
        {(token.symbol || token.name || shortHash(token.address)).slice(0, 24)}
      </Link>
    </span>
  )
}

const TONES: Readonly<Record<string, string>> = {
  ok: 'good',
  error: 'bad',
  pending: 'wait',
  dropped: 'bad',
  ACTIVE: 'good',
  INACTIVE: 'plain',
  NEW: 'wait',
  ATTEMPTED: 'wait',
  RESPONDED: 'wait',
  CANCELED: 'plain',
  EXPIRED: 'plain',
  FINALIZED: 'good',
  SUBMITTED: 'wait',
  CONFIRMED: 'good',
  committed: 'good',
  skipped: 'bad',
  undecided: 'wait',
}

export function Badge({ label, tone, children }: { label: string; tone?: string; children?: ReactNode }) {
  return <span className={`badge ${tone ?? TONES[label] ?? 'plain'}`}>{children ?? sentenceCase(label)}</span>
}

/** A decoded call or event: its name and every argument, addresses as links. */
export function DecodedView({ decoded }: { decoded: Decoded }) {
  return (
    <div className="decoded">
      <p className="signature">
        <span className="quiet">{decoded.contract}.</span>
        <b>{decoded.name}</b>
      </p>
      {decoded.args.length > 0 && (
        <table>
          <tbody>
            {decoded.args.map(({ name, type, value }) => (
              <tr key={name}>
                <th scope="row">
                  {name} <span className="quiet">{type}</span>
                </th>
                <td>
                  <Value type={type} value={value} name={name} coins={!decoded.contract.startsWith('ERC-')} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

type ArgumentValue = Decoded['args'][number]['value']

/** Arguments of the chain's own contracts that are amounts of coins, and those that are moments. */
const COINS = /(payment|amount|bond|stake|slashed|reward|refunded|fee$|^price|paid|lockup|penalty|^total$)/i
const MOMENT = /(expiry|time)/i

/** An argument as people read it. `coins`: the contract is the chain's own, so amounts are coins and not of some token. */
export function Value({
  type,
  value,
  name = '',
  coins = false,
}: {
  type: string
  value: ArgumentValue
  name?: string
  coins?: boolean
}): ReactNode {
  if (typeof value === 'boolean') return String(value)
  if (coins && typeof value === 'string' && /^\d+$/.test(value)) {
    if (COINS.test(name)) return <Coins wei={value} />
    if (MOMENT.test(name) && /^[12]\d{9}$/.test(value)) return formatTime(new Date(Number(value) * 1000).toISOString())
  }
  if (typeof value === 'string') {
    if (/^0x[0-9a-f]{40}$/.test(value))
      return (
        <Link href={`/address/${value}`}>
          <code>{value}</code>
        </Link>
      )
    if (type.startsWith('uint') || type.startsWith('int')) return groupDigits(value)
    return <code className="text">{value === '' ? '(empty)' : value}</code>
  }
  const entries: readonly (readonly [string, ArgumentValue])[] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item] as const)
    : Object.entries(value)
  return (
    <ul className="struct">
      {entries.slice(0, 200).map(([name, item]) => (
        <li key={name}>
          <span className="quiet">{name}</span>{' '}
          <Value type={/^\d+$/.test(String(item)) ? 'uint256' : ''} value={item} name={name} coins={coins} />
        </li>
      ))}
    </ul>
  )
}
