/**
 * Rows are keyed by position in the chain: a transaction's id is `block * 2^20 + index`, a log's the same with its index
 * in the block. So every list has a total order, pages by key, and joins by integer. Amounts are decimal text; addresses
 * and hashes are lower-case `0x` hex.
 */
export const SCHEMA_VERSION = '5'

/** Transactions and logs per block stay below this (300 M gas holds at most 0.8 M logs). */
export const POSITION_BASE = 2 ** 20

export function positionOf(block: number, index: number): number {
  return block * POSITION_BASE + index
}

export function blockOf(position: number): number {
  return Math.floor(position / POSITION_BASE)
}

export const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE daily (day INTEGER PRIMARY KEY, blocks INTEGER NOT NULL, transactions INTEGER NOT NULL,
  gas_used INTEGER NOT NULL, fees TEXT NOT NULL, tasks INTEGER NOT NULL);

CREATE TABLE blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, parent_hash TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL, miner TEXT NOT NULL, gas_limit INTEGER NOT NULL, gas_used INTEGER NOT NULL,
  base_fee TEXT, size INTEGER NOT NULL, state_root TEXT NOT NULL, transactions_root TEXT NOT NULL,
  receipts_root TEXT NOT NULL, extra_data TEXT NOT NULL, mix_hash TEXT, commit_digest TEXT,
  epoch INTEGER, commit_index INTEGER, heartbeat INTEGER NOT NULL,
  transaction_count INTEGER NOT NULL, log_count INTEGER NOT NULL, fees TEXT NOT NULL);
CREATE INDEX blocks_time ON blocks (timestamp_ms);
CREATE INDEX blocks_commit ON blocks (commit_digest);
CREATE INDEX blocks_miner ON blocks (miner, number);

CREATE TABLE transactions (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, sender TEXT NOT NULL, recipient TEXT,
  value TEXT NOT NULL, nonce INTEGER NOT NULL, type INTEGER NOT NULL, gas INTEGER NOT NULL, gas_used INTEGER NOT NULL,
  gas_price TEXT NOT NULL, max_fee TEXT, max_priority_fee TEXT, input BLOB NOT NULL, status INTEGER,
  contract TEXT, log_count INTEGER NOT NULL, transfer_count INTEGER NOT NULL);

CREATE TABLE logs (id INTEGER PRIMARY KEY, tx INTEGER NOT NULL, address TEXT NOT NULL,
  topic0 TEXT, topic1 TEXT, topic2 TEXT, topic3 TEXT, data BLOB NOT NULL);
CREATE INDEX logs_tx ON logs (tx);
CREATE INDEX logs_address ON logs (address, id);
CREATE INDEX logs_topic ON logs (topic0, id);

CREATE TABLE addresses (address TEXT PRIMARY KEY, first_block INTEGER NOT NULL, last_block INTEGER NOT NULL,
  transaction_count INTEGER NOT NULL, transfer_count INTEGER NOT NULL, log_count INTEGER NOT NULL,
  creator TEXT, creation_tx INTEGER) WITHOUT ROWID;
CREATE TABLE address_transactions (address TEXT NOT NULL, tx INTEGER NOT NULL, PRIMARY KEY (address, tx)) WITHOUT ROWID;

