import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { registrationOf, stakingTransaction } from '../epochs/fixture.ts'
import { call } from '../load/rpc.ts'
import type { Cluster, NodeProcess } from './cluster.ts'

const STAKE_WEI = 100n * 10n ** 18n
const COMMISSION_BPS = 500

/** What `dag_status` says of the committee. */
export interface MembershipStatus {
  readonly epoch: number
  readonly committeeSize: number
}

export const membershipOf = (url: string) => call<MembershipStatus>(url, 'dag_status')

/** Sends a node's stake transaction through another node. */
async function sendStake(
  cluster: Cluster,
  node: NodeProcess,
  through: string,
  stake: { readonly method: string; readonly args?: readonly unknown[]; readonly value?: bigint },
): Promise<void> {
  const contract = defined(cluster.stakingContract, 'the genesis names a staking contract')
  const from = toHex(node.keys.operator.address)
  const nonce = BigInt(await call<string>(through, 'eth_getTransactionCount', [from, 'latest']))
  await call(through, 'eth_sendRawTransaction', [
    toHex(stakingTransaction(node.keys.operator.privateKey, contract, { nonce, ...stake })),
  ])
}

/** Stakes for a node, so that the next closing call elects it. */
export function join(cluster: Cluster, node: NodeProcess, through: string): Promise<void> {
  // Its address is the operators' matter here: everybody dials through the wires between the processes.
  const args = [registrationOf(node.keys, ''), COMMISSION_BPS]
  return sendStake(cluster, node, through, { method: 'register', args, value: STAKE_WEI })
}

/** Takes a node off the list of candidates. */
export function leave(cluster: Cluster, node: NodeProcess, through: string): Promise<void> {
  return sendStake(cluster, node, through, { method: 'retire' })
}
