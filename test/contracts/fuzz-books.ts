/** What must hold at any moment, whoever called what. */
import type { Hex } from '#lib/bytes'
import { lower, OGPU, type TestChain } from './harness.ts'

export interface KnownTask {
  readonly address: Hex
  readonly client: Hex
  readonly policy: boolean
  readonly outs: Map<Hex, string>
  /** Links of their own that providers revealed. */
  readonly links: Map<Hex, string>
  readonly responses: Hex[]
}

export interface Books {
  readonly tasks: readonly KnownTask[]
  /** Everybody with an account in the vault. */
  readonly accounts: readonly Hex[]
  /** Everybody who may be a validator. */
  readonly operators: readonly Hex[]
  /** Open requests of chunks. */
  readonly requests: ReadonlyMap<Hex, Hex>
}

const REQUEST_FEE = OGPU / 100n
const WITHHOLD_PENALTY = OGPU
const TOTAL_POWER = 10_000n

/** The first thing that is wrong; undefined when all is right. */
export async function compareBooks(chain: TestChain, books: Books): Promise<string | undefined> {
  return (await vaultError(chain, books)) ?? (await stakingError(chain, books))
}

async function vaultError(chain: TestChain, { tasks, accounts, requests }: Books): Promise<string | undefined> {
  const vault = chain.contract('vault')
  const proofs = chain.contract('proofManager')
  const audits = chain.contract('auditManager')
  const data = chain.contract('dataRegistry')
  let owed = 0n
  const escrows = new Map<Hex, bigint>()
  const reserved = new Map<Hex, bigint>()
  const reserve = (account: Hex, amount: bigint) => reserved.set(account, (reserved.get(account) ?? 0n) + amount)
  for (const task of tasks) {
    const [, amount] = await vault.read<[string, bigint]>('escrowOf', task.address)
    owed += amount
    escrows.set(task.client, (escrows.get(task.client) ?? 0n) + amount)
    if (!task.policy) continue
    const state = await proofs.read<{ phase: bigint; bond: bigint }>('taskState', task.address)
    if (state.phase >= 6n) continue
    for (const seat of await proofs.read<{ provider: string; state: bigint }[]>('seatsOf', task.address)) {
      if (BigInt(seat.provider) !== 0n && seat.state <= 2n) reserve(lower(seat.provider), state.bond)
    }
  }
  for (const [id, from] of requests) {
    const [, , , , , secured] = await data.read<[string, bigint, string, string, bigint, boolean]>('requests', id)
    if (secured) reserve(from, WITHHOLD_PENALTY)
  }
  for (const account of accounts) {
    const read = (bucket: string) => vault.read<bigint>(bucket, account)
    const [retained] = await vault.read<[bigint, bigint]>('retainedOf', account)
    const lockup = await read('lockupOf')
    owed += (await read('balanceOf')) + lockup + (await read('unbondingOf')) + (await read('sanctionOf')) + retained
    const bound = await read('reservedOf')
    if (bound > lockup) return `more is reserved than locked by ${account}`
    if ((await read('frozenPayment')) !== (escrows.get(account) ?? 0n)) {
      return `frozenPayment of ${account} is not the sum of its escrows`
    }
    const stake = await audits.read<bigint>('stakeOf', account)
    // Challenge bonds are the only reservations that no view names.
    if (bound < (reserved.get(account) ?? 0n) + stake) return `a bond of ${account} is not reserved`
  }
  const held = chain.machine.balanceOf(vault.address)
  if (owed !== held) return `the vault owes ${owed} and holds ${held}`
  if ((await vault.read<bigint>('balanceOf', chain.contract('stakeRouter').address)) !== 0n)
    return 'the router kept coins'
  const fees = chain.machine.balanceOf(data.address)
  if (fees !== BigInt(requests.size) * REQUEST_FEE) return `${requests.size} requests are open and ${fees} wei are held`
  const wrapped = chain.contract('wrappedOgpu')
  if ((await wrapped.read<bigint>('totalSupply')) !== chain.machine.balanceOf(wrapped.address)) {
    return 'wrapped coins are not the coins held'
  }
  return undefined
}

async function stakingError(chain: TestChain, { operators }: Books): Promise<string | undefined> {
  const staking = chain.contract('staking')
  let pools = 0n
  for (const operator of operators) {
    const { stake, leaving } = await staking.read<{ stake: bigint; leaving: bigint }>('validator', operator)
    pools += stake + leaving
  }
  const held = chain.machine.balanceOf(staking.address)
  if (pools !== held) return `staking holds ${held} and its pools ${pools}`
  interface Member {
    readonly operator: string
    readonly power: bigint
  }
  const next = await staking.read<Member[]>('nextCommittee')
  for (const { operator } of next) {
    const { status } = await staking.read<{ status: bigint }>('validator', operator)
    if (status !== 1n) return `${operator} would be elected with status ${status}`
  }
  const now = await staking.read<Member[]>('committeeOf', await staking.read('epoch'))
  for (const members of [now, next]) {
    const total = members.reduce((sum, member) => sum + member.power, 0n)
    if (members.length > 0 && total !== TOTAL_POWER) return `a committee has ${total} votes`
    const strong = members.length >= 4 && members.some(member => member.power * 3n > TOTAL_POWER)
    if (strong) return 'one member holds more than a third'
    const names = members.map(member => member.operator.toLowerCase())
    if (names.some((name, i) => i > 0 && name <= (names[i - 1] as string))) return 'a committee is not in order'
  }
  return undefined
}
