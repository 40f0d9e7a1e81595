import type {
  DagStatus,
  InternalItem,
  LogItem,
  Page,
  Timeline,
  TransactionDetail,
  TransactionItem,
  TransferItem,
  UnminedTransaction,
} from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { formatAmount, formatMs, groupDigits, percent, shortHash } from '../format.ts'
import { Link, useRouter } from '../router.tsx'
import { TransactionTable, TransferTable } from '../transaction-table.tsx'
import {
  Address,
  Await,
  Badge,
  Card,
  Coins,
  DecodedView,
  Facts,
  Hash,
  Heading,
  Moment,
  Pager,
  Table,
  Tabs,
} from '../ui.tsx'

export function TransactionsPage() {
  const { location } = useRouter()
  useTitle('Transactions')
  const before = location.query.get('before')
  const transactions = useApi<Page<TransactionItem>>(
    before === null ? '/transactions' : `/transactions?before=${encodeURIComponent(before)}`,
    before === null ? 2_000 : undefined,
  )
  return (
    <>
      <Heading kind="Transactions" />
      <Card>
        <Await loaded={transactions}>
          {page => (
            <>
              <TransactionTable items={page.items} />
              <Pager page={page} />
            </>
          )}
        </Await>
      </Card>
    </>
  )
}

type Answer = TransactionDetail | UnminedTransaction

function isUnmined(answer: Answer): answer is UnminedTransaction {
  return 'state' in answer
}

export function TransactionPage({ hash }: { hash: string }) {
  // A pending transaction is asked for again until it is in a block.
  const first = useApi<Answer>(`/transactions/${hash}`)
  const waiting = first.data !== undefined && isUnmined(first.data) && first.data.state === 'pending'
  const fresh = useApi<Answer>(waiting ? `/transactions/${hash}` : null, 800)
  const loaded = waiting && fresh.data !== undefined ? fresh : first
  useTitle(`Transaction ${shortHash(hash)}`, loaded.status === 0 ? 200 : loaded.status)
  return (
    <>
      <Heading kind="Transaction" id={hash} badge={loaded.data !== undefined && <StatusBadge answer={loaded.data} />} />
      <Await loaded={loaded}>{data => (isUnmined(data) ? <Unmined data={data} /> : <Mined data={data} />)}</Await>
    </>
  )
}

function StatusBadge({ answer }: { answer: Answer }) {
  if (isUnmined(answer)) return <Badge label={answer.state} />
  return answer.status === 'error' ? <Badge label="error">Failed</Badge> : <Badge label="ok">Succeeded</Badge>
}

function Unmined({ data }: { data: UnminedTransaction }) {
  return (
    <Card>
      <p className="lead-text">
        {data.state === 'pending'
          ? 'The node has this transaction and waits for a commit to include it.'
          : `Consensus ordered this transaction, but it was not valid when its turn came: ${data.reason}. It changed nothing and cost nothing.`}
      </p>
      <Facts
        items={[
          data.from !== null && ['From', <Address key="from" of={data.from} full />],
          data.to !== null && ['To', <Address key="to" of={data.to} full />],
          data.value !== null && ['Value', <Coins key="value" wei={data.value} />],
        ]}
      />
      {data.timeline !== null && <LifeLine timeline={data.timeline} />}
    </Card>
  )
}

const TABS = [
  ['overview', 'Overview'],
  ['logs', 'Logs'],
  ['internal', 'Internal calls'],
] as const

