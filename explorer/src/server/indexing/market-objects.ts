import type { Interface } from 'ethers'
import type { Decoder } from '../market.ts'
import type { NodeClient } from '../node-client.ts'
import type { Database } from '../store/database.ts'
import { readViews, textOf, type ViewCall } from './calls.ts'
import type { MarketChanges } from './market-changes.ts'

/** Longest on-chain text (configuration URLs, result URLs) that is kept. */
const TEXT_MAX = 16 * 1024

export interface SourceState {
  readonly address: string
  readonly client: string
  readonly imageUrl: string
  readonly environments: number
  readonly minPayment: string
  readonly minLockup: string
  readonly maxExpiry: string
  readonly privacy: boolean
  readonly optionalParams: string
  readonly delivery: number
  readonly status: number
  readonly registrants: number
}

export interface TaskState {
  readonly address: string
  readonly source: string
  readonly config: string
  readonly expiry: string
  readonly payment: string
  readonly delivery: number
  readonly status: number
  readonly winner: string | null
}

export interface ResponseState {
  readonly address: string
  readonly task: string
  readonly provider: string
  readonly data: string
  readonly payment: string
  readonly status: number
  readonly confirmed: boolean
}

export interface ProviderState {
  readonly address: string
  readonly firstTx: number
  readonly master: string | null
  readonly baseData: string
  readonly liveData: string
  readonly balance: string
  readonly lockup: string
  readonly sanctioned: string
  readonly earnings: string
}

export interface MarketObjects {
  readonly sources: readonly SourceState[]
  readonly tasks: readonly TaskState[]
  readonly responses: readonly ResponseState[]
  readonly providers: readonly ProviderState[]
}

/**
 * Reads the state of everything that `changes` touched, at the node's head. An object whose last event is indexed
 * therefore always has the state that the chain gives it now, whatever way led there.
 */
export async function readMarketObjects(
  node: NodeClient,
  decoder: Decoder,
  db: Database,
  changes: MarketChanges,
): Promise<MarketObjects> {
  const read = (addresses: readonly string[], contract: string, names: readonly string[]) =>
    readGroups(node, abiOf(decoder, contract), addresses, names)
  const sources = await read([...changes.sources.keys()], 'Source', [
    'getSourceParams',
    'getStatus',
    'getRegistrantCount',
  ])
  const tasks = await read([...changes.tasks.keys()], 'Task', [
    'taskParams',
    'getDeliveryMethod',
    'getStatus',
    'winningProvider',
  ])
  const responses = await read(responsesOf(db, changes), 'Response', ['responseParams', 'getStatus', 'confirmedFinal'])
  // What does not answer as an object of its kind is none: an event of a further contract may name any address.
  const taskStates = tasks
    .filter(answers)
    .map(([address, [params, delivery, status, winner]]) => toTask(address, params, delivery, status, winner))
  const responseStates = responses
    .filter(answers)
    .map(([address, [params, status, confirmed]]) => toResponse(address, params, status, confirmed))
  return {
    sources: sources
      .filter(answers)
      .map(([address, [params, status, registrants]]) => toSource(address, params, status, registrants)),
    tasks: taskStates,
    responses: responseStates,
    providers: await readProviders(node, decoder, providersOf(db, changes, taskStates, responseStates)),
  }
}

type Answer = readonly unknown[] | undefined

function answers([, [first]]: readonly [string, readonly Answer[]]): boolean {
  return first !== undefined
}

function abiOf(decoder: Decoder, contract: string): Interface {
  const abi = decoder.abiOf(contract)
  if (abi === undefined) throw new Error(`explorer: no interface of ${contract}`)
  return abi
}

async function readGroups(
  node: NodeClient,
  abi: Interface,
  addresses: readonly string[],
  names: readonly string[],
): Promise<readonly (readonly [string, readonly Answer[]])[]> {
  const answers = await readViews(
    node,
    addresses.flatMap(to => names.map(name => ({ to, abi, name, args: [] }))),
  )
  return addresses.map((to, index) => [to, answers.slice(index * names.length, (index + 1) * names.length)])
}

/** Responses to read again: those with events, and the open ones of tasks with events (a confirmation may change both). */
function responsesOf(db: Database, changes: MarketChanges): readonly string[] {
  const found = new Set(changes.responses.keys())
  for (const task of changes.tasks.keys())
    for (const row of db.all<{ address: string }>(
      'SELECT address FROM responses WHERE task = ? AND confirmed = 0 ORDER BY created_tx LIMIT 32',
      task,
    ))
      found.add(row.address)
  return [...found]
}

