import { onchainTable } from 'ponder'

export const event = onchainTable('event', t => ({
  id: t.text().primaryKey(),
  name: t.text().notNull(),
  subject: t.hex().notNull(),
  block: t.integer().notNull(),
  transaction: t.hex().notNull(),
  logIndex: t.integer().notNull(),
  gasUsed: t.bigint().notNull(),
}))

export const call = onchainTable('call', t => ({
  id: t.text().primaryKey(),
  sender: t.hex().notNull(),
  block: t.integer().notNull(),
}))

export const tenth = onchainTable('tenth', t => ({ number: t.integer().primaryKey(), hash: t.hex().notNull() }))
