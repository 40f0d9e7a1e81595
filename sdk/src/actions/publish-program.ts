import type { OgpuClient } from '../client.ts'
import { intProgramContent, PROGRAM_CLASSES, programIdOf } from '../proof/program.ts'
import type { JobBlob } from '../schema/index.ts'

export interface PublishedProgram {
  /** 0x-hex; the hash of what determines the program's output. */
  readonly programId: string
  readonly graph: JobBlob
  readonly weights: JobBlob
  /** Undefined when the program was registered before. */
  readonly hash: string | undefined
}

/**
 * Uploads an integer program's files and registers it, unless it is registered already.
 *
 * @example const program = await publishProgram(client, { graph, weights, name: 'language-id' })
 */
export async function publishProgram(
  client: OgpuClient,
  options: { readonly graph: Uint8Array; readonly weights: Uint8Array; readonly name?: string },
): Promise<PublishedProgram> {
  const content = intProgramContent(options.graph, options.weights)
  const programId = programIdOf(content)
  const [graphRef, weightsRef] = await Promise.all([client.data.put(options.graph), client.data.put(options.weights)])
  const graph = { hash: graphRef.hash, size: graphRef.size }
  const weights = { hash: weightsRef.hash, size: weightsRef.size }
  const [known] = await client.read('programRegistry', 'exists', [programId])
  if (known) return { programId, graph, weights, hash: undefined }
  const meta = JSON.stringify({ name: options.name ?? '', graph: graph.hash, weights: weights.hash })
  const sent = await client.send('programRegistry', 'register', [
    PROGRAM_CLASSES[content.class],
    content.graphRoot,
    content.weightsRoot,
    content.tokenizerHash,
    content.decodeSpecHash,
    content.opset,
    meta,
  ])
  return { programId, graph, weights, hash: sent.hash }
}
