import type { ResponseItem, TaskDetail } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { EventList } from '../event-list.tsx'
import { sentenceCase, shortHash } from '../format.ts'
import { ProofCard } from '../proof-card.tsx'
import { hrefWith, Link, useRouter } from '../router.tsx'
import { TaskList } from '../task-list.tsx'
import { Address, Age, Await, Badge, Card, Coins, Facts, Hash, Heading, Moment, Table } from '../ui.tsx'

const STATUSES = ['NEW', 'ATTEMPTED', 'RESPONDED', 'FINALIZED', 'CANCELED', 'EXPIRED'] as const

export function TasksPage() {
  const { location } = useRouter()
  useTitle('Tasks')
  const status = location.query.get('status')
  return (
    <>
      <Heading kind="Tasks" />
      <nav className="chips" aria-label="Status">
        {[null, ...STATUSES].map(name => (
          <Link
            key={name ?? 'all'}
            href={hrefWith(location, { status: name, before: null })}
            aria-current={name === status ? 'page' : undefined}
          >
            {name === null ? 'All' : sentenceCase(name)}
          </Link>
        ))}
      </nav>
      <TaskList {...(status === null ? {} : { query: `status=${encodeURIComponent(status)}` })} />
    </>
  )
}

export function TaskPage({ address }: { address: string }) {
  const task = useApi<TaskDetail>(`/tasks/${address}`, 3_000)
  useTitle(`Task ${shortHash(address)}`, task.status === 0 ? 200 : task.status)
  return (
    <>
      <Heading kind="Task" id={address} badge={task.data !== undefined && <Badge label={task.data.status} />} />
      <Await loaded={task}>
        {data => (
          <>
            <Steps task={data} />
            <Card>
              <Facts
                items={[
                  ['Client', <Address key="client" of={data.client} full />],
                  ['Source', <Hash key="source" hash={data.source} href={`/source/${data.source}`} full />],
                  ['Payment', <Payment key="payment" task={data} />],
                  ['Published', <Moment key="published" iso={data.created_at} />],
                  data.expires_at !== null && ['Expires', <Moment key="expires" iso={data.expires_at} />],
                  ['Delivery', sentenceCase(data.delivery)],
                  data.winner !== null && ['Done by', <Address key="winner" of={data.winner} full />],
                  [
                    'Configuration',
                    <code key="config" className="text">
                      {data.config || '–'}
                    </code>,
                  ],
                ]}
              />
            </Card>
            {data.proof !== null && <ProofCard proof={data.proof} />}
            <Card title="Attempts">
              <Table
                items={data.attempts}
                keyOf={attempt => attempt.provider.hash}
                empty="No provider has attempted it."
                columns={[
                  { head: 'Provider', cell: attempt => <Address of={attempt.provider} /> },
                  { head: 'Asked for', cell: attempt => <Coins wei={attempt.suggested_payment} />, look: 'number' },
                  { head: 'When', cell: attempt => <Age iso={attempt.created_at} /> },
                  {
                    head: 'Transaction',
                    cell: attempt => <Hash hash={attempt.transaction_hash} href={`/tx/${attempt.transaction_hash}`} />,
                    look: 'wide',
                  },
                ]}
              />
            </Card>
            <Card title="Responses">
              <Table
                items={data.responses}
                keyOf={response => response.address}
                empty="No response yet."
                columns={[
                  {
                    head: 'Response',
                    cell: response => <Hash hash={response.address} href={`/response/${response.address}`} />,
                  },
                  { head: 'Provider', cell: response => <Address of={response.provider} /> },
                  { head: 'Status', cell: response => <Badge label={response.status} /> },
                  { head: 'Payment', cell: response => <Coins wei={response.payment} />, look: 'number wide' },
                  {
                    head: 'Result',
                    cell: response => <code className="text">{response.data.slice(0, 300)}</code>,
                    look: 'wide',
                  },
                ]}
              />
            </Card>
            <Card title="Everything that happened">
              <EventList events={data.events} subject={data.address} />
            </Card>
          </>
        )}
      </Await>
    </>
  )
}

const ORDER = ['NEW', 'ATTEMPTED', 'RESPONDED', 'FINALIZED'] as const
const STEP_LABELS = ['Published', 'Attempted', 'Responded', 'Finalized'] as const

/** How far the task is, in four steps; a task that ended otherwise says so in the last. */
function Steps({ task }: { task: TaskDetail }) {
  const ended = task.status === 'CANCELED' || task.status === 'EXPIRED'
  const reached = ended
    ? task.responses_count > 0
      ? 2
      : task.attempts_count > 0
        ? 1
        : 0
    : ORDER.indexOf(task.status as (typeof ORDER)[number])
  return (
    <ol className="steps-line">
      {STEP_LABELS.map((label, index) => {
        const last = index === STEP_LABELS.length - 1
        const state =
          index <= reached ? 'done' : ended && last ? 'ended' : index === reached + 1 && !ended ? 'next' : ''
        return (
          <li key={label} className={state} aria-current={index === reached ? 'step' : undefined}>
            {ended && last ? sentenceCase(task.status) : label}
          </li>
        )
      })}
    </ol>
  )
}

function Payment({ task }: { task: TaskDetail }) {
  const where =
    task.status === 'FINALIZED'
      ? 'paid to the provider'
      : task.status === 'CANCELED'
        ? 'returned to the client'
        : task.status === 'EXPIRED'
          ? 'refundable to the client'
          : 'frozen in the Vault'
  return (
    <>
      <Coins wei={task.payment} /> <span className="quiet">{where}</span>
    </>
  )
}

export function ResponsePage({ address }: { address: string }) {
  const response = useApi<ResponseItem>(`/responses/${address}`)
  useTitle(`Response ${shortHash(address)}`, response.status === 0 ? 200 : response.status)
  return (
    <>
      <Heading
        kind="Response"
        id={address}
        badge={response.data !== undefined && <Badge label={response.data.status} />}
      />
      <Await loaded={response}>
        {data => (
          <Card>
            <Facts
              items={[
                ['Task', <Hash key="task" hash={data.task} href={`/task/${data.task}`} full />],
                ['Provider', <Address key="provider" of={data.provider} full />],
                ['Payment', <Coins key="payment" wei={data.payment} />],
                ['Submitted', <Moment key="submitted" iso={data.created_at} />],
                [
                  'Transaction',
                  <Hash key="transaction" hash={data.transaction_hash} href={`/tx/${data.transaction_hash}`} full />,
                ],
                [
                  'Result',
                  <code key="data" className="text">
                    {data.data}
                  </code>,
                ],
              ]}
            />
          </Card>
        )}
      </Await>
    </>
  )
}
