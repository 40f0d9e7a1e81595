import { eventOf, type OgpuClient, type Sent } from '../client.ts'
import { INTERFACES } from '../contracts.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { encodeJobFile, type JobBlob } from '../schema/index.ts'

export interface PublishTaskOptions {
  readonly source: string
  /** As `publishProgram` returned it. */
  readonly program: { readonly programId: string; readonly graph: JobBlob; readonly weights: JobBlob }
  /** What the program is to work on: bytes to upload. */
  readonly input: Uint8Array
  /** Escrowed from the caller's Vault balance: deposit first. */
  readonly paymentWei: bigint
  /** Seconds until the task expires; one hour when absent. */
  readonly lifetimeSeconds?: number
}

export interface PublishedTask {
  readonly task: string
  readonly source: string
  readonly input: JobBlob
  readonly configUrl: string
  readonly sent: Sent
}

/**
 * Uploads input and task config, then publishes the task and escrows its payment.
 *
 * @example
 * const { task } = await publishTask(client, { source, program, input, paymentWei: 3n * 10n ** 15n })
 */
export async function publishTask(client: OgpuClient, options: PublishTaskOptions): Promise<PublishedTask> {
  const { program } = options
  const stored = await client.data.put(options.input)
  const input = { hash: stored.hash, size: stored.size }
  const config = encodeJobFile({
    functionName: 'run',
    programId: program.programId,
    graph: program.graph,
    weights: program.weights,
    input,
    dataUrls: client.data.urls,
  })
  const { link: configUrl } = await client.data.put(config)
  const published = await publishTaskConfig(client, {
    source: options.source,
    configUrl,
    paymentWei: options.paymentWei,
    ...(options.lifetimeSeconds === undefined ? {} : { lifetimeSeconds: options.lifetimeSeconds }),
  })
  return { ...published, source: options.source, input }
}

/** Publishes a task whose config is already somewhere, in whatever form its source wants. */
export async function publishTaskConfig(
  client: OgpuClient,
  options: {
    readonly source: string
    readonly configUrl: string
    readonly paymentWei: bigint
    readonly lifetimeSeconds?: number
  },
): Promise<{ readonly task: string; readonly configUrl: string; readonly sent: Sent }> {
  const block = await client.provider.getBlock('latest')
  if (block === null) throw new SdkError(SDK_ERRORS.RPC_FAILED, 'the node has no latest block', { retryable: true })
  const expiryTime = block.timestamp + (options.lifetimeSeconds ?? 3600)
  const sent = await client.send('controller', 'publishTask', [
    [options.source, options.configUrl, expiryTime, options.paymentWei],
  ])
  const [task] = eventOf(sent, INTERFACES.nexus, 'TaskPublished', client.contracts.nexus)
  return { task: String(task), configUrl: options.configUrl, sent }
}
