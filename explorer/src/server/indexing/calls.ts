import type { Interface } from 'ethers'
import type { NodeClient, RpcRequest } from '../node-client.ts'

/** One view function to read at the node's head. */
export interface ViewCall {
  readonly to: string
  readonly abi: Interface
  readonly name: string
  readonly args: readonly unknown[]
}

/**
 * Reads view functions in batches. The answer of one is the list of its results, or undefined where the contract has no
 * such function, reverted or returned something else: contracts are hostile. Throws only when the node is unreachable.
 */
export async function readViews(
  node: NodeClient,
  calls: readonly ViewCall[],
): Promise<readonly (readonly unknown[] | undefined)[]> {
  const requests: RpcRequest[] = calls.map(({ to, abi, name, args }) => ({
    method: 'eth_call',
    params: [{ to, data: abi.encodeFunctionData(name, args), gas: '0x1e8480' }, 'latest'],
  }))
  const answers = await node.batch(requests)
  return calls.map(({ abi, name }, index) => {
    const answer = answers[index]
    if (answer?.kind !== 'result' || typeof answer.result !== 'string' || answer.result.length > 2_000_000)
      return undefined
    try {
      return [...abi.decodeFunctionResult(name, answer.result)]
    } catch {
      return undefined
    }
  })
}

/** `value` as text of at most `max` characters; on-chain strings may be megabytes. */
export function textOf(value: unknown, max: number): string {
  return String(value ?? '').slice(0, max)
}