function Mined({ data }: { data: TransactionDetail }) {
  const { location } = useRouter()
  const tab = location.query.get('tab') ?? 'overview'
  return (
    <>
      <p className="lead-text">{data.summary}</p>
      {data.status === 'error' && (
        <p className="notice bad">
          {data.revert_reason === null
            ? 'It failed and all its changes were undone; only the fee was paid.'
            : `It failed with “${data.revert_reason}” and all its changes were undone; only the fee was paid.`}
        </p>
      )}
      {data.timeline !== null && (
        <Card title="Its life">
          <LifeLine timeline={data.timeline} />
        </Card>
      )}
      <Tabs
        current={tab}
        tabs={TABS.map(([name, label]) => [name, name === 'logs' ? `${label} (${data.logs_count})` : label])}
      />
      {tab === 'logs' ? (
        <Logs hash={data.hash} />
      ) : tab === 'internal' ? (
        <Internals hash={data.hash} />
      ) : (
        <Overview data={data} />
      )}
    </>
  )
}

function Overview({ data }: { data: TransactionDetail }) {
  const transfers = useApi<Page<TransferItem>>(
    data.token_transfers_count > 0 ? `/transactions/${data.hash}/token-transfers` : null,
  )
  const { data: dag } = useApi<DagStatus>('/dag/status')
  const certified = dag !== undefined && dag.finalizedNumber >= data.block_number
  return (
    <>
      <Card>
        <Facts
          items={[
            [
              'Block',
              <>
                <Link href={`/block/${data.block_number}`}>{groupDigits(data.block_number)}</Link>{' '}
                <span className="quiet">
                  position {data.position}, final{certified ? ', root certified' : ''},{' '}
                  {groupDigits(data.confirmations)} {data.confirmations === 1 ? 'block' : 'blocks'} deep
                </span>
              </>,
            ],
            ['Time', <Moment key="time" iso={data.timestamp} />],
            ['From', <Address key="from" of={data.from} full />],
            data.to !== null && ['To', <Address key="to" of={data.to} full />],
            data.created_contract !== null && ['Created', <Address key="created" of={data.created_contract} full />],
            ['Value', <Coins key="value" wei={data.value} />],
            ['Fee', <Coins key="fee" wei={data.fee.value} />],
            [
              'Gas',
              `${groupDigits(data.gas_used)} used of ${groupDigits(data.gas_limit)} (${percent(Number(data.gas_used), Number(data.gas_limit))})`,
            ],
            [
              'Gas price',
              <>
                {formatAmount(data.gas_price, 9)} gwei{' '}
                <span className="quiet">
                  {data.base_fee_per_gas !== null && `base fee ${formatAmount(data.base_fee_per_gas, 9)}`}
                  {data.max_fee_per_gas !== null && `, at most ${formatAmount(data.max_fee_per_gas, 9)}`}
                </span>
              </>,
            ],
            ['Nonce and type', `${groupDigits(data.nonce)}, type ${data.type}`],
          ]}
        />
      </Card>
      {transfers.data !== undefined && transfers.data.items.length > 0 && (
        <Card title="Token transfers">
          <TransferTable items={transfers.data.items} />
        </Card>
      )}
      {data.raw_input !== '0x' && (
        <Card title={data.to === null ? 'Creation code' : 'Call'}>
          {data.decoded_input !== null && <DecodedView decoded={data.decoded_input} />}
          <details className="raw" open={data.decoded_input === null}>
            <summary>Raw input, {groupDigits((data.raw_input.length - 2) / 2)} bytes</summary>
            <code>{data.raw_input.slice(0, 20_000)}</code>
          </details>
        </Card>
      )}
    </>
  )
}

const STAGES = [
  ['received_ms', 'received'],
  ['proposed_ms', 'in a vertex'],
  ['accepted_ms', 'vertex accepted'],
  ['committed_ms', 'committed'],
  ['executed_ms', 'executed, final'],
  ['certified_ms', 'root certified'],
] as const

