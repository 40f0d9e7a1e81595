// A process that does business on a book until it is killed, and says what was confirmed to it.
import { openBook } from '../../relay/ledger/book.ts'

const [dir = '', round = ''] = process.argv.slice(2)
const book = await openBook({ dir, clock: { now: () => Date.now() }, segmentBytesMax: 20_000 })
const account = [...book.state.accounts.values()][0] ?? (await book.addCustomer({ name: 'A', tier: 'max' }))
const known = [...book.state.keys.values()][0]
const key = known ?? (await book.createKey({ customer: account.id, name: 'k', budgetMicroUsd: null })).key
const answer = { text: 'x', details: {}, outputBytes: 1, resultHash: '', provider: '', checkedBy: 'digest' }

async function trade(lane: number): Promise<never> {
  for (let i = 0; ; i++) {
    await book.topUp({ customer: account.id, microUsd: 10, reference: `${round}/${lane}/${i}` })
    process.send?.({ topUp: `${round}/${lane}/${i}` })
    const accepted = await book.accept({ key, model: 'm', microUsd: 7, input: new Uint8Array([1]) })
    if (accepted.kind !== 'new') throw new Error('a new task was asked for')
    process.send?.({ accepted: accepted.task.id })
    if (i % 2 === 0) await book.complete(accepted.task.id, answer)
    else await book.fail(accepted.task.id, { code: 'PROVIDER_UNAVAILABLE', message: 'm' })
    process.send?.({ ended: accepted.task.id })
  }
}
await Promise.all([0, 1, 2, 3].map(trade))
