import { eventOf, type OgpuClient, type Sent } from '../client.ts'
import { ENVIRONMENTS, type Environment, INTERFACES } from '../contracts.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { encodeSourceMetadata, type SourceMetadata } from '../schema/index.ts'

export interface PublishSourceOptions {
  readonly metadata: SourceMetadata
  /** Where providers may run it; CPU alone when absent. */
  readonly environments?: readonly Environment[]
  readonly minPaymentWei?: bigint
  readonly minLockupWei?: bigint
  /** Longest life of a task, seconds; one day when absent. */
  readonly maxLifetimeSeconds?: number
  /** The client confirms each response, instead of the first one winning. Plain tasks only. */
  readonly manualConfirmation?: boolean
}

/**
 * Publishes a source; its tasks are plain ones until `setPolicy`.
 *
 * @example
 * const { source } = await publishSource(client, { metadata: { name: 'language-id', description: '…' } })
 */
export async function publishSource(
  client: OgpuClient,
  options: PublishSourceOptions,
): Promise<{ readonly source: string; readonly sent: Sent }> {
  const { link } = await client.data.put(encodeSourceMetadata(options.metadata))
  if (client.address === undefined)
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'a source needs a client with a key')
  const environments = (options.environments ?? ['CPU']).reduce((bits, name) => bits | ENVIRONMENTS[name], 0)
  const sent = await client.send('nexus', 'publishSource', [
    [
      client.address,
      link,
      environments,
      options.minPaymentWei ?? 0n,
      options.minLockupWei ?? 0n,
      options.maxLifetimeSeconds ?? 24 * 60 * 60,
      false,
      '',
      options.manualConfirmation === true ? 0 : 1,
      0n,
    ],
  ])
  const [source] = eventOf(sent, INTERFACES.nexus, 'SourcePublished', client.contracts.nexus)
  return { source: String(source), sent }
}
