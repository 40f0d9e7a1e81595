import type { SearchItem } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { Link, useRouter } from '../router.tsx'
import { Await, Badge, Card, Heading, Table } from '../ui.tsx'

export function SearchPage() {
  const { location } = useRouter()
  const text = location.query.get('q') ?? ''
  useTitle('Search')
  const found = useApi<readonly SearchItem[]>(text === '' ? null : `/search/quick?q=${encodeURIComponent(text)}`)
  return (
    <>
      <Heading kind="Search" />
      <p className="lead-text">
        {text === '' ? 'Type a block, hash, address or name above.' : `Results for “${text.slice(0, 100)}”`}
      </p>
      {text !== '' && (
        <Card>
          <Await loaded={found}>
            {items => (
              <Table
                items={items}
                keyOf={item => `${item.type} ${item.url}`}
                empty="Nothing has this name."
                columns={[
                  { head: 'What', cell: item => <Badge label={item.type} tone="plain" /> },
                  { head: 'Name', cell: item => <Link href={item.url}>{item.label.slice(0, 80)}</Link> },
                  {
                    head: 'Detail',
                    cell: item => <code className="text">{item.detail.slice(0, 120)}</code>,
                    look: 'wide',
                  },
                ]}
              />
            )}
          </Await>
        </Card>
      )}
    </>
  )
}