/** Providers to read again: those named by provider events, winners and responders, and known accounts otherwise touched. */
function providersOf(
  db: Database,
  changes: MarketChanges,
  tasks: readonly TaskState[],
  responses: readonly ResponseState[],
): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [address, { tx, sure }] of changes.providers)
    if (sure || db.get('SELECT 1 FROM providers WHERE address = ?', address) !== undefined) found.set(address, tx)
  for (const { address, provider } of responses)
    if (provider !== '' && !found.has(provider)) found.set(provider, changes.responses.get(address)?.updatedTx ?? 0)
  for (const { address, winner } of tasks)
    if (winner !== null && !found.has(winner)) found.set(winner, changes.tasks.get(address)?.updatedTx ?? 0)
  return found
}

async function readProviders(
  node: NodeClient,
  decoder: Decoder,
  providers: ReadonlyMap<string, number>,
): Promise<readonly ProviderState[]> {
  const terminal = decoder.addresses.get('Terminal')
  const vault = decoder.addresses.get('Vault')
  const views: readonly (readonly [string | undefined, string, string])[] = [
    [terminal, 'Terminal', 'masterOf'],
    [terminal, 'Terminal', 'baseDataOf'],
    [terminal, 'Terminal', 'liveDataOf'],
    [vault, 'Vault', 'balanceOf'],
    [vault, 'Vault', 'lockupOf'],
    [vault, 'Vault', 'sanctionOf'],
    [vault, 'Vault', 'totalEarningsOf'],
  ]
  const known = views.filter(([to]) => to !== undefined)
  const calls: ViewCall[] = [...providers.keys()].flatMap(provider =>
    known.map(([to, contract, name]) => ({ to: to as string, abi: abiOf(decoder, contract), name, args: [provider] })),
  )
  const answers = await readViews(node, calls)
  return [...providers].map(([address, firstTx], index) => {
    const at = (name: string) => {
      const slot = known.findIndex(([, , known]) => known === name)
      return slot < 0 ? undefined : answers[index * known.length + slot]?.[0]
    }
    return {
      address,
      firstTx,
      master: addressOf(at('masterOf')),
      baseData: textOf(at('baseDataOf'), TEXT_MAX),
      liveData: textOf(at('liveDataOf'), TEXT_MAX),
      balance: amountOf(at('balanceOf')),
      lockup: amountOf(at('lockupOf')),
      sanctioned: amountOf(at('sanctionOf')),
      earnings: amountOf(at('totalEarningsOf')),
    }
  })
}

function toSource(address: string, params: Answer, status: Answer, registrants: Answer): SourceState {
  const fields = (params?.[0] ?? []) as readonly unknown[]
  return {
    address,
    client: addressOf(fields[0]) ?? '',
    imageUrl: textOf(fields[1], TEXT_MAX),
    environments: Number(fields[2] ?? 0),
    minPayment: amountOf(fields[3]),
    minLockup: amountOf(fields[4]),
    maxExpiry: amountOf(fields[5]),
    privacy: fields[6] === true,
    optionalParams: textOf(fields[7], TEXT_MAX),
    delivery: Number(fields[8] ?? 0),
    status: Number(status?.[0] ?? 0),
    registrants: Number(registrants?.[0] ?? 0),
  }
}

function toTask(address: string, params: Answer, delivery: Answer, status: Answer, winner: Answer): TaskState {
  return {
    address,
    source: addressOf(params?.[0]) ?? '',
    config: textOf(params?.[1], TEXT_MAX),
    expiry: amountOf(params?.[2]),
    payment: amountOf(params?.[3]),
    delivery: Number(delivery?.[0] ?? 0),
    status: Number(status?.[0] ?? 0),
    winner: addressOf(winner?.[0]),
  }
}

function toResponse(address: string, params: Answer, status: Answer, confirmed: Answer): ResponseState {
  return {
    address,
    task: addressOf(params?.[0]) ?? '',
    provider: addressOf(params?.[1]) ?? '',
    data: textOf(params?.[2], TEXT_MAX),
    payment: amountOf(params?.[3]),
    status: Number(status?.[0] ?? 0),
    confirmed: confirmed?.[0] === true,
  }
}

function addressOf(value: unknown): string | null {
  const text = String(value ?? '').toLowerCase()
  return text.length !== 42 || /^0x0+$/.test(text) ? null : text
}

function amountOf(value: unknown): string {
  return typeof value === 'bigint' ? value.toString() : '0'
}