/** When the node saw each stage, as a line: the way is in proportion to the time up to finality. */
function LifeLine({ timeline }: { timeline: Timeline }) {
  const stages = STAGES.flatMap(([key, label]) => {
    const at = timeline[key]
    return at === null ? [] : [{ key, label, at }]
  }).sort((a, b) => a.at - b.at)
  const start = stages[0]?.at ?? 0
  const end = Math.max(...stages.map(stage => stage.at))
  const scale = (at: number) => 8 + (984 * Math.sqrt(at - start)) / Math.sqrt(Math.max(1, end - start))
  return (
    <div className="life">
      <svg viewBox="0 0 1000 22" aria-hidden="true" preserveAspectRatio="none">
        <line x1="8" x2="992" y1="11" y2="11" className="life-line" />
        {stages.map(({ key, at }, index) => {
          const previous = stages[index - 1]
          return previous === undefined ? null : (
            <line key={key} className={`life-part ${key}`} x1={scale(previous.at)} x2={scale(at)} y1="11" y2="11" />
          )
        })}
        {stages.map(({ key, at }) => (
          <line key={key} className={`life-mark ${key}`} x1={scale(at)} x2={scale(at)} y1="3" y2="19" />
        ))}
      </svg>
      <ol>
        {stages.map(({ key, label, at }, index) => (
          <li key={key} className={key}>
            <span>{label}</span>
            <b>{index === 0 ? '0 ms' : `+${formatMs(at - start)}`}</b>
          </li>
        ))}
      </ol>
      <p className="quiet">
        As the answering node saw it; first seen {new Date(start).toISOString().slice(11, 23)} UTC. The scale is the
        square root of time.
      </p>
    </div>
  )
}

function Logs({ hash }: { hash: string }) {
  const logs = useApi<Page<LogItem>>(`/transactions/${hash}/logs`)
  return (
    <Card>
      <Await loaded={logs}>
        {page =>
          page.items.length === 0 ? <p className="empty">It wrote no logs.</p> : <LogList items={page.items} />
        }
      </Await>
    </Card>
  )
}

export function LogList({ items, withTransaction = false }: { items: readonly LogItem[]; withTransaction?: boolean }) {
  return (
    <ol className="logs">
      {items.map(log => (
        <li key={`${log.block_number} ${log.index}`}>
          <p className="log-head">
            <span className="quiet">#{log.index}</span> <Address of={log.address} />
            {withTransaction && <Hash hash={log.transaction_hash} href={`/tx/${log.transaction_hash}`} />}
          </p>
          {log.decoded !== null && <DecodedView decoded={log.decoded} />}
          <details className="raw" open={log.decoded === null}>
            <summary>Topics and data</summary>
            {log.topics.map((topic, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: topics have nothing but their place
              <code key={index}>{topic}</code>
            ))}
            {log.data !== '0x' && <code>{log.data.slice(0, 20_000)}</code>}
          </details>
        </li>
      ))}
    </ol>
  )
}

function Internals({ hash }: { hash: string }) {
  const calls = useApi<Page<InternalItem>>(`/transactions/${hash}/internal-transactions`)
  return (
    <Card>
      <Await loaded={calls}>
        {page => (
          <Table
            items={page.items.map((item, index) => ({ ...item, index }))}
            keyOf={item => String(item.index)}
            empty="It made no calls to other contracts, or the node does not trace."
            columns={[
              {
                head: 'Call',
                cell: item => (
                  <>
                    <span className="quiet">{'· '.repeat(Math.min(12, item.depth - 1))}</span>
                    {item.type.toLowerCase()} {item.method !== null && <span className="method">{item.method}</span>}
                  </>
                ),
              },
              { head: 'From', cell: item => <Address of={item.from} />, look: 'wide' },
              { head: 'To', cell: item => (item.to === null ? '–' : <Address of={item.to} />) },
              { head: 'Value', cell: item => <Coins wei={item.value} />, look: 'number' },
              { head: 'Gas', cell: item => groupDigits(item.gas_used), look: 'number wide' },
              {
                head: 'Result',
                cell: item => (item.error === null ? <Badge label="ok" /> : <Badge label="error">{item.error}</Badge>),
              },
            ]}
          />
        )}
      </Await>
    </Card>
  )
}
