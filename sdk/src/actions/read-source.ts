import type { OgpuClient } from '../client.ts'
import { decodeLogs } from '../client.ts'
import { ENVIRONMENTS, type Environment, INTERFACES } from '../contracts.ts'
import { normaliseHash } from '../data/cid.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import type { JobBlob, Policy } from '../schema/index.ts'
import { policyOf } from './read-program.ts'

export interface SourceInfo {
  readonly source: string
  /** Account that published it and may change it. */
  readonly client: string
  readonly isActive: boolean
  readonly metadataUrl: string
  readonly environments: readonly Environment[]
  readonly minPaymentWei: bigint
  readonly minLockupWei: bigint
  readonly maxLifetimeSeconds: number
  readonly isManual: boolean
  readonly taskCount: number
  /** For tasks published from now on; undefined for a plain source. */
  readonly policy: Policy | undefined
}

/**
 * A source as it is now; SdkError WRONG_NETWORK when there is none at the address.
 *
 * @example const { policy, minPaymentWei } = await readSource(client, { source })
 */
export async function readSource(client: OgpuClient, options: { readonly source: string }): Promise<SourceInfo> {
  const { source } = options
  const [[params], [status], [taskCount], policy] = await Promise.all([
    client.read('source', 'getSourceParams', [], source),
    client.read('source', 'getStatus', [], source),
    client.read('source', 'getTaskCount', [], source),
    client.read('policyRegistry', 'policyOf', [source]),
  ])
  const names = Object.keys(ENVIRONMENTS) as Environment[]
  return {
    source,
    client: params.client,
    isActive: status === 0n,
    metadataUrl: params.imageMetadataUrl,
    environments: names.filter(name => (Number(params.imageEnvironments) & ENVIRONMENTS[name]) !== 0),
    minPaymentWei: params.minPayment,
    minLockupWei: params.minAvailableLockup,
    maxLifetimeSeconds: Number(params.maxExpiryDuration),
    isManual: params.deliveryMethod === 0n,
    taskCount: Number(taskCount),
    policy: policy.policyId === 0n ? undefined : policyOf(policy.current),
  }
}

/**
 * Addresses of published sources, oldest first: `limit` of them from number `from` on, and how many there are.
 *
 * @example const { sources, total } = await listSources(client, { from: 0, limit: 100 })
 */
export async function listSources(
  client: OgpuClient,
  options: { readonly from: number; readonly limit: number },
): Promise<{ readonly sources: readonly string[]; readonly total: number }> {
  const [count] = await client.read('nexus', 'getSourceCount')
  const total = Number(count)
  const from = Math.min(options.from, total)
  const end = Math.min(total, from + options.limit)
  if (from >= end) return { sources: [], total }
  const [page] = await client.read('nexus', 'getSources', [from, end - 1])
  return { sources: [...page].filter(address => !/^0x0{40}$/.test(address)), total }
}

export interface ProgramFilesInfo {
  readonly programId: string
  readonly name: string
  readonly graph: JobBlob
  readonly weights: JobBlob
}

/**
 * Name and files of a registered integer program, from its registration and the data nodes; what `publishTask` takes as
 * `program`. SdkError INVALID_ARGUMENT when it was registered without them, BLOB_NOT_FOUND when no data node has a file.
 *
 * @example const program = await readProgramFiles(client, { programId })
 */
export async function readProgramFiles(
  client: OgpuClient,
  options: { readonly programId: string },
): Promise<ProgramFilesInfo> {
  const { programId } = options
  const [{ registeredAt }] = await client.read('programRegistry', 'program', [programId])
  const address = client.contracts.programRegistry
  const topics = INTERFACES.programRegistry.encodeFilterTopics('ProgramRegistered', [programId])
  const block = Number(registeredAt)
  const logs = await client.provider.getLogs({ address, topics, fromBlock: block, toBlock: block })
  const [event] = decodeLogs(logs, INTERFACES.programRegistry, 'ProgramRegistered', address)
  const meta = parseMeta(String(event?.meta ?? ''))
  if (meta === undefined) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'the program was registered without the names of its files', {
      data: { programId },
    })
  }
  const [graph, weights] = await Promise.all([blobOf(client, meta.graph), blobOf(client, meta.weights)])
  return { programId: programId.toLowerCase(), name: meta.name, graph, weights }
}

function parseMeta(
  meta: string,
): { readonly name: string; readonly graph: string; readonly weights: string } | undefined {
  try {
    const { name, graph, weights } = JSON.parse(meta)
    return { name: typeof name === 'string' ? name : '', graph: normaliseHash(graph), weights: normaliseHash(weights) }
  } catch {
    return undefined
  }
}

async function blobOf(client: OgpuClient, hash: string): Promise<JobBlob> {
  const size = await client.data.size(hash)
  if (size !== undefined) return { hash, size }
  throw new SdkError(SDK_ERRORS.BLOB_NOT_FOUND, 'no data node has a file of the program', {
    data: { hash },
    retryable: true,
  })
}
