/** What goes on beside the tasks: validators and delegators, pairings and policies, blobs and requests for chunks. */
import { bigintToBytes, concat, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { Crowd } from './fuzz-crowd.ts'
import { lower, OGPU, word } from './harness.ts'
import { POLICY, sourceParams } from './market-life.ts'

/** Account that a block's system calls come from. */
const SYSTEM: Hex = '0xfffffffffffffffffffffffffffffffffffffffe'
const FEE = OGPU / 100n

const pairOf = (a: Uint8Array, b: Uint8Array) => keccak256(toHex(a) < toHex(b) ? concat(a, b) : concat(b, a))

/** Chunks of a blob, their leaves and the root (DataRegistry). */
function treeOf(name: string) {
  const chunks = [0, 1, 2].map(i => new Uint8Array(i === 2 ? 452 : 1_024).fill(name.length + i))
  const leaves = chunks.map((chunk, i) => keccak256(concat(bigintToBytes(BigInt(i), 32), chunk)))
  const [l0, l1, l2] = leaves as [Uint8Array, Uint8Array, Uint8Array]
  return { chunks, leaves, root: toHex(pairOf(pairOf(l0, l1), l2)) }
}

export async function staking(crowd: Crowd): Promise<void> {
  const { staking, fees } = crowd.contracts
  const operator = crowd.pick(crowd.masters)
  const who = crowd.pick([...crowd.clients, ...crowd.masters])
  const amount = BigInt(1 + crowd.below(5_000)) * (OGPU / 1_000n)
  const keys = (salt: string) => [word(`${operator} c${salt}`), word(`${operator} n`), word(`${operator} k`), '']
  const acts: (() => Promise<unknown>)[] = [
    () => crowd.attempt(staking, operator, 'register', [keys(''), 500 + crowd.below(3_000)], OGPU + amount),
    () => crowd.attempt(staking, operator, 'register', [keys(''), 500], OGPU + amount),
    () => crowd.attempt(staking, operator, 'update', [keys(`${crowd.calls()}`), crowd.below(6_000)]),
    () => crowd.attempt(staking, who, 'delegate', [operator], amount),
    () => crowd.attempt(staking, who, 'delegate', [operator], amount),
    () => crowd.attempt(staking, who, 'undelegate', [operator, amount]),
    () => crowd.attempt(staking, who, 'withdraw', [operator]),
    () => crowd.attempt(staking, who, 'withdrawTo', [operator, crowd.pick(crowd.clients)]),
    () => crowd.attempt(staking, crowd.random() < 0.5 ? SYSTEM : who, 'closeEpoch', []),
    () => crowd.attempt(staking, who, 'distribute', [], amount),
    () => collectFees(crowd, amount),
    () => crowd.attempt(fees, who, 'distribute', []),
    () => crowd.attempt(staking, operator, 'unjail', []),
    () => crowd.seldom(0.1, () => crowd.attempt(staking, operator, 'retire', [])),
    () =>
      crowd.seldom(0.1, () =>
        crowd.attempt(staking, SYSTEM, 'reportEquivocation', [operator, word(`e${crowd.calls()}`)]),
      ),
    () => attest(crowd, operator),
  ]
  await crowd.pick(acts)()
}

/** All members say that one of them signed twice. */
async function attest(crowd: Crowd, culprit: Hex): Promise<void> {
  const { staking } = crowd.contracts
  if (crowd.random() > 0.2) return
  const members = await staking.read<{ operator: string }[]>('committeeOf', await staking.read('epoch'))
  const evidence = word(`twins ${crowd.calls()}`)
  for (const { operator } of members) {
    await crowd.attempt(staking, lower(operator), 'reportEquivocation', [culprit, evidence])
  }
}

async function collectFees(crowd: Crowd, amount: bigint): Promise<void> {
  crowd.fund(crowd.contracts.fees.address, crowd.balanceOf(crowd.contracts.fees.address) + amount)
}

/** Sources, pairings, agents, policies. */
export async function market(crowd: Crowd): Promise<void> {
  const { nexus, terminal, policies, batches } = crowd.contracts
  const source = crowd.pick(crowd.sources)
  const i = crowd.below(crowd.providers.length)
  const [provider, master] = [crowd.providers[i] as Hex, crowd.masters[i] as Hex]
  const agent = crowd.pick(crowd.auditors)
  const client = crowd.random() < 0.7 ? source.client : crowd.pick(crowd.clients)
  const terms = sourceParams(source.client, { manual: source.manual })
  const spare = crowd.spare
  const acts: (() => Promise<unknown>)[] = [
    () => crowd.attempt(terminal, master, 'setAgent', [agent, crowd.random() < 0.7]),
    () => crowd.attempt(terminal, provider, 'setDefaultAgentDisabled', [crowd.random() < 0.5]),
    () => crowd.attempt(terminal, provider, 'setBaseData', [`base ${crowd.calls()}`]),
    () => crowd.attempt(terminal, provider, 'setLiveData', [`live ${crowd.calls()}`]),
    () => crowd.attempt(terminal, master, 'removeContainer', [provider, source.address]),
    () => crowd.seldom(0.3, () => crowd.attempt(terminal, master, 'removeProvider', [provider])),
    () => crowd.attempt(terminal, master, 'announceProvider', [provider, OGPU], OGPU),
    () => crowd.attempt(terminal, master, 'announceProvider', [provider, 0n]),
    () => crowd.attempt(terminal, provider, 'announceMaster', [master]),
    () => crowd.attempt(terminal, provider, 'announceMaster', [master]),
    async () => {
      if (crowd.random() > 0.3 || !(await crowd.attempt(nexus, provider, 'unregister', [source.address, provider])))
        return
      if (crowd.random() < 0.9) await crowd.attempt(nexus, provider, 'register', [source.address, provider, 1])
    },
    () => crowd.attempt(nexus, provider, 'register', [source.address, provider, 1]),
    () => crowd.attempt(nexus, provider, 'register', [source.address, provider, 1]),
    () => crowd.attempt(nexus, provider, 'unregister', [spare, provider]),
    () => crowd.attempt(nexus, client, 'updateSource', [source.address, terms]),
    () => crowd.seldom(0.3, () => crowd.attempt(nexus, client, 'publishSource', [sourceParams(client)])),
    () => crowd.attempt(nexus, source.client, 'inactivateSource', [spare]),
    () => crowd.attempt(policies, client, 'clearPolicy', [spare]),
    () => crowd.attempt(policies, client, 'setPolicy', [spare, { ...POLICY, programId: crowd.exact }]),
    () =>
      crowd.attempt(batches, provider, 'postReceiptBatch', [
        provider,
        word(`batch ${crowd.calls()}`),
        crowd.exact,
        3,
        1n,
        word('blob'),
      ]),
  ]
  await crowd.pick(acts)()
}

/** Blobs of three chunks whose content follows from the name. */
export async function blobs(crowd: Crowd): Promise<void> {
  const { data } = crowd.contracts
  const node = crowd.pick([...crowd.providers, ...crowd.auditors])
  const asker = crowd.pick(crowd.clients)
  const name = `blob ${crowd.below(12)}`
  const { root } = treeOf(name)
  const index = crowd.below(3)
  const open = [...crowd.requests.keys()]
  const request = async (method: string, args: readonly unknown[]) => {
    const sent = await crowd.send(data, asker, method, args, FEE)
    const event = sent?.events.find(e => e.name === 'ChunkRequested')
    if (sent !== undefined && event !== undefined) crowd.requests.set(toHex(sent.output), lower(event.args.provider))
  }
  const close = async (id: Hex, method: string, args: readonly unknown[]) => {
    if (await crowd.attempt(data, node, method, args)) crowd.requests.delete(id)
  }
  const acts: (() => Promise<unknown>)[] = [
    () => crowd.attempt(data, node, 'register', [word(name), 2_500, root]),
    () => crowd.attempt(data, node, 'setGateway', [`https://${crowd.calls()}/`]),
    () => crowd.attempt(data, node, 'confirmAvailability', [word(name)]),
    () => request('requestChunk', [word(name), index]),
    async () => {
      const nodes = [...crowd.providers, ...crowd.auditors]
      const receipts = await Promise.all(nodes.map(one => data.read<bigint>('receiptOf', word(name), one)))
      const holder = nodes.find((_, i) => receipts[i] !== 0n) ?? node
      await request('requestChunkFrom', [word(name), index, holder])
    },
    async () => {
      const id = open.length === 0 ? word(0) : crowd.pick(open)
      const r = await data.read<{ blobId: string; index: bigint }>('requests', id)
      const known = Array.from({ length: 12 }, (_, i) => `blob ${i}`).find(other => word(other) === r.blobId)
      const tree = treeOf(known ?? name)
      const [l0, l1, l2] = tree.leaves as [Uint8Array, Uint8Array, Uint8Array]
      const proof = [[l1, l2], [l0, l2], [pairOf(l0, l1)]][Number(r.index)] as Uint8Array[]
      const chunk = tree.chunks[Number(r.index)] as Uint8Array
      await close(id, 'answerChunk', [id, toHex(chunk), proof.map(leaf => toHex(leaf))])
    },
    async () => {
      const id = open.length === 0 ? word(0) : crowd.pick(open)
      if (crowd.random() < 0.3) crowd.mine(181)
      await close(id, 'punish', [id])
    },
  ]
  await crowd.pick(acts)()
}
