/** From a task to a job that can be run: config, program and input fetched by hash and held against the chain. */
import {
  type DataClient,
  hashInLink,
  JOB_BYTES_MAX,
  type JobBlob,
  type Policy,
  parseJobFile,
  programIdOf,
  SDK_ERRORS,
  SdkError,
  type TaskInfo,
} from '@ogpu/sdk'
import { CodedError } from '#lib/errors'
import type { RunJob, RunLimits, Runtime } from '../runtimes/runtime.ts'
import type { ChainPort } from './chain.ts'

export const PREPARE_ERRORS = {
  /** The task config, or a file that it names, is not what it has to be. */
  BAD_JOB: 'BAD_JOB',
  /** No runtime here can run it. */
  UNSUPPORTED: 'UNSUPPORTED',
  /** A file is larger than this executor takes. */
  TOO_LARGE: 'TOO_LARGE',
  /** A file cannot be reached now. */
  UNREACHABLE: 'UNREACHABLE',
} as const
export type PrepareErrorCode = (typeof PREPARE_ERRORS)[keyof typeof PREPARE_ERRORS]
export class PrepareError extends CodedError<PrepareErrorCode> {
  override name = 'PrepareError'
}

export interface PreparedJob {
  readonly runtime: Runtime
  readonly job: RunJob
  readonly programId: string
}

export interface Preparer {
  prepare(info: TaskInfo, policy: Policy | undefined): Promise<PreparedJob>
}

/** Program files kept in memory between jobs of one program. */
const CACHE_BYTES_MAX = 512 << 20
const INPUT_BYTES_MAX = 64 << 20
const PROGRAM_BYTES_MAX = 512 << 20

/**
 * The files of a job, checked: the config has the hash in its link, the program is the one that the policy names, its
 * id is the hash of its registered content, and each blob has its hash. (The runtime checks blobs against roots.)
 */
export function createPreparer(
  chain: Pick<ChainPort, 'program'>,
  data: DataClient,
  runtimes: readonly Runtime[],
  limits: RunLimits,
): Preparer {
  const cache = createBlobCache(CACHE_BYTES_MAX)

  async function fetchBlob(blob: JobBlob, bases: readonly string[], bytesMax: number): Promise<Uint8Array> {
    if (blob.size > bytesMax) {
      throw new PrepareError(PREPARE_ERRORS.TOO_LARGE, 'a file of the job is too large', {
        data: { ...blob, bytesMax },
      })
    }
    const known = cache.get(blob.hash)
    if (known !== undefined) return known
    const links = bases.map(base => `${base.replace(/\/+$/, '')}/blob/${blob.hash}`)
    const bytes = await reach(() => data.get(blob.hash, { links, bytesMax: blob.size }))
    cache.set(blob.hash, bytes)
    return bytes
  }

  return {
    async prepare(info, policy) {
      const job = await fetchConfig(data, info.configUrl)
      if (policy !== undefined && job.programId !== policy.programId.toLowerCase()) {
        throw new PrepareError(PREPARE_ERRORS.BAD_JOB, 'the job names another program than its policy', {
          data: { job: job.programId, policy: policy.programId },
        })
      }
      const content = await readRegistered(chain, job.programId)
      if (programIdOf(content) !== job.programId) {
        throw new PrepareError(PREPARE_ERRORS.BAD_JOB, 'the registry contradicts the program id')
      }
      const runtime = runtimes.find(
        candidate => candidate.programClass === content.class && candidate.opset === content.opset.toLowerCase(),
      )
      if (runtime === undefined) {
        throw new PrepareError(PREPARE_ERRORS.UNSUPPORTED, 'no runtime here runs this program', {
          data: { class: content.class, opset: content.opset },
        })
      }
      const [graph, weights, input] = await Promise.all([
        fetchBlob(job.graph, job.dataUrls, PROGRAM_BYTES_MAX),
        fetchBlob(job.weights, job.dataUrls, PROGRAM_BYTES_MAX),
        fetchBlob(job.input, job.dataUrls, INPUT_BYTES_MAX),
      ])
      const { graphRoot, weightsRoot } = content
      return { runtime, programId: job.programId, job: { graph, weights, graphRoot, weightsRoot, input, limits } }
    },
  }
}

async function fetchConfig(data: DataClient, url: string): Promise<ReturnType<typeof parseJobFile>> {
  if (!/^https?:\/\//.test(url)) {
    throw new PrepareError(PREPARE_ERRORS.BAD_JOB, 'the task config is not behind http', {
      data: { url: url.slice(0, 200) },
    })
  }
  const hash = hashInLink(url)
  const options = { bytesMax: JOB_BYTES_MAX }
  const bytes = await reach(() =>
    hash === undefined ? data.getUrl(url, options) : data.get(hash, { ...options, links: [url] }),
  )
  try {
    return parseJobFile(bytes)
  } catch (cause) {
    throw new PrepareError(PREPARE_ERRORS.BAD_JOB, 'the task config is not a job of this chain', { cause })
  }
}

async function readRegistered(chain: Pick<ChainPort, 'program'>, programId: string) {
  try {
    return await chain.program(programId)
  } catch (cause) {
    if (!(cause instanceof SdkError) || cause.code !== SDK_ERRORS.REVERTED) throw cause
    throw new PrepareError(PREPARE_ERRORS.BAD_JOB, 'the program is not registered', { data: { programId }, cause })
  }
}

async function reach<T>(fetching: () => Promise<T>): Promise<T> {
  try {
    return await fetching()
  } catch (cause) {
    const large = cause instanceof SdkError && cause.code === SDK_ERRORS.BLOB_TOO_LARGE
    const code = large ? PREPARE_ERRORS.TOO_LARGE : PREPARE_ERRORS.UNREACHABLE
    throw new PrepareError(code, 'a file of the job cannot be fetched', { cause, retryable: !large })
  }
}

/** Least recently used blobs go first when the bound is reached. */
function createBlobCache(bytesMax: number) {
  const blobs = new Map<string, Uint8Array>()
  let bytes = 0
  return {
    get(hash: string): Uint8Array | undefined {
      const found = blobs.get(hash)
      if (found !== undefined) {
        blobs.delete(hash)
        blobs.set(hash, found)
      }
      return found
    },
    set(hash: string, blob: Uint8Array): void {
      if (blobs.has(hash) || blob.length > bytesMax) return
      blobs.set(hash, blob)
      bytes += blob.length
      for (const [oldest, value] of blobs) {
        if (bytes <= bytesMax) break
        blobs.delete(oldest)
        bytes -= value.length
      }
    },
  }
}
