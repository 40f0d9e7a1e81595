import { createRequire } from 'node:module'
import {
  type CommitExecutionEngine,
  createExecutionEngine,
  createForkConfigs,
  createPool,
  createRecoveryPool,
  type Retention,
} from '#evm'
import type { Hex } from '#lib/bytes'
import { createRpcServer, type RpcServer } from '#rpc'
import { createMemoryStore } from '#storage'
import type { GenesisFile } from '#types'
import { commitOf, GENESIS_MS, genesisFile } from '../evm/fixtures.ts'

export interface RealChain {
  readonly engine: CommitExecutionEngine
  readonly server: RpcServer
  /** Makes one commit of what the pool has; true when there was something. */
  produce(): Promise<boolean>
  /** Makes commits whenever the pool has something, until `close`. */
  run(): void
  close(): Promise<void>
}

/** The real engine, pool and listener; only consensus is left out: one validator's pool is every commit. */
export async function realChain(alloc: GenesisFile['alloc'] = {}, retention: Retention = {}): Promise<RealChain> {
  const genesis = genesisFile({ users: 10, alloc })
  const recovery = createRecoveryPool({ workers: 0 })
  const engine = await createExecutionEngine({ genesis, store: createMemoryStore(), recovery, ...retention })
  const pool = createPool({ chain: engine.chain, recovery, clock: { now: () => Date.now() } })
  engine.chain.onBlock(executed => pool.onBlock(executed))
  const server = await createRpcServer({
    backend: {
      clientVersion: 'ogpu/v0.0.0/test',
      chain: engine.chain,
      calls: engine.calls,
      traces: engine.traces,
      simulations: engine.simulations,
      inspections: engine.inspections,
      forks: createForkConfigs(genesis),
      pool,
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
    },
  })
  let index = 0
  let isRunning = false
  let busy: Promise<unknown> = Promise.resolve()

  async function produce(): Promise<boolean> {
    const raw = pool.take({ transactions: 512, bytes: 1 << 20 })
    if (raw.length === 0) return false
    index += 1
    await engine.execute(commitOf(index, [raw], { timestampMs: GENESIS_MS + index * 100 }))
    return true
  }

  return {
    engine,
    server,
    produce,
    run() {
      isRunning = true
      const loop = async () => {
        while (isRunning) {
          await produce()
          await new Promise(resolve => setTimeout(resolve, 2))
        }
      }
      busy = loop()
    },
    async close() {
      isRunning = false
      await busy
      await server.close()
      await engine.close()
      await recovery.close()
    },
  }
}

/**
 * A contract that tools exercise: `set(uint256)` stores and emits, `value()` reads, `fail()` reverts with a string,
 * `refuse()` with a custom error, `divide(uint256)` panics on zero.
 */
export const PROBE_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
contract Probe {
    error Refused(address who, uint256 amount);
    event Changed(address indexed by, uint256 indexed value, string note);
    uint256 public value;
    mapping(address => uint256) public counts;
    constructor(uint256 start) payable { value = start; }
    function set(uint256 next) external {
        value = next;
        counts[msg.sender] += 1;
        emit Changed(msg.sender, next, "set");
    }
    function fail() external pure { revert("NotOwner"); }
    function refuse(uint256 amount) external view { revert Refused(msg.sender, amount); }
    function divide(uint256 by) external pure returns (uint256) { return 100 / by; }
    function burn() external pure { while (true) {} }
    receive() external payable {}
}
`

let compiled: { readonly abi: readonly unknown[]; readonly bytecode: Hex } | undefined

/** Compiles {@link PROBE_SOURCE} once for each process. */
export function probeContract(): { readonly abi: readonly unknown[]; readonly bytecode: Hex } {
  if (compiled !== undefined) return compiled
  // Loaded here, as the compiler takes half a second; it ships no types.
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const input = {
    language: 'Solidity',
    sources: { 'Probe.sol': { content: PROBE_SOURCE } },
    settings: {
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
      optimizer: { enabled: true, runs: 200 },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)))
  const { abi, evm } = output.contracts['Probe.sol'].Probe
  compiled = { abi, bytecode: `0x${evm.bytecode.object}` }
  return compiled
}
