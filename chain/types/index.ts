/**
 * Nouns of the protocol and their bytes. Everybody may import this folder; it imports only `#lib/*`.
 */
export * from './block.ts'
export * from './commit.ts'
export * from './genesis.ts'
export * from './ids.ts'
export * from './params.ts'
export * from './transaction.ts'
export { decodeTransaction, type TransactionDecodeReason } from './transaction-codec.ts'
export { encodeTransaction, signingPayload, signTransaction, type UnsignedTransaction } from './transaction-encoder.ts'
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
