import { eventOf, type OgpuClient, type Sent } from '../client.ts'
import { INTERFACES } from '../contracts.ts'
import { makePolicy, type Policy } from '../schema/index.ts'

/**
 * Attaches a verification policy to an own source; tasks published from now on follow it.
 *
 * @example await setPolicy(client, { source, policy: { programId, redundancy: 3, quorum: 2 } })
 */
export async function setPolicy(
  client: OgpuClient,
  options: { readonly source: string; readonly policy: Pick<Policy, 'programId'> & Partial<Policy> },
): Promise<{ readonly policyId: bigint; readonly policy: Policy; readonly sent: Sent }> {
  const policy = makePolicy(options.policy)
  const sent = await client.send('policyRegistry', 'setPolicy', [options.source, policy])
  const event = eventOf(sent, INTERFACES.policyRegistry, 'PolicySet', client.contracts.policyRegistry)
  return { policyId: event.policyId as bigint, policy, sent }
}
