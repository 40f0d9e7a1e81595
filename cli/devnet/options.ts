import { MAINNET_CHAIN_ID, TESTNET_CHAIN_ID } from '@ogpu/sdk'
import { flag, integer, type Option, text, type Values } from '../command.ts'
import type { DevnetOptions } from './devnet.ts'

/** Options of every command that runs a devnet. */
export const DEVNET_OPTIONS = {
  fresh: { type: 'boolean', help: 'Forget the state of an earlier devnet' },
  testnet: {
    type: 'boolean',
    help: `Rules of the testnet (chain ${TESTNET_CHAIN_ID}) instead of chain ${MAINNET_CHAIN_ID}`,
  },
  'data-dir': { type: 'string', value: 'FOLDER', default: 'data/devnet', help: 'Where the network keeps everything' },
  port: { type: 'string', value: 'PORT', default: '8545', help: 'First JSON-RPC port; taken ones are passed over' },
  validators: { type: 'string', value: 'N', default: '4', help: 'Validators, each a process' },
} as const satisfies Readonly<Record<string, Option>>

/** What the options say. UsageError when a number is none. */
export function devnetOptionsOf(values: Values): DevnetOptions {
  return {
    dataDir: text(values, 'data-dir') ?? 'data/devnet',
    fresh: flag(values, 'fresh'),
    chainId: flag(values, 'testnet') ? TESTNET_CHAIN_ID : MAINNET_CHAIN_ID,
    validators: integer(values, 'validators', 1, 13) ?? 4,
    rpcPort: integer(values, 'port', 1, 65_535) ?? 8545,
  }
}
