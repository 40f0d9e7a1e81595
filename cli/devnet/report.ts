import { decodeLogs, INTERFACES, type OgpuClient } from '@ogpu/sdk'

/** What the contracts said of one task, in the order in which they said it. */
export interface TaskReport {
  readonly paidWei: bigint
  readonly refundedWei: bigint
  readonly winningProvider: string
  readonly result: string
  /** One entry a seat: what it was paid, and what it lost. */
  readonly seats: readonly {
    readonly provider: string
    readonly agreed: boolean
    readonly paidWei: bigint
    readonly slashedWei: bigint
  }[]
  readonly auditors: readonly string[]
  readonly reputation: readonly { readonly provider: string; readonly score: number }[]
  readonly transactions: readonly { readonly what: string; readonly hash: string; readonly blockNumber: number }[]
}

type EventName = 'Accepted' | 'Committed' | 'Revealed' | 'Drawn' | 'Finalized'

const STEPS: readonly EventName[] = ['Accepted', 'Committed', 'Revealed', 'Drawn', 'Finalized']

/** Reads back from the chain what happened to a task under a policy. */
export async function readTaskReport(client: OgpuClient, task: string, fromBlock: number): Promise<TaskReport> {
  const { proofManager, auditManager, reputation } = client.contracts
  const toBlock = 'latest'
  const proofLogs = await client.provider.getLogs({
    address: proofManager,
    fromBlock,
    toBlock,
    topics: [null, topicOf(task)],
  })
  const auditLogs = await client.provider.getLogs({
    address: auditManager,
    fromBlock,
    toBlock,
    topics: [null, topicOf(task)],
  })
  const [finalized] = decodeLogs(proofLogs, INTERFACES.proofManager, 'Finalized', proofManager)
  if (finalized === undefined) throw new Error(`task ${task} is not final`)
  const settled = decodeLogs(proofLogs, INTERFACES.proofManager, 'SeatSettled', proofManager)
  const verdicts = decodeLogs(auditLogs, INTERFACES.auditManager, 'AuditRevealed', auditManager)
  const transactions = proofLogs.flatMap(log => {
    const what = INTERFACES.proofManager.parseLog(log)?.name
    return what !== undefined && STEPS.includes(what as EventName)
      ? [{ what: what.toLowerCase(), hash: log.transactionHash, blockNumber: log.blockNumber }]
      : []
  })
  const providers = settled.map(seat => String(seat.provider))
  const scores = await Promise.all(
    providers.map(provider => client.read('reputation', 'scoreOf', [provider, 0], reputation)),
  )
  return {
    paidWei: finalized.paid,
    refundedWei: finalized.refunded,
    winningProvider: finalized.winningProvider,
    result: finalized.result,
    seats: settled.map(seat => ({
      provider: seat.provider,
      agreed: seat.paid > 0n,
      paidWei: seat.paid,
      slashedWei: seat.slashed,
    })),
    auditors: verdicts.map(verdict => String(verdict.auditor)),
    reputation: providers.map((provider, i) => ({ provider, score: Number(scores[i]?.[0]) })),
    transactions,
  }
}

function topicOf(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, '0')}`
}
