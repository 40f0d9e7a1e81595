import type { ReactNode } from 'react'
import type { Page, TaskItem } from '../server/api-types.ts'
import { useApi } from './api.tsx'
import { groupDigits } from './format.ts'
import { useRouter } from './router.tsx'
import { Address, Age, Await, Badge, Card, Coins, Hash, Pager, Table } from './ui.tsx'

/** A page of tasks; `query` narrows it. */
export function TaskList({ title, query, extra }: { title?: string; query?: string; extra?: ReactNode }) {
  const { location } = useRouter()
  const before = location.query.get('before')
  const parts = [query, before === null ? undefined : `before=${encodeURIComponent(before)}`].filter(
    part => part !== undefined,
  )
  const loaded = useApi<Page<TaskItem>>(
    `/tasks${parts.length === 0 ? '' : `?${parts.join('&')}`}`,
    before === null ? 3_000 : undefined,
  )
  return (
    <Card {...(title === undefined ? {} : { title })} extra={extra}>
      <Await loaded={loaded}>
        {page => (
          <>
            <Table
              items={page.items}
              keyOf={task => task.address}
              empty="No tasks."
              columns={[
                { head: 'Task', cell: task => <Hash hash={task.address} href={`/task/${task.address}`} /> },
                { head: 'Status', cell: task => <Badge label={task.status} /> },
                { head: 'Published', cell: task => <Age iso={task.created_at} /> },
                {
                  head: 'Source',
                  cell: task => <Hash hash={task.source} href={`/source/${task.source}`} />,
                  look: 'wide',
                },
                { head: 'Client', cell: task => <Address of={task.client} />, look: 'wide' },
                { head: 'Payment', cell: task => <Coins wei={task.payment} />, look: 'number' },
                { head: 'Attempts', cell: task => groupDigits(task.attempts_count), look: 'number wide' },
                {
                  head: 'Provider',
                  cell: task => (task.winner === null ? '–' : <Address of={task.winner} />),
                  look: 'wide',
                },
              ]}
            />
            <Pager page={page} />
          </>
        )}
      </Await>
    </Card>
  )
}
