import type { Method } from './method.ts'
import { adminMethods } from './methods/admin.ts'
import { blockMethods } from './methods/blocks.ts'
import { callManyMethods } from './methods/call-many.ts'
import { callMethods } from './methods/calls.ts'
import { dagMethods } from './methods/dag.ts'
import { feeMethods } from './methods/fees.ts'
import { inspectMethods } from './methods/inspect.ts'
import { logMethods } from './methods/logs.ts'
import { networkMethods } from './methods/network.ts'
import { otterscanMethods } from './methods/otterscan.ts'
import { parityMethods } from './methods/parity.ts'
import { rawMethods } from './methods/raw.ts'
import { simulateMethods } from './methods/simulate.ts'
import { stateMethods } from './methods/state.ts'
import { subscribeMethods } from './methods/subscribe.ts'
import { testingMethods } from './methods/testing.ts'
import { accessListMethods, traceMethods } from './methods/trace.ts'
import { transactionMethods } from './methods/transactions.ts'
import { poolMethods } from './methods/txpool.ts'
import { unsupportedMethods } from './methods/unsupported.ts'
import { discoverMethod } from './openrpc.ts'

const described: readonly Method[] = [
  ...networkMethods,
  ...blockMethods,
  ...stateMethods,
  ...transactionMethods,
  ...callMethods,
  ...callManyMethods,
  ...simulateMethods,
  ...feeMethods,
  ...logMethods,
  ...subscribeMethods,
  ...poolMethods,
  ...accessListMethods,
  ...rawMethods,
  ...traceMethods,
  ...inspectMethods,
  ...parityMethods,
  ...otterscanMethods,
  ...dagMethods,
  ...adminMethods,
  ...testingMethods,
  ...unsupportedMethods,
]

/** Every method that a node can answer. */
export const METHODS: readonly Method[] = [...described, discoverMethod(described)]
