import type {
  BlockItem,
  DagRound,
  DagStatus,
  DagValidator,
  Page,
  Stats,
  TaskItem,
  TransactionItem,
} from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { DagGrid, DagLegend } from '../dag-grid.tsx'
import { compact, formatAmount, formatMs, groupDigits } from '../format.ts'
import { Link } from '../router.tsx'
import { Address, Age, Await, Badge, Card, Coins, Hash } from '../ui.tsx'

const STRIP_ROUNDS = 34

export function HomePage() {
  const stats = useApi<Stats>('/stats', 2_000)
  const blocks = useApi<readonly BlockItem[]>('/main-page/blocks', 2_000)
  const transactions = useApi<readonly TransactionItem[]>('/main-page/transactions', 2_000)
  const tasks = useApi<Page<TaskItem>>('/tasks?limit=6', 3_000)
  useTitle(stats.data === undefined ? 'Explorer' : `${stats.data.chain_name} explorer`)
  return (
    <>
      <h1 className="hidden" tabIndex={-1}>
        {stats.data?.chain_name ?? 'Explorer'}
      </h1>
      <Await loaded={stats}>{data => <Figures stats={data} />}</Await>
      <DagStrip />
      <div className="columns">
        <Card title="Latest blocks" extra={<Link href="/blocks">All blocks</Link>}>
          <Await loaded={blocks}>
            {items => (
              <ul className="feed">
                {items.map(block => (
                  <li key={block.height}>
                    <span className="feed-main">
                      <Link href={`/block/${block.height}`}>
                        <b>{groupDigits(block.height)}</b>
                      </Link>
                      <Age iso={block.timestamp} />
                    </span>
                    <span>
                      {block.transactions_count}{' '}
                      <small>{block.transactions_count === 1 ? 'transaction' : 'transactions'}</small>
                    </span>
                    <span className="quiet wide">{compact(Number(block.gas_used))} gas</span>
                  </li>
                ))}
              </ul>
            )}
          </Await>
        </Card>
        <Card title="Latest transactions" extra={<Link href="/txs">All transactions</Link>}>
          <Await loaded={transactions}>
            {items => (
              <ul className="feed">
                {items.map(item => (
                  <li key={item.hash}>
                    <span className="feed-main">
                      <Hash hash={item.hash} href={`/tx/${item.hash}`} />
                      <Age iso={item.timestamp} />
                    </span>
                    <span>
                      <Method item={item} />
                    </span>
                    <span className="wide">
                      {item.to === null ? <span className="quiet">new contract</span> : <Address of={item.to} />}
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </Await>
        </Card>
      </div>
      <Card title="Latest tasks" extra={<Link href="/tasks">All tasks</Link>}>
        <Await loaded={tasks}>
          {page =>
            page.items.length === 0 ? (
              <p className="empty">No task was published yet.</p>
            ) : (
              <ul className="feed tasks">
                {page.items.map(task => (
                  <li key={task.address}>
                    <span className="feed-main">
                      <Hash hash={task.address} href={`/task/${task.address}`} />
                      <Age iso={task.created_at} />
                    </span>
                    <span>
                      <Badge label={task.status} />
                    </span>
                    <span>
                      <Coins wei={task.payment} />
                    </span>
                    <span className="wide">{task.winner === null ? '' : <Address of={task.winner} />}</span>
                  </li>
                ))}
              </ul>
            )
          }
        </Await>
      </Card>
    </>
  )
}

export function Method({ item }: { item: TransactionItem }) {
  const text = item.to === null ? 'create' : (item.method ?? 'transfer')
  return (
    <span
      className={item.status === 'error' ? 'method failed' : 'method'}
      title={item.status === 'error' ? 'failed' : undefined}
    >
      {text.slice(0, 28)}
    </span>
  )
}

function Figures({ stats }: { stats: Stats }) {
  const tasks = stats.tasks
  const running = (tasks.new ?? 0) + (tasks.attempted ?? 0) + (tasks.responded ?? 0)
  const { dag } = stats
  return (
    <dl className="figures">
      <Figure
        name="Finality"
        value={formatMs(stats.finality.p50_ms)}
        note={
          stats.finality.samples === 0 ? 'no samples yet' : `p95 ${formatMs(stats.finality.p95_ms)}, submit to final`
        }
        lead
      />
      <Figure
        name="Transactions / s"
        value={groupDigits(stats.transactions_per_second)}
        note={`${compact(Number(stats.total_transactions))} in all`}
      />
      <Figure
        name="Head"
        value={groupDigits(stats.head)}
        note={
          dag === null
            ? `${stats.average_block_time ?? '–'} ms per block`
            : `certified to ${groupDigits(dag.finalizedNumber)}`
        }
        href={`/block/${stats.head}`}
      />
      <Figure
        name="Gas / s"
        value={compact(Number(stats.gas_per_second))}
        note={`${stats.network_utilization_percentage} % of the limit`}
      />
      <Figure
        name="Base fee"
        value={stats.base_fee_per_gas === null ? '–' : `${formatAmount(stats.base_fee_per_gas, 9, 3)} gwei`}
        note={`${stats.average_block_time ?? '–'} ms per block`}
      />
      <Figure
        name="Committee"
        value={dag === null ? '–' : `${stats.validators_up ?? '–'} of ${dag.committeeSize}`}
        note={dag === null ? 'the node shows no DAG' : `quorum ${dag.quorum}, round ${groupDigits(dag.round)}`}
        href="/validators"
      />
      <Figure
        name="Tasks running"
        value={groupDigits(running)}
        note={`${groupDigits(tasks.finalized ?? 0)} done`}
        href="/tasks"
      />
      <Figure
        name="Providers"
        value={groupDigits(stats.providers)}
        note={`on ${groupDigits(stats.sources)} ${stats.sources === 1 ? 'source' : 'sources'}`}
        href="/providers"
      />
    </dl>
  )
}

function Figure({
  name,
  value,
  note,
  href,
  lead,
}: {
  name: string
  value: string
  note: string
  href?: string
  lead?: boolean
}) {
  return (
    <div className={lead === true ? 'figure lead' : 'figure'}>
      <dt>{name}</dt>
      <dd className="value">{href === undefined ? value : <Link href={href}>{value}</Link>}</dd>
      <dd className="note">{note}</dd>
    </div>
  )
}

function DagStrip() {
  const { data: status } = useApi<DagStatus>('/dag/status', 1_000)
  const to = status?.round ?? 0
  const from = Math.max(0, to - STRIP_ROUNDS + 1)
  const { data: rounds } = useApi<Page<DagRound>>(status === undefined ? null : `/dag/rounds?from=${from}&to=${to}`)
  const { data: validators } = useApi<Page<DagValidator>>(status === undefined ? null : '/validators', 5_000)
  if (status === undefined || rounds === undefined) return null
  return (
    <Card title="DAG, live" extra={<Link href="/dag">Open the DAG</Link>}>
      <div className="dag-frame strip">
        <DagGrid
          rounds={rounds.items}
          validators={validators?.items ?? []}
          from={from}
          to={to}
          columnWidth={34}
          rowHeight={20}
          labels={false}
        />
      </div>
      <DagLegend />
    </Card>
  )
}
