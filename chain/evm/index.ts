export { createRecoveryPool, type RecoveryPool, type RecoveryPoolOptions, type RecoveryVerdict } from './recovery.ts'
export * from './types.ts'
