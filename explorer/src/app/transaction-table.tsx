import type { TransactionItem, TransferItem } from '../server/api-types.ts'
import { groupDigits } from './format.ts'
import { Method } from './pages/home.tsx'
import { Link } from './router.tsx'
import { Address, Age, Badge, Coins, type Column, Hash, Table, Tokens } from './ui.tsx'

export function TransactionTable({
  items,
  subject,
  empty,
}: {
  items: readonly TransactionItem[]
  /** The address whose page it is: directions are then shown as seen from it. */
  subject?: string
  empty?: string
}) {
  const columns: Column<TransactionItem>[] = [
    {
      head: 'Transaction',
      cell: item => (
        <>
          {item.status === 'error' && <Badge label="error">failed</Badge>}{' '}
          <Hash hash={item.hash} href={`/tx/${item.hash}`} />
        </>
      ),
    },
    { head: 'Method', cell: item => <Method item={item} /> },
    {
      head: 'Block',
      cell: item => <Link href={`/block/${item.block_number}`}>{groupDigits(item.block_number)}</Link>,
      look: 'wide',
    },
    { head: 'Age', cell: item => <Age iso={item.timestamp} /> },
    { head: 'From', cell: item => <Party of={item.from} subject={subject} />, look: 'wide' },
    {
      head: 'To',
      cell: item => {
        const to = item.to ?? item.created_contract
        return to === null ? <span className="quiet">–</span> : <Party of={to} subject={subject} />
      },
      look: 'wide',
    },
    { head: 'Value', cell: item => <Coins wei={item.value} />, look: 'number' },
    { head: 'Fee', cell: item => <Coins wei={item.fee.value} />, look: 'number wide' },
  ]
  return <Table items={items} columns={columns} keyOf={item => item.hash} {...(empty === undefined ? {} : { empty })} />
}

function Party({ of, subject }: { of: TransactionItem['from']; subject: string | undefined }) {
  return of.hash === subject ? <span className="quiet">this address</span> : <Address of={of} />
}

export function TransferTable({ items, subject }: { items: readonly TransferItem[]; subject?: string }) {
  return (
    <Table
      items={items}
      keyOf={item => `${item.transaction_hash} ${item.log_index} ${item.total.token_id ?? ''}`}
      empty="No token was moved."
      columns={[
        {
          head: 'Transaction',
          cell: item => <Hash hash={item.transaction_hash} href={`/tx/${item.transaction_hash}`} />,
        },
        { head: 'Age', cell: item => <Age iso={item.timestamp} />, look: 'wide' },
        { head: 'From', cell: item => <Party of={item.from} subject={subject} /> },
        { head: 'To', cell: item => <Party of={item.to} subject={subject} /> },
        {
          head: 'Amount',
          cell: item => <Tokens value={item.total.value} token={item.token} id={item.total.token_id} />,
          look: 'number',
        },
      ]}
    />
  )
}
