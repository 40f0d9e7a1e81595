import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runTool } from './tool.ts'
import { HERE, MODULES, type World } from './world.ts'

export interface HardhatProject {
  readonly dir: string
  run(...args: string[]): Promise<string>
}

/** A Hardhat project in the client's folder, with the contracts and tests of test/clients, on the client's network. */
export function hardhatProject({ dir, rpcUrl, explorerUrl, keys, chainId }: World): HardhatProject {
  cpSync(join(HERE, 'hardhat'), dir, { recursive: true })
  mkdirSync(join(dir, 'contracts'), { recursive: true })
  cpSync(join(HERE, 'contracts'), join(dir, 'contracts'), { recursive: true })
  symlinkSync(MODULES, join(dir, 'node_modules'))
  writeFileSync(join(dir, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n')
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', join(MODULES, 'hardhat/dist/src/cli.js')]
  const env = {
    OGPU_RPC: rpcUrl,
    OGPU_EXPLORER: explorerUrl,
    OGPU_KEYS: keys.join(','),
    OGPU_CHAIN_ID: String(chainId),
    HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true',
    HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: 'true',
  }
  return { dir, run: (...args) => runTool([...program, ...args], { cwd: dir, env, timeoutMs: 180_000 }) }
}
