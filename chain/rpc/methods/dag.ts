import { toHex } from '#lib/bytes'
import type { DagAccess } from '../backend.ts'
import type { RpcContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { toQuantity } from '../format.ts'
import { method } from '../method.ts'
import { count, hash, withDefault } from '../params.ts'
import { listOf, nullable, titled } from '../schema.ts'

/** Rounds in one answer. */
const ROUNDS_MAX = 200

function dagOf({ backend }: RpcContext): DagAccess {
  if (backend.dag !== undefined) return backend.dag
  throw new RpcError('server', 'this node does not take part in consensus')
}

/** Consensus and the life of transactions: what only this chain has. */
export const dagMethods = [
  method({
    name: 'dag_status',
    summary: 'Epoch, round, ordered and certified heights of this node.',
    params: [],
    result: titled('consensus status'),
    handle: context => dagOf(context).status(),
  }),
  method({
    name: 'dag_validators',
    summary: 'The committee: stake, keys and how each validator does.',
    params: [],
    result: listOf(titled('validator')),
    handle: context => dagOf(context).validators(),
  }),
  method({
    name: 'dag_getRounds',
    summary: 'Vertices of a range of rounds, both ends included.',
    params: [count('from'), count('to')],
    result: listOf(titled('round')),
    weight: 10,
    handle: (context, [from, to]) => {
      if (from > to) throw new RpcError('invalidParams', 'invalid round range params')
      if (to - from + 1 > ROUNDS_MAX) throw new RpcError('invalidParams', `query exceeds max round range ${ROUNDS_MAX}`)
      return dagOf(context).rounds(from, to)
    },
  }),
  method({
    name: 'dag_getCommit',
    summary: 'A commit by its index in the current epoch.',
    params: [count('index')],
    result: nullable(titled('commit')),
    handle: async (context, [index]) => (await dagOf(context).commit(index)) ?? null,
  }),
  method({
    name: 'dag_getVertex',
    summary: 'A vertex by its digest.',
    params: [hash('digest')],
    result: nullable(titled('vertex')),
    handle: async (context, [digest]) => (await dagOf(context).vertex(digest)) ?? null,
  }),
  method({
    name: 'dag_getCertificate',
    summary: 'The checkpoint certificate of a block: a quorum of signatures over its hash.',
    params: [withDefault(count('blockNumber'), -1)],
    result: nullable(titled('certificate')),
    handle: async (context, [height]) => (await dagOf(context).certificate(height < 0 ? undefined : height)) ?? null,
  }),
  method({
    name: 'ogpu_transactionTimeline',
    summary: 'When this node saw each stage of a transaction, in milliseconds since 1970.',
    params: [hash('transactionHash')],
    result: nullable(titled('timeline')),
    handle: async (context, [digest]) => (await dagOf(context).timeline(digest)) ?? null,
  }),
  method({
    name: 'ogpu_droppedTransaction',
    summary: 'Why an ordered transaction did not become part of a block.',
    params: [hash('transactionHash')],
    result: nullable(titled('dropped transaction')),
    handle: async ({ backend }, [digest]) => {
      const skipped = await backend.chain.skipped(digest)
      if (skipped === undefined) return null
      const { reason, epoch, commitIndex } = skipped
      return { hash: toHex(skipped.hash), reason, epoch: toQuantity(epoch), commitIndex: toQuantity(commitIndex) }
    },
  }),
]
