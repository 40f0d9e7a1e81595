/**
 * The relay: an HTTP gateway in front of the market. A request of an OpenAI client becomes a task on a model's source;
 * the answer is the result that the chain agreed on, and the request's receipt is the task's address.
 *
 * - `ledger/` accounts of customers in micro-USD: a journal on disk, and the state as a fold over it
 * - `market/` the chain behind a port: publish, follow, fetch, pay
 * - `runner.ts` takes accepted tasks to their end, over restarts
 * - `http/` routes, shapes and limits of the interface (docs/relay.md has the table)
 * - `models.ts`, `decoders.ts` what is offered, and how results are read
 *
 * Invariants: no task without a reservation that covers it; no charge without a result, no reservation after a failure; no
 * answer to a caller before what it confirms is on disk; no second task for one request, whenever the process dies.
 * Absent: models of cloud providers (mode `direct`), files, workflows, instances, webhooks, log-in by password, payments by
 * card (an admin key adds credits instead).
 */
export type { FundingLimits } from './market/funding.ts'
export { type Model, parseModels } from './models.ts'
export { parseUsd, usdText } from './money.ts'
export { type Relay, type RelayOptions, startRelay } from './start.ts'
