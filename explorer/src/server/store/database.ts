import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { ExplorerError } from '../errors.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'

export type Value = string | number | bigint | null | Uint8Array
export type Row = Record<string, SQLOutputValue>

/** The SQL that the explorer needs from a database; everything else in `store/` is written against this. */
export interface Database {
  run(sql: string, ...params: readonly Value[]): void
  get<T = Row>(sql: string, ...params: readonly Value[]): T | undefined
  all<T = Row>(sql: string, ...params: readonly Value[]): readonly T[]
  /** Runs `work` atomically: everything it wrote, or nothing when it throws. Not nested. */
  transaction<T>(work: () => T): T
  close(): void
}

/** What a database was built from. Rows of another chain are never mixed in. */
export interface ChainIdentity {
  readonly chainId: number
  readonly genesisHash: string
}

const STATEMENTS_MAX = 400

/** Opens (and fills in) the file at `path`, or a database in memory. Throws what SQLite throws. */
export function openSqlite(path: string): Database {
  const db = new DatabaseSync(path)
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536',
  )
  const statements = new Map<string, StatementSync>()
  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql)
    if (statement === undefined) {
      if (statements.size >= STATEMENTS_MAX) statements.clear()
      statement = db.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  return {
    run(sql, ...params) {
      prepare(sql).run(...params)
    },
    get<T>(sql: string, ...params: readonly Value[]) {
      return prepare(sql).get(...params) as T | undefined
    },
    all<T>(sql: string, ...params: readonly Value[]) {
      return prepare(sql).all(...params) as T[]
    },
    transaction(work) {
      db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        db.exec('COMMIT')
        return result
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },
    close() {
      statements.clear()
      db.close()
    },
  }
}

/**
 * The explorer's database in `dataDir` (undefined: in memory). A database of another schema version is rebuilt, as it
 * holds nothing that the node cannot tell again. One of another genesis is refused: ExplorerError `other chain`.
 */
export function openStore(dataDir: string | undefined, identity: ChainIdentity): Database {
  if (dataDir === undefined) return initialise(openSqlite(':memory:'), identity)
  mkdirSync(dataDir, { recursive: true })
  const path = join(dataDir, 'explorer.sqlite')
  let db = openSqlite(path)
  if (isInitialised(db)) {
    const stored = {
      version: readMeta(db, 'schema_version'),
      chainId: Number(readMeta(db, 'chain_id')),
      genesisHash: readMeta(db, 'genesis_hash'),
    }
    if (stored.genesisHash !== identity.genesisHash || stored.chainId !== identity.chainId) {
      db.close()
      throw new ExplorerError(
        'other chain',
        `${path} was built from chain ${stored.chainId} with genesis ${stored.genesisHash}, but the node has chain ` +
          `${identity.chainId} with genesis ${identity.genesisHash}. Choose another folder or delete this one.`,
      )
    }
    if (stored.version === SCHEMA_VERSION) return db
    db.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
    db = openSqlite(path)
  }
  return initialise(db, identity)
}

function isInitialised(db: Database): boolean {
  if (db.get("SELECT 1 FROM sqlite_master WHERE name = 'meta'") === undefined) return false
  return readMeta(db, 'schema_version') !== undefined
}

function initialise(db: Database, identity: ChainIdentity): Database {
  db.transaction(() => {
    for (const statement of SCHEMA.split(';')) if (statement.trim() !== '') db.run(statement)
    writeMeta(db, 'schema_version', SCHEMA_VERSION)
    writeMeta(db, 'chain_id', String(identity.chainId))
    writeMeta(db, 'genesis_hash', identity.genesisHash)
    writeMeta(db, 'cursor', '-1')
  })
  return db
}

export function readMeta(db: Database, key: string): string | undefined {
  return db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value
}

export function writeMeta(db: Database, key: string, value: string): void {
  db.run('INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value)
}

/** Number of the last indexed block; -1 before the first. */
export function readCursor(db: Database): number {
  return Number(readMeta(db, 'cursor') ?? -1)
}
