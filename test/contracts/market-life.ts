/** Steps of the market's life that many tests need. */
import { AbiCoder } from 'ethers'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { lower, OGPU, only, type Sent, type TestChain, word } from './harness.ts'

export const FAR = 100_000n
/** As long as the links that the published SDK's upload service returns. */
export const RESULT_URL = 'https://cipfs.ogpuscan.io/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'

export interface SourceTerms {
  readonly manual?: boolean
  readonly minPayment?: bigint
  readonly minAvailableLockup?: bigint
  readonly environments?: number
  readonly maxExpiryDuration?: bigint
}

export function sourceParams(client: Hex, terms: SourceTerms = {}): readonly unknown[] {
  return [
    client,
    'https://cipfs.ogpuscan.io/ipfs/QmSource',
    terms.environments ?? 7,
    terms.minPayment ?? 0n,
    terms.minAvailableLockup ?? 0n,
    terms.maxExpiryDuration ?? 1_000_000n,
    false,
    '',
    terms.manual === true ? 0 : 1,
    0,
  ]
}

export async function publishSource(chain: TestChain, client: Hex, terms: SourceTerms = {}): Promise<Hex> {
  const sent = await chain.contract('nexus').send(client, 'publishSource', [sourceParams(client, terms)])
  return lower(only(sent, 'SourcePublished').args.source)
}

/** Pairs `provider` with `master`, with stake. */
export async function pair(chain: TestChain, provider: Hex, master: Hex, stakeWei = 100n * OGPU): Promise<void> {
  const terminal = chain.contract('terminal')
  await terminal.send(master, 'announceProvider', [provider, stakeWei], stakeWei)
  await terminal.send(provider, 'announceMaster', [master])
}

export async function register(chain: TestChain, source: Hex, provider: Hex): Promise<Sent> {
  return chain.contract('nexus').send(provider, 'register', [source, provider, 1])
}

export async function deposit(chain: TestChain, account: Hex, amountWei: bigint): Promise<void> {
  await chain.contract('vault').send(account, 'deposit', [account], amountWei)
}

export async function sendTask(
  chain: TestChain,
  client: Hex,
  source: Hex,
  paymentWei = 9n * OGPU,
  lifetimeSec = FAR,
): Promise<Sent> {
  const config = 'https://cipfs.ogpuscan.io/ipfs/QmT5NvUtoM5nWFfrQdVrFtvGfKFmG7AHE8P34isapyhCxX'
  return chain
    .contract('controller')
    .send(client, 'publishTask', [[source, config, chain.now() + lifetimeSec, paymentWei]])
}

export async function publishTask(
  chain: TestChain,
  client: Hex,
  source: Hex,
  paymentWei = 9n * OGPU,
  lifetimeSec = FAR,
): Promise<Hex> {
  const sent = await sendTask(chain, client, source, paymentWei, lifetimeSec)
  return lower(only(sent, 'TaskPublished').args.task)
}

// ---------------------------------------------------------------- under a policy

export interface PolicyTerms {
  readonly programId: Hex
  readonly redundancy: number
  readonly quorum: number
  readonly auditors: number
  readonly auditQuorum: number
  readonly jury: number
  readonly reassignMax: number
  readonly auditRateBps: number
  readonly auditFeeBps: number
  readonly bondBps: number
  readonly bondMin: bigint
  readonly acceptBlocks: number
  readonly commitBlocks: number
  readonly revealBlocks: number
  readonly auditBlocks: number
  readonly windowBlocks: number
  readonly heartbeatBlocks: number
  readonly retryMax: number
  readonly checkpointBps: number
  readonly checkpointSteps: number
  readonly checkpointReceipts: number
}

export const POLICY: PolicyTerms = {
  programId: word(0),
  redundancy: 3,
  quorum: 2,
  auditors: 1,
  auditQuorum: 1,
  jury: 0,
  reassignMax: 1,
  auditRateBps: 10_000,
  auditFeeBps: 1_000,
  bondBps: 20_000,
  bondMin: 0n,
  acceptBlocks: 5,
  commitBlocks: 10,
  revealBlocks: 5,
  auditBlocks: 10,
  windowBlocks: 8,
  heartbeatBlocks: 0,
  retryMax: 0,
  checkpointBps: 0,
  checkpointSteps: 0,
  checkpointReceipts: 0,
}

export const EXACT_INT = 0
export const TOLERANT_FP = 1

export async function registerProgram(chain: TestChain, by: Hex, programClass = EXACT_INT): Promise<Hex> {
  const sent = await chain
    .contract('programRegistry')
    .send(by, 'register', [programClass, word('graph'), word('weights'), word(0), word(0), word('IntOps'), 'a model'])
  return toHex(sent.output)
}

export async function setPolicy(chain: TestChain, client: Hex, source: Hex, terms: Partial<PolicyTerms> = {}) {
  await chain.contract('policyRegistry').send(client, 'setPolicy', [source, { ...POLICY, ...terms }])
}

