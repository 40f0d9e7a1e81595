import type { DagStatus, DagValidator, Page } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { groupDigits, percent, shortHash } from '../format.ts'
import { Link } from '../router.tsx'
import { Await, Badge, Card, Hash, Heading, Table } from '../ui.tsx'

export function ValidatorsPage() {
  useTitle('Validators')
  const validators = useApi<Page<DagValidator>>('/validators', 2_000)
  const { data: status } = useApi<DagStatus>('/dag/status', 2_000)
  const total = validators.data?.items.reduce((sum, validator) => sum + validator.stake, 0) ?? 0
  return (
    <>
      <Heading kind="Validators" />
      {status !== undefined && (
        <p className="lead-text">
          Epoch {groupDigits(status.epoch)}: {status.committeeSize} validators, a quorum of {status.quorum}, now in{' '}
          <Link href="/dag">round {groupDigits(status.round)}</Link>.
        </p>
      )}
      <Card>
        <Await loaded={validators}>
          {page => (
            <Table
              items={page.items}
              keyOf={validator => String(validator.index)}
              empty="The node shows no committee."
              columns={[
                { head: '#', cell: validator => validator.index, look: 'number' },
                { head: 'Validator', cell: validator => <b>{String(validator.name).slice(0, 40)}</b> },
                {
                  head: 'State',
                  cell: validator => (validator.up ? <Badge label="ok">Up</Badge> : <Badge label="error">Down</Badge>),
                },
                {
                  head: 'Stake',
                  cell: validator => (
                    <>
                      {groupDigits(validator.stake)} <span className="quiet">{percent(validator.stake, total)}</span>
                    </>
                  ),
                  look: 'number',
                },
                {
                  head: 'Last round',
                  cell: validator => <LastRound validator={validator} head={status?.round} />,
                  look: 'number',
                },
                {
                  head: 'Led',
                  cell: validator => {
                    const turns = validator.leadersCommitted + validator.leadersSkipped
                    return (
                      <>
                        {groupDigits(validator.leadersCommitted)}{' '}
                        <span className="quiet">{turns === 0 ? '' : percent(validator.leadersCommitted, turns)}</span>
                      </>
                    )
                  },
                  look: 'number',
                },
                { head: 'Skipped', cell: validator => groupDigits(validator.leadersSkipped), look: 'number wide' },
                { head: 'Score', cell: validator => groupDigits(validator.score), look: 'number wide' },
                {
                  head: 'Operator',
                  cell: validator => <Hash hash={validator.operator} href={`/address/${validator.operator}`} />,
                  look: 'wide',
                },
                {
                  head: 'Peer',
                  cell: validator => <code title={validator.peerId}>{shortHash(validator.peerId, 6, 6)}</code>,
                  look: 'wide',
                },
              ]}
            />
          )}
        </Await>
      </Card>
    </>
  )
}

function LastRound({ validator, head }: { validator: DagValidator; head: number | undefined }) {
  const behind = head === undefined ? 0 : head - validator.lastRound
  return (
    <>
      {groupDigits(validator.lastRound)} {behind > 3 && <span className="warn">{groupDigits(behind)} behind</span>}
    </>
  )
}
