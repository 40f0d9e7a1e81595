/** What governance can do and cannot: contracts are replaced with long notice only, and coins stay where they are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contractsOf } from '@ogpu/sdk'
import { describe, expect, test } from 'vitest'
import { CONTRACT_NAMES } from '#contracts'
import type { Hex } from '#lib/bytes'
import {
  CONTRACTS,
  type ContractKey,
  createTestChain,
  lower,
  OGPU,
  only,
  Reverted,
  type TestChain,
  word,
} from './harness.ts'
import { deposit, pair, publishSource, publishTask, register, sourceParams } from './market-life.ts'

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason.split('(')[0] as string
    throw error
  }
  return 'no revert'
}

const a = contractsOf(1071)
const NOTICE_SEC = 75 * 86_400
const GRACE_SEC = 14 * 86_400

/** Every setter of an address that money or decisions depend on. */
const WIRING: readonly (readonly [ContractKey, string, string])[] = [
  ['nexus', 'setManager', 'manager'],
  ['nexus', 'setTerminal', 'terminal'],
  ['nexus', 'setVault', 'vault'],
  ['controller', 'setNexus', 'nexus'],
  ['controller', 'setTerminal', 'terminal'],
  ['controller', 'setVault', 'vault'],
  ['terminal', 'setManager', 'manager'],
  ['terminal', 'setVault', 'vault'],
  ['terminal', 'setDefaultAgent', 'defaultAgent'],
  ['vault', 'setTerminal', 'terminal'],
]

describe('the wiring of the market', () => {
  test.each(WIRING)('%s.%s takes effect after 75 days of notice only', async (key, method, view) => {
    const chain = await createTestChain()
    const contract = chain.contract(key)
    const [next, other] = [a.dataRegistry, a.routing]
    const before = lower(await contract.read(view))
    const set = (to: Hex, by: Hex = a.timelock) => contract.send(by, method, [to])
    expect(await refusal(set(next, chain.person('stranger')))).toMatch(/^(OwnableUnauthorizedAccount|NotAuthorized)$/)
    if (method !== 'setDefaultAgent') expect(await refusal(set(chain.person('nobody')))).toBe('NotContract')
    const announced = only(await set(next), 'RewiringAnnounced').args
    expect(announced).toMatchObject({ part: view, from: chain.now() + BigInt(NOTICE_SEC) })
    expect(lower(await contract.read(view))).toBe(before)
    chain.pass(NOTICE_SEC - 1)
    expect(await refusal(set(next))).toBe('NoticeRunning')
    // Another address needs a notice of its own, and takes the place of the first.
    await chain.attempt(async () => {
      only(await set(other), 'RewiringAnnounced')
      chain.pass(1)
      only(await set(next), 'RewiringAnnounced')
    })
    chain.pass(1)
    await chain.attempt(async () => {
      chain.pass(GRACE_SEC + 1)
      only(await set(next), 'RewiringAnnounced')
    })
    only(await set(next), 'Rewired')
    expect(lower(await contract.read(view))).toBe(next)
    only(await set(next), 'RewiringAnnounced')
  })

  test('leaves everybody the time to take everything out, whatever governance sets meanwhile', async () => {
    const chain = await createTestChain({ market: { retentionPeriodSec: 30 * 86_400 } })
    const vault = chain.contract('vault')
    const [client, provider, master] = [chain.person('c'), chain.person('p'), chain.person('m')]
    const source = await publishSource(chain, client)
    await pair(chain, provider, master)
    await register(chain, source, provider)
    await deposit(chain, client, 10n * OGPU)
    const task = await publishTask(chain, client, source, OGPU, 1_000n)
    for (const [key, method] of WIRING) await chain.contract(key).send(a.timelock, method, [a.dataRegistry])
    await vault.send(a.timelock, 'setMaxUnbondingPeriod', [60 * 86_400])
    expect(await refusal(vault.send(a.timelock, 'setMaxUnbondingPeriod', [60 * 86_400 + 1]))).toBe('PeriodTooLong')
    expect(await refusal(vault.send(a.timelock, 'setRetentionPeriod', [30 * 86_400 + 1]))).toBe('PeriodTooLong')
    await vault.send(provider, 'unbond', [100n * OGPU])
    chain.pass(60 * 86_400)
    await chain.contract('nexus').send(chain.person('anybody'), 'expireTask', [task])
    await vault.send(provider, 'emergencyExit', [provider])
    await vault.send(client, 'emergencyExit', [client])
    expect(chain.machine.balanceOf(vault.address)).toBe(0n)
    for (const [key, method] of WIRING) {
      expect(await refusal(chain.contract(key).send(a.timelock, method, [a.dataRegistry]))).toBe('NoticeRunning')
    }
  })

  test('takes the power of the default agent away at once', async () => {
    const chain = await createTestChain()
    const terminal = chain.contract('terminal')
    await terminal.send(a.timelock, 'setDefaultAgent', [chain.person('agent')])
    chain.pass(NOTICE_SEC)
    only(await terminal.send(a.timelock, 'setDefaultAgent', [chain.person('agent')]), 'DefaultAgentSet')
    only(
      await terminal.send(a.timelock, 'setDefaultAgent', ['0x0000000000000000000000000000000000000000']),
      'DefaultAgentSet',
    )
    expect(BigInt(await terminal.read('defaultAgent'))).toBe(0n)
  })
})

