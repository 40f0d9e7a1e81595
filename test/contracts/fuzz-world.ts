/**
 * A crowd that calls the contracts at random: mostly what makes sense, sometimes what must be refused. After every few
 * calls the books are compared; at the end everybody goes home and nothing may be left behind.
 */
import { assert } from '#lib/assert'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createTestChain, type Handle, lower, OGPU, Reverted, type TestChain, word } from './harness.ts'
import {
  auditSeal,
  digestOf,
  type PolicyTerms,
  pair,
  publishSource,
  registerProgram,
  seal,
  setPolicy,
  TOLERANT_FP,
} from './market-life.ts'

export interface FuzzReport {
  readonly seed: number
  readonly calls: number
  readonly accepted: number
  readonly finished: number
  readonly byMethod: Readonly<Record<string, readonly [tried: number, accepted: number]>>
}

interface KnownTask {
  readonly address: Hex
  readonly client: Hex
  readonly policy: boolean
  readonly outs: Map<Hex, string>
  readonly responses: Hex[]
}

/** Small deterministic generator (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Account that a block's system calls come from. */
const SYSTEM: Hex = '0xfffffffffffffffffffffffffffffffffffffffe'
const POOR = 3n * OGPU
const OPEN_TASKS_MAX = 12
const CHECK_EVERY = 250

export class FuzzWorld {
  readonly #chain: TestChain
  readonly #seed: number
  readonly #random: () => number
  readonly #clients: Hex[] = []
  readonly #providers: Hex[] = []
  readonly #masters: Hex[] = []
  readonly #auditors: Hex[] = []
  readonly #sources: { readonly address: Hex; readonly policy: boolean }[] = []
  readonly #tasks: KnownTask[] = []
  readonly #byMethod: Record<string, [number, number]> = {}
  readonly #c: Record<'vault' | 'nexus' | 'controller' | 'proofs' | 'audits' | 'router' | 'data' | 'staking', Handle>
  #calls = 0
  #accepted = 0
  #finished = 0

