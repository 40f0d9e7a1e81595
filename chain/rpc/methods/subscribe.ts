import { toHex } from '#lib/bytes'
import { RpcError } from '../errors.ts'
import { type CallInfo, method } from '../method.ts'
import { any, member, optional, ParamError, parseHash, parseList, parseObject, text } from '../params.ts'
import { parseLogCriteria } from '../params-call.ts'
import { BOOLEAN, FILTER_ID } from '../schema.ts'
import type { NotificationSink } from '../session.ts'
import type { Topic } from '../subscriptions.ts'

function sinkOf({ session }: CallInfo): NotificationSink {
  if (session.sink === undefined) throw new RpcError('methodNotFound', 'notifications not supported')
  return session.sink
}

function topicOf(kind: string, option: unknown): Topic {
  try {
    switch (kind) {
      case 'newHeads':
      case 'syncing':
        return { kind }
      case 'logs':
        return { kind, criteria: parseLogCriteria(option ?? {}) }
      case 'newPendingTransactions':
        return { kind, full: option === true }
      case 'transactionReceipts': {
        const filter = option === undefined || option === null ? {} : parseObject(option, 'receiptsQuery')
        const hashes = member(filter, 'transactionHashes', item => parseList(item, '[]common.Hash', parseHash))
        return { kind, hashes: hashes === undefined ? undefined : new Set(hashes.map(toHex)) }
      }
    }
  } catch (error) {
    if (error instanceof ParamError) throw new RpcError('invalidParams', `invalid argument 1: ${error.message}`)
    throw error
  }
  throw new RpcError('methodNotFound', `no "${kind}" subscription in eth namespace`)
}

/** Pushes over WebSocket. */
export const subscribeMethods = [
  method({
    name: 'eth_subscribe',
    summary: 'Subscribes to newHeads, logs, newPendingTransactions, transactionReceipts or syncing (WebSocket only).',
    params: [text('subscription'), optional(any('options'))],
    result: FILTER_ID,
    handle: ({ subscriptions }, [kind, option], info) =>
      subscriptions.add(topicOf(kind, option), sinkOf(info), 'eth_subscription'),
  }),
  method({
    name: 'eth_unsubscribe',
    summary: 'Ends a subscription of this connection.',
    params: [text('subscriptionId')],
    result: BOOLEAN,
    handle: ({ subscriptions }, [id], info) => {
      if (!subscriptions.remove(id, sinkOf(info))) throw new RpcError('server', 'subscription not found')
      return true
    },
  }),
  method({
    name: 'dag_subscribe',
    summary: 'Subscribes to dagCommits: every commit of consensus as it is ordered (WebSocket only).',
    params: [text('subscription')],
    result: FILTER_ID,
    handle: ({ backend, subscriptions }, [kind], info) => {
      if (kind !== 'dagCommits' || backend.dag === undefined) {
        throw new RpcError('methodNotFound', `no "${kind}" subscription in dag namespace`)
      }
      return subscriptions.add({ kind }, sinkOf(info), 'dag_subscription')
    },
  }),
  method({
    name: 'dag_unsubscribe',
    summary: 'Ends a subscription of this connection.',
    params: [text('subscriptionId')],
    result: BOOLEAN,
    handle: ({ subscriptions }, [id], info) => {
      if (!subscriptions.remove(id, sinkOf(info))) throw new RpcError('server', 'subscription not found')
      return true
    },
  }),
]
