import type { OgpuClient } from '../client.ts'
import { PHASES, type Phase, SEAT_STATES, type SeatState, TASK_STATUSES, type TaskStatus } from '../contracts.ts'
import { ZERO_HASH } from '../proof/program.ts'

export interface Seat {
  readonly provider: string
  readonly state: SeatState
  /** Block of the last accept, commit or heartbeat. */
  readonly lastSeen: number
  /** Seal before the reveal, digest of the result after it. */
  readonly digest: string
  /** SHA-256 of the output, 0x-hex; undefined before the reveal, and when a link of the provider's own was revealed. */
  readonly blobId: string | undefined
}

/** The proof layer's view of a task under a policy. */
export interface TaskProof {
  readonly policyId: bigint
  readonly phase: Phase
  /** Block that ends the phase; zero: none does. */
  readonly deadline: number
  readonly audited: boolean
  readonly challenged: boolean
  /** Tries that ended without a result; each starts again with other providers. */
  readonly retried: number
  readonly bondWei: bigint
  /** Digest of the result; undefined while unknown or when there is no quorum. */
  readonly result: string | undefined
  readonly seats: readonly Seat[]
}

export interface TaskInfo {
  readonly task: string
  readonly source: string
  readonly status: TaskStatus
  readonly configUrl: string
  /** Unix seconds. */
  readonly expiryTime: number
  readonly paymentWei: bigint
  readonly winningProvider: string | undefined
  /** Undefined for a plain task. */
  readonly proof: TaskProof | undefined
}

const ZERO_ADDRESS = `0x${'00'.repeat(20)}`

/** What a task was published with; it never changes. */
export interface TaskTerms {
  readonly source: string
  readonly configUrl: string
  /** Unix seconds. */
  readonly expiryTime: number
  readonly paymentWei: bigint
  /** Zero for a plain task. */
  readonly policyId: bigint
}

export async function readTaskTerms(client: OgpuClient, options: { readonly task: string }): Promise<TaskTerms> {
  const { task } = options
  const [params, policyId] = await Promise.all([
    client.read('task', 'taskParams', [], task),
    client.read('task', 'policyId', [], task),
  ])
  return {
    source: params.source,
    configUrl: params.config,
    expiryTime: Number(params.expiryTime),
    paymentWei: params.payment,
    policyId: policyId[0],
  }
}

/**
 * State of a task now. Who looks often passes the `terms` that it read before.
 *
 * @example const { status, proof } = await readTask(client, { task })
 */
export async function readTask(
  client: OgpuClient,
  options: { readonly task: string; readonly terms?: TaskTerms },
): Promise<TaskInfo> {
  const { task } = options
  const { policyId, ...terms } = options.terms ?? (await readTaskTerms(client, { task }))
  const [status, winner, proof] = await Promise.all([
    client.read('task', 'getStatus', [], task),
    client.read('task', 'winningProvider', [], task),
    policyId === 0n ? undefined : readTaskProof(client, { task }),
  ])
  return {
    task,
    ...terms,
    status: TASK_STATUSES[Number(status[0])] ?? 'NEW',
    winningProvider: winner[0] === ZERO_ADDRESS ? undefined : String(winner[0]),
    proof,
  }
}

/** The proof layer's view alone; for tasks that are known to be under a policy. */
export async function readTaskProof(client: OgpuClient, options: { readonly task: string }): Promise<TaskProof> {
  const [state, seats] = await Promise.all([
    client.read('proofManager', 'taskState', [options.task]),
    client.read('proofManager', 'seatsOf', [options.task]),
  ])
  const view = state[0]
  return {
    policyId: view.policyId,
    phase: PHASES[Number(view.phase)] ?? 'Open',
    deadline: Number(view.deadline),
    audited: view.audited,
    challenged: view.challenged,
    retried: Number(view.retried),
    bondWei: view.bond,
    result: view.result === ZERO_HASH ? undefined : view.result,
    // The contract shows a place for each seat, free ones with the zero address.
    seats: [...seats[0]]
      .filter(seat => seat.provider !== ZERO_ADDRESS)
      .map(seat => ({
        provider: seat.provider,
        state: SEAT_STATES[Number(seat.state)] ?? 'Accepted',
        lastSeen: Number(seat.lastSeen),
        digest: seat.digest,
        blobId: seat.blobId === ZERO_HASH ? undefined : seat.blobId,
      })),
  }
}
