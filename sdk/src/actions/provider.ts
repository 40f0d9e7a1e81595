/** Becoming a provider: pairing, stake, registration, gateway. */
import type { OgpuClient, Sent } from '../client.ts'
import { ENVIRONMENTS, type Environment } from '../contracts.ts'
import { requireAddress } from './require-address.ts'

/**
 * Pairs a master with a provider and pays the provider's first lockup; both sign. Does nothing when they are paired.
 *
 * @example await pairProvider(master, provider, { lockupWei: 10n ** 18n })
 */
export async function pairProvider(
  master: OgpuClient,
  provider: OgpuClient,
  options: { readonly lockupWei: bigint },
): Promise<void> {
  const masterAddress = requireAddress(master)
  const providerAddress = requireAddress(provider)
  const [current] = await master.read('terminal', 'masterOf', [providerAddress])
  if (String(current).toLowerCase() === masterAddress.toLowerCase()) return
  await master.send('terminal', 'announceProvider', [providerAddress, options.lockupWei], {
    valueWei: options.lockupWei,
  })
  await provider.send('terminal', 'announceMaster', [masterAddress])
}

/**
 * Registers a provider on a source. The caller is the provider itself, its master or an agent.
 *
 * @example await registerProvider(client, { source, environment: 'CPU' })
 */
export async function registerProvider(
  client: OgpuClient,
  options: { readonly source: string; readonly provider?: string; readonly environment?: Environment },
): Promise<Sent | undefined> {
  const provider = options.provider ?? requireAddress(client)
  const [id] = await client.read('source', 'getRegistrantId', [provider], options.source)
  if (id !== 0n) return undefined
  return client.send('nexus', 'register', [options.source, provider, ENVIRONMENTS[options.environment ?? 'CPU']])
}

/** Says under which base URL the caller serves its results: a blob is at `gateway` followed by its hash. */
export function setGateway(client: OgpuClient, options: { readonly gateway: string }): Promise<Sent> {
  return client.send('dataRegistry', 'setGateway', [options.gateway])
}

/** Whether `accept` (or `attempt`) of a task would pass now, and why not. */
export async function readEligibility(
  client: OgpuClient,
  options: { readonly task: string; readonly provider: string },
): Promise<{ readonly eligible: boolean; readonly reason: string }> {
  const [eligible, reason] = await client.read('routing', 'eligibility', [options.task, options.provider])
  return { eligible, reason }
}