CREATE TABLE tokens (address TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT, symbol TEXT, decimals INTEGER,
  total_supply TEXT, holder_count INTEGER NOT NULL, transfer_count INTEGER NOT NULL, first_tx INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX tokens_holders ON tokens (holder_count, address);
CREATE TABLE token_transfers (log INTEGER NOT NULL, sub INTEGER NOT NULL, tx INTEGER NOT NULL, token TEXT NOT NULL,
  sender TEXT NOT NULL, recipient TEXT NOT NULL, amount TEXT NOT NULL, token_id TEXT, PRIMARY KEY (log, sub)) WITHOUT ROWID;
CREATE INDEX token_transfers_token ON token_transfers (token, log, sub);
CREATE INDEX token_transfers_tx ON token_transfers (tx);
CREATE TABLE address_transfers (address TEXT NOT NULL, log INTEGER NOT NULL, sub INTEGER NOT NULL,
  PRIMARY KEY (address, log, sub)) WITHOUT ROWID;
CREATE TABLE token_balances (token TEXT NOT NULL, holder TEXT NOT NULL, token_id TEXT NOT NULL, balance TEXT NOT NULL,
  PRIMARY KEY (token, holder, token_id)) WITHOUT ROWID;
CREATE INDEX token_balances_order ON token_balances (token, length(balance), balance, holder, token_id);
CREATE INDEX token_balances_holder ON token_balances (holder, token, token_id);

CREATE TABLE timelines (tx INTEGER PRIMARY KEY, received_ms INTEGER, proposed_ms INTEGER, accepted_ms INTEGER,
  committed_ms INTEGER, executed_ms INTEGER, certified_ms INTEGER);

CREATE TABLE market_events (id INTEGER PRIMARY KEY, tx INTEGER NOT NULL, contract TEXT NOT NULL, name TEXT NOT NULL,
  args TEXT NOT NULL);
CREATE INDEX market_events_name ON market_events (name, id);
CREATE TABLE market_subjects (subject TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (subject, event)) WITHOUT ROWID;

CREATE TABLE sources (address TEXT PRIMARY KEY, created_tx INTEGER NOT NULL, updated_tx INTEGER NOT NULL, client TEXT NOT NULL,
  image_url TEXT NOT NULL, environments INTEGER NOT NULL, min_payment TEXT NOT NULL, min_lockup TEXT NOT NULL,
  max_expiry TEXT NOT NULL, privacy INTEGER NOT NULL, optional_params TEXT NOT NULL, delivery INTEGER NOT NULL,
  status INTEGER NOT NULL, task_count INTEGER NOT NULL, registrant_count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX sources_created ON sources (created_tx, address);
CREATE INDEX sources_client ON sources (client, created_tx, address);
CREATE TABLE tasks (address TEXT PRIMARY KEY, created_tx INTEGER NOT NULL, updated_tx INTEGER NOT NULL, source TEXT NOT NULL,
  client TEXT NOT NULL, config TEXT NOT NULL, expiry TEXT NOT NULL, payment TEXT NOT NULL, delivery INTEGER NOT NULL,
  status INTEGER NOT NULL, winner TEXT, attempt_count INTEGER NOT NULL, response_count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX tasks_created ON tasks (created_tx, address);
CREATE INDEX tasks_source ON tasks (source, created_tx, address);
CREATE INDEX tasks_client ON tasks (client, created_tx, address);
CREATE INDEX tasks_status ON tasks (status, created_tx, address);
CREATE TABLE attempts (task TEXT NOT NULL, provider TEXT NOT NULL, suggested_payment TEXT NOT NULL, tx INTEGER NOT NULL,
  PRIMARY KEY (task, provider)) WITHOUT ROWID;
CREATE INDEX attempts_task ON attempts (task, tx);
CREATE INDEX attempts_provider ON attempts (provider, tx);
CREATE TABLE responses (address TEXT PRIMARY KEY, created_tx INTEGER NOT NULL, task TEXT NOT NULL, provider TEXT NOT NULL,
  data TEXT NOT NULL, payment TEXT NOT NULL, status INTEGER NOT NULL, confirmed INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX responses_task ON responses (task, created_tx);
CREATE INDEX responses_provider ON responses (provider, created_tx);
CREATE TABLE registrations (source TEXT NOT NULL, provider TEXT NOT NULL, environment INTEGER NOT NULL,
  registrant TEXT NOT NULL, tx INTEGER NOT NULL, PRIMARY KEY (source, provider)) WITHOUT ROWID;
CREATE INDEX registrations_source ON registrations (source, tx);
CREATE INDEX registrations_provider ON registrations (provider, tx);
CREATE TABLE reputation (provider TEXT NOT NULL, class INTEGER NOT NULL, score INTEGER NOT NULL, tasks INTEGER NOT NULL,
  outcome INTEGER NOT NULL, tx INTEGER NOT NULL, PRIMARY KEY (provider, class)) WITHOUT ROWID;
CREATE TABLE providers (address TEXT PRIMARY KEY, first_tx INTEGER NOT NULL, master TEXT, base_data TEXT NOT NULL,
  live_data TEXT NOT NULL, balance TEXT NOT NULL, lockup TEXT NOT NULL, sanctioned TEXT NOT NULL, earnings TEXT NOT NULL,
  attempt_count INTEGER NOT NULL, response_count INTEGER NOT NULL, win_count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX providers_order ON providers (win_count, address);
`
