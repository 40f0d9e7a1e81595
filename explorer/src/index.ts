/**
 * The explorer: reads a node over JSON-RPC (nothing else), keeps what it read in SQLite, and serves it as an HTTP API
 * and as web pages.
 *
 * - `server/indexing` turns blocks and receipts into rows; `server/store` holds them; `server/api` answers questions;
 *   `server/page` builds the web app with Vite and renders its pages; `app/` is the web app (React).
 * - Blocks are final when the node shows them, so there is no reorganisation code. The cursor moves in the same
 *   transaction as the rows, and everything can be built again from the node.
 * - Strings from the chain are hostile: they are bounded when stored, escaped when shown, and never fetched or run.
 * - Nothing here imports the chain's code, writes to the node, or holds keys.
 *
 * @example
 * const explorer = await startExplorer({ rpcUrl: 'http://127.0.0.1:8545', dataDir: './explorer-data', host: '127.0.0.1', port: 4000 })
 * console.log(explorer.url)
 * await explorer.stop()
 */
export { type Explorer, type ExplorerOptions, startExplorer } from './server/start.ts'
