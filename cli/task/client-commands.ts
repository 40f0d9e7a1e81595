/** What a client does: offer a program as a source, pay for tasks, and take their results. */
import { readFileSync, writeFileSync } from 'node:fs'
import {
  cancelTask,
  decodeLanguageResult,
  deposit,
  type FetchedResult,
  fetchResult,
  listSources,
  publishProgram,
  publishSource,
  publishTask,
  readAccount,
  readProgramFiles,
  readSource,
  readTask,
  type SourceInfo,
  setPolicy,
  type TaskInfo,
  waitForResult,
  withdraw,
} from '@ogpu/sdk'
import { messageOf } from '#lib/errors'
import { flag, integer, text, UsageError, type Values } from '../command.ts'
import { required } from '../sidecar-options.ts'
import {
  address,
  amount,
  none,
  only,
  openPublisher,
  openReader,
  openSigner,
  optionalAmount,
  sourcesOf,
} from './input.ts'
import { coins, show, taskRows } from './output.ts'

type Words = readonly string[]
const PAGE = 100
const METADATA_BYTES_MAX = 64 * 1024
const INPUT_BYTES_MAX = 64 * 1024 * 1024

function readFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
}

/** The newest sources first. */
export async function sources(values: Values, words: Words): Promise<number> {
  none(words)
  const client = await openReader(values)
  const { total } = await listSources(client, { from: 0, limit: 0 })
  const page = await listSources(client, { from: Math.max(0, total - PAGE), limit: PAGE })
  const found: (SourceInfo & { readonly name: string })[] = []
  for (const source of [...page.sources].reverse()) {
    const info = await readSource(client, { source })
    // Metadata is whatever its publisher put there, if it is there at all.
    const name = await client.data
      .getUrl(info.metadataUrl, { bytesMax: METADATA_BYTES_MAX })
      .then(bytes => String(JSON.parse(new TextDecoder().decode(bytes)).name))
      .catch(() => '(name cannot be read)')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a stranger's text must not steer the terminal
    found.push({ ...info, name: name.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 60) })
  }
  const rows = found.map(info => [
    info.source,
    info.name,
    info.isActive ? 'active' : 'inactive',
    `≥ ${coins(info.minPaymentWei)}`,
    `${info.taskCount} tasks`,
    info.policy === undefined ? 'plain' : `${info.policy.quorum} of ${info.policy.redundancy} must agree`,
  ])
  if (rows.length === 0 && !flag(values, 'json')) console.log('no sources yet')
  return show(values, found, rows)
}

export async function source(values: Values, words: Words): Promise<number> {
  none(words)
  const name = required(values, 'name')
  const programId = text(values, 'program')
  const redundancy = integer(values, 'redundancy', 1, 16)
  const auditRateBps = integer(values, 'audit-rate', 0, 10_000)
  const minPaymentWei = optionalAmount(values, 'min-payment') ?? 0n
  const client = await openPublisher(values)
  const metadata = { name, description: text(values, 'description') ?? '' }
  const published = await publishSource(client, { metadata, minPaymentWei })
  if (programId !== undefined) {
    const chosen = {
      ...(redundancy === undefined ? {} : { redundancy, quorum: Math.floor(redundancy / 2) + 1 }),
      ...(auditRateBps === undefined ? {} : { auditRateBps }),
    }
    await setPolicy(client, { source: published.source, policy: { programId, ...chosen } })
  }
  return show(values, { source: published.source, transaction: published.sent.hash }, [
    ['source', published.source],
    ['transaction', published.sent.hash],
  ])
}

export async function program(values: Values, words: Words): Promise<number> {
  const [graph, weights, ...more] = words
  if (graph === undefined || weights === undefined || more.length > 0) {
    throw new UsageError('name the two files of a program: GRAPH WEIGHTS')
  }
  const files = { graph: readFile(graph), weights: readFile(weights) }
  const client = await openPublisher(values)
  const name = text(values, 'name')
  const published = await publishProgram(client, { ...files, ...(name === undefined ? {} : { name }) })
  return show(values, published, [
    ['program', published.programId],
    ['graph', published.graph.hash],
    ['weights', published.weights.hash],
    ['transaction', published.hash ?? 'none: it was registered before'],
  ])
}

function inputOf(values: Values): Uint8Array {
  const given = text(values, 'text')
  const file = text(values, 'input')
  if ((given === undefined) === (file === undefined))
    throw new UsageError('give the input with either --text or --input')
  const input = given === undefined ? readFile(file ?? '') : new TextEncoder().encode(given)
  if (input.length === 0 || input.length > INPUT_BYTES_MAX) {
    throw new UsageError(`the input has ${input.length} bytes; 1 to ${INPUT_BYTES_MAX} can be given`)
  }
  return input
}

