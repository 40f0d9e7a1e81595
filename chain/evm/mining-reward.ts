import { isAtLeast } from './forks.ts'
import type { Rules } from './machine.ts'

const ETHER = 10n ** 18n

/** Wei that a block without ommers gave its miner before the merge (Yellow Paper 11.3, EIP-649, EIP-1234). */
export function miningReward(rules: Rules): bigint {
  if (isAtLeast(rules.fork, 'constantinople')) return 2n * ETHER
  return (rules.isByzantium ? 3n : 5n) * ETHER
}