/**
 * Every function that only somebody in particular may call, by contract: with the arguments of a call that a stranger
 * tries. The market's are in market.test.ts; this table and the compiler's ABIs are compared, so that none is forgotten.
 */
const nobody: Hex = '0x00000000000000000000000000000000000a77ac'
const task: Hex = '0x000000000000000000000000000000000000dead'
const PRIVILEGED: Readonly<Partial<Record<ContractKey, Readonly<Record<string, readonly unknown[]>>>>> = {
  manager: {
    grantRole: [word(0), nobody],
    revokeRole: [word(0), nobody],
    seal: [],
  },
  nexus: {
    emitTaskPublished: [task, task],
    setTaskStatus: [task, 5],
    setSourceStatus: [task, 1],
    setResponseStatus: [task, 1],
    setStatusAsClient: [1],
    confirmAs: [task],
    attemptFor: [task, nobody, 1],
    respondFor: [task, nobody, 'x', 1],
    setManager: [nobody],
    setTerminal: [nobody],
    setVault: [nobody],
    transferOwnership: [nobody],
    renounceOwnership: [],
  },
  controller: {
    setNexus: [nobody],
    setTerminal: [nobody],
    setVault: [nobody],
    setManualPaysAll: [true],
    transferOwnership: [nobody],
    renounceOwnership: [],
  },
  terminal: {
    setManager: [nobody],
    setVault: [nobody],
    setDefaultAgent: [nobody],
    transferOwnership: [nobody],
    renounceOwnership: [],
  },
  vault: {
    freezePayment: [nobody, task, 1],
    releasePayment: [nobody, task],
    processPayment: [nobody, nobody, task, 1],
    settle: [task, [[nobody, 1, false]]],
    payPart: [task, [[nobody, 1, false]]],
    reserve: [nobody, 1],
    release: [nobody, 0],
    sanction: [nobody, 0],
    forfeitRetained: [nobody],
    waive: [nobody, 0],
    withdrawSanctionOf: [nobody],
    setMaxUnbondingPeriod: [1],
    setMinLockupPerSource: [1],
    setRetentionPeriod: [1],
    setEarningsToMaster: [false],
    setTerminal: [nobody],
    setWhitelist: [nobody, true],
  },
  programRegistry: { setFaultVerifier: [0, nobody], transferOwnership: [nobody], renounceOwnership: [] },
  proofManager: { onVerdict: [task, true, word(1)], touch: [task, nobody] },
  auditManager: {
    open: [[task, nobody, word(1), word(1), false, 1, 1, 1, 1, true, [nobody]]],
    reopen: [task, 1],
    settle: [task, 1],
    setMinStake: [1],
    transferOwnership: [nobody],
    renounceOwnership: [],
  },
  stakeRouter: {
    reserve: [nobody, 1, word(0)],
    release: [nobody, 0, word(0)],
    slash: [nobody, 0, true, task, nobody, [nobody], 1],
    slashChallenger: [nobody, 0, task, [nobody]],
  },
  reputation: { record: [nobody, 0, 0, 1] },
  priceOracle: {
    noteSettled: [0, 1],
    setMarket: [0, 1, 1],
    transferOwnership: [nobody],
    renounceOwnership: [],
  },
  staking: {
    registerFor: [nobody, [word(1), word(2), word(3), ''], 0],
    seatFirstCommittee: [],
    setEpochDuration: [1],
    setUnbondingPeriod: [1],
    setMinSelfStake: [1],
    setCommitteeSize: [1],
    transferOwnership: [nobody],
    renounceOwnership: [],
  },
  feeCollector: { setBurnBps: [1], transferOwnership: [nobody], renounceOwnership: [] },
  timelock: {
    grantRole: [word(0), nobody],
    revokeRole: [word(0), nobody],
    schedule: [nobody, 0, '0x', word(0), word(0), 1_000_000],
    scheduleBatch: [[nobody], [0], ['0x'], word(0), word(0), 1_000_000],
    cancel: [word(1)],
    updateDelay: [1],
  },
  governor: {
    setVotingDelay: [1],
    setVotingPeriod: [1],
    setProposalThreshold: [1],
    updateQuorumNumerator: [1],
    updateTimelock: [nobody],
    relay: [nobody, 0, '0x'],
  },
  proofResolution: { onVerdict: [task, true, word(1)] },
}