  private constructor(chain: TestChain, seed: number) {
    this.#chain = chain
    this.#seed = seed
    this.#random = randomOf(seed)
    this.#c = {
      vault: chain.contract('vault'),
      nexus: chain.contract('nexus'),
      controller: chain.contract('controller'),
      proofs: chain.contract('proofManager'),
      audits: chain.contract('auditManager'),
      router: chain.contract('stakeRouter'),
      data: chain.contract('dataRegistry'),
      staking: chain.contract('staking'),
    }
  }

  static async create(seed: number): Promise<FuzzWorld> {
    const chain = await createTestChain({ market: { retentionPeriodSec: 50 } })
    const world = new FuzzWorld(chain, seed)
    await world.#settle()
    return world
  }

  async run(calls: number): Promise<FuzzReport> {
    for (let i = 0; i < calls; i++) {
      await this.#step()
      if (i % CHECK_EVERY === CHECK_EVERY - 1) await this.check()
    }
    await this.#goHome()
    return {
      seed: this.#seed,
      calls: this.#calls,
      accepted: this.#accepted,
      finished: this.#finished,
      byMethod: this.#byMethod,
    }
  }

  /** Sum of everything that is owed equals the coins held; reservations are covered; nobody's books disagree. */
  async check(): Promise<void> {
    const { vault, router, data, staking, audits, proofs } = this.#c
    let owed = 0n
    const escrowOf = new Map<Hex, bigint>()
    const reserved = new Map<Hex, bigint>()
    const reserve = (account: Hex, amount: bigint) => reserved.set(account, (reserved.get(account) ?? 0n) + amount)
    for (const task of this.#tasks) {
      const [, amount] = await vault.read<[string, bigint]>('escrowOf', task.address)
      owed += amount
      escrowOf.set(task.client, (escrowOf.get(task.client) ?? 0n) + amount)
      if (!task.policy) continue
      const state = await proofs.read<{ phase: bigint; bond: bigint }>('taskState', task.address)
      if (state.phase >= 6n) continue
      for (const seat of await proofs.read<{ provider: string; state: bigint }[]>('seatsOf', task.address)) {
        if (BigInt(seat.provider) !== 0n && seat.state <= 2n) reserve(lower(seat.provider), state.bond)
      }
    }
    for (const account of this.#accounts()) {
      const [balance, lockup, unbonding, sanction, frozen, kept, bound] = await Promise.all([
        vault.read<bigint>('balanceOf', account),
        vault.read<bigint>('lockupOf', account),
        vault.read<bigint>('unbondingOf', account),
        vault.read<bigint>('sanctionOf', account),
        vault.read<bigint>('frozenPayment', account),
        vault.read<[bigint, bigint]>('retainedOf', account),
        vault.read<bigint>('reservedOf', account),
      ])
      owed += balance + lockup + unbonding + sanction + kept[0]
      this.#hold(bound <= lockup, `more is reserved than locked by ${account}`)
      this.#hold(frozen === (escrowOf.get(account) ?? 0n), `frozenPayment of ${account} is not the sum of its escrows`)
      const stake = await audits.read<bigint>('stakeOf', account)
      // Challenge bonds are the only reservations that no view names.
      this.#hold(bound >= (reserved.get(account) ?? 0n) + stake, `a bond of ${account} is not reserved`)
    }
    const held = await this.#chain.machine.balanceOf(vault.address)
    this.#hold(owed === held, `the vault owes ${owed} and holds ${held}`)
    this.#hold((await vault.read<bigint>('balanceOf', router.address)) === 0n, 'the router kept coins')
    this.#hold((await this.#chain.machine.balanceOf(data.address)) % (OGPU / 100n) === 0n, 'a broken request fee')
    let pools = 0n
    for (const operator of this.#masters) {
      const { stake, leaving } = await staking.read<{ stake: bigint; leaving: bigint }>('validator', operator)
      pools += stake + leaving
    }
    this.#hold(pools === (await this.#chain.machine.balanceOf(staking.address)), 'staking holds other than its pools')
  }

  // ---------------------------------------------------------------- setting

  async #settle(): Promise<void> {
    const chain = this.#chain
    for (let i = 0; i < 3; i++) {
      const client = chain.person(`client ${i}`)
      this.#clients.push(client)
      await this.#c.vault.send(client, 'deposit', [client], 2_000n * OGPU)
    }
    for (let i = 0; i < 6; i++) {
      const [provider, master] = [chain.person(`provider ${i}`), chain.person(`master ${i}`)]
      this.#providers.push(provider)
      this.#masters.push(master)
      await pair(chain, provider, master, 200n * OGPU)
    }
    for (let i = 0; i < 4; i++) {
      const auditor = chain.person(`auditor ${i}`)
      this.#auditors.push(auditor)
      await this.#c.vault.send(auditor, 'depositLockup', [auditor], 60n * OGPU)
    }
    const exact = await registerProgram(chain, this.#clients[0] as Hex)
    const judged = await registerProgram(chain, this.#clients[0] as Hex, TOLERANT_FP)
    await this.#addSource({})
    await this.#addSource({ manual: true })
    await this.#addSource({ policy: { programId: exact, heartbeatBlocks: 6 } })
    await this.#addSource({ policy: { programId: exact, auditors: 3, auditQuorum: 2, jury: 3, auditRateBps: 4_000 } })
    await this.#addSource({ policy: { programId: judged, redundancy: 2, quorum: 2, auditors: 3, auditQuorum: 2 } })
    await this.#addSource({
      policy: { programId: exact, redundancy: 1, quorum: 1, auditors: 0, auditQuorum: 0, auditRateBps: 0, jury: 2 },
    })
  }

  async #addSource(kind: { manual?: boolean; policy?: Partial<PolicyTerms> }): Promise<void> {
    const client = this.#pick(this.#clients)
    const address = await publishSource(this.#chain, client, { manual: kind.manual ?? false })
    if (kind.policy !== undefined) await setPolicy(this.#chain, client, address, kind.policy)
    for (const provider of this.#providers) await this.#c.nexus.send(provider, 'register', [address, provider, 1])
    this.#sources.push({ address, policy: kind.policy !== undefined })
  }

  // ---------------------------------------------------------------- one step

  async #step(): Promise<void> {
    const roll = this.#random()
    if (roll < 0.05) this.#chain.mine(1 + this.#below(3))
    else if (roll < 0.0515) this.#chain.pass(120 + this.#below(90_000))
    if (roll < 0.16) await this.#money()
    else if (roll < 0.22) await this.#staking()
    else if (roll < 0.26) await this.#mischief()
    else await this.#work()
  }

  async #money(): Promise<void> {
    const who = this.#pick(this.#accounts().slice(0, -2))
    const amount = BigInt(this.#below(5_000)) * (OGPU / 1_000n)
    const { vault } = this.#c
    const acts: (() => Promise<unknown>)[] = [
      () => this.#try(vault, who, 'deposit', [who], amount),
      () => this.#try(vault, who, 'withdraw', [amount]),
      () => this.#try(vault, who, 'lock', [amount]),
      () => this.#try(vault, who, 'unbond', [amount]),
      () => this.#try(vault, who, 'claim', []),
      () => this.#try(vault, who, 'cancelUnbonding', []),
      () => this.#try(vault, who, 'transfer', [this.#pick(this.#accounts().slice(0, -2)), amount]),
      () => this.#try(vault, who, 'depositLockup', [this.#pick(this.#providers)], amount),
      () => this.#try(vault, who, 'vest', [this.#pick(this.#providers)]),
      () => this.#try(vault, who, 'burn', [amount / 100n]),
      () => this.#try(this.#c.audits, this.#pick(this.#auditors), 'enrol', [10n * OGPU]),
      () => this.#try(this.#c.audits, this.#pick(this.#auditors), 'enrol', [10n * OGPU]),
      () => this.#seldom(0.1, () => this.#try(this.#c.audits, this.#pick(this.#auditors), 'resign', [])),
    ]
    await this.#pick(acts)()
  }

  async #staking(): Promise<void> {
    const { staking } = this.#c
    const operator = this.#pick(this.#masters)
    const who = this.#pick([...this.#clients, ...this.#masters])
    const amount = BigInt(1 + this.#below(5_000)) * (OGPU / 1_000n)
    const keys = [word(`${operator} c`), word(`${operator} n`), word(`${operator} k`), '']
    const acts: (() => Promise<unknown>)[] = [
      () => this.#try(staking, operator, 'register', [keys, 500], OGPU + amount),
      () => this.#try(staking, who, 'delegate', [operator], amount),
      () => this.#try(staking, who, 'undelegate', [operator, amount]),
      () => this.#try(staking, who, 'withdraw', [operator]),
      () => this.#try(staking, who, 'closeEpoch', []),
      () => this.#try(staking, who, 'distribute', [], amount),
      () => this.#try(staking, operator, 'unjail', []),
      () => this.#seldom(0.1, () => this.#try(staking, operator, 'retire', [])),
      () =>
        this.#seldom(0.2, () => this.#try(staking, SYSTEM, 'reportEquivocation', [operator, word(`e${this.#calls}`)])),
    ]
    await this.#pick(acts)()
  }

  /** Calls that nobody outside may make: every one must be refused. */
  async #mischief(): Promise<void> {
    const { vault, nexus, proofs, audits, router } = this.#c
    const thief = this.#pick(this.#accounts().slice(0, -2))
    const victim = this.#pick(this.#clients)
    const task = this.#tasks.length === 0 ? victim : this.#pick(this.#tasks).address
    const calls: readonly (readonly [Handle, string, readonly unknown[]])[] = [
      [vault, 'processPayment', [victim, thief, task, 1]],
      [vault, 'settle', [task, [[thief, 1, false]]]],
      [vault, 'releasePayment', [victim, task]],
      [vault, 'freezePayment', [victim, thief, 1]],
      [vault, 'reserve', [victim, 1]],
      [vault, 'release', [victim, 1]],
      [vault, 'sanction', [victim, 1]],
      [vault, 'forfeitRetained', [victim]],
      [vault, 'withdrawSanctionOf', [victim]],
      [vault, 'setEarningsToMaster', [false]],
      [nexus, 'setTaskStatus', [task, 5]],
      [nexus, 'confirmAs', [task]],
      [nexus, 'respondFor', [task, thief, 'x', 1]],
      [nexus, 'attemptFor', [task, thief, 1]],
      [proofs, 'onVerdict', [task, true, word(0)]],
      [proofs, 'touch', [task, thief]],
      [audits, 'settle', [task, 1]],
      [router, 'slash', [victim, 1, true, task, thief, [thief], 1]],
      [router, 'release', [victim, 1, word(0)]],
    ]
    const [contract, method, args] = this.#pick(calls)
    const passed = await this.#try(contract, thief, method, args)
    this.#hold(!passed, `${method} was allowed to ${thief}`)
  }

  async #work(): Promise<void> {
    if (this.#tasks.length < OPEN_TASKS_MAX && this.#random() < 0.3) {
      await this.#publish()
      return
    }
    if (this.#tasks.length === 0) return
    const task = this.#pick(this.#tasks)
    if (task.policy) await this.#proveStep(task)
    else await this.#plainStep(task)
    await this.#retire(task)
  }

  async #publish(): Promise<void> {
    const source = this.#pick(this.#sources)
    const client = this.#pick(this.#clients)
    const payment = BigInt(this.#below(6_000)) * (OGPU / 1_000n)
    const expiry = this.#chain.now() + BigInt(20 + this.#below(4_000))
    const params = [source.address, `config ${this.#calls}`, expiry, payment]
    const sent = await this.#trySent(this.#c.controller, client, 'publishTask', [params])
    const event = sent?.events.find(e => e.name === 'TaskPublished')
    if (event === undefined) return
    const address = lower(event.args.task)
    const owner = lower((await this.#c.vault.read<[string, bigint]>('escrowOf', address))[0])
    this.#tasks.push({ address, client: owner, policy: source.policy, outs: new Map(), responses: [] })
  }

  async #plainStep(task: KnownTask): Promise<void> {
    const { nexus, controller, vault } = this.#c
    const provider = this.#pick(this.#providers)
    const anybody = this.#pick(this.#accounts().slice(0, -2))
    const acts: (() => Promise<unknown>)[] = [
      () => this.#try(nexus, provider, 'attempt', [task.address, provider, 1]),
      () => this.#try(nexus, provider, 'attempt', [task.address, provider, 1]),
      () => this.#submit(task, provider),
      () => this.#submit(task, provider),
      () => this.#try(controller, task.client, 'cancelTask', [task.address]),
      () =>
        task.responses.length === 0
          ? Promise.resolve()
          : this.#try(controller, task.client, 'confirmResponse', [this.#pick(task.responses)]),
      () => this.#try(nexus, anybody, 'expireTask', [task.address]),
      () => this.#try(controller, anybody, 'settleSilent', [task.address]),
      () => this.#try(vault, anybody, 'forceReleasePayment', [task.client, task.address]),
    ]
    await this.#pick(acts)()
  }

  async #submit(task: KnownTask, provider: Hex): Promise<void> {
    const url = this.#random() < 0.9 ? `url ${this.#calls}` : 'the same url'
    const payment = BigInt(this.#below(8_000)) * (OGPU / 1_000n)
    const sent = await this.#trySent(this.#c.nexus, provider, 'submitResponse', [
      [task.address, provider, url, payment],
    ])
    const event = sent?.events.find(e => e.name === 'ResponseSubmitted')
    if (event !== undefined) task.responses.push(lower(event.args.response))
  }

  async #proveStep(task: KnownTask): Promise<void> {
    const { proofs, nexus, audits } = this.#c
    const anybody = this.#pick(this.#accounts().slice(0, -2))
    const { phase } = await proofs.read<{ phase: bigint }>('taskState', task.address)
    const provider = await this.#actorOf(task, phase)
    const poke = () => this.#try(proofs, anybody, 'expire', [task.address])
    const roll = this.#random()
    if (roll < 0.04) {
      await this.#try(proofs, anybody, 'reassign', [task.address, provider])
    } else if (roll < 0.08) {
      await poke()
    } else if (roll < 0.1) {
      await this.#try(this.#c.controller, task.client, 'cancelTask', [task.address])
    } else if (phase === 0n && roll < 0.75) {
      await this.#try(proofs, provider, 'accept', [task.address, provider])
    } else if (phase <= 1n) {
      if (!task.outs.has(provider)) task.outs.set(provider, this.#random() < 0.8 ? 'right' : `wrong ${this.#below(3)}`)
      const out = task.outs.get(provider) as string
      const method = this.#random() < 0.9 ? 'commit' : 'heartbeat'
      const args = [task.address, provider, seal(task.address, provider, out)]
      await this.#try(proofs, provider, method, method === 'commit' ? args : args.slice(0, 2))
    } else if (phase === 2n) {
      const out = task.outs.get(provider) ?? 'right'
      const url = this.#random() < 0.3 ? `https://result/${this.#calls}` : ''
      const args = [task.address, provider, word(out), word('trace'), word(`blob ${provider}`), url, word('salt')]
      await this.#try(proofs, provider, 'reveal', args)
    } else if (phase === 3n) {
      if (this.#random() < 0.5) this.#chain.mine(2)
      await this.#try(proofs, anybody, 'draw', [task.address])
    } else if (phase === 4n) {
      await this.#auditStep(task)
    } else if (phase === 5n) {
      if (this.#random() < 0.7) this.#chain.mine(2)
      if (this.#random() < 0.1) await this.#try(proofs, anybody, 'challenge', [task.address])
      else await this.#try(proofs, anybody, 'finalize', [task.address])
    } else if (phase === 6n) {
      await this.#try(proofs, anybody, 'publishResponse', [task.address, provider])
    } else {
      await this.#try(nexus, anybody, 'expireTask', [task.address])
    }
    if (phase === 4n && this.#random() < 0.1) await this.#try(audits, anybody, 'resolve', [task.address])
  }

  /** Mostly one who has something to do on the task. */
  async #actorOf(task: KnownTask, phase: bigint): Promise<Hex> {
    if ((phase === 0n && this.#random() < 0.7) || this.#random() < 0.1) return this.#pick(this.#providers)
    const wanted = phase === 2n ? 1n : 0n
    const seats = await this.#c.proofs.read<{ provider: string; state: bigint }[]>('seatsOf', task.address)
    const busy = seats.filter(seat => BigInt(seat.provider) !== 0n && seat.state === wanted)
    return busy.length === 0 ? this.#pick(this.#providers) : lower(this.#pick(busy).provider)
  }

  async #auditStep(task: KnownTask): Promise<void> {
    const { audits } = this.#c
    const votes = await audits.read<{ auditor: string; revealed: boolean }[]>('votesOf', task.address)
    const open = votes.filter(vote => !vote.revealed)
    const drawn = open.length > 0 && this.#random() < 0.9
    const auditor = drawn ? lower(this.#pick(open).auditor) : this.#pick(this.#auditors)
    // Each auditor sticks to one opinion on a task; most are honest.
    const opinion = Number(BigInt(toHex(keccak256(fromHex(`${auditor}${task.address.slice(2)}`)))) % 10n)
    const verdict = opinion < 8 ? digestOf('right') : opinion === 8 ? word(1) : word(0)
    const commitArgs = [task.address, auditSeal(task.address, auditor, verdict)]
    if (await this.#try(audits, auditor, 'commitAudit', commitArgs)) return
    await this.#try(audits, auditor, 'revealAudit', [task.address, verdict, word(0), word('salt')])
  }

  /** Forgets a task that is over, after making sure that it holds nothing. */
  async #retire(task: KnownTask): Promise<void> {
    const status = await this.#chain.at('Task', task.address).read<bigint>('status')
    if (status < 3n) return
    const [, escrow] = await this.#c.vault.read<[string, bigint]>('escrowOf', task.address)
    this.#hold(escrow === 0n, `task ${task.address} is over and still holds ${escrow}`)
    this.#tasks.splice(this.#tasks.indexOf(task), 1)
    this.#finished += 1
  }

  // ---------------------------------------------------------------- the end

  /** Everybody stops working; anybody's calls end every task; then all coins leave. */
  async #goHome(): Promise<void> {
    const { proofs, nexus, controller, audits, vault, staking } = this.#c
    const anybody = this.#clients[0] as Hex
    for (let round = 0; round < 12 && this.#tasks.length > 0; round++) {
      this.#chain.mine(60)
      this.#chain.pass(100_000)
      for (const task of [...this.#tasks]) {
        if (task.policy) {
          await this.#try(proofs, anybody, 'expire', [task.address])
          await this.#try(proofs, anybody, 'draw', [task.address])
          await this.#try(audits, anybody, 'resolve', [task.address])
          await this.#try(proofs, anybody, 'finalize', [task.address])
        } else {
          await this.#try(nexus, anybody, 'expireTask', [task.address])
          await this.#try(controller, anybody, 'settleSilent', [task.address])
        }
        this.#chain.mine(3)
        if (task.policy) await this.#try(proofs, anybody, 'draw', [task.address])
        await this.#retire(task)
      }
    }
    this.#hold(this.#tasks.length === 0, `${this.#tasks.length} tasks can't be ended by anybody`)
    await this.check()
    for (const auditor of this.#auditors) await this.#try(audits, auditor, 'resign', [])
    this.#chain.pass(1_000)
    for (const provider of this.#providers) await this.#try(vault, anybody, 'vest', [provider])
    for (const account of this.#accounts().slice(0, -2)) {
      this.#hold((await vault.read<bigint>('reservedOf', account)) === 0n, `a bond of ${account} is stuck`)
      await this.#try(vault, account, 'unbond', [await vault.read<bigint>('lockupOf', account)])
    }
    this.#chain.pass(1_000)
    for (const account of this.#accounts().slice(0, -2)) await this.#try(vault, account, 'emergencyExit', [account])
    // What stays is the audit pool, which later audits pay out.
    const pool = await vault.read<bigint>('balanceOf', audits.address)
    const held = await this.#chain.machine.balanceOf(vault.address)
    this.#hold(held === pool, `${held - pool} wei are stuck in the vault`)
    for (const operator of this.#masters) {
      for (const owner of [...this.#clients, ...this.#masters]) {
        const [active] = await staking.read<bigint[]>('positionOf', operator, owner)
        if (active !== undefined && active > 0n) await this.#try(staking, owner, 'undelegate', [operator, active])
      }
    }
    this.#chain.pass(1_000)
    for (const operator of this.#masters) {
      for (const owner of [...this.#clients, ...this.#masters]) await this.#try(staking, owner, 'withdraw', [operator])
    }
    const dust = await this.#chain.machine.balanceOf(staking.address)
    this.#hold(dust < OGPU / 1_000n, `${dust} wei are stuck in staking`)
  }

  // ---------------------------------------------------------------- helpers

  /** Everybody with an account in the vault; the last two are contracts. */
  #accounts(): Hex[] {
    const { audits, router } = this.#c
    return [...this.#clients, ...this.#providers, ...this.#masters, ...this.#auditors, audits.address, router.address]
  }

  async #try(contract: Handle, from: Hex, method: string, args: readonly unknown[], value = 0n): Promise<boolean> {
    return (await this.#trySent(contract, from, method, args, value)) !== undefined
  }

  async #trySent(contract: Handle, from: Hex, method: string, args: readonly unknown[], value = 0n) {
    this.#calls += 1
    const entry = this.#byMethod[method] ?? [0, 0]
    this.#byMethod[method] = entry
    entry[0] += 1
    if ((await this.#chain.machine.balanceOf(from)) < value + POOR) {
      await this.#chain.machine.setBalance(from, 1_000n * OGPU + value)
    }
    try {
      const sent = await contract.send(from, method, args, value)
      entry[1] += 1
      this.#accepted += 1
      return sent
    } catch (error) {
      if (!(error instanceof Reverted)) throw error
      // A panic or an empty revert is a check that is missing.
      this.#hold(!error.reason.startsWith('Panic'), `${method}: ${error.reason}`)
      return undefined
    }
  }

  async #seldom(probability: number, act: () => Promise<boolean>): Promise<boolean> {
    return this.#random() < probability && act()
  }

  #hold(condition: boolean, message: string): void {
    assert(condition, `${message} (seed=${this.#seed} calls=${this.#calls})`)
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T
  }
}
