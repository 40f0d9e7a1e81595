/** Source metadata: the published imageMetadata.json, as the OpenGPU Network's tools read it. */
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { canonicalJson } from './canonical-json.ts'

export interface SourceMetadata {
  readonly name: string
  readonly description: string
  readonly logoUrl?: string
  /** URLs of container compose files, for sources that run containers. */
  readonly cpu?: string
  readonly nvidia?: string
  readonly amd?: string
}

/** The bytes of imageMetadata.json; SdkError INVALID_ARGUMENT when a text is empty or too long. */
export function encodeSourceMetadata(metadata: SourceMetadata): Uint8Array {
  const { name, description, logoUrl = '', cpu = '', nvidia = '', amd = '' } = metadata
  if (name === '' || name.length > 200 || description.length > 4000) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'a source needs a name of 1–200 characters', { data: { name } })
  }
  return new TextEncoder().encode(canonicalJson({ cpu, nvidia, amd, name, description, logoUrl }))
}
