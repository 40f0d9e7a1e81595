/** Schemas of the files and structs that clients and servers exchange; shared by SDK, executor and relay. */
export { canonicalJson, type Json } from './canonical-json.ts'
export {
  encodeJobFile,
  JOB_BYTES_MAX,
  JOB_FORMAT,
  type JobBlob,
  type JobFile,
  type PlainConfig,
  parseJobFile,
  parsePlainConfig,
} from './job.ts'
export { makePolicy, type Policy } from './policy.ts'
export { encodeSourceMetadata, type SourceMetadata } from './source.ts'
