/**
 * A crowd that calls the contracts at random: mostly what makes sense, sometimes what must be refused. After every few
 * calls the books are compared; at the end everybody goes home and nothing may be left behind.
 */
import { defined } from '#lib/assert'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { type FuzzAct, FuzzFailure } from './fuzz-acts.ts'
import { compareBooks, type KnownTask } from './fuzz-books.ts'
import { type Crowd, FUZZED, type Fuzzed, type FuzzSource } from './fuzz-crowd.ts'
import { blobOf, finalize, proveStep } from './fuzz-proof.ts'
import { blobs, market, staking } from './fuzz-sideshows.ts'
import { createTestChain, type Handle, lower, OGPU, Reverted, type TestChain, word } from './harness.ts'
import { type PolicyTerms, pair, publishSource, registerProgram, setPolicy, TOLERANT_FP } from './market-life.ts'

export interface FuzzReport {
  readonly seed: number
  readonly calls: number
  readonly accepted: number
  readonly finished: number
  /** Key: contract and method. */
  readonly byMethod: Readonly<Record<string, readonly [tried: number, accepted: number]>>
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

const JUDGE: Hex = '0x000000000000000000000000000000000000beef'
const TIMELOCK: Hex = '0x4f47505500000000000000000000000000000002'
const POOR = 3n * OGPU
/** Code that refuses every call, and so every coin. */
const DEAF = fromHex('0x5f5ffd')
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
  /** One of each kind of people is a contract that takes no coins: it may lose its own convenience, and hold up nobody. */
  readonly #deaf = new Set<Hex>()
  readonly #sources: FuzzSource[] = []
  /** A source that is not worked on, for calls that would spoil one. */
  #spare: Hex = word(0)
  readonly #tasks: KnownTask[] = []
  readonly #byMethod: Record<string, [number, number]> = {}
  readonly #c: Readonly<Record<Fuzzed, Handle>>
  readonly #labels = new Map<Handle, string>()
  readonly #acts: FuzzAct[] = []
  /** Requests of chunks that are open, with who answers. */
  readonly #requests = new Map<Hex, Hex>()
  #exact: Hex = word(0)
  #calls = 0
  #accepted = 0
  #finished = 0

  private constructor(chain: TestChain, seed: number) {
    this.#chain = chain
    this.#seed = seed
    this.#random = randomOf(seed)
    const entries = Object.entries(FUZZED).map(([label, key]) => [label, chain.contract(key)] as const)
    this.#c = Object.fromEntries(entries) as Record<Fuzzed, Handle>
    for (const [label, handle] of entries) this.#labels.set(handle, label)
  }

  static async create(seed: number): Promise<FuzzWorld> {
    const chain = await createTestChain({
      market: { retentionPeriodSec: 50, priceFloorWei: 1_000n },
      staking: { unbondingPeriodSec: 500 },
    })
    const world = new FuzzWorld(chain, seed)
    await world.#settle()
    return world
  }

  /** What was done, for {@link replay}. */
  get acts(): readonly FuzzAct[] {
    return this.#acts
  }

