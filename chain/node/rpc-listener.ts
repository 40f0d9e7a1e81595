/** Starts `rpc-listener-thread.ts`; apart from it, as the cache of compiled code has to be on before anything is imported. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./rpc-listener-thread.ts')
