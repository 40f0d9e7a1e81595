/** Worker thread of the recovery pool: raw transactions in, senders out, both as one flat buffer. */
import { parentPort } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { recoverSender } from '#types'
import { packSenders, type RecoveryReply, type RecoveryRequest, unpackTransactions } from './recovery-batch.ts'

const port = defined(parentPort, 'the recovery worker runs as a worker thread')

port.on('message', (request: RecoveryRequest) => {
  // Only what was decoded is sent here.
  const senders = unpackTransactions(request.batch).map(recoverSender)
  const reply: RecoveryReply = { id: request.id, senders: packSenders(senders) }
  port.postMessage(reply, [reply.senders.buffer])
})
