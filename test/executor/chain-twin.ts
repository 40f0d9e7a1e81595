/**
 * The proof layer's life of a task in memory, behind the executor's chain port: the same phases, guards and numbers as
 * the contracts, one block per transaction. For tests of the sidecars; contract tests prove the contracts.
 */
import {
  type AuditState,
  type AuditVerdict,
  auditSealOf,
  type DueAction,
  digestOf,
  makePolicy,
  type Phase,
  type Policy,
  type ProgramContent,
  type ProviderResult,
  SDK_ERRORS,
  SdkError,
  type Seat,
  type SeatState,
  sealOf,
  type TaskInfo,
  type TaskStatus,
  ZERO_HASH,
} from '@ogpu/sdk'
import type { AuditDraw, ChainPort, PublishedTaskEvent } from '../../executor/sidecar/chain.ts'

interface TwinSeat {
  provider: string
  state: SeatState
  lastSeen: number
  digest: string
  blobId: string | undefined
}

interface TwinVote {
  auditor: string
  sealed?: string
  verdict?: string
  report?: string
}

interface TwinTask {
  task: string
  source: string
  configUrl: string
  paymentWei: bigint
  expiryTime: number
  policy: Policy | undefined
  status: TaskStatus
  phase: Phase
  deadline: number
  audited: boolean
  challenged: boolean
  result: string | undefined
  seats: TwinSeat[]
  winner: string | undefined
  votes: TwinVote[]
  auditDeadline: number
  attempts: Set<string>
  responses: Map<string, string>
}

function revert(reason: string): never {
  throw new SdkError(SDK_ERRORS.REVERTED, `reverts: ${reason}`, { data: { reason } })
}

export class ChainTwin {
  block = 1
  readonly tasks = new Map<string, TwinTask>()
  readonly programs = new Map<string, ProgramContent>()
  readonly registered = new Set<string>()
  readonly #published: PublishedTaskEvent[] = []
  readonly #draws: (AuditDraw & { auditor: string })[] = []
  auditors: string[] = []
  /** Names of the calls that changed something, in order. */
  readonly calls: string[] = []
  /** Throws before the n-th change when set: the caller never learns whether it was applied. */
  failing: ((call: string) => void) | undefined

  publish(options: {
    configUrl: string
    policy?: Pick<Policy, 'programId'> & Partial<Policy>
    source?: string
    paymentWei?: bigint
  }): string {
    const task = `0x${(this.tasks.size + 1).toString(16).padStart(40, '0')}`
    const source = options.source ?? `0x${'5'.repeat(40)}`
    this.tasks.set(task, {
      task,
      source,
      configUrl: options.configUrl,
      paymentWei: options.paymentWei ?? 1000n,
      expiryTime: 2 ** 40,
      policy: options.policy === undefined ? undefined : makePolicy(options.policy),
      status: 'NEW',
      phase: 'Open',
      deadline: 0,
      audited: false,
      challenged: false,
      result: undefined,
      seats: [],
      winner: undefined,
      votes: [],
      auditDeadline: 0,
      attempts: new Set(),
      responses: new Map(),
    })
    this.block++
    this.#published.push({ task, source, block: this.block })
    return task
  }

  get(task: string): TwinTask {
    return this.tasks.get(task.toLowerCase()) ?? revert('NotPolicyTask')
  }