export async function publish(values: Values, words: Words): Promise<number> {
  none(words)
  const [source = '', ...more] = sourcesOf(values)
  if (source === '' || more.length > 0) throw new UsageError('name the source with --source')
  formOf(values)
  const paymentWei = amount(required(values, 'payment'), '--payment')
  const lifetimeSeconds = integer(values, 'lifetime', 1, 10 * 365 * 86_400)
  const input = inputOf(values)
  const client = await openPublisher(values)
  const { policy } = await readSource(client, { source })
  const programId = text(values, 'program') ?? policy?.programId
  if (programId === undefined)
    throw new UsageError('this source has no policy: say with --program which program is to run')
  const { task, sent } = await publishTask(client, {
    source,
    program: await readProgramFiles(client, { programId }),
    input,
    paymentWei,
    ...(lifetimeSeconds === undefined ? {} : { lifetimeSeconds }),
  })
  if (!flag(values, 'wait')) {
    return show(values, { task, transaction: sent.hash, blockNumber: sent.blockNumber }, [
      ['task', task],
      ['transaction', sent.hash],
      ['block', String(sent.blockNumber)],
    ])
  }
  if (!flag(values, 'json')) console.log(`  task  ${task}`)
  await waitForResult(client, { task, ...waiting(values) })
  return showResult(values, task, await fetchResult(client, { task, fromBlock: sent.blockNumber }))
}

/** How long to wait, and what to say meanwhile. */
function waiting(values: Values) {
  const timeoutMs = (integer(values, 'timeout', 1, 86_400) ?? 300) * 1_000
  const onProgress = (info: TaskInfo) => {
    const { proof } = info
    const taken = proof === undefined ? '' : `, ${proof.phase}, ${proof.seats.length} executors`
    if (!flag(values, 'json')) console.error(`  ${info.status}${taken}`)
  }
  return { timeoutMs, onProgress }
}

export async function showTask(values: Values, words: Words): Promise<number> {
  const task = address(only(words, 'task'), 'a task')
  const info = await readTask(await openReader(values), { task })
  return show(values, info, taskRows(info))
}

export async function wait(values: Values, words: Words): Promise<number> {
  const task = address(only(words, 'task'), 'a task')
  const info = await waitForResult(await openReader(values), { task, ...waiting(values) })
  return show(values, info, taskRows(info))
}

export async function result(values: Values, words: Words): Promise<number> {
  const task = address(only(words, 'task'), 'a task')
  const fromBlock = integer(values, 'from-block', 0, Number.MAX_SAFE_INTEGER)
  formOf(values)
  const fetched = await fetchResult(await openReader(values), {
    task,
    ...(fromBlock === undefined ? {} : { fromBlock }),
  })
  return showResult(values, task, fetched)
}

const FORMS = ['text', 'hex', 'base64', 'language-id'] as const

function decodeAs(form: string, bytes: Uint8Array): string {
  if (form === 'text') return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  if (form === 'hex') return Buffer.from(bytes).toString('hex')
  if (form === 'base64') return Buffer.from(bytes).toString('base64')
  const [best] = decodeLanguageResult(bytes)
  return `${best?.name} (${best?.code}), ${((best?.confidence ?? 0) * 100).toFixed(1)} %`
}

function formOf(values: Values): string {
  const form = text(values, 'decode') ?? 'hex'
  if (!(FORMS as readonly string[]).includes(form)) throw new UsageError(`--decode is one of ${FORMS.join(', ')}`)
  return form
}

function showResult(values: Values, task: string, fetched: FetchedResult): number {
  const form = formOf(values)
  const { bytes, hash, provider, checkedBy } = fetched
  const out = text(values, 'out')
  if (out !== undefined) writeFileSync(out, bytes)
  const answer = out === undefined ? decodeAs(form, bytes) : `${bytes.length} bytes in ${out}`
  return show(values, { task, result: answer, bytes: bytes.length, hash, provider, checkedBy }, [
    ['result', answer],
    ['checked', checkedBy === 'digest' ? 'against what the contracts agreed on' : checkedBy],
    ['sha-256', hash],
    ['provider', provider],
  ])
}

export async function cancel(values: Values, words: Words): Promise<number> {
  const task = address(only(words, 'task'), 'a task')
  const { hash } = await cancelTask(await openSigner(values), { task })
  return show(values, { task, transaction: hash }, [
    ['canceled', task],
    ['transaction', hash],
  ])
}

export async function account(values: Values, words: Words): Promise<number> {
  const isOwn = words.length === 0
  const client = await (isOwn ? openSigner(values) : openReader(values))
  const who = isOwn ? String(client.address) : address(only(words, 'account'), 'an account')
  const vault = await readAccount(client, { account: who })
  const coinsWei = await client.provider.getBalance(who)
  return show(values, { account: who, coinsWei, ...vault }, [
    ['account', who],
    ['coins', coins(coinsWei)],
    ['in the Vault', coins(vault.balanceWei)],
    ['frozen for tasks', coins(vault.frozenWei)],
    ['locked as stake', `${coins(vault.lockupWei)}, ${coins(vault.freeLockupWei)} free`],
    ['earned so far', coins(vault.earningsWei)],
  ])
}

/** Coins into the Vault, or out of it. */
export async function move(values: Values, words: Words, direction: 'in' | 'out'): Promise<number> {
  const amountWei = amount(only(words, 'amount'), direction === 'in' ? 'deposit' : 'withdraw')
  const client = await openSigner(values)
  const { hash } = await (direction === 'in' ? deposit : withdraw)(client, { amountWei })
  const { balanceWei } = await readAccount(client, { account: String(client.address) })
  return show(values, { transaction: hash, balanceWei }, [
    ['in the Vault', coins(balanceWei)],
    ['transaction', hash],
  ])
}
