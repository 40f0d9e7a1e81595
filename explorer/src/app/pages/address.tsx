import type {
  AddressDetail,
  BlockItem,
  LogItem,
  MarketEventItem,
  Page,
  TokenBalanceItem,
  TransactionItem,
  TransferItem,
} from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { EventList } from '../event-list.tsx'
import { groupDigits, shortHash } from '../format.ts'
import { Link, useRouter } from '../router.tsx'
import { TransactionTable, TransferTable } from '../transaction-table.tsx'
import { Address, Await, Badge, Card, Coins, Facts, Hash, Heading, Pager, Table, Tabs, Tokens } from '../ui.tsx'
import { BlockTable } from './blocks.tsx'
import { LogList } from './transactions.tsx'

export function AddressPage({ hash }: { hash: string }) {
  const { location } = useRouter()
  const address = useApi<AddressDetail>(`/addresses/${hash}`)
  useTitle(`Address ${shortHash(hash)}`, address.status === 0 ? 200 : address.status)
  const tab = location.query.get('tab') ?? 'transactions'
  return (
    <>
      <Heading
        kind={address.data?.name ?? (address.data?.is_contract === true ? 'Contract' : 'Account')}
        id={hash}
        badge={address.data !== undefined && <Badge label={address.data.kind} tone="plain" />}
      />
      <Await loaded={address}>
        {data => (
          <>
            <Card>
              <Facts
                items={[
                  [
                    'Balance',
                    data.coin_balance === null ? (
                      'the node does not answer'
                    ) : (
                      <Coins key="balance" wei={data.coin_balance} />
                    ),
                  ],
                  ['Transactions', groupDigits(data.transactions_count)],
                  data.nonce !== null && !data.is_contract && ['Next nonce', groupDigits(data.nonce)],
                  data.is_contract && ['Code', `${groupDigits(data.code_size)} bytes`],
                  data.delegate !== null && ['Acts as', <Address key="delegate" of={data.delegate} full />],
                  data.creator !== null && [
                    'Created by',
                    <>
                      <Address of={data.creator} />
                      {data.creation_transaction_hash !== null && (
                        <>
                          {' '}
                          in{' '}
                          <Hash hash={data.creation_transaction_hash} href={`/tx/${data.creation_transaction_hash}`} />
                        </>
                      )}
                    </>,
                  ],
                  data.first_block !== null && [
                    'Seen in blocks',
                    <>
                      <Link href={`/block/${data.first_block}`}>{groupDigits(data.first_block)}</Link> to{' '}
                      <Link href={`/block/${data.last_block}`}>{groupDigits(data.last_block ?? 0)}</Link>
                    </>,
                  ],
                  data.token !== null && [
                    'Token',
                    <Link key="token" href={`/token/${hash}`}>
                      {data.token.name ?? 'Unnamed token'}
                    </Link>,
                  ],
                  data.task !== null && [
                    'Task',
                    <Link key="task" href={`/task/${hash}`}>
                      Open its task page
                    </Link>,
                  ],
                  data.source !== null && [
                    'Source',
                    <Link key="source" href={`/source/${hash}`}>
                      Open its source page
                    </Link>,
                  ],
                  data.provider !== null && [
                    'Provider',
                    <Link key="provider" href={`/provider/${hash}`}>
                      Open its provider page
                    </Link>,
                  ],
                ]}
              />
            </Card>
            <Tabs
              current={tab}
              tabs={[
                ['transactions', `Transactions (${groupDigits(data.transactions_count)})`],
                ['transfers', `Token transfers (${groupDigits(data.token_transfers_count)})`],
                ['tokens', 'Tokens'],
                ['market', 'Market'],
                ...(data.is_contract
                  ? ([['logs', `Logs (${groupDigits(data.logs_count)})`]] as const)
                  : ([['blocks', 'Fees received']] as const)),
              ]}
            />
            <Section hash={hash} tab={tab} />
          </>
        )}
      </Await>
    </>
  )
}

function Section({ hash, tab }: { hash: string; tab: string }) {
  if (tab === 'transfers')
    return (
      <Listed<TransferItem> path={`/addresses/${hash}/token-transfers`}>
        {items => <TransferTable items={items} subject={hash} />}
      </Listed>
    )
  if (tab === 'tokens') return <Balances hash={hash} />
  if (tab === 'market')
    return (
      <Listed<MarketEventItem> path={`/addresses/${hash}/market-events`}>
        {items => <EventList events={items} />}
      </Listed>
    )
  if (tab === 'logs')
    return (
      <Listed<LogItem> path={`/addresses/${hash}/logs`}>{items => <LogList items={items} withTransaction />}</Listed>
    )
  if (tab === 'blocks')
    return (
      <Listed<BlockItem> path={`/addresses/${hash}/blocks-validated`}>{items => <BlockTable blocks={items} />}</Listed>
    )
  return (
    <Listed<TransactionItem> path={`/addresses/${hash}/transactions`}>
      {items => <TransactionTable items={items} subject={hash} empty="No transactions yet." />}
    </Listed>
  )
}

/** One page of a list whose position is in the page's own address. */
export function Listed<T>({ path, children }: { path: string; children: (items: readonly T[]) => React.ReactNode }) {
  const { location } = useRouter()
  const before = location.query.get('before')
  const loaded = useApi<Page<T>>(before === null ? path : `${path}?before=${encodeURIComponent(before)}`)
  return (
    <Card>
      <Await loaded={loaded}>
        {page => (
          <>
            {children(page.items)}
            <Pager page={page} />
          </>
        )}
      </Await>
    </Card>
  )
}

function Balances({ hash }: { hash: string }) {
  const balances = useApi<readonly TokenBalanceItem[]>(`/addresses/${hash}/token-balances`)
  return (
    <Card>
      <Await loaded={balances}>
        {items => (
          <Table
            items={items}
            keyOf={item => `${item.token.address} ${item.token_id}`}
            empty="It holds no tokens."
            columns={[
              {
                head: 'Token',
                cell: item => (
                  <Link href={`/token/${item.token.address}`}>{(item.token.name || 'Unnamed').slice(0, 60)}</Link>
                ),
              },
              { head: 'Type', cell: item => item.token.type, look: 'wide' },
              {
                head: 'Balance',
                cell: item => <Tokens value={item.value} token={item.token} id={item.token_id} />,
                look: 'number',
              },
            ]}
          />
        )}
      </Await>
    </Card>
  )
}
