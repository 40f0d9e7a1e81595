import type { BlockItem, DagCertificate, DagValidator, Page, TransactionItem } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { compact, formatAmount, groupDigits, percent } from '../format.ts'
import { Link, useRouter } from '../router.tsx'
import { TransactionTable } from '../transaction-table.tsx'
import { Address, Age, Await, Badge, Card, Coins, Facts, Hash, Heading, Moment, Pager, Table } from '../ui.tsx'

export function BlocksPage() {
  const { location } = useRouter()
  useTitle('Blocks')
  const before = location.query.get('before')
  const blocks = useApi<Page<BlockItem>>(
    before === null ? '/blocks' : `/blocks?before=${encodeURIComponent(before)}`,
    before === null ? 2_000 : undefined,
  )
  return (
    <>
      <Heading kind="Blocks" />
      <Card>
        <Await loaded={blocks}>
          {page => (
            <>
              <BlockTable blocks={page.items} />
              <Pager page={page} />
            </>
          )}
        </Await>
      </Card>
    </>
  )
}

export function BlockTable({ blocks }: { blocks: readonly BlockItem[] }) {
  return (
    <Table
      items={blocks}
      keyOf={block => block.hash}
      columns={[
        { head: 'Block', cell: block => <Link href={`/block/${block.height}`}>{groupDigits(block.height)}</Link> },
        { head: 'Age', cell: block => <Age iso={block.timestamp} /> },
        { head: 'Transactions', cell: block => block.transactions_count, look: 'number' },
        { head: 'Logs', cell: block => block.logs_count, look: 'number wide' },
        {
          head: 'Gas used',
          cell: block => (
            <>
              {groupDigits(block.gas_used)}{' '}
              <span className="quiet">{percent(Number(block.gas_used), Number(block.gas_limit))}</span>
            </>
          ),
          look: 'number wide',
        },
        { head: 'Fees', cell: block => <Coins wei={block.transaction_fees} />, look: 'number' },
        { head: 'Hash', cell: block => <Hash hash={block.hash} />, look: 'wide' },
      ]}
    />
  )
}

export function BlockPage({ id }: { id: string }) {
  const { location } = useRouter()
  const block = useApi<BlockItem>(`/blocks/${id}`)
  const after = location.query.get('after')
  const transactions = useApi<Page<TransactionItem>>(
    block.data === undefined
      ? null
      : `/blocks/${id}/transactions${after === null ? '' : `?after=${encodeURIComponent(after)}`}`,
  )
  const certificate = useApi<{ certificate: DagCertificate | null }>(
    block.data === undefined ? null : `/blocks/${id}/certificate`,
  )
  const validators = useApi<Page<DagValidator>>(block.data === undefined ? null : '/validators')
  useTitle(`Block ${id}`, block.status === 0 ? 200 : block.status)
  return (
    <>
      <Heading kind={`Block ${block.data === undefined ? '' : groupDigits(block.data.height)}`}>
        {block.data !== undefined && <Badge label="Final" tone="good" />}
        {block.data !== undefined && (
          <span className="steps">
            {block.data.height > 0 && (
              <Link href={`/block/${block.data.height - 1}`}>← {groupDigits(block.data.height - 1)}</Link>
            )}
            <Link href={`/block/${block.data.height + 1}`}>{groupDigits(block.data.height + 1)} →</Link>
          </span>
        )}
      </Heading>
      <Await loaded={block}>
        {data => (
          <Card>
            <Facts
              items={[
                ['Hash', <Hash key="hash" hash={data.hash} full />],
                ['Time', <Moment key="time" iso={data.timestamp} />],
                ['Transactions', groupDigits(data.transactions_count)],
                [
                  'Gas used',
                  `${groupDigits(data.gas_used)} of ${compact(Number(data.gas_limit))} (${percent(Number(data.gas_used), Number(data.gas_limit))})`,
                ],
                data.base_fee_per_gas !== null && ['Base fee', `${formatAmount(data.base_fee_per_gas, 9)} gwei`],
                ['Fees', <Coins key="fees" wei={data.transaction_fees} />],
                ['Fees go to', <Address key="miner" of={data.miner} full />],
                data.commit_index !== null && [
                  'Made from',
                  <>
                    <Link href={`/commit/${data.commit_index}`}>commit {groupDigits(data.commit_index)}</Link>{' '}
                    <span className="quiet">
                      of epoch {data.epoch}
                      {data.heartbeat && ', a heartbeat: no transactions, only the time'}
                    </span>
                  </>,
                ],
                data.commit_digest !== null &&
                  !/^0x0+$/.test(data.commit_digest) && [
                    'Commit digest',
                    <Hash key="commit" hash={data.commit_digest} full />,
                  ],
                certificate.data?.certificate != null && [
                  'Certified by',
                  <Signers
                    key="signers"
                    certificate={certificate.data.certificate}
                    validators={validators.data?.items ?? []}
                  />,
                ],
                ['Parent', <Hash key="parent" hash={data.parent_hash} href={`/block/${data.parent_hash}`} full />],
                ['State root', <Hash key="state" hash={data.state_root} full />],
                ['Size', `${groupDigits(data.size)} bytes`],
              ]}
            />
          </Card>
        )}
      </Await>
      {block.data !== undefined && (
        <Card title="Transactions in order of execution">
          <Await loaded={transactions}>
            {page => (
              <>
                <TransactionTable items={page.items} empty="This block has no transactions." />
                <Pager page={page} />
              </>
            )}
          </Await>
        </Card>
      )}
    </>
  )
}

function Signers({ certificate, validators }: { certificate: DagCertificate; validators: readonly DagValidator[] }) {
  const names = certificate.signers.map(index => validators[index]?.name ?? `#${index}`)
  return (
    <>
      {names.length} validators <span className="quiet">({names.join(', ')})</span>
    </>
  )
}
