import type { AttemptItem, MarketEventItem, ProviderItem } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { EventList } from '../event-list.tsx'
import { groupDigits, percent, sentenceCase, shortHash } from '../format.ts'
import { Address, Age, Await, Badge, Card, Coins, Facts, Hash, Heading, Moment, Table } from '../ui.tsx'
import { Listed } from './address.tsx'

export function ProvidersPage() {
  useTitle('Providers')
  return (
    <>
      <Heading kind="Providers" />
      <Listed<ProviderItem> path="/providers">
        {items => (
          <Table
            items={items}
            keyOf={provider => provider.address}
            empty="No provider was announced yet."
            columns={[
              {
                head: 'Provider',
                cell: provider => <Hash hash={provider.address} href={`/provider/${provider.address}`} />,
              },
              {
                head: 'Master',
                cell: provider => (provider.master === null ? '–' : <Address of={provider.master} />),
                look: 'wide',
              },
              { head: 'Attempts', cell: provider => groupDigits(provider.attempts_count), look: 'number wide' },
              { head: 'Responses', cell: provider => groupDigits(provider.responses_count), look: 'number' },
              {
                head: 'Confirmed',
                cell: provider => (
                  <>
                    {groupDigits(provider.wins_count)}{' '}
                    <span className="quiet">{percent(provider.wins_count, provider.responses_count)}</span>
                  </>
                ),
                look: 'number',
              },
              { head: 'Stake', cell: provider => <Coins wei={provider.lockup} />, look: 'number' },
              {
                head: 'Slashed',
                cell: provider => (provider.sanctioned === '0' ? '–' : <Coins wei={provider.sanctioned} />),
                look: 'number wide',
              },
              { head: 'Earned', cell: provider => <Coins wei={provider.earnings} />, look: 'number' },
            ]}
          />
        )}
      </Listed>
    </>
  )
}

export function ProviderPage({ address }: { address: string }) {
  const provider = useApi<ProviderItem & { attempts: readonly AttemptItem[]; events: readonly MarketEventItem[] }>(
    `/providers/${address}`,
  )
  useTitle(`Provider ${shortHash(address)}`, provider.status === 0 ? 200 : provider.status)
  return (
    <>
      <Heading
        kind="Provider"
        id={address}
        badge={provider.data !== undefined && provider.data.sanctioned !== '0' && <Badge label="error">Slashed</Badge>}
      />
      <Await loaded={provider}>
        {data => (
          <>
            <Card>
              <Facts
                items={[
                  data.master !== null && ['Master', <Address key="master" of={data.master} full />],
                  ['Stake', <Coins key="stake" wei={data.lockup} />],
                  ['Slashed', <Coins key="slashed" wei={data.sanctioned} />],
                  ['Earned', <Coins key="earned" wei={data.earnings} />],
                  ['Vault balance', <Coins key="balance" wei={data.balance} />],
                  [
                    'Record',
                    `${groupDigits(data.attempts_count)} attempts, ${groupDigits(data.responses_count)} responses, ${groupDigits(data.wins_count)} confirmed (${percent(data.wins_count, data.responses_count)})`,
                  ],
                  ['First seen', <Moment key="first" iso={data.first_seen_at} />],
                  data.base_data !== '' && [
                    'Machine',
                    <code key="machine" className="text">
                      {data.base_data}
                    </code>,
                  ],
                  data.live_data !== '' && [
                    'Live data',
                    <code key="live" className="text">
                      {data.live_data}
                    </code>,
                  ],
                ]}
              />
            </Card>
            {data.reputation.length > 0 && (
              <Card title="Reputation">
                <Table
                  items={data.reputation}
                  keyOf={record => record.program_class}
                  columns={[
                    { head: 'Class of programs', cell: record => sentenceCase(record.program_class) },
                    { head: 'Score', cell: record => percent(record.score, 10_000), look: 'number' },
                    { head: 'Tasks', cell: record => groupDigits(record.tasks), look: 'number' },
                    {
                      head: 'Last outcome',
                      cell: record => (
                        <Badge label={record.last_outcome} tone={record.last_outcome === 'PAID' ? 'good' : 'bad'} />
                      ),
                    },
                  ]}
                />
              </Card>
            )}
            <Card title="Latest attempts">
              <Table
                items={data.attempts}
                keyOf={attempt => attempt.task}
                empty="None yet."
                columns={[
                  { head: 'Task', cell: attempt => <Hash hash={attempt.task} href={`/task/${attempt.task}`} /> },
                  { head: 'Asked for', cell: attempt => <Coins wei={attempt.suggested_payment} />, look: 'number' },
                  { head: 'When', cell: attempt => <Age iso={attempt.created_at} /> },
                ]}
              />
            </Card>
            <Card title="Events">
              <EventList events={[...data.events].reverse().slice(0, 100)} subject={data.address} />
            </Card>
          </>
        )}
      </Await>
    </>
  )
}
