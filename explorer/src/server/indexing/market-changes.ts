import type { Decoded, Decoder } from '../market.ts'
import type { BlockRow, TransactionRow } from './rows.ts'

export interface MarketEventRow {
  readonly id: number
  readonly tx: number
  readonly decoded: Decoded
  /** Addresses and 32-byte ids that the event names: it is shown on the page of each. */
  readonly subjects: readonly string[]
}

interface Touch {
  /** The transaction that created the object, when it happened in this batch. */
  createdTx?: number
  updatedTx: number
  client?: string
}

export interface Attempt {
  readonly task: string
  readonly provider: string
  readonly suggestedPayment: string
  readonly tx: number
}

export interface Registration {
  readonly source: string
  readonly provider: string
  /** Absent when the provider left the source. */
  readonly environment?: number
  readonly registrant: string
  readonly tx: number
}

export interface ReputationChange {
  readonly provider: string
  readonly programClass: number
  /** 1/10,000 */
  readonly score: number
  readonly tasks: number
  readonly outcome: number
  readonly tx: number
}

/** What a run of blocks says about the market: facts to store, and objects whose state has to be read again. */
export interface MarketChanges {
  readonly events: MarketEventRow[]
  readonly sources: Map<string, Touch>
  readonly tasks: Map<string, Touch>
  readonly responses: Map<string, Touch>
  readonly attempts: Attempt[]
  readonly registrations: Registration[]
  readonly reputation: ReputationChange[]
  /** Provider → the transaction that named it; `sure` when the event is one that only providers cause. */
  readonly providers: Map<string, { tx: number; sure: boolean }>
}

const SUBJECTS_MAX = 24

/** Reads the events of the market's own contracts. Pure; events of any other address are not even looked at. */
export function readMarketChanges(decoder: Decoder, blocks: readonly BlockRow[]): MarketChanges {
  const changes: MarketChanges = {
    events: [],
    sources: new Map(),
    tasks: new Map(),
    responses: new Map(),
    attempts: [],
    registrations: [],
    reputation: [],
    providers: new Map(),
  }
  for (const block of blocks)
    for (const transaction of block.transactions)
      for (const log of transaction.logs) {
        if (decoder.contractAt(log.address) === undefined) continue
        const decoded = decoder.marketEvent(log.address, log.topics, `0x${log.data.toString('hex')}`)
        if (decoded === undefined) continue
        changes.events.push({ id: log.id, tx: transaction.id, decoded, subjects: subjectsOf(decoded) })
        apply(changes, transaction, decoded)
      }
  return changes
}

function apply(changes: MarketChanges, transaction: TransactionRow, event: Decoded): void {
  const tx = transaction.id
  const arg = (name: string) => {
    const value = event.args.find(candidate => candidate.name === name)?.value
    return typeof value === 'string' ? value : ''
  }
  const touchTask = (task: string) => touch(changes.tasks, task, tx)
  switch (`${event.contract}.${event.name}`) {
    case 'Nexus.SourcePublished':
      touch(changes.sources, arg('source'), tx).createdTx = tx
      break
    case 'Nexus.SourceUpdated':
    case 'Nexus.SourceStatusChanged':
      touch(changes.sources, arg('source'), tx)
      break
    case 'Nexus.TaskPublished': {
      const task = touchTask(arg('task'))
      task.createdTx = tx
      task.client ??= transaction.sender
      touch(changes.sources, arg('source'), tx)
      break
    }
    case 'Nexus.TaskStatusChanged':
      touchTask(arg('task'))
      break
    case 'Nexus.Attempted':
      touchTask(arg('task'))
      name(changes, arg('provider'), tx, true)
      changes.attempts.push({
        task: arg('task'),
        provider: arg('provider'),
        suggestedPayment: arg('suggestedPayment'),
        tx,
      })
      break
    case 'Nexus.ResponseSubmitted':
      touchTask(arg('task'))
      touch(changes.responses, arg('response'), tx).createdTx = tx
      break
    case 'Nexus.ResponseStatusChanged':
      touch(changes.responses, arg('response'), tx)
      break
    case 'Nexus.Registered':
      touch(changes.sources, arg('source'), tx)
      name(changes, arg('provider'), tx, true)
      changes.registrations.push({
        source: arg('source'),
        provider: arg('provider'),
        environment: Number(arg('preferredEnvironment')),
        registrant: arg('registrantId'),
        tx,
      })
      break
    case 'Nexus.Unregistered':
      touch(changes.sources, arg('source'), tx)
      changes.registrations.push({ source: arg('source'), provider: arg('provider'), registrant: '', tx })
      break
    case 'Vault.PaymentFrozen':
      touchTask(arg('task')).client = arg('client')
      break
    case 'Reputation.ReputationChanged':
      changes.reputation.push({
        provider: arg('provider'),
        programClass: Number(arg('class')),
        score: Number(arg('score')),
        tasks: Number(arg('tasks')),
        outcome: Number(arg('outcome')),
        tx,
      })
      break
    case 'ProofManager.Accepted':
      touchTask(arg('task'))
      name(changes, arg('provider'), tx, true)
      break
    default:
      if (arg('task') !== '' && event.contract !== 'Task') touchTask(arg('task'))
      if (event.contract === 'Terminal') name(changes, arg('provider'), tx, event.name !== 'RemoveContainer')
      else
        for (const { name: field, value } of event.args)
          if ((field === 'account' || field === 'provider') && typeof value === 'string')
            name(changes, value, tx, false)
  }
}

function touch(objects: Map<string, Touch>, address: string, tx: number): Touch {
  let entry = objects.get(address)
  if (entry === undefined) {
    entry = { updatedTx: tx }
    objects.set(address, entry)
  }
  entry.updatedTx = tx
  return entry
}

function name(changes: MarketChanges, provider: string, tx: number, sure: boolean): void {
  if (provider === '' || /^0x0+$/.test(provider)) return
  const entry = changes.providers.get(provider)
  if (entry === undefined) changes.providers.set(provider, { tx, sure })
  else if (sure && !entry.sure) changes.providers.set(provider, { tx, sure })
}

function subjectsOf(event: Decoded): readonly string[] {
  const subjects = new Set<string>()
  for (const { type, value, name: field } of event.args) {
    if (type === 'address' && typeof value === 'string') subjects.add(value)
    if (type === 'bytes32' && typeof value === 'string' && /(id|task|program|blob)/i.test(field)) subjects.add(value)
    if (type === 'address[]' && Array.isArray(value)) for (const item of value) subjects.add(String(item))
    if (subjects.size >= SUBJECTS_MAX) break
  }
  return [...subjects]
}
