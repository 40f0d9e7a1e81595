/**
 * The task config: the JSON file behind `TaskParams.config`. The first two keys are the OpenGPU Network's published form
 * (`function_name`, `data`); `format` and `program` tell an executor of this chain what to run and how to check it.
 */
import { normaliseHash } from '../data/cid.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { canonicalJson, type Json } from './canonical-json.ts'

export const JOB_FORMAT = 'ogpu-job/1'
/** Larger task configs are refused unread. */
export const JOB_BYTES_MAX = 1 << 20

/** A blob that a job refers to: SHA-256 in 64 hexadecimal digits, and its length. */
export interface JobBlob {
  readonly hash: string
  readonly size: number
}

export interface JobFile {
  readonly functionName: string
  /** Id as registered, 0x-hex. */
  readonly programId: string
  readonly graph: JobBlob
  readonly weights: JobBlob
  readonly input: JobBlob
  /** Data nodes that have the blobs, as base URLs; hints only, hashes decide. */
  readonly dataUrls: readonly string[]
}

/** The bytes to upload for `job`. */
export function encodeJobFile(job: JobFile): Uint8Array {
  const json: Json = {
    function_name: job.functionName,
    data: { input: blobJson(job.input) },
    format: JOB_FORMAT,
    program: { id: job.programId, graph: blobJson(job.graph), weights: blobJson(job.weights) },
    data_urls: job.dataUrls,
  }
  return new TextEncoder().encode(canonicalJson(json))
}

function blobJson(blob: JobBlob): Json {
  return { hash: normaliseHash(blob.hash), size: blob.size }
}

/** Reads a task config of this chain; SdkError INVALID_ARGUMENT names the first field that is wrong. */
export function parseJobFile(bytes: Uint8Array): JobFile {
  const root = object(parseJson(bytes), 'job')
  if (root.format !== JOB_FORMAT) fail('job.format')
  const program = object(root.program, 'job.program')
  const data = object(root.data, 'job.data')
  const dataUrls = root.data_urls ?? []
  if (!Array.isArray(dataUrls) || dataUrls.length > 16) fail('job.data_urls')
  return {
    functionName: text(root.function_name, 'job.function_name', 64),
    programId: word(program.id, 'job.program.id'),
    graph: blob(program.graph, 'job.program.graph'),
    weights: blob(program.weights, 'job.program.weights'),
    input: blob(data.input, 'job.data.input'),
    dataUrls: (dataUrls as unknown[]).map(url => httpUrl(url, 'job.data_urls')),
  }
}

/** The published form alone: what a plain task's config holds. */
export interface PlainConfig {
  readonly functionName: string
  readonly data: unknown
}

/** Reads a task config in the published form; SdkError INVALID_ARGUMENT when it is none. */
export function parsePlainConfig(bytes: Uint8Array): PlainConfig {
  const root = object(parseJson(bytes), 'config')
  return { functionName: text(root.function_name, 'config.function_name', 64), data: root.data }
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > JOB_BYTES_MAX) fail('larger than 1 MiB')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'the task config is not JSON', { cause })
  }
}

function fail(field: string): never {
  throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, `the task config is wrong at ${field}`, { data: { field } })
}

function object(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(field)
  return value as Readonly<Record<string, unknown>>
}

function text(value: unknown, field: string, lengthMax: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > lengthMax) fail(field)
  return value
}

function word(value: unknown, field: string): string {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/i.test(value)) fail(field)
  return value.toLowerCase()
}

function blob(value: unknown, field: string): JobBlob {
  const { hash, size } = object(value, field)
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) fail(`${field}.hash`)
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) fail(`${field}.size`)
  return { hash, size }
}

function httpUrl(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > 2048 || !/^https?:\/\//.test(value) || !URL.canParse(value))
    fail(field)
  return value
}
