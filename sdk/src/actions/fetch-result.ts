import { hexlify } from 'ethers'
import { decodeLogs, type OgpuClient } from '../client.ts'
import { INTERFACES } from '../contracts.ts'
import { hashOfCid } from '../data/cid.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { outputRoot } from '../proof/merkle.ts'
import { digestOf } from '../proof/program.ts'
import { readTask } from './read-task.ts'

export interface FetchedResult {
  readonly bytes: Uint8Array
  /** Who delivered these bytes. */
  readonly provider: string
  /** SHA-256 of the bytes, 64 hexadecimal digits. */
  readonly hash: string
  readonly url: string
  /**
   * `digest`: the bytes have the output root under which the chain agreed on the result. `hash`: they have the hash in
   * their link (plain tasks). `none`: nothing binds them (plain tasks with a link of another kind).
   */
  readonly checkedBy: 'digest' | 'hash' | 'none'
}

/** Blocks to look back for a task's events when the caller does not say where it began. */
const LOOK_BACK_BLOCKS = 9_000

/**
 * Downloads the result of a task and checks it against what the chain agreed on: a provider that shows other bytes than
 * it committed to is passed over. SdkError TASK_FAILED without a result, BLOB_NOT_FOUND when no honest copy is reachable.
 *
 * @example const { bytes } = await fetchResult(client, { task, fromBlock: published.sent.blockNumber })
 */
export async function fetchResult(
  client: OgpuClient,
  options: { readonly task: string; readonly fromBlock?: number; readonly bytesMax?: number },
): Promise<FetchedResult> {
  const { task } = options
  const info = await readTask(client, { task })
  const limits = options.bytesMax === undefined ? {} : { bytesMax: options.bytesMax }
  if (info.proof === undefined) return fetchPlainResult(client, task, info.winningProvider, limits)
  const agreed = info.proof.result
  if (agreed === undefined) throw new SdkError(SDK_ERRORS.TASK_FAILED, 'the task has no result', { data: { task } })

  let failure: unknown
  for (const revealed of await revealedResults(client, task, options.fromBlock)) {
    if (digestOf(revealed.outRoot, revealed.traceRoot) !== agreed) continue
    const hash = revealed.blobId.slice(2)
    const links = /^https?:\/\//.test(revealed.url) ? [revealed.url] : []
    try {
      const bytes = await client.data.get(hash, { links, ...limits })
      if (hexlify(outputRoot(bytes)) !== revealed.outRoot) continue
      return { bytes, provider: revealed.provider, hash, url: revealed.url, checkedBy: 'digest' }
    } catch (error) {
      failure = error
    }
  }
  throw new SdkError(SDK_ERRORS.BLOB_NOT_FOUND, 'no provider shows the result that the chain agreed on', {
    data: { task, agreed },
    cause: failure,
    retryable: true,
  })
}

export interface RevealedResult {
  readonly provider: string
  readonly outRoot: string
  readonly traceRoot: string
  readonly blobId: string
  /** As revealed, or the provider's gateway with the blob's hash. */
  readonly url: string
}

/** What the providers of a task revealed, in order of time. */
export async function revealedResults(
  client: OgpuClient,
  task: string,
  fromBlock?: number,
): Promise<readonly RevealedResult[]> {
  const address = client.contracts.proofManager
  const topics = INTERFACES.proofManager.encodeFilterTopics('Revealed', [task])
  const from = fromBlock ?? Math.max(0, (await client.provider.getBlockNumber()) - LOOK_BACK_BLOCKS)
  const logs = await client.provider.getLogs({ address, topics, fromBlock: from, toBlock: 'latest' })
  const revealed: RevealedResult[] = []
  for (const event of decodeLogs(logs, INTERFACES.proofManager, 'Revealed', address)) {
    const { provider, outRoot, traceRoot, blobId } = event
    revealed.push({
      provider,
      outRoot,
      traceRoot,
      blobId,
      url: event.url || (await gatewayUrl(client, provider, blobId)),
    })
  }
  return revealed
}

async function gatewayUrl(client: OgpuClient, provider: string, blobId: string): Promise<string> {
  const [gateway] = await client.read('dataRegistry', 'gatewayOf', [provider])
  return gateway === '' ? '' : `${gateway}${blobId.slice(2)}`
}

async function fetchPlainResult(
  client: OgpuClient,
  task: string,
  winner: string | undefined,
  limits: { readonly bytesMax?: number },
): Promise<FetchedResult> {
  if (winner === undefined) throw new SdkError(SDK_ERRORS.TASK_FAILED, 'the task has no result', { data: { task } })
  const [response] = await client.read('task', 'responseOf', [winner], task)
  const { data: url } = await client.read('response', 'responseParams', [], response)
  const hash = hashInLink(url)
  if (hash !== undefined) {
    const bytes = await client.data.get(hash, { links: [url], ...limits })
    return { bytes, provider: winner, hash, url, checkedBy: 'hash' }
  }
  return { bytes: await client.data.getUrl(url, limits), provider: winner, hash: '', url, checkedBy: 'none' }
}

/** The SHA-256 that a link of a data node names (`…/blob/<hash>` or `…/ipfs/<cid>`); undefined for other links. */
export function hashInLink(link: string): string | undefined {
  const last = link.split(/[?#]/)[0]?.split('/').at(-1) ?? ''
  return /^[0-9a-f]{64}$/.test(last) ? last : hashOfCid(last)
}