/** What anybody may call, for itself or because it serves everybody. */
const OPEN: Readonly<Partial<Record<ContractKey, readonly string[]>>> = {
  manager: ['renounceRole'],
  nexus: [
    'publishSource',
    'updateSource',
    'inactivateSource',
    'register',
    'unregister',
    'attempt',
    'submitResponse',
    'expireTask',
  ],
  controller: ['publishTask', 'cancelTask', 'confirmResponse', 'settleSilent'],
  terminal: [
    'announceProvider',
    'announceMaster',
    'removeProvider',
    'removeContainer',
    'setAgent',
    'setDefaultAgentDisabled',
    'setBaseData',
    'setLiveData',
  ],
  vault: [
    'deposit',
    'depositLockup',
    'withdraw',
    'emergencyExit',
    'transfer',
    'burn',
    'lock',
    'unbond',
    'cancelUnbonding',
    'claim',
    'forceReleasePayment',
    'vest',
  ],
  programRegistry: ['register'],
  policyRegistry: ['setPolicy', 'clearPolicy'],
  proofManager: [
    'accept',
    'commit',
    'reveal',
    'heartbeat',
    'expire',
    'reassign',
    'draw',
    'challenge',
    'announceFault',
    'proveFault',
    'plantError',
    'openPlant',
    'finalize',
    'finalizeWithLink',
    'publishResponse',
    'publishResponseWithLink',
  ],
  proofResolution: [
    'draw',
    'challenge',
    'announceFault',
    'proveFault',
    'plantError',
    'openPlant',
    'finalize',
    'finalizeWithLink',
    'publishResponse',
    'publishResponseWithLink',
  ],
  auditManager: ['enrol', 'resign', 'commitAudit', 'revealAudit', 'resolve'],
  dataRegistry: [
    'setGateway',
    'register',
    'confirmAvailability',
    'requestChunk',
    'requestChunkFrom',
    'answerChunk',
    'punish',
  ],
  checkpoints: ['checkpoint', 'discard'],
  receiptBatches: ['postReceiptBatch'],
  staking: [
    'register',
    'update',
    'retire',
    'delegate',
    'undelegate',
    'withdraw',
    'withdrawTo',
    'distribute',
    'reportEquivocation',
    'unjail',
    'closeEpoch',
  ],
  feeCollector: ['distribute'],
  // Accounts act for themselves here, or for who signed.
  wrappedOgpu: [
    'approve',
    'cancelAuthorization',
    'delegate',
    'delegateBySig',
    'deposit',
    'permit',
    'receiveWithAuthorization',
    'transfer',
    'transferFrom',
    'transferWithAuthorization',
    'withdraw',
  ],
  orc20Factory: ['create'],
  faucet: ['drip'],
  multicall3: [
    'aggregate',
    'aggregate3',
    'aggregate3Value',
    'blockAndAggregate',
    'tryAggregate',
    'tryBlockAndAggregate',
  ],
  routing: [],
  timelock: [
    'execute',
    'executeBatch',
    'renounceRole',
    'onERC721Received',
    'onERC1155Received',
    'onERC1155BatchReceived',
  ],
  governor: [
    'propose',
    'queue',
    'execute',
    'cancel',
    'castVote',
    'castVoteWithReason',
    'castVoteWithReasonAndParams',
    'castVoteBySig',
    'castVoteWithReasonAndParamsBySig',
    'onERC721Received',
    'onERC1155Received',
    'onERC1155BatchReceived',
  ],
}

