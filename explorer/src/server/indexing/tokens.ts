import { Interface } from 'ethers'
import type { NodeClient } from '../node-client.ts'
import type { Database } from '../store/database.ts'
import { count, type HolderChanges } from '../store/write-chain.ts'
import { readViews, textOf } from './calls.ts'
import type { BlockRow } from './rows.ts'

const METADATA = new Interface([
  'function name() view returns (string)',
  'function symbol() view returns (string)',
  'function decimals() view returns (uint8)',
  'function totalSupply() view returns (uint256)',
])
/** Early tokens answer name and symbol as bytes32. */
const METADATA_BYTES = new Interface([
  'function name() view returns (bytes32)',
  'function symbol() view returns (bytes32)',
])
const TEXT_MAX = 256

export interface TokenUpdate {
  readonly address: string
  readonly type: string
  readonly firstTx: number
  readonly transfers: number
  readonly supply: string | null
  /** Absent for tokens that are known already. */
  readonly metadata?: { readonly name: string | null; readonly symbol: string | null; readonly decimals: number | null }
}

/** Reads from the node what transfers do not say: names and decimals of tokens seen first here, and supplies. */
export async function readTokenUpdates(
  node: NodeClient,
  db: Database,
  blocks: readonly BlockRow[],
): Promise<readonly TokenUpdate[]> {
  const seen = new Map<string, { type: string; firstTx: number; transfers: number; minted: boolean }>()
  for (const block of blocks)
    for (const transaction of block.transactions)
      for (const transfer of transaction.transfers) {
        const entry = seen.get(transfer.token) ?? {
          type: transfer.standard,
          firstTx: transaction.id,
          transfers: 0,
          minted: false,
        }
        entry.transfers++
        if (/^0x0+$/.test(transfer.sender) || /^0x0+$/.test(transfer.recipient)) entry.minted = true
        seen.set(transfer.token, entry)
      }
  const tokens = [...seen].map(([address, entry]) => ({
    address,
    ...entry,
    isNew: db.get('SELECT 1 FROM tokens WHERE address = ?', address) === undefined,
  }))
  const asked = tokens.filter(token => token.isNew || token.minted)
  const answers = await readViews(
    node,
    asked.flatMap(({ address, isNew }) => [
      { to: address, abi: METADATA, name: 'totalSupply', args: [] },
      ...(isNew
        ? [
            { to: address, abi: METADATA, name: 'decimals', args: [] },
            ...[METADATA, METADATA_BYTES].flatMap(abi => [
              { to: address, abi, name: 'name', args: [] },
              { to: address, abi, name: 'symbol', args: [] },
            ]),
          ]
        : []),
    ]),
  )
  let next = 0
  return tokens.map(({ address, type, firstTx, transfers, isNew, minted }) => {
    const base = { address, type, firstTx, transfers }
    if (!isNew && !minted) return { ...base, supply: null }
    const supply = answers[next++]?.[0]
    const withSupply = { ...base, supply: supply === undefined ? null : String(supply) }
    if (!isNew) return withSupply
    const [decimals, name, symbol, nameBytes, symbolBytes] = answers.slice(next, next + 5)
    next += 5
    return {
      ...withSupply,
      metadata: {
        name: readable(name, nameBytes),
        symbol: readable(symbol, symbolBytes),
        decimals: decimals === undefined ? null : Number(decimals[0]),
      },
    }
  })
}

function readable(text: readonly unknown[] | undefined, bytes: readonly unknown[] | undefined): string | null {
  if (text !== undefined) return textOf(text[0], TEXT_MAX)
  if (bytes === undefined) return null
  const raw = Buffer.from(String(bytes[0]).slice(2), 'hex')
  const end = raw.indexOf(0)
  return raw.toString('utf8', 0, end < 0 ? raw.length : end)
}

/** Runs inside the caller's transaction, after the transfers themselves were written. */
export function writeTokenUpdates(db: Database, updates: readonly TokenUpdate[], holders: HolderChanges): void {
  for (const { address, type, firstTx, transfers, supply, metadata } of updates) {
    if (metadata !== undefined) {
      count(db, 'tokens', 1)
      db.run(
        'INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL, 0, 0, ?)',
        address,
        type,
        metadata.name,
        metadata.symbol,
        metadata.decimals,
        firstTx,
      )
    }
    db.run(
      `UPDATE tokens SET transfer_count = transfer_count + ?, holder_count = holder_count + ?, total_supply = coalesce(?, total_supply)
       WHERE address = ?`,
      transfers,
      holders.get(address) ?? 0,
      supply,
      address,
    )
    count(db, 'token_transfers', transfers)
  }
}