  async run(calls: number, progress?: (done: number) => void): Promise<FuzzReport> {
    while (this.#calls < calls) {
      const before = Math.floor(this.#calls / CHECK_EVERY)
      await this.#step()
      if (Math.floor(this.#calls / CHECK_EVERY) === before) continue
      await this.check()
      progress?.(this.#calls)
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

  /** Does a list of acts again in a fresh world, compares the books after each `every` of them and at the end. */
  static async replay(seed: number, acts: readonly FuzzAct[], every = CHECK_EVERY): Promise<void> {
    const world = await FuzzWorld.create(seed)
    for (const [i, act] of acts.entries()) {
      await world.#perform(act)
      if (i % every === every - 1) await world.check()
    }
    await world.check()
  }

  /** Sum of everything that is owed equals the coins held; reservations are covered; nobody's books disagree. */
  async check(): Promise<void> {
    const error = await compareBooks(this.#chain, {
      tasks: this.#tasks,
      accounts: this.#accounts(),
      operators: this.#masters,
      requests: this.#requests,
    })
    this.#hold(error === undefined, error ?? '')
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
    for (const people of [this.#clients, this.#providers, this.#masters, this.#auditors]) {
      const last = defined(people.at(-1), 'somebody')
      chain.machine.setCode(last, DEAF)
      this.#deaf.add(last)
    }
    const exact = await registerProgram(chain, this.#clients[0] as Hex)
    this.#exact = exact
    // A judge whose evidence begins with the byte 1; appointed as governance does it.
    chain.machine.setCode(JUDGE, fromHex('0x60a435602401355f1a6001145f5260205ff3'))
    const registry = chain.contract('programRegistry')
    for (let i = 0; i < 2; i++) {
      await registry.send(TIMELOCK, 'setFaultVerifier', [0, JUDGE])
      chain.pass(75 * 86_400)
    }
    const judged = await registerProgram(chain, this.#clients[0] as Hex, TOLERANT_FP)
    await this.#addSource({})
    await this.#addSource({ manual: true })
    this.#spare = await publishSource(chain, this.#clients[0] as Hex)
    await this.#addSource({ policy: { programId: exact, heartbeatBlocks: 6 } })
    await this.#addSource({ policy: { programId: exact, auditors: 3, auditQuorum: 2, jury: 3, auditRateBps: 4_000 } })
    await this.#addSource({ policy: { programId: judged, redundancy: 2, quorum: 2, auditors: 3, auditQuorum: 2 } })
    await this.#addSource({
      policy: { programId: exact, redundancy: 1, quorum: 1, auditors: 0, auditQuorum: 0, auditRateBps: 0, jury: 2 },
    })
    await this.#addSource({ policy: { programId: exact, redundancy: 1, quorum: 1, retryMax: 3, auditRateBps: 6_000 } })
    await this.#addSource({
      policy: {
        programId: exact,
        redundancy: 1,
        quorum: 1,
        retryMax: 1,
        reassignMax: 2,
        heartbeatBlocks: 5,
        commitBlocks: 60,
        checkpointBps: 9_000,
        checkpointSteps: 10,
      },
    })
  }

  async #addSource(kind: { manual?: boolean; policy?: Partial<PolicyTerms> }): Promise<void> {
    const client = this.#pick(this.#clients)
    const address = await publishSource(this.#chain, client, { manual: kind.manual ?? false })
    if (kind.policy !== undefined) await setPolicy(this.#chain, client, address, kind.policy)
    for (const provider of this.#providers) await this.#c.nexus.send(provider, 'register', [address, provider, 1])
    this.#sources.push({ address, client, manual: kind.manual ?? false })
  }

  // ---------------------------------------------------------------- one step

  async #step(): Promise<void> {
    const roll = this.#random()
    if (roll < 0.05) this.#mine(1 + this.#below(3))
    else if (roll < 0.0515) this.#pass(120 + this.#below(90_000))
    if (roll < 0.14) await this.#money()
    else if (roll < 0.22) await staking(this.#crowd())
    else if (roll < 0.25) await this.#mischief()
    else if (roll < 0.28) await market(this.#crowd())
    else if (roll < 0.31) await blobs(this.#crowd())
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
      () => this.#seldom(0.1, () => this.#try(vault, who, 'emergencyExit', [who])),
      () => this.#try(this.#c.wrapped, who, 'deposit', [], amount),
      () => this.#try(this.#c.wrapped, who, 'withdraw', [amount]),
      () => this.#try(this.#c.wrapped, who, 'transfer', [this.#pick(this.#clients), amount / 2n]),
      () => this.#try(this.#c.wrapped, who, 'approve', [this.#pick(this.#clients), amount]),
      () => this.#try(this.#c.wrapped, this.#pick(this.#clients), 'transferFrom', [who, who, amount / 8n]),
      () => this.#try(this.#c.wrapped, who, 'delegate', [this.#pick(this.#clients)]),
      () => this.#seldom(0.1, () => this.#try(this.#c.audits, this.#pick(this.#auditors), 'resign', [])),
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
      [vault, 'payPart', [task, [[thief, 1, false]]]],
      [vault, 'setTerminal', [vault.address]],
      [nexus, 'setManager', [vault.address]],
      [audits, 'reopen', [task, 1]],
      [router, 'slash', [victim, 1, true, task, thief, [thief], 1]],
      [router, 'release', [victim, 1, word(0)]],
    ]
    const [contract, method, args] = this.#pick(calls)
    await this.#trySent(contract, thief, method, args, 0n, true)
  }

  async #work(): Promise<void> {
    if (this.#tasks.length < OPEN_TASKS_MAX && this.#random() < 0.3) {
      await this.#publish()
      return
    }
    if (this.#tasks.length === 0) return
    const task = this.#pick(this.#tasks)
    if (task.policy) await proveStep(this.#crowd(), task)
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
    const policy = (await this.#chain.at('Task', address).read<bigint>('policyId')) !== 0n
    this.#tasks.push({ address, client: owner, policy, outs: new Map(), links: new Map(), responses: [] })
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

  /** Forgets a task that is over, after making sure that it holds nothing. */
  async #retire(task: KnownTask): Promise<void> {
    const status = await this.#chain.at('Task', task.address).read<bigint>('status')
    if (status < 3n) return
    const [, escrow] = await this.#c.vault.read<[string, bigint]>('escrowOf', task.address)
    this.#hold(escrow === 0n, `task ${task.address} is over and still holds ${escrow}`)
    const anybody = this.#pick(this.#clients)
    if (this.#random() < 0.3) {
      await this.#try(this.#c.vault, anybody, 'forceReleasePayment', [task.client, task.address])
    }
    for (const provider of task.policy && status === 5n ? task.outs.keys() : []) {
      if (this.#random() > 0.5) continue
      const link = task.links.get(provider)
      const args = [task.address, provider, ...(link === undefined ? [] : [blobOf(provider), link])]
      const method = link === undefined ? 'publishResponse' : 'publishResponseWithLink'
      await this.#try(this.#c.proofs, anybody, method, args)
    }
    this.#tasks.splice(this.#tasks.indexOf(task), 1)
    this.#finished += 1
  }

  // ---------------------------------------------------------------- the end

  /** Everybody stops working; anybody's calls end every task; then all coins leave. */
  async #goHome(): Promise<void> {
    const { proofs, nexus, controller, audits, vault, staking } = this.#c
    const anybody = this.#clients[0] as Hex
    for (let round = 0; round < 12 && this.#tasks.length > 0; round++) {
      this.#mine(400)
      this.#pass(100_000)
      for (const task of [...this.#tasks]) {
        if (task.policy) {
          await this.#try(proofs, anybody, 'expire', [task.address])
          await this.#try(proofs, anybody, 'draw', [task.address])
          await this.#try(audits, anybody, 'resolve', [task.address])
          await finalize(this.#crowd(), task, anybody)
        } else {
          await this.#try(nexus, anybody, 'expireTask', [task.address])
          await this.#try(controller, anybody, 'settleSilent', [task.address])
        }
        this.#mine(3)
        if (task.policy) await this.#try(proofs, anybody, 'draw', [task.address])
        await this.#retire(task)
      }
    }
    this.#hold(this.#tasks.length === 0, `${this.#tasks.length} tasks can't be ended by anybody`)
    await this.check()
    this.#mine(200)
    for (const id of [...this.#requests.keys()]) {
      if (await this.#try(this.#c.data, anybody, 'punish', [id])) this.#requests.delete(id)
    }
    this.#hold(this.#requests.size === 0, `${this.#requests.size} requests of chunks can't be ended by anybody`)
    this.#hold(this.#chain.machine.balanceOf(this.#c.data.address) === 0n, 'fees of requests are stuck')
    for (const auditor of this.#auditors) await this.#try(audits, auditor, 'resign', [])
    this.#pass(1_000)
    for (const provider of this.#providers) await this.#try(vault, anybody, 'vest', [provider])
    for (const account of this.#accounts().slice(0, -2)) {
      this.#hold((await vault.read<bigint>('reservedOf', account)) === 0n, `a bond of ${account} is stuck`)
      await this.#try(vault, account, 'unbond', [await vault.read<bigint>('lockupOf', account)])
    }
    this.#pass(1_000)
    await this.#handOver(anybody)
    for (const account of this.#accounts().slice(0, -2)) await this.#try(vault, account, 'emergencyExit', [account])
    for (const account of this.#accounts().slice(0, -2)) {
      const { wrapped } = this.#c
      await this.#try(wrapped, account, 'withdraw', [await wrapped.read<bigint>('balanceOf', account)])
    }
    this.#hold(this.#chain.machine.balanceOf(this.#c.wrapped.address) === 0n, 'wrapped coins are stuck')
    // What stays is the audit pool, which later audits pay out.
    const pool = await vault.read<bigint>('balanceOf', audits.address)
    const held = this.#chain.machine.balanceOf(vault.address)
    this.#hold(held === pool, `${held - pool} wei are stuck in the vault`)
    for (const operator of this.#masters) {
      for (const owner of [...this.#clients, ...this.#masters]) {
        const [active] = await staking.read<bigint[]>('positionOf', operator, owner)
        if (active !== undefined && active > 0n) await this.#try(staking, owner, 'undelegate', [operator, active])
      }
    }
    this.#pass(1_000)
    for (const operator of this.#masters) {
      for (const owner of [...this.#clients, ...this.#masters]) {
        if (this.#deaf.has(owner)) await this.#try(staking, owner, 'withdrawTo', [operator, anybody])
        else await this.#try(staking, owner, 'withdraw', [operator])
      }
    }
    const dust = this.#chain.machine.balanceOf(staking.address)
    this.#hold(dust < OGPU / 1_000n, `${dust} wei are stuck in staking`)
  }

  /** Who takes no coins gives what it has to somebody who does. */
  async #handOver(heir: Hex): Promise<void> {
    const { vault, wrapped } = this.#c
    for (const account of this.#deaf) {
      await this.#try(vault, account, 'claim', [])
      await this.#try(vault, account, 'transfer', [heir, await vault.read<bigint>('balanceOf', account)])
      await this.#try(wrapped, account, 'transfer', [heir, await wrapped.read<bigint>('balanceOf', account)])
    }
  }

  // ---------------------------------------------------------------- helpers

  #crowd(): Crowd {
    return {
      chain: this.#chain,
      contracts: this.#c,
      clients: this.#clients,
      providers: this.#providers,
      masters: this.#masters,
      auditors: this.#auditors,
      sources: this.#sources,
      spare: this.#spare,
      exact: this.#exact,
      requests: this.#requests,
      accounts: () => this.#accounts(),
      calls: () => this.#calls,
      random: this.#random,
      below: limit => this.#below(limit),
      pick: items => this.#pick(items),
      seldom: (probability, act) => this.#seldom(probability, act),
      mine: blocks => this.#mine(blocks),
      balanceOf: address => this.#chain.machine.balanceOf(address),
      fund: (address, wei) => this.#balance(address, wei),
      attempt: (...call) => this.#try(...call),
      send: (...call) => this.#trySent(...call),
    }
  }

  /** Everybody with an account in the vault; the last two are contracts. */
  #accounts(): Hex[] {
    const { audits, router } = this.#c
    return [...this.#clients, ...this.#providers, ...this.#masters, ...this.#auditors, audits.address, router.address]
  }

  async #try(contract: Handle, from: Hex, method: string, args: readonly unknown[], value = 0n): Promise<boolean> {
    return (await this.#trySent(contract, from, method, args, value)) !== undefined
  }

  async #trySent(contract: Handle, from: Hex, method: string, args: readonly unknown[], value = 0n, forbidden = false) {
    this.#calls += 1
    const name = `${this.#labels.get(contract)}.${method}`
    const entry = this.#byMethod[name] ?? [0, 0]
    this.#byMethod[name] = entry
    entry[0] += 1
    if (this.#chain.machine.balanceOf(from) < value + POOR) this.#balance(from, 1_000n * OGPU + value)
    this.#acts.push({ kind: 'call', from, contract: contract.address, name, method, args, value, forbidden })
    try {
      const sent = await contract.send(from, method, args, value)
      this.#hold(!forbidden, `${method} was allowed to a stranger`)
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

  async #perform(act: FuzzAct): Promise<void> {
    if (act.kind === 'mine') this.#mine(act.blocks)
    else if (act.kind === 'pass') this.#pass(act.seconds)
    else if (act.kind === 'balance') this.#balance(act.address, act.wei)
    else {
      const handle = defined(
        [...this.#labels.keys()].find(known => known.address === act.contract),
        act.name,
      )
      const sent = await this.#trySent(handle, act.from, act.method, act.args, act.value, act.forbidden)
      const published = sent?.events.find(e => e.name === 'TaskPublished')
      if (sent !== undefined && published !== undefined) {
        const address = lower(published.args.task)
        const client = lower((await this.#c.vault.read<[string, bigint]>('escrowOf', address))[0])
        const policy = (await this.#chain.at('Task', address).read<bigint>('policyId')) !== 0n
        this.#tasks.push({ address, client, policy, outs: new Map(), links: new Map(), responses: [] })
      }
      const asked = sent?.events.find(e => e.name === 'ChunkRequested')
      if (sent !== undefined && asked !== undefined) this.#requests.set(toHex(sent.output), lower(asked.args.provider))
      const id = act.args[0]
      if (sent !== undefined && /^(answerChunk|punish)$/.test(act.method)) this.#requests.delete(id as Hex)
    }
  }

  #mine(blocks: number): void {
    this.#acts.push({ kind: 'mine', blocks })
    this.#chain.mine(blocks)
  }

  #pass(seconds: number): void {
    this.#acts.push({ kind: 'pass', seconds })
    this.#chain.pass(seconds)
  }

  #balance(address: Hex, wei: bigint): void {
    this.#acts.push({ kind: 'balance', address, wei })
    this.#chain.machine.setBalance(address, wei)
  }

  async #seldom(probability: number, act: () => Promise<boolean>): Promise<boolean> {
    return this.#random() < probability && act()
  }

  #hold(condition: boolean, message: string): void {
    if (!condition) throw new FuzzFailure(message, this.#seed, this.#acts)
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T
  }
}
