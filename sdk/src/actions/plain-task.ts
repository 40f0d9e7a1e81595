/** The OpenGPU Network's own lifecycle: attempt, respond, confirm. For sources without a policy. */
import { eventOf, type OgpuClient, type Sent } from '../client.ts'
import { INTERFACES } from '../contracts.ts'
import { requireAddress } from './require-address.ts'

/** Claims a plain task for a provider. */
export function attemptTask(
  client: OgpuClient,
  options: { readonly task: string; readonly provider?: string; readonly suggestedPaymentWei: bigint },
): Promise<Sent> {
  const provider = options.provider ?? requireAddress(client)
  return client.send('nexus', 'attempt', [options.task, provider, options.suggestedPaymentWei])
}

/** Posts the link of a plain task's result. */
export async function submitResponse(
  client: OgpuClient,
  options: { readonly task: string; readonly provider?: string; readonly url: string; readonly paymentWei: bigint },
): Promise<{ readonly response: string; readonly sent: Sent }> {
  const provider = options.provider ?? requireAddress(client)
  const sent = await client.send('nexus', 'submitResponse', [[options.task, provider, options.url, options.paymentWei]])
  const event = eventOf(sent, INTERFACES.nexus, 'ResponseSubmitted', client.contracts.nexus)
  return { response: String(event.response), sent }
}

/** Accepts one response of a task with manual confirmation. */
export function confirmResponse(client: OgpuClient, options: { readonly response: string }): Promise<Sent> {
  return client.send('controller', 'confirmResponse', [options.response])
}

/** Takes back a task that nobody has attempted. */
export function cancelTask(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  return client.send('controller', 'cancelTask', [options.task])
}

/** Returns the escrow of a plain task whose time has run out. Anybody. */
export function expirePlainTask(client: OgpuClient, options: { readonly task: string }): Promise<Sent> {
  return client.send('nexus', 'expireTask', [options.task])
}
