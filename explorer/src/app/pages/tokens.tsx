import type { HolderItem, TokenItem, TransferItem } from '../../server/api-types.ts'
import { useApi, useTitle } from '../api.tsx'
import { formatAmount, groupDigits, percent, shortHash } from '../format.ts'
import { Link, useRouter } from '../router.tsx'
import { TransferTable } from '../transaction-table.tsx'
import { Address, Await, Badge, Card, Facts, Hash, Heading, Table, Tabs } from '../ui.tsx'
import { Listed } from './address.tsx'

export function TokensPage() {
  useTitle('Tokens')
  return (
    <>
      <Heading kind="Tokens" />
      <Listed<TokenItem> path="/tokens">
        {items => (
          <Table
            items={items}
            keyOf={token => token.address}
            empty="No token was moved yet."
            columns={[
              {
                head: 'Token',
                cell: token => (
                  <Link href={`/token/${token.address}`}>
                    <b>{(token.name || 'Unnamed').slice(0, 60)}</b>{' '}
                    <span className="quiet">{(token.symbol ?? '').slice(0, 24)}</span>
                  </Link>
                ),
              },
              { head: 'Type', cell: token => token.type },
              { head: 'Holders', cell: token => groupDigits(token.holders_count), look: 'number' },
              { head: 'Transfers', cell: token => groupDigits(token.transfers_count), look: 'number' },
              { head: 'Supply', cell: token => supplyOf(token), look: 'number wide' },
              {
                head: 'Contract',
                cell: token => <Hash hash={token.address} href={`/address/${token.address}`} />,
                look: 'wide',
              },
            ]}
          />
        )}
      </Listed>
    </>
  )
}

function supplyOf(token: TokenItem): string {
  return token.total_supply === null ? '–' : formatAmount(token.total_supply, Math.min(token.decimals ?? 0, 77), 2)
}

export function TokenPage({ address }: { address: string }) {
  const { location } = useRouter()
  const token = useApi<TokenItem>(`/tokens/${address}`)
  const tab = location.query.get('tab') ?? 'transfers'
  useTitle(`Token ${token.data?.name?.slice(0, 60) ?? shortHash(address)}`, token.status === 0 ? 200 : token.status)
  return (
    <>
      <Heading
        kind={(token.data?.name || 'Token').slice(0, 80)}
        id={address}
        badge={
          token.data !== undefined && (
            <Badge label={token.data.type} tone="plain">
              {token.data.type}
            </Badge>
          )
        }
      />
      <Await loaded={token}>
        {data => (
          <>
            <Card>
              <Facts
                items={[
                  ['Symbol', (data.symbol || '–').slice(0, 60)],
                  ['Supply', supplyOf(data)],
                  data.decimals !== null && ['Decimals', String(data.decimals)],
                  ['Holders', groupDigits(data.holders_count)],
                  ['Transfers', groupDigits(data.transfers_count)],
                  ['Contract', <Hash key="contract" hash={address} href={`/address/${address}`} full />],
                ]}
              />
            </Card>
            <Tabs
              current={tab}
              tabs={[
                ['transfers', 'Transfers'],
                ['holders', 'Holders'],
              ]}
            />
            {tab === 'holders' ? (
              <Holders token={data} />
            ) : (
              <Listed<TransferItem> path={`/tokens/${address}/transfers`}>
                {items => <TransferTable items={items} />}
              </Listed>
            )}
          </>
        )}
      </Await>
    </>
  )
}

function Holders({ token }: { token: TokenItem }) {
  const share = (value: string) =>
    token.total_supply === null ? '' : percent(Number(value), Number(token.total_supply))
  return (
    <Listed<HolderItem> path={`/tokens/${token.address}/holders`}>
      {items => (
        <Table
          items={items}
          keyOf={item => `${item.address.hash} ${item.token_id}`}
          empty="Nobody holds it."
          columns={[
            { head: 'Holder', cell: item => <Address of={item.address} full /> },
            ...(token.type === 'ERC-20'
              ? []
              : [
                  {
                    head: 'Id',
                    cell: (item: HolderItem) => shortHash(item.token_id ?? '', 12, 4),
                    look: 'wide' as const,
                  },
                ]),
            {
              head: 'Balance',
              cell: item => formatAmount(item.value, Math.min(token.decimals ?? 0, 77)),
              look: 'number',
            },
            ...(token.type === 'ERC-20'
              ? [{ head: 'Share', cell: (item: HolderItem) => share(item.value), look: 'number wide' as const }]
              : []),
          ]}
        />
      )}
    </Listed>
  )
}
