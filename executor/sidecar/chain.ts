/** What executor and verifier need of the chain, as an interface: the real one speaks JSON-RPC through the SDK. */
import {
  type AuditState,
  type AuditVerdict,
  acceptTask,
  attemptTask,
  challengeTask,
  commitAudit,
  commitResult,
  type DueAction,
  decodeLogs,
  INTERFACES,
  type OgpuClient,
  type Policy,
  type ProgramContent,
  type ProviderResult,
  performDue,
  readAudit,
  readDue,
  readEligibility,
  readPolicyOfTask,
  readProgram,
  readTask,
  readTaskTerms,
  resolveAudit,
  revealAudit,
  revealResult,
  SDK_ERRORS,
  SdkError,
  sendHeartbeat,
  submitResponse,
  type TaskInfo,
  type TaskTerms,
} from '@ogpu/sdk'
import { defined } from '#lib/assert'

/** The newest block. */
export interface Head {
  readonly block: number
  /** Unix seconds, by the chain's clock. */
  readonly timeSeconds: number
}

export interface PublishedTaskEvent {
  readonly task: string
  readonly source: string
  readonly block: number
}

export interface AuditDraw {
  readonly task: string
  readonly round: number
  readonly block: number
}

export interface AuditVote {
  readonly round: number
  readonly committed: boolean
  readonly revealed: boolean
}

/** State of a plain task with respect to one provider. */
export interface PlainStanding {
  readonly attempted: boolean
  readonly responded: boolean
}

export interface ChainPort {
  /** The account that acts. */
  readonly me: string
  head(): Promise<Head>
  publishedTasks(from: number, to: number): Promise<readonly PublishedTaskEvent[]>
  isRegistered(source: string): Promise<boolean>
  task(task: string): Promise<TaskInfo>
  policy(task: string): Promise<Policy | undefined>
  program(programId: string): Promise<ProgramContent>
  standing(task: string): Promise<PlainStanding>
  eligibility(task: string): Promise<{ readonly eligible: boolean; readonly reason: string }>
  accept(task: string): Promise<void>
  commit(result: ProviderResult): Promise<void>
  reveal(result: ProviderResult & { readonly url: string }): Promise<void>
  heartbeat(task: string): Promise<void>
  due(task: string): Promise<DueAction | undefined>
  performDue(task: string, action: DueAction): Promise<void>
  attempt(task: string, paymentWei: bigint): Promise<void>
  respond(task: string, url: string, paymentWei: bigint): Promise<void>
  auditsOf(auditor: string, from: number, to: number): Promise<readonly AuditDraw[]>
  /** Our own vote in the current round of a task's audit; undefined when we are not drawn. */
  vote(task: string): Promise<AuditVote | undefined>
  audit(task: string): Promise<AuditState>
  commitAudit(audit: AuditVerdict): Promise<void>
  revealAudit(audit: AuditVerdict): Promise<void>
  resolveAudit(task: string): Promise<void>
  challenge(task: string): Promise<void>
}

/** Entries of a memory; a full one starts again. */
const MEMORY_MAX = 4_096

/** Asks once for what never changes. */
function createMemory<T>(): (key: string, ask: () => Promise<T>) => Promise<T> {
  const known = new Map<string, T>()
  return async (key, ask) => {
    if (known.has(key)) return known.get(key) as T
    const answer = await ask()
    if (known.size >= MEMORY_MAX) known.clear()
    known.set(key, answer)
    return answer
  }
}

/** The port over a client with a key. */
export function createChainPort(client: OgpuClient): ChainPort {
  const me = defined(client.address, 'an executor signs')
  const logs = async (
    address: string,
    topics: readonly (string | readonly string[] | null)[],
    from: number,
    to: number,
  ) =>
    client.provider.getLogs({
      address,
      topics: topics.map(topic => (Array.isArray(topic) ? [...topic] : (topic as string | null))),
      fromBlock: from,
      toBlock: to,
    })
  // A task keeps its terms and its policy for life.
  const termsOf = createMemory<TaskTerms>()
  const policyOf = createMemory<Policy | undefined>()
  const sent = async (sending: Promise<unknown>): Promise<void> => {
    await sending
  }

  return {
    me,
    async head() {
      const block = await client.provider.getBlock('latest')
      if (block === null) throw new SdkError(SDK_ERRORS.RPC_FAILED, 'the node has no latest block', { retryable: true })
      return { block: block.number, timeSeconds: block.timestamp }
    },
    async publishedTasks(from, to) {
      const address = client.contracts.nexus
      const topics = INTERFACES.nexus.encodeFilterTopics('TaskPublished', [])
      const found = await logs(address, topics, from, to)
      return found.flatMap(log =>
        decodeLogs([log], INTERFACES.nexus, 'TaskPublished', address).map(event => ({
          task: String(event.task),
          source: String(event.source),
          block: log.blockNumber,
        })),
      )
    },
    async isRegistered(source) {
      const [id] = await client.read('source', 'getRegistrantId', [me], source)
      return id !== 0n
    },
    async task(task) {
      const terms = await termsOf(task, () => readTaskTerms(client, { task }))
      return readTask(client, { task, terms })
    },
    policy: task => policyOf(task, () => readPolicyOfTask(client, { task })),
    program: programId => readProgram(client, { programId }),
    async standing(task) {
      const [attempter, response] = await Promise.all([
        client.read('task', 'attempterId', [me], task),
        client.read('task', 'responseOf', [me], task),
      ])
      return { attempted: attempter[0] !== 0n, responded: BigInt(response[0]) !== 0n }
    },
    eligibility: task => readEligibility(client, { task, provider: me }),
    accept: task => sent(acceptTask(client, { task })),
    commit: result => sent(commitResult(client, result)),
    reveal: result => sent(revealResult(client, result)),
    heartbeat: task => sent(sendHeartbeat(client, { task })),
    due: task => readDue(client, { task }),
    performDue: (task, action) => sent(performDue(client, { task, action })),
    attempt: (task, suggestedPaymentWei) => sent(attemptTask(client, { task, suggestedPaymentWei })),
    respond: (task, url, paymentWei) => sent(submitResponse(client, { task, url, paymentWei })),
    async auditsOf(auditor, from, to) {
      const address = client.contracts.auditManager
      const topics = INTERFACES.auditManager.encodeFilterTopics('AuditDrawn', [null, auditor])
      const found = await logs(address, topics, from, to)
      return found.flatMap(log =>
        decodeLogs([log], INTERFACES.auditManager, 'AuditDrawn', address).map(event => ({
          task: String(event.task),
          round: Number(event.round),
          block: log.blockNumber,
        })),
      )
    },
    async vote(task) {
      const [[votes], audit] = await Promise.all([
        client.read('auditManager', 'votesOf', [task]),
        readAudit(client, { task }),
      ])
      const mine = [...votes].find(
        each => Number(each.round) === audit.round && each.auditor.toLowerCase() === me.toLowerCase(),
      )
      return mine && { round: audit.round, committed: mine.committed, revealed: mine.revealed }
    },
    audit: task => readAudit(client, { task }),
    commitAudit: audit => sent(commitAudit(client, audit)),
    revealAudit: audit => sent(revealAudit(client, audit)),
    resolveAudit: task => sent(resolveAudit(client, { task })),
    challenge: task => sent(challengeTask(client, { task })),
  }
}
