import type { RegistrationItem, SourceItem } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { formatDuration, groupDigits, sentenceCase, shortHash } from '../format.ts'
import { TaskList } from '../task-list.tsx'
import { Address, Age, Await, Badge, Card, Coins, Facts, Hash, Heading, Moment, Table } from '../ui.tsx'
import { Listed } from './address.tsx'

export function SourcesPage() {
  useTitle('Sources')
  return (
    <>
      <Heading kind="Sources" />
      <p className="lead-text">
        A source is an offer of work: what to run, for how much, and which providers may take it.
      </p>
      <Listed<SourceItem> path="/sources">
        {items => (
          <Table
            items={items}
            keyOf={source => source.address}
            empty="No source was published yet."
            columns={[
              { head: 'Source', cell: source => <Hash hash={source.address} href={`/source/${source.address}`} /> },
              { head: 'Status', cell: source => <Badge label={source.status} /> },
              { head: 'Client', cell: source => <Address of={source.client} />, look: 'wide' },
              { head: 'Runs on', cell: source => source.environments.join(', '), look: 'wide' },
              { head: 'Least payment', cell: source => <Coins wei={source.min_payment} />, look: 'number' },
              { head: 'Tasks', cell: source => groupDigits(source.tasks_count), look: 'number' },
              { head: 'Providers', cell: source => groupDigits(source.registrants_count), look: 'number' },
              { head: 'Published', cell: source => <Age iso={source.created_at} />, look: 'wide' },
            ]}
          />
        )}
      </Listed>
    </>
  )
}

export function SourcePage({ address }: { address: string }) {
  const source = useApi<SourceItem & { registrations: readonly RegistrationItem[] }>(`/sources/${address}`)
  useTitle(`Source ${shortHash(address)}`, source.status === 0 ? 200 : source.status)
  return (
    <>
      <Heading kind="Source" id={address} badge={source.data !== undefined && <Badge label={source.data.status} />} />
      <Await loaded={source}>
        {data => (
          <>
            <Card>
              <Facts
                items={[
                  ['Client', <Address key="client" of={data.client} full />],
                  ['Published', <Moment key="published" iso={data.created_at} />],
                  [
                    'Image',
                    <code key="image" className="text">
                      {data.image_url || '–'}
                    </code>,
                  ],
                  ['Runs on', data.environments.join(', ') || '–'],
                  ['Delivery', sentenceCase(data.delivery)],
                  ['Least payment', <Coins key="payment" wei={data.min_payment} />],
                  ['Least lockup', <Coins key="lockup" wei={data.min_lockup} />],
                  ['Longest expiry', formatDuration(Math.min(Number(data.max_expiry_seconds), 1e12))],
                  data.optional_params !== '' && [
                    'Parameters',
                    <code key="params" className="text">
                      {data.optional_params}
                    </code>,
                  ],
                ]}
              />
            </Card>
            <Card title={`Providers (${groupDigits(data.registrants_count)})`}>
              <Table
                items={data.registrations}
                keyOf={item => item.provider.hash}
                empty="No provider has registered."
                columns={[
                  { head: 'Provider', cell: item => <Address of={item.provider} /> },
                  { head: 'Environment', cell: item => item.environment },
                  { head: 'Registered', cell: item => <Age iso={item.created_at} /> },
                ]}
              />
            </Card>
            <TaskList title="Tasks" query={`source=${address}`} />
          </>
        )}
      </Await>
    </>
  )
}
