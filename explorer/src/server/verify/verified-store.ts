import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '../store/database.ts'
import type { Match } from './match.ts'

/** A contract whose source was compiled here to the code that the chain has. */
export interface VerifiedContract {
  readonly address: string
  readonly name: string
  readonly file: string
  readonly compilerVersion: string
  readonly match: Match
  /** Undefined where the contract was not created by a transaction of its own, or its input is other code. */
  readonly constructorArguments: string | undefined
  readonly settings: Readonly<Record<string, unknown>>
  readonly sources: Readonly<Record<string, string>>
  /** JSON. */
  readonly abi: string
  readonly verifiedAtMs: number
}

export interface VerifiedStore {
  get(address: string): VerifiedContract | undefined
  /** Replaces what is there. */
  put(contract: VerifiedContract): void
  close(): void
}

interface StoredRow {
  readonly name: string
  readonly content: string
}

/**
 * Verified sources of one chain, in a file of their own: unlike everything else here, the node cannot tell them again.
 * `identity` names the chain; a file of another genesis is another file.
 */
export function openVerifiedStore(
  dataDir: string | undefined,
  identity: { readonly genesisHash: string },
): VerifiedStore {
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true })
  const name = `verified-${identity.genesisHash.slice(2, 18)}.sqlite`
  const db = openSqlite(dataDir === undefined ? ':memory:' : join(dataDir, name))
  db.run(
    'CREATE TABLE IF NOT EXISTS verified (address TEXT PRIMARY KEY, name TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID',
  )
  return {
    get(address) {
      const row = db.get<StoredRow>('SELECT name, content FROM verified WHERE address = ?', address)
      return row === undefined ? undefined : (JSON.parse(row.content) as VerifiedContract)
    },
    put(contract) {
      db.run(
        'INSERT INTO verified VALUES (?, ?, ?) ON CONFLICT (address) DO UPDATE SET name = excluded.name, content = excluded.content',
        contract.address,
        contract.name,
        JSON.stringify(contract),
      )
    },
    close: () => db.close(),
  }
}
