import type { BlockRow, TransactionRow } from '../indexing/rows.ts'
import type { Database } from './database.ts'
import { blockOf } from './schema.ts'

const ZERO = `0x${'0'.repeat(40)}`

interface AddressDelta {
  firstBlock: number
  lastBlock: number
  transactions: number
  transfers: number
  logs: number
  creator: string | null
  creationTx: number | null
}

/** By how much the number of holders of each token changed. */
export type HolderChanges = Map<string, number>

/** Writes blocks with their transactions, logs, addresses and token transfers. Runs inside the caller's transaction. */
export function writeBlocks(db: Database, blocks: readonly BlockRow[]): HolderChanges {
  const addresses = new Map<string, AddressDelta>()
  const holders: HolderChanges = new Map()
  for (const block of blocks) {
    writeBlock(db, block)
    for (const row of block.transactions) writeTransaction(db, row, addresses, holders)
    touch(addresses, block.miner, block.number)
    writeDay(db, block)
  }
  let created = 0
  for (const [address, delta] of addresses) created += writeAddress(db, address, delta)
  count(db, 'blocks', blocks.length)
  count(
    db,
    'transactions',
    blocks.reduce((sum, block) => sum + block.transactions.length, 0),
  )
  count(db, 'addresses', created)
  return holders
}

function writeBlock(db: Database, block: BlockRow): void {
  db.run(
    'INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    block.number,
    block.hash,
    block.parentHash,
    block.timestampMs,
    block.miner,
    block.gasLimit,
    block.gasUsed,
    block.baseFee,
    block.size,
    block.stateRoot,
    block.transactionsRoot,
    block.receiptsRoot,
    block.extraData,
    block.mixHash,
    block.commitDigest,
    block.origin?.epoch ?? null,
    block.origin?.commitIndex ?? null,
    block.origin?.heartbeat === true ? 1 : 0,
    block.transactions.length,
    block.logCount,
    block.fees.toString(),
  )
}

function writeTransaction(
  db: Database,
  row: TransactionRow,
  addresses: Map<string, AddressDelta>,
  holders: HolderChanges,
): void {
  const block = blockOf(row.id)
  db.run(
    'INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    row.id,
    row.hash,
    row.sender,
    row.recipient,
    row.value,
    row.nonce,
    row.type,
    row.gas,
    row.gasUsed,
    row.gasPrice,
    row.maxFee,
    row.maxPriorityFee,
    row.input,
    row.status,
    row.contract,
    row.logs.length,
    row.transfers.length,
  )
  for (const address of new Set([row.sender, row.recipient, row.contract])) {
    if (address === null) continue
    touch(addresses, address, block).transactions++
    db.run('INSERT INTO address_transactions VALUES (?, ?)', address, row.id)
  }
  if (row.contract !== null && row.status !== 0) {
    const delta = touch(addresses, row.contract, block)
    delta.creator = row.sender
    delta.creationTx = row.id
  }
  for (const log of row.logs) {
    const [topic0 = null, topic1 = null, topic2 = null, topic3 = null] = log.topics
    db.run(
      'INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      log.id,
      row.id,
      log.address,
      topic0,
      topic1,
      topic2,
      topic3,
      log.data,
    )
    touch(addresses, log.address, block).logs++
  }
  for (const transfer of row.transfers) {
    db.run(
      'INSERT INTO token_transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      transfer.log,
      transfer.sub,
      row.id,
      transfer.token,
      transfer.sender,
      transfer.recipient,
      transfer.amount.toString(),
      transfer.tokenId,
    )
    for (const address of new Set([transfer.sender, transfer.recipient])) {
      if (address === ZERO) continue
      touch(addresses, address, block).transfers++
      db.run('INSERT INTO address_transfers VALUES (?, ?, ?)', address, transfer.log, transfer.sub)
    }
    const before = holders.get(transfer.token) ?? 0
    const left = move(db, transfer.token, transfer.sender, transfer.tokenId ?? '', -transfer.amount)
    const joined = move(db, transfer.token, transfer.recipient, transfer.tokenId ?? '', transfer.amount)
    holders.set(transfer.token, before + left + joined)
  }
}

function touch(addresses: Map<string, AddressDelta>, address: string, block: number): AddressDelta {
  let delta = addresses.get(address)
  if (delta === undefined) {
    delta = {
      firstBlock: block,
      lastBlock: block,
      transactions: 0,
      transfers: 0,
      logs: 0,
      creator: null,
      creationTx: null,
    }
    addresses.set(address, delta)
  }
  delta.lastBlock = block
  return delta
}

function writeAddress(db: Database, address: string, delta: AddressDelta): number {
  const isNew = db.get('SELECT 1 FROM addresses WHERE address = ?', address) === undefined
  db.run(
    `INSERT INTO addresses VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET
     last_block = excluded.last_block, transaction_count = transaction_count + excluded.transaction_count,
     transfer_count = transfer_count + excluded.transfer_count, log_count = log_count + excluded.log_count,
     creator = coalesce(excluded.creator, creator), creation_tx = coalesce(excluded.creation_tx, creation_tx)`,
    address,
    delta.firstBlock,
    delta.lastBlock,
    delta.transactions,
    delta.transfers,
    delta.logs,
    delta.creator,
    delta.creationTx,
  )
  return isNew ? 1 : 0
}

/**
 * Adds to a balance as the transfers state it; a token whose transfers do not add up ends at zero, never below. Returns
 * by how much the number of holders changed.
 */
function move(db: Database, token: string, holder: string, tokenId: string, amount: bigint): number {
  if (holder === ZERO || amount === 0n) return 0
  const key = [token, holder, tokenId] as const
  const where = 'WHERE token = ? AND holder = ? AND token_id = ?'
  const row = db.get<{ balance: string }>(`SELECT balance FROM token_balances ${where}`, ...key)
  const balance = BigInt(row?.balance ?? 0) + amount
  if (row !== undefined && balance > 0n) {
    db.run(`UPDATE token_balances SET balance = ? ${where}`, balance.toString(), ...key)
    return 0
  }
  if (row === undefined && balance <= 0n) return 0
  if (row !== undefined) db.run(`DELETE FROM token_balances ${where}`, ...key)
  const holdsMore =
    db.get('SELECT 1 FROM token_balances WHERE token = ? AND holder = ? LIMIT 1', token, holder) !== undefined
  if (row === undefined) db.run('INSERT INTO token_balances VALUES (?, ?, ?, ?)', ...key, balance.toString())
  if (holdsMore) return 0
  return row === undefined ? 1 : -1
}

function writeDay(db: Database, block: BlockRow): void {
  const day = Math.floor(block.timestampMs / 86_400_000)
  const fees = db.get<{ fees: string }>('SELECT fees FROM daily WHERE day = ?', day)?.fees ?? '0'
  db.run(
    `INSERT INTO daily VALUES (?, 1, ?, ?, ?, 0) ON CONFLICT (day) DO UPDATE SET blocks = blocks + 1,
     transactions = transactions + excluded.transactions, gas_used = gas_used + excluded.gas_used, fees = excluded.fees`,
    day,
    block.transactions.length,
    block.gasUsed,
    (BigInt(fees) + block.fees).toString(),
  )
}

/** Adds to a named running total. */
export function count(db: Database, name: string, amount: number): void {
  if (amount === 0) return
  db.run(
    'INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value',
    name,
    amount,
  )
}
