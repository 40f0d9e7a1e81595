/**
 * JSON-RPC over HTTP and WebSocket, made so that Ethereum tools cannot tell it from go-ethereum.
 *
 * A method is one row of a table (`table.ts`, rows in `methods/`): name, parameters with their checks, shape of the
 * result, handler. Everything that a handler may touch is `RpcBackend`; transports only carry text, so `dispatch.ts`
 * answers the same over HTTP, WebSocket and in tests.
 *
 * Invariants: nothing is shown before its commit is final, so `latest`, `safe`, `finalized` and `pending` name the same
 * executed block, no log is ever removed and no head ever replaced. Every list that a client can make longer has a
 * bound in `limits.ts`. Error texts that wallets match are go-ethereum's.
 *
 * Absent: accounts and signing (a node holds no keys), mining, uncles of our own, JavaScript tracers.
 */
export type { AdminControl, DagReader, LiveBackend, ReadBackend, RpcBackend } from './backend.ts'
export { errorTable, limitTable, methodTables } from './document.ts'
export { RPC_ERRORS, type RpcErrorName } from './errors.ts'
export { issueToken } from './jwt.ts'
export { DEFAULT_RPC_LIMITS, type RpcLimits } from './limits.ts'
export { createLinkCells, type LinkCells } from './link.ts'
export { createLinkChain } from './link-chain.ts'
export { connectLink, type LinkFacts } from './link-listener.ts'
export { serveLink } from './link-node.ts'
export { openRpcDocument } from './openrpc.ts'
export { createRpcServer, type RpcServer, type RpcServerOptions } from './server.ts'
export { METHODS } from './table.ts'
export { type RequestHost, serveRequests } from './worker-host.ts'
export { createRpcWorkers, type RpcWorkers, type RpcWorkersOptions } from './workers.ts'
