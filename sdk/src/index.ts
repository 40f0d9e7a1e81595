/**
 * Client library of OpenGPU Chain: small functions on a client, for browsers and servers alike.
 *
 * Everything that comes from outside is checked by hash or by what the chain agreed on; every failure is an
 * {@link SdkError} with a stable code. There is no state besides nonces, no retry of anything that moves money, and no
 * server-only import.
 *
 * @example
 * const client = await createClient({ rpcUrl, privateKey, dataUrls })
 * const program = await publishProgram(client, loadLanguageId())
 * const { source } = await publishSource(client, { metadata: { name: 'language-id', description: 'names a language' } })
 * await setPolicy(client, { source, policy: { programId: program.programId } })
 * await deposit(client, { amountWei: 10n ** 18n })
 * const { task } = await publishTask(client, { source, program, input, paymentWei: 10n ** 16n })
 * await waitForResult(client, { task })
 * const { bytes } = await fetchResult(client, { task })
 * console.log(decodeLanguageResult(bytes)[0].name)
 */
export * from './actions/account.ts'
export * from './actions/audit.ts'
export * from './actions/fetch-result.ts'
export * from './actions/plain-task.ts'
export * from './actions/provider.ts'
export * from './actions/publish-program.ts'
export * from './actions/publish-source.ts'
export * from './actions/publish-task.ts'
export { readPolicyOfTask, readProgram } from './actions/read-program.ts'
export * from './actions/read-source.ts'
export * from './actions/read-task.ts'
export * from './actions/run-task.ts'
export * from './actions/set-policy.ts'
export * from './actions/wait-for-result.ts'
export * from './actions/work.ts'
export {
  type ClientOptions,
  createClient,
  decodeLogs,
  eventOf,
  type OgpuClient,
  type SendOptions,
  type Sent,
  sleep,
} from './client.ts'
export * from './contracts.ts'
export { cidOfHash, hashOfCid, normaliseHash } from './data/cid.ts'
export { type BlobRef, blobHash, createDataClient, type DataClient, type GetBlobOptions } from './data/data-client.ts'
export { SDK_ERRORS, SdkError, type SdkErrorCode } from './errors.ts'
export { decodeLanguageResult, LANGUAGE_SCORE_UNIT, LANGUAGES, type LanguageGuess } from './models/language-id.ts'
export {
  type Address,
  type ContractAddresses,
  contractsOf,
  DEFAULT_AGENT,
  MAINNET_CHAIN_ID,
  TESTNET_CHAIN_ID,
} from './networks.ts'
export * from './proof/merkle.ts'
export * from './proof/program.ts'
export * from './schema/index.ts'
