import type { DagCommit, DagValidator, DagVertexDetail, Page } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { formatMs, groupDigits } from '../format.ts'
import { Link } from '../router.tsx'
import { Await, Badge, Card, Facts, Hash, Heading, Moment, Table } from '../ui.tsx'

export function CommitPage({ index }: { index: string }) {
  const commit = useApi<DagCommit>(`/dag/commits/${index}`)
  const validators = useApi<Page<DagValidator>>('/validators')
  useTitle(`Commit ${index}`, commit.status === 0 ? 200 : commit.status)
  const nameOf = (author: number) => validators.data?.items[author]?.name ?? `#${author}`
  return (
    <>
      <Heading kind={`Commit ${index}`} badge={commit.data !== undefined && <Badge label="Final" tone="good" />}>
        {commit.data !== undefined && (
          <span className="steps">
            {commit.data.index > 1 && <Link href={`/commit/${commit.data.index - 1}`}>← {commit.data.index - 1}</Link>}
            <Link href={`/commit/${commit.data.index + 1}`}>{commit.data.index + 1} →</Link>
          </span>
        )}
      </Heading>
      <Await loaded={commit}>
        {data => (
          <>
            <Card>
              <Facts
                items={[
                  ['Digest', <Hash key="digest" hash={data.digest} full />],
                  ['Time', <Moment key="time" iso={new Date(data.timestampMs).toISOString()} />],
                  ['Epoch', groupDigits(data.epoch)],
                  [
                    'Leader',
                    <>
                      {nameOf(data.leader.author)} in{' '}
                      <Link href={`/dag?round=${data.leader.round}`}>round {groupDigits(data.leader.round)}</Link>
                    </>,
                  ],
                  [
                    'Blocks made',
                    data.blocks.length === 0
                      ? 'none: there was nothing to execute'
                      : data.blocks.map(number => (
                          <Link key={number} href={`/block/${number}`}>
                            {groupDigits(number)}{' '}
                          </Link>
                        )),
                  ],
                ]}
              />
            </Card>
            <Card title={`${data.vertices.length} vertices in their final order`}>
              <Table
                items={data.vertices.map((vertex, position) => ({ ...vertex, position }))}
                keyOf={vertex => vertex.digest}
                columns={[
                  { head: '#', cell: vertex => vertex.position, look: 'number' },
                  {
                    head: 'Round',
                    cell: vertex => <Link href={`/dag?round=${vertex.round}`}>{groupDigits(vertex.round)}</Link>,
                  },
                  { head: 'Author', cell: vertex => nameOf(vertex.author) },
                  { head: 'Vertex', cell: vertex => <Hash hash={vertex.digest} href={`/vertex/${vertex.digest}`} /> },
                ]}
              />
            </Card>
          </>
        )}
      </Await>
    </>
  )
}

export function VertexPage({ digest }: { digest: string }) {
  const vertex = useApi<DagVertexDetail>(`/dag/vertices/${digest}`)
  const validators = useApi<Page<DagValidator>>('/validators')
  useTitle('Vertex', vertex.status === 0 ? 200 : vertex.status)
  const nameOf = (author: number) => validators.data?.items[author]?.name ?? `#${author}`
  return (
    <>
      <Heading kind="Vertex" id={digest} />
      <Await loaded={vertex}>
        {data => (
          <>
            <Card>
              <Facts
                items={[
                  ['Author', nameOf(data.author)],
                  [
                    'Round',
                    <Link key="round" href={`/dag?round=${data.round}`}>
                      {groupDigits(data.round)}
                    </Link>,
                  ],
                  ['Made', <Moment key="made" iso={new Date(data.timestampMs).toISOString()} />],
                  ['Received here', `${formatMs(data.receivedMs - data.timestampMs)} after it was made`],
                  [
                    'Payload',
                    `${groupDigits(data.transactionCount)} transactions, ${groupDigits(data.payloadBytes)} bytes`,
                  ],
                ]}
              />
            </Card>
            <Card title="Parents">
              <Table
                items={data.parents}
                keyOf={parent => parent.digest}
                columns={[
                  { head: 'Round', cell: parent => groupDigits(parent.round) },
                  { head: 'Author', cell: parent => nameOf(parent.author) },
                  { head: 'Vertex', cell: parent => <Hash hash={parent.digest} href={`/vertex/${parent.digest}`} /> },
                ]}
              />
            </Card>
            <Card title="Transactions">
              <Table
                items={data.transactions ?? []}
                keyOf={hash => hash}
                empty="It carries no transactions."
                columns={[{ head: 'Transaction', cell: hash => <Hash hash={hash} href={`/tx/${hash}`} full /> }]}
              />
            </Card>
          </>
        )}
      </Await>
    </>
  )
}
