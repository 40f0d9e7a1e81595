/**
 * The executor: everything that runs beside the chain and talks to it by JSON-RPC alone.
 *
 * - `runtimes/` plug-ins that compute; `int` is the exact one (docs/executor.md), each run in a process of its own
 * - `data/` the content-addressed data node over HTTP
 * - `models/` programs that this project trained itself, as data
 */
export { type DataNode, type DataNodeOptions, startDataNode } from './data/server.ts'
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