const WATCHED = [...new Set([...Object.keys(PRIVILEGED), ...Object.keys(OPEN)])] as ContractKey[]

/** The same of contracts that are made one by one: what only their owner may call, and what anybody may. */
const MADE: Readonly<
  Record<
    string,
    { readonly privileged: Readonly<Record<string, readonly unknown[]>>; readonly open: readonly string[] }
  >
> = {
  Source: {
    privileged: {
      initialize: [sourceParams(nobody)],
      setSourceParams: [sourceParams(nobody)],
      setStatus: [1],
      register: [nobody, 1],
      unregister: [nobody],
      publishTask: [task],
      transferOwnership: [nobody],
      renounceOwnership: [],
    },
    open: [],
  },
  Task: {
    privileged: {
      attempt: [nobody],
      submitResponse: [task, nobody],
      noteSubmission: [word(1)],
      noteFirstAnswer: [nobody],
      finalizeWith: [nobody],
      setStatus: [5],
      transferOwnership: [nobody],
      renounceOwnership: [],
    },
    open: [],
  },
  Response: {
    privileged: { confirm: [], setStatus: [1], transferOwnership: [nobody], renounceOwnership: [] },
    open: [],
  },
  Orc20: {
    privileged: {
      setDescription: ['x'],
      setLogo: ['x'],
      setProjectGif: ['x'],
      setProjectEmoji: ['x'],
      setSocials: ['x', 'y'],
      setActivePairs: [nobody, true],
      transferOwnership: [nobody],
      renounceOwnership: [],
    },
    open: ['approve', 'increaseAllowance', 'decreaseAllowance', 'transfer', 'transferFrom', 'permit'],
  },
}

/** One of each. */
async function makeEach(chain: TestChain): Promise<Readonly<Record<string, Hex>>> {
  const client = chain.person('client')
  const [provider, master] = [chain.person('provider'), chain.person('master')]
  const source = await publishSource(chain, client, { manual: true })
  await pair(chain, provider, master)
  await register(chain, source, provider)
  await deposit(chain, client, OGPU)
  const published = await publishTask(chain, client, source, OGPU)
  const nexus = chain.contract('nexus')
  await nexus.send(provider, 'attempt', [published, provider, 1n])
  const answered = await nexus.send(provider, 'submitResponse', [[published, provider, 'url', OGPU]])
  const params = ['Coin', 'CN', 6, 1n, '', '', '', '', [], []]
  const made = await chain.contract('orc20Factory').send(client, 'create', [params])
  return {
    Source: source,
    Task: published,
    Response: lower(only(answered, 'ResponseSubmitted').args.response),
    Orc20: lower(only(made, 'TokenCreated').args.token),
  }
}