  #change(call: string, apply: () => void): void {
    this.failing?.(`before ${call}`)
    apply()
    this.block++
    this.calls.push(call)
    this.failing?.(`after ${call}`)
  }

  #seat(task: TwinTask, provider: string): TwinSeat {
    return task.seats.find(seat => seat.provider === provider && seat.state !== 'Vacated') ?? revert('NoSeat')
  }

  #closeReveals(task: TwinTask): void {
    const policy = task.policy ?? revert('NotPolicyTask')
    const revealed = task.seats.filter(seat => seat.state === 'Revealed')
    const agreed = revealed.find(seat => revealed.filter(other => other.digest === seat.digest).length >= policy.quorum)
    task.result = agreed?.digest
    task.phase = 'Drawing'
    task.status = 'RESPONDED'
    task.deadline = this.block + 2
  }

  #due(task: TwinTask): DueAction | undefined {
    if (task.phase === 'Drawing' && this.block > task.deadline) return 'draw'
    if (task.phase === 'Window' && this.block > task.deadline) return 'finalize'
    if (['Assigned', 'Revealing'].includes(task.phase) && this.block > task.deadline) return 'expire'
    return undefined
  }

  #perform(task: TwinTask, action: DueAction): void {
    const policy = task.policy ?? revert('NotPolicyTask')
    if (this.#due(task) !== action) revert('NothingToDo')
    if (action === 'draw') {
      task.audited = policy.auditRateBps === 10_000 && this.auditors.length > 0
      if (!task.audited) {
        task.phase = 'Window'
        task.deadline = this.block + policy.windowBlocks
        return
      }
      task.phase = 'Auditing'
      task.auditDeadline = this.block + policy.auditBlocks
      for (const auditor of this.auditors.slice(0, policy.auditors)) {
        task.votes.push({ auditor })
        this.#draws.push({ auditor, task: task.task, round: 1, block: this.block + 1 })
      }
      return
    }
    if (action === 'finalize') {
      task.phase = 'Final'
      task.status = 'FINALIZED'
      for (const seat of task.seats)
        if (seat.state === 'Revealed') seat.state = seat.digest === task.result ? 'Paid' : 'Slashed'
      task.winner = task.seats.find(seat => seat.state === 'Paid')?.provider
      return
    }
    for (const seat of task.seats) {
      if (seat.state === (task.phase === 'Assigned' ? 'Accepted' : 'Committed')) seat.state = 'Vacated'
    }
    if (task.phase === 'Revealing') this.#closeReveals(task)
    else if (task.seats.filter(seat => seat.state === 'Committed').length >= policy.quorum) {
      task.phase = 'Revealing'
      task.deadline = this.block + policy.revealBlocks
    } else task.phase = 'Open'
  }

  port(account: string): ChainPort {
    const me = account.toLowerCase()
    const info = (task: TwinTask): TaskInfo => ({
      task: task.task,
      source: task.source,
      status: task.status,
      configUrl: task.configUrl,
      expiryTime: task.expiryTime,
      paymentWei: task.paymentWei,
      winningProvider: task.winner,
      proof:
        task.policy === undefined
          ? undefined
          : {
              policyId: 1n,
              phase: task.phase,
              deadline: task.deadline,
              audited: task.audited,
              challenged: task.challenged,
              retried: 0,
              bondWei: 1n,
              result: task.result,
              seats: task.seats.map((seat): Seat => ({ ...seat })),
            },
    })
    return {
      me,
      head: async () => ({ block: this.block, timeSeconds: this.block }),
      publishedTasks: async (from, to) => this.#published.filter(event => event.block >= from && event.block <= to),
      isRegistered: async () => this.registered.has(me),
      task: async task => info(this.get(task)),
      policy: async task => this.get(task).policy,
      program: async id => this.programs.get(id) ?? revert('ProgramUnknown'),
      standing: async task => ({
        attempted: this.get(task).attempts.has(me),
        responded: this.get(task).responses.has(me),
      }),
      eligibility: async () => ({ eligible: true, reason: '' }),
      accept: async id =>
        this.#change(`accept ${me}`, () => {
          const task = this.get(id)
          const policy = task.policy ?? revert('NotPolicyTask')
          if (task.phase !== 'Open') revert('WrongPhase')
          if (task.seats.some(seat => seat.provider === me)) revert('AlreadySeated')
          task.seats.push({
            provider: me,
            state: 'Accepted',
            lastSeen: this.block,
            digest: ZERO_HASH,
            blobId: undefined,
          })
          task.status = 'ATTEMPTED'
          if (task.seats.filter(seat => seat.state !== 'Vacated').length < policy.redundancy) return
          task.phase = 'Assigned'
          task.deadline = this.block + policy.commitBlocks
        }),
      commit: async result =>
        this.#change(`commit ${me}`, () => {
          const task = this.get(result.task)
          const seat = this.#seat(task, me)
          if (seat.state !== 'Accepted') revert('AlreadyCommitted')
          seat.state = 'Committed'
          seat.digest = sealOf({ ...result, provider: me })
          const policy = task.policy ?? revert('NotPolicyTask')
          if (task.phase !== 'Assigned' || task.seats.some(other => other.state === 'Accepted')) return
          task.phase = 'Revealing'
          task.deadline = this.block + policy.revealBlocks
        }),
      reveal: async (result: ProviderResult) =>
        this.#change(`reveal ${me}`, () => {
          const task = this.get(result.task)
          const seat = this.#seat(task, me)
          if (task.phase !== 'Revealing' || seat.state !== 'Committed') revert('WrongPhase')
          if (seat.digest !== sealOf({ ...result, provider: me })) revert('SealMismatch')
          seat.state = 'Revealed'
          seat.digest = digestOf(result.outRoot, result.traceRoot)
          seat.blobId = result.blobId
          if (!task.seats.some(other => other.state === 'Committed')) this.#closeReveals(task)
        }),
      heartbeat: async id =>
        this.#change(`heartbeat ${me}`, () => {
          this.#seat(this.get(id), me).lastSeen = this.block
        }),
      due: async id => this.#due(this.get(id)),
      performDue: async (id, action) => this.#change(`${action} ${me}`, () => this.#perform(this.get(id), action)),
      attempt: async id =>
        this.#change(`attempt ${me}`, () => {
          const task = this.get(id)
          if (task.status !== 'NEW' && task.status !== 'ATTEMPTED') revert('AlreadyFinalized')
          task.attempts.add(me)
          task.status = 'ATTEMPTED'
        }),
      respond: async (id, url) =>
        this.#change(`respond ${me}`, () => {
          const task = this.get(id)
          if (task.status !== 'ATTEMPTED') revert('AlreadyFinalized')
          task.responses.set(me, url)
          task.status = 'FINALIZED'
          task.winner = me
        }),
      auditsOf: async (auditor, from, to) =>
        this.#draws.filter(draw => draw.auditor === auditor.toLowerCase() && draw.block >= from && draw.block <= to),
      vote: async id => {
        const mine = this.get(id).votes.find(vote => vote.auditor === me)
        return mine && { round: 1, committed: mine.sealed !== undefined, revealed: mine.verdict !== undefined }
      },
      audit: async (id): Promise<AuditState> => {
        const task = this.get(id)
        return {
          round: task.votes.length === 0 ? 0 : 1,
          open: task.phase === 'Auditing',
          drawn: task.votes.length,
          committed: task.votes.filter(vote => vote.sealed !== undefined).length,
          revealed: task.votes.filter(vote => vote.verdict !== undefined).length,
          commitDeadline: task.auditDeadline,
          revealDeadline: task.auditDeadline + (task.policy?.auditBlocks ?? 0),
          seed: `0x${id.slice(2).padStart(64, '5')}`,
        }
      },
      commitAudit: async (audit: AuditVerdict) =>
        this.#change(`commitAudit ${me}`, () => {
          const vote = this.get(audit.task).votes.find(each => each.auditor === me) ?? revert('NotDrawn')
          if (vote.sealed !== undefined) revert('AuditPhase')
          vote.sealed = auditSealOf({ report: ZERO_HASH, ...audit, auditor: me })
        }),
      revealAudit: async (audit: AuditVerdict) =>
        this.#change(`revealAudit ${me}`, () => {
          const task = this.get(audit.task)
          const vote = task.votes.find(each => each.auditor === me) ?? revert('NotDrawn')
          if (task.votes.some(each => each.sealed === undefined)) revert('AuditPhase')
          if (vote.sealed !== auditSealOf({ report: ZERO_HASH, ...audit, auditor: me })) revert('AuditSealMismatch')
          vote.verdict = audit.verdict
          vote.report = audit.report ?? ZERO_HASH
          if (task.votes.some(each => each.verdict === undefined)) return
          task.result = vote.verdict
          task.phase = 'Window'
          task.deadline = this.block + (task.policy?.windowBlocks ?? 0)
        }),
      resolveAudit: async () => revert('AuditPhase'),
      challenge: async id =>
        this.#change(`challenge ${me}`, () => {
          const task = this.get(id)
          const policy = task.policy ?? revert('NotPolicyTask')
          if (task.phase !== 'Window' || task.audited) revert('ChallengeClosed')
          task.challenged = true
          task.audited = true
          task.phase = 'Auditing'
          task.auditDeadline = this.block + policy.auditBlocks
          for (const auditor of this.auditors.slice(0, policy.auditors)) {
            task.votes.push({ auditor })
            this.#draws.push({ auditor, task: task.task, round: 1, block: this.block + 1 })
          }
        }),
    }
  }
}
