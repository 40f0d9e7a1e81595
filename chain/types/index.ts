/**
 * Nouns of the protocol and their bytes. Everybody may import this folder; it imports only `#lib/*`.
 */
export * from './block.ts'
export {
  blockHeaderHash,
  blockSize,
  decodeBlock,
  decodeBlockHeader,
  decodeBlocks,
  EMPTY_BLOOM,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  encodeBlock,
  encodeBlockHeader,
  type RawBlock,
  readWithdrawals,
  withdrawalItem,
  ZERO_DIGEST,
  ZERO_NONCE,
} from './block-codec.ts'
export { type BlockOrigin, decodeBlockOrigin, encodeBlockOrigin } from './block-origin.ts'
export { blockTimeMs, isCommitTime, secondsOfMs, secondsToMs } from './block-time.ts'
export { addToBloom, type BloomBits, bloomBitsOf, bloomHolds, bloomMayHold, bloomOf } from './bloom.ts'
export { checksumAddress } from './checksum.ts'
export * from './commit.ts'
export { COMMIT_VERSION, commitDigest, decodeCommit, encodeCommit } from './commit-codec.ts'
export * from './genesis.ts'
export * from './ids.ts'
export * from './params.ts'
export { decodeStoredLogs, decodeStoredReceipts, encodeReceipt, encodeStoredReceipts } from './receipt-codec.ts'
export { compareRefs, REF_BYTES, readRef, refOf, sameRef, writeRef } from './refs.ts'
export * from './transaction.ts'
export { decodeTransaction, type TransactionDecodeReason } from './transaction-codec.ts'
export { encodeTransaction, signingPayload, signTransaction, type UnsignedTransaction } from './transaction-encoder.ts'
export * from './transaction-fees.ts'
export {
  authorizationHash,
  privateKeyToAddress,
  publicKeyToAddress,
  recoverAuthority,
  recoverSender,
  signatureParity,
  signingHash,
} from './transaction-signature.ts'
export * from './vertex.ts'
export {
  decodeVertex,
  encodeHeader,
  genesisVertices,
  headerBytesOf,
  headerDigest,
  payloadRoot,
  peekVertexEpoch,
  readHeader,
  SYSTEM_BYTES_MAX,
  sealVertex,
  VERTEX_BYTES_MAX,
  VERTEX_VERSION,
  type VertexDraft,
  type VertexHeader,
  vertexDigest,
  vertexSigningBytes,
} from './vertex-codec.ts'