describe('privileged functions', () => {
  test('of what is made one by one are all listed too, and refuse a stranger', async () => {
    const chain = await createTestChain()
    const made = await makeEach(chain)
    for (const [name, { privileged, open }] of Object.entries(MADE)) {
      const contract = chain.at(name, made[name] as Hex)
      const changing: string[] = []
      contract.abi.forEachFunction(f => {
        if (f.stateMutability !== 'view' && f.stateMutability !== 'pure') changing.push(f.name)
      })
      expect([name, ...changing.sort()]).toEqual([name, ...[...Object.keys(privileged), ...open].sort()])
      for (const [method, args] of Object.entries(privileged)) {
        const answer = await refusal(contract.send(chain.person('stranger'), method, args))
        expect([name, method, answer]).toEqual([
          name,
          method,
          expect.stringMatching(/^(OwnableUnauthorizedAccount|NotOwner)$/),
        ])
      }
    }
  })

  test('are looked for in every contract that has an artefact', () => {
    const known = [...WATCHED.map(key => CONTRACTS[key]), ...Object.keys(MADE)]
    expect([...new Set(known)].sort()).toEqual([...CONTRACT_NAMES].sort())
  })

  test('are all listed: every function that changes state is either privileged or open', async () => {
    const chain = await createTestChain()
    const missing: string[] = []
    const extra: string[] = []
    for (const key of WATCHED) {
      const listed = new Set([...Object.keys(PRIVILEGED[key] ?? {}), ...(OPEN[key] ?? [])])
      const changing = new Set<string>()
      chain.contract(key).abi.forEachFunction(f => {
        if (f.stateMutability !== 'view' && f.stateMutability !== 'pure') changing.add(f.name)
      })
      for (const name of changing) if (!listed.has(name)) missing.push(`${key}.${name}`)
      for (const name of listed) if (!changing.has(name)) extra.push(`${key}.${name}`)
    }
    expect({ missing, extra }).toEqual({ missing: [], extra: [] })
  })

  const rows = Object.entries(PRIVILEGED).map(([key, calls]) => [key as ContractKey, calls] as const)
  test.each(rows)('of %s refuse a stranger', async (key, calls) => {
    const chain = await createTestChain()
    const stranger = chain.person('stranger')
    for (const [method, args] of Object.entries(calls)) {
      expect([method, await refusal(chain.contract(key).send(stranger, method, args))]).toEqual([
        method,
        expect.stringMatching(
          /^(Ownable|AccessControl|Governor|Timelock)\w*Unauthorized\w*$|^GovernorOnlyExecutor$|^Only[A-Z]\w+$|^NotAuthorized$|^UnknownSource$/,
        ),
      ])
    }
  })

  test('are owned by the timelock or by contracts, and the timelock by the governor alone', async () => {
    const chain = await createTestChain()
    for (const key of [
      'nexus',
      'controller',
      'terminal',
      'programRegistry',
      'auditManager',
      'priceOracle',
      'staking',
      'feeCollector',
    ] as const) {
      expect([key, lower(await chain.contract(key).read('owner'))]).toEqual([key, a.timelock])
    }
    const timelock = chain.contract('timelock')
    const role = async (name: string) => timelock.read<Hex>(name)
    expect(await timelock.read('hasRole', await role('PROPOSER_ROLE'), a.governor)).toBe(true)
    expect(await timelock.read('hasRole', await role('DEFAULT_ADMIN_ROLE'), a.timelock)).toBe(true)
    for (const { address } of [
      { address: chain.person('anybody') },
      { address: '0x4f475055000000000000000000000000000000ff' as Hex },
    ]) {
      for (const name of ['PROPOSER_ROLE', 'CANCELLER_ROLE', 'DEFAULT_ADMIN_ROLE']) {
        expect(await timelock.read('hasRole', await role(name), address)).toBe(false)
      }
    }
  })
})

