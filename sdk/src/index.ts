export { cidOfHash, hashOfCid, normaliseHash } from './data/cid.ts'
export { type BlobRef, blobHash, createDataClient, type DataClient, type GetBlobOptions } from './data/data-client.ts'
export { SDK_ERRORS, SdkError, type SdkErrorCode } from './errors.ts'
export { decodeLanguageResult, LANGUAGE_SCORE_UNIT, LANGUAGES, type LanguageGuess } from './models/language-id.ts'
export { type Address, type ContractAddresses, contractsOf, MAINNET_CHAIN_ID, TESTNET_CHAIN_ID } from './networks.ts'
export {
  type Keccak,
  merklePath,
  merkleRoot,
  outputRoot,
  portableKeccak,
  rootFromPath,
  wordsOf,
} from './proof/merkle.ts'
export {
  type AuditSealInput,
  auditSealOf,
  digestOf,
  graphRootOf,
  INT_OPS_V1,
  intProgramContent,
  PROGRAM_CLASSES,
  type ProgramClass,
  type ProgramContent,
  programIdOf,
  randomSalt,
  type SealInput,
  sealOf,
  weightsRootOf,
  ZERO_HASH,
} from './proof/program.ts'
export { canonicalJson, type Json } from './schema/canonical-json.ts'
