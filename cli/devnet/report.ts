import { decodeLogs, INTERFACES, type OgpuClient } from '@ogpu/sdk'
import type { JsonRpcProvider } from 'ethers'

export interface ReportedTransaction {
  readonly what: string
  readonly hash: string
  readonly blockNumber: number
  /** From its arrival at a node to its final receipt; absent where no node remembers. */
  readonly finalityMs?: number
}

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
  /** Where the bonds of the dissenters went; nothing without dissenters. */
  readonly slashed?: {
    readonly toFindersWei: bigint
    readonly toClientWei: bigint
    readonly burnedWei: bigint
    readonly toPoolWei: bigint
  }
  readonly reputation: readonly { readonly provider: string; readonly score: number }[]
  readonly transactions: readonly ReportedTransaction[]
}

/** Events of the proof layer and what the caller did. */
const STEPS: Readonly<Record<string, string>> = {
  Accepted: 'accept',
  Committed: 'seal result',
  Revealed: 'reveal',
  Drawn: 'draw auditor',
  AuditCommitted: 'seal verdict',
  AuditRevealed: 'verdict',
  Finalized: 'finalise',
}

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
  const steps = [...proofLogs, ...auditLogs].sort((x, y) => x.blockNumber - y.blockNumber || x.index - y.index)
  const transactions = steps.flatMap(log => {
    const codec = log.address.toLowerCase() === proofManager ? INTERFACES.proofManager : INTERFACES.auditManager
    const what = STEPS[codec.parseLog(log)?.name ?? '']
    return what === undefined ? [] : [{ what, hash: log.transactionHash, blockNumber: log.blockNumber }]
  })
  const router = client.contracts.stakeRouter
  const slashLogs = await client.provider.getLogs({
    address: router,
    fromBlock,
    toBlock,
    topics: [null, null, topicOf(task)],
  })
  const [slash] = decodeLogs(slashLogs, INTERFACES.stakeRouter, 'Slashed', router)
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
    ...(slash === undefined
      ? {}
      : {
          slashed: {
            toFindersWei: slash.toFinders,
            toClientWei: slash.toClient,
            burnedWei: slash.burned,
            toPoolWei: slash.toPool,
          },
        }),
  }
}

/** Adds how long each transaction took to be final, asking the node that received it. */
export async function withFinality(
  transactions: readonly ReportedTransaction[],
  nodes: readonly JsonRpcProvider[],
): Promise<readonly ReportedTransaction[]> {
  return Promise.all(
    transactions.map(async transaction => {
      const lives = await Promise.all(nodes.map(node => node.send('ogpu_transactionTimeline', [transaction.hash])))
      const life = lives.find(found => found?.receivedMs !== undefined && found.executedMs !== undefined)
      return life === undefined ? transaction : { ...transaction, finalityMs: life.executedMs - life.receivedMs }
    }),
  )
}

function topicOf(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, '0')}`
}
