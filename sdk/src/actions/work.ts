/** What a provider does with tasks under a policy, and what anybody may do when a deadline passed. */
import type { OgpuClient, Sent } from '../client.ts'
import { digestOf, sealOf } from '../proof/program.ts'
import { revealedResults } from './fetch-result.ts'
import { readTaskProof } from './read-task.ts'
import { requireAddress } from './require-address.ts'

/** Gas beyond the estimate for calls in which the last caller also moves the task on. */
const LAST_CALLER_GAS = 600_000n

/** Takes a seat; the bond is reserved from the provider's free lockup. */
export function acceptTask(
  client: OgpuClient,
  options: { readonly task: string; readonly provider?: string },
): Promise<Sent> {
  const args = [options.task, options.provider ?? requireAddress(client)]
  return client.send('proofManager', 'accept', args, { extraGas: LAST_CALLER_GAS })
}

export interface ProviderResult {
  readonly task: string
  /** The signing account when absent. */
  readonly provider?: string
  readonly outRoot: string
  readonly traceRoot: string
  /** SHA-256 of the output, 0x-hex. */
  readonly blobId: string
  /** 32 secret bytes; keep them until the reveal. */
  readonly salt: string
}

/**
 * Posts the seal of a result. Store the salt durably first: without it the result cannot be revealed.
 *
 * @example
 * const result = { task, outRoot, traceRoot, blobId, salt: randomSalt() }
 * await commitResult(client, result)
 * await revealResult(client, result)
 */
export function commitResult(client: OgpuClient, result: ProviderResult): Promise<Sent> {
  const provider = result.provider ?? requireAddress(client)
  const sealed = sealOf({ ...result, provider })
  return client.send('proofManager', 'commit', [result.task, provider, sealed], { extraGas: LAST_CALLER_GAS })
}

/** Opens the seal; possible once all seats committed. An empty `url` means the provider's gateway. */
export function revealResult(client: OgpuClient, result: ProviderResult & { readonly url?: string }): Promise<Sent> {
  const provider = result.provider ?? requireAddress(client)
  const { task, outRoot, traceRoot, blobId, url = '', salt } = result
  const args = [task, provider, outRoot, traceRoot, blobId, url, salt]
  return client.send('proofManager', 'reveal', args, { extraGas: LAST_CALLER_GAS })
}

/** Shows that the provider still works. */
export function sendHeartbeat(
  client: OgpuClient,
  options: { readonly task: string; readonly provider?: string },
): Promise<Sent> {
  return client.send('proofManager', 'heartbeat', [options.task, options.provider ?? requireAddress(client)])
}

/** `finalizeWithLink`: the winner revealed a link of its own, which is passed again. */
export type DueAction = 'draw' | 'expire' | 'finalize' | 'finalizeWithLink'

const DUE_ACTIONS: readonly string[] = ['draw', 'expire', 'finalize', 'finalizeWithLink'] satisfies DueAction[]

/** Which call would move the task on now, if any. */
export async function readDue(client: OgpuClient, options: { readonly task: string }): Promise<DueAction | undefined> {
  const [isDue, action] = await client.read('proofManager', 'due', [options.task])
  return isDue && DUE_ACTIONS.includes(action) ? (action as DueAction) : undefined
}

/** Performs what {@link readDue} named. Anybody may. */
export async function performDue(
  client: OgpuClient,
  options: { readonly task: string; readonly action: DueAction },
): Promise<Sent> {
  if (options.action === 'finalizeWithLink') return finalizeWithLink(client, options.task)
  return client.send('proofManager', options.action, [options.task], { extraGas: 2n * LAST_CALLER_GAS })
}

/** Decides by chain randomness whether the task is audited. Anybody, after the draw block. */
export function drawTask(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  return performDue(client, { task: options.task, action: 'draw' })
}

/** Pays and closes a task whose window has passed. Anybody. */
export async function finalizeTask(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  const due = await readDue(client, options)
  return performDue(client, {
    task: options.task,
    action: due === 'finalizeWithLink' ? due : 'finalize',
  })
}

/** The first seat with the agreed result is the winner; its reveal is in the log. */
async function finalizeWithLink(client: OgpuClient, task: string): Promise<Sent> {
  const [proof, revealed] = await Promise.all([readTaskProof(client, { task }), revealedResults(client, task)])
  const seats = proof.seats.filter(seat => seat.state === 'Revealed')
  const winner = seats.find(seat => seat.digest === proof.result) ?? seats[0]
  const link = revealed.find(
    result => result.provider === winner?.provider && digestOf(result.outRoot, result.traceRoot) === winner?.digest,
  )
  const args = link === undefined ? [task] : [task, link.blobId, link.url]
  const extra = { extraGas: 2n * LAST_CALLER_GAS }
  return client.send('proofManager', link === undefined ? 'finalize' : 'finalizeWithLink', args, extra)
}

/** Performs what a missed deadline demands. Anybody. */
export function expireTask(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  return performDue(client, { task: options.task, action: 'expire' })
}

/** Demands an audit of a result in its window; reserves a bond of the caller's lockup. */
export function challengeTask(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  return client.send('proofManager', 'challenge', [options.task], { extraGas: LAST_CALLER_GAS })
}
