import type { OgpuClient } from '../client.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'

/** The account that signs; SdkError INVALID_ARGUMENT for a client that only reads. */
export function requireAddress(client: OgpuClient): string {
  if (client.address === undefined) throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'this client has no key')
  return client.address
}
