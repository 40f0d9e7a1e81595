import type { MarketChanges } from '../indexing/market-changes.ts'
import type { MarketObjects } from '../indexing/market-objects.ts'
import type { Database } from './database.ts'
import { count } from './write-chain.ts'

/** Runs inside the caller's transaction. */
export function writeMarket(db: Database, changes: MarketChanges, objects: MarketObjects): void {
  for (const { id, tx, decoded, subjects } of changes.events) {
    db.run(
      'INSERT INTO market_events VALUES (?, ?, ?, ?, ?)',
      id,
      tx,
      decoded.contract,
      decoded.name,
      JSON.stringify(decoded.args),
    )
    for (const subject of subjects) db.run('INSERT INTO market_subjects VALUES (?, ?)', subject, id)
  }
  for (const { task, provider, suggestedPayment, tx } of changes.attempts)
    db.run('INSERT INTO attempts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING', task, provider, suggestedPayment, tx)
  for (const { source, provider, environment, registrant, tx } of changes.registrations) {
    if (environment === undefined)
      db.run('DELETE FROM registrations WHERE source = ? AND provider = ?', source, provider)
    else
      db.run(
        'INSERT OR REPLACE INTO registrations VALUES (?, ?, ?, ?, ?)',
        source,
        provider,
        environment,
        registrant,
        tx,
      )
  }
  for (const { provider, programClass, score, tasks, outcome, tx } of changes.reputation)
    db.run(
      'INSERT OR REPLACE INTO reputation VALUES (?, ?, ?, ?, ?, ?)',
      provider,
      programClass,
      score,
      tasks,
      outcome,
      tx,
    )
  writeResponses(db, changes, objects)
  writeTasks(db, changes, objects)
  writeSources(db, changes, objects)
  writeProviders(db, objects)
}

function writeResponses(db: Database, changes: MarketChanges, objects: MarketObjects): void {
  for (const response of objects.responses) {
    const touch = changes.responses.get(response.address)
    if (touch?.createdTx !== undefined) count(db, 'responses', 1)
    db.run(
      `INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET
       status = excluded.status, confirmed = excluded.confirmed`,
      response.address,
      touch?.createdTx ?? touch?.updatedTx ?? 0,
      response.task,
      response.provider,
      response.data,
      response.payment,
      response.status,
      response.confirmed ? 1 : 0,
    )
  }
}

function writeTasks(db: Database, changes: MarketChanges, objects: MarketObjects): void {
  for (const task of objects.tasks) {
    const touch = changes.tasks.get(task.address)
    if (touch?.createdTx !== undefined) {
      count(db, 'tasks', 1)
      db.run(
        `UPDATE daily SET tasks = tasks + 1 WHERE day = (SELECT timestamp_ms / 86400000 FROM blocks WHERE number = ? >> 20)`,
        touch.createdTx,
      )
    }
    const { attempts } = one<{ attempts: number }>(
      db,
      'SELECT count(*) AS attempts FROM attempts WHERE task = ?',
      task.address,
    )
    const { responses } = one<{ responses: number }>(
      db,
      'SELECT count(*) AS responses FROM responses WHERE task = ?',
      task.address,
    )
    const before = db.get<{ status: number }>('SELECT status FROM tasks WHERE address = ?', task.address)
    if (before?.status !== task.status) {
      if (before !== undefined) count(db, `tasks_${before.status}`, -1)
      count(db, `tasks_${task.status}`, 1)
    }
    db.run(
      `INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET
       updated_tx = excluded.updated_tx, status = excluded.status, winner = excluded.winner,
       attempt_count = excluded.attempt_count, response_count = excluded.response_count`,
      task.address,
      touch?.createdTx ?? touch?.updatedTx ?? 0,
      touch?.updatedTx ?? 0,
      task.source,
      touch?.client ?? '',
      task.config,
      task.expiry,
      task.payment,
      task.delivery,
      task.status,
      task.winner,
      attempts,
      responses,
    )
  }
}

function writeSources(db: Database, changes: MarketChanges, objects: MarketObjects): void {
  for (const source of objects.sources) {
    const touch = changes.sources.get(source.address)
    if (touch?.createdTx !== undefined) count(db, 'sources', 1)
    const { tasks } = one<{ tasks: number }>(db, 'SELECT count(*) AS tasks FROM tasks WHERE source = ?', source.address)
    db.run(
      `INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET
       updated_tx = excluded.updated_tx, client = excluded.client, image_url = excluded.image_url,
       environments = excluded.environments, min_payment = excluded.min_payment, min_lockup = excluded.min_lockup,
       max_expiry = excluded.max_expiry, privacy = excluded.privacy, optional_params = excluded.optional_params,
       delivery = excluded.delivery, status = excluded.status, task_count = excluded.task_count,
       registrant_count = excluded.registrant_count`,
      source.address,
      touch?.createdTx ?? touch?.updatedTx ?? 0,
      touch?.updatedTx ?? 0,
      source.client,
      source.imageUrl,
      source.environments,
      source.minPayment,
      source.minLockup,
      source.maxExpiry,
      source.privacy ? 1 : 0,
      source.optionalParams,
      source.delivery,
      source.status,
      tasks,
      source.registrants,
    )
  }
}

function writeProviders(db: Database, objects: MarketObjects): void {
  for (const provider of objects.providers) {
    const isNew = db.get('SELECT 1 FROM providers WHERE address = ?', provider.address) === undefined
    if (isNew) count(db, 'providers', 1)
    const { address } = provider
    const { attempts } = one<{ attempts: number }>(
      db,
      'SELECT count(*) AS attempts FROM attempts WHERE provider = ?',
      address,
    )
    const { responses, wins } = one<{ responses: number; wins: number }>(
      db,
      'SELECT count(*) AS responses, coalesce(sum(confirmed), 0) AS wins FROM responses WHERE provider = ?',
      address,
    )
    db.run(
      `INSERT INTO providers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET
       master = excluded.master, base_data = excluded.base_data, live_data = excluded.live_data,
       balance = excluded.balance, lockup = excluded.lockup, sanctioned = excluded.sanctioned,
       earnings = excluded.earnings, attempt_count = excluded.attempt_count, response_count = excluded.response_count,
       win_count = excluded.win_count`,
      address,
      provider.firstTx,
      provider.master,
      provider.baseData,
      provider.liveData,
      provider.balance,
      provider.lockup,
      provider.sanctioned,
      provider.earnings,
      attempts,
      responses,
      wins,
    )
  }
}

function one<T>(db: Database, sql: string, subject: string): T {
  return db.get<T>(sql, subject) as T
}