const coder = AbiCoder.defaultAbiCoder()

export function digestOf(out: string, trace = 'trace'): Hex {
  return toHex(keccak256(fromHex(coder.encode(['bytes32', 'bytes32'], [word(out), word(trace)]))))
}

export function seal(task: Hex, provider: Hex, out: string, salt = 'salt'): Hex {
  return toHex(
    keccak256(
      fromHex(
        coder.encode(
          ['address', 'address', 'bytes32', 'bytes32', 'bytes32', 'bytes32'],
          [task, provider, word(out), word('trace'), word(`blob ${provider}`), word(salt)],
        ),
      ),
    ),
  )
}

export function auditSeal(task: Hex, auditor: Hex, verdict: Hex, salt = 'salt'): Hex {
  return toHex(
    keccak256(
      fromHex(
        coder.encode(
          ['address', 'address', 'bytes32', 'bytes32', 'bytes32'],
          [task, auditor, verdict, word(0), word(salt)],
        ),
      ),
    ),
  )
}

export const accept = (chain: TestChain, task: Hex, provider: Hex) =>
  chain.contract('proofManager').send(provider, 'accept', [task, provider])

export const commit = (chain: TestChain, task: Hex, provider: Hex, out: string) =>
  chain.contract('proofManager').send(provider, 'commit', [task, provider, seal(task, provider, out)])

export const reveal = (chain: TestChain, task: Hex, provider: Hex, out: string, url = '') =>
  chain
    .contract('proofManager')
    .send(provider, 'reveal', [task, provider, word(out), word('trace'), word(`blob ${provider}`), url, word('salt')])

export async function enrol(chain: TestChain, auditor: Hex, stakeWei = 10n * OGPU): Promise<void> {
  await chain.contract('vault').send(auditor, 'depositLockup', [auditor], stakeWei)
  await chain.contract('auditManager').send(auditor, 'enrol', [stakeWei])
}

/** Moves past the draw block and draws. */
export async function draw(chain: TestChain, task: Hex): Promise<Sent> {
  chain.mine(3)
  return chain.contract('proofManager').send(chain.person('anybody'), 'draw', [task])
}

/** All auditors that are drawn and still to vote commit and reveal what `verdict` says. */
export async function audit(chain: TestChain, task: Hex, verdict: (auditor: Hex) => Hex): Promise<void> {
  const manager = chain.contract('auditManager')
  const round = (await manager.read<{ round: bigint }>('auditOf', task)).round
  const votes = await manager.read<{ auditor: string; round: bigint }[]>('votesOf', task)
  const auditors = votes.filter(vote => vote.round === round).map(vote => lower(vote.auditor))
  for (const auditor of auditors) {
    await manager.send(auditor, 'commitAudit', [task, auditSeal(task, auditor, verdict(auditor))])
  }
  for (const auditor of auditors) {
    await manager.send(auditor, 'revealAudit', [task, verdict(auditor), word(0), word('salt')])
  }
}

/** Moves past the window and settles. */
export async function finalize(chain: TestChain, task: Hex): Promise<Sent> {
  chain.mine(20)
  return chain.contract('proofManager').send(chain.person('anybody'), 'finalize', [task])
}

export interface Stage {
  readonly client: Hex
  readonly source: Hex
  readonly providers: readonly Hex[]
  readonly masters: readonly Hex[]
}

/** A source with a policy, a client with money, providers with stake on the source's list. */
export async function stage(
  chain: TestChain,
  providers = 3,
  terms: Partial<PolicyTerms> = {},
  label = 'stage',
): Promise<Stage> {
  const client = chain.person(`${label} client`)
  const source = await publishSource(chain, client)
  const programId = terms.programId ?? (await registerProgram(chain, client))
  await setPolicy(chain, client, source, { programId, ...terms })
  const names = Array.from({ length: providers }, (_, i) => `${label} ${i}`)
  const stageProviders = names.map(name => chain.person(`${name} provider`))
  const masters = names.map(name => chain.person(`${name} master`))
  for (let i = 0; i < providers; i++) {
    await pair(chain, stageProviders[i] as Hex, masters[i] as Hex)
    await register(chain, source, stageProviders[i] as Hex)
  }
  await deposit(chain, client, 1_000n * OGPU)
  return { client, source, providers: stageProviders, masters }
}

/** Accept, commit and reveal by every provider in turn; `outs[i]` is what the i-th answers. */
export async function work(chain: TestChain, task: Hex, providers: readonly Hex[], outs: readonly string[]) {
  for (const provider of providers) await accept(chain, task, provider)
  for (const [i, provider] of providers.entries()) await commit(chain, task, provider, outs[i] as string)
  for (const [i, provider] of providers.entries()) await reveal(chain, task, provider, outs[i] as string)
}
