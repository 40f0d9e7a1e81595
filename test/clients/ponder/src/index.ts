import { ponder } from 'ponder:registry'
import * as tables from 'ponder:schema'

for (const name of ['SourcePublished', 'TaskPublished'] as const) {
  ponder.on(`Nexus:${name}`, async ({ event, context }) => {
    const subject = 'task' in event.args ? event.args.task : event.args.source
    await context.db.insert(tables.event).values({
      id: event.id,
      name,
      subject,
      block: Number(event.block.number),
      transaction: event.transaction.hash,
      logIndex: event.log.logIndex,
      gasUsed: event.transactionReceipt.gasUsed,
    })
  })
}

ponder.on('Nexus.publishSource()', async ({ event, context }) => {
  await context.db
    .insert(tables.call)
    .values({ id: event.id, sender: event.transaction.from, block: Number(event.block.number) })
})

ponder.on('Tenth:block', async ({ event, context }) => {
  await context.db.insert(tables.tenth).values({ number: Number(event.block.number), hash: event.block.hash })
})
