/**
 * A validator's keys: made, encrypted to files, read back. Ed25519 keys lie in EIP-2335 keystores, the operator's account
 * in geth's. Passwords come from outside; nothing here asks for one. Absent: remote signers and hardware keys.
 */
export { type AccountKey, accountOfPrivateKey, generateAccountKey } from './account-key.ts'
export { type Ed25519Key, ed25519KeyOfSeed, generateEd25519Key } from './ed25519-key.ts'
export {
  decryptKeys,
  encryptKey,
  KEY_KINDS,
  type KeyKind,
  keyFileName,
  keysForm,
  type LoadedKeys,
  loadKeys,
  saveDevKeys,
  saveKeys,
} from './key-files.ts'
export {
  decryptAccount,
  decryptEd25519,
  encryptAccount,
  encryptEd25519,
  SCRYPT_N,
  SCRYPT_N_LIGHT,
} from './keystore.ts'
export { openNodeKey } from './node-key.ts'
export {
  deriveDevValidatorKeys,
  generateValidatorKeys,
  publicKeysOf,
  type ValidatorKeys,
  type ValidatorPublicKeys,
} from './validator-keys.ts'
