/** Starts `rpc-thread.ts`; apart from it, as the cache of compiled code has to be on before anything is imported. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./rpc-thread.ts')