test('contracts of ours are told when they take the wrong path', async () => {
  const chain = await createTestChain()
  const client = chain.person('c')
  const source = await publishSource(chain, client)
  await deposit(chain, client, OGPU)
  const plain = await publishTask(chain, client, source, OGPU)
  const nexus = chain.contract('nexus')
  const proofs = chain.contract('proofManager').address
  expect(await refusal(nexus.send(proofs, 'attemptFor', [plain, client, 1]))).toBe('PlainTask')
  expect(await refusal(nexus.send(proofs, 'respondFor', [plain, client, 'x', 1]))).toBe('PlainTask')
  const face = chain.at('Source', source)
  expect(await refusal(face.send(nexus.address, 'initialize', [sourceParams(client)]))).toBe('Initialized')
  // A second implementation of the proof manager's code, called directly, has nothing to work on.
  const code = chain.contract('proofResolution')
  for (const method of ['draw', 'challenge', 'finalize']) {
    expect(await refusal(code.send(client, method, [plain]))).toBe('WrongPhase')
  }
})

test('no privileged caller can take coins: with every setter tried by the timelock, all balances stay', async () => {
  const chain: TestChain = await createTestChain()
  const [client, provider, master] = [chain.person('c'), chain.person('p'), chain.person('m')]
  const source = await publishSource(chain, client)
  await pair(chain, provider, master)
  await register(chain, source, provider)
  await deposit(chain, client, 10n * OGPU)
  const open = await publishTask(chain, client, source, 2n * OGPU)
  const vault = chain.contract('vault')
  const books = async () =>
    JSON.stringify(
      await Promise.all(
        [client, provider, master].flatMap(who =>
          ['balanceOf', 'lockupOf', 'unbondingOf', 'frozenPayment', 'sanctionOf', 'reservedOf'].map(async bucket =>
            String(await vault.read(bucket, who)),
          ),
        ),
      ),
    )
  const before = await books()
  for (const [key, calls] of Object.entries(PRIVILEGED)) {
    for (const [method, args] of Object.entries(calls)) {
      if (/^(renounceOwnership|transferOwnership)$/.test(method)) continue
      // With the very accounts and the task that it might want.
      const aimed = args.map(x => (x === nobody ? client : x === task ? open : x))
      await refusal(chain.contract(key as ContractKey).send(a.timelock, method, aimed))
    }
  }
  expect(await books()).toBe(before)
  expect(await chain.at('Task', open).read('status')).toBe(0n)
})

test('the threat table of the docs names tests that exist, for each threat', () => {
  const folder = join(import.meta.dirname)
  const text = readFileSync(join(folder, '..', '..', 'docs', 'contracts.md'), 'utf8')
  const table = text.slice(
    text.indexOf('## Threats and tests'),
    text.indexOf('## ', text.indexOf('## Threats and tests') + 5),
  )
  const named = [...table.matchAll(/`([a-z-]+)` “([^”]+)”/g)]
  expect(named.length).toBeGreaterThan(30)
  const missing = named.filter(([, file, name]) => {
    const source = readFileSync(join(folder, `${file}.test.ts`), 'utf8')
    const titles = [...source.matchAll(/\b(?:test|describe)(?:\.each\([^)]*\))?\(\s*(['"`])(.*?)\1,/g)].map(
      ([, , title]) => title,
    )
    return !titles.some(title => title?.includes(name as string))
  })
  expect(missing.map(([whole]) => whole)).toEqual([])
  const rows = table.split('\n').filter(line => line.startsWith('| '))
  const bare = rows.slice(1).filter(row => !/`[a-z-]+` “[^”]+”/.test(row))
  expect(bare).toEqual([])
})
