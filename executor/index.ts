/**
 * The executor: everything that runs beside the chain and talks to it by JSON-RPC alone (through the SDK).
 *
 * - `sidecar/` finds tasks, computes, seals, opens, gets paid; survives a kill at any moment
 * - `verifier/` re-runs what it is drawn for (and what it chooses to), opens verdicts, makes the calls nobody owes
 * - `data/` the content-addressed data node over HTTP
 * - `runtimes/` plug-ins that compute; `int` is the exact one (docs/executor.md), each run in a process of its own
 * - `models/` programs that this project trained itself, as data
 * - `inventory/` what GPUs this machine has, as its drivers say
 * - `demo/` a provider that lies on purpose, for demonstrations; nothing in the product imports it
 *
 * Invariants: nothing is sealed before output and salt are on disk; no bond is at stake before a job's files are checked;
 * no bytes are believed without their hash; every queue and cache has a bound.
 * Absent: floating-point runtimes, containers, checkpoints of long jobs, evidence for one-transaction fault proofs.
 */
export { type DataNode, type DataNodeOptions, startDataNode } from './data/server.ts'
export { createDishonestRuntime } from './demo/dishonest.ts'
export { type Gpu, listGpus } from './inventory/gpus.ts'
export { createJsonLog } from './log.ts'
export { loadLanguageId, loadSampleText, type ProgramFiles } from './models/language-id/index.ts'
export { createIntRuntime } from './runtimes/int/runtime.ts'
export {
  DEFAULT_RUN_LIMITS,
  RUNTIME_ERRORS,
  type RunJob,
  type RunLimits,
  type RunResult,
  type Runtime,
  RuntimeError,
} from './runtimes/runtime.ts'
export { type Executor, type ExecutorOptions, startExecutor } from './sidecar/start.ts'
export { startVerifier, type Verifier, type VerifierOptions } from './verifier/start.ts'
