import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EMPTY, fromHex, type Hex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { createMemoryStore, type StoreOperation } from '#storage'
import {
  decodeTransaction,
  EMPTY_TRIE_ROOT,
  type GenesisFile,
  type RecoveredTransaction,
  recoverSender,
  ZERO_DIGEST,
  ZERO_NONCE,
} from '#types'
import { blobBaseFeeOf } from '../../chain/evm/blob-fee.ts'
import { BlockExecution } from '../../chain/evm/block-execution.ts'
import { forkScheduleOfGenesis, genesisState } from '../../chain/evm/genesis.ts'
import { createMachine, rulesOf } from '../../chain/evm/machine.ts'
import { knownHash } from '../../chain/evm/parent-hash.ts'
import { FlatState, flatOperations } from '../../chain/evm/state/flat-state.ts'
import { OverlaySource } from '../../chain/evm/state/overlay-source.ts'
import { StateTries } from '../../chain/evm/state/state-tries.ts'
import { watchTransaction } from '../../chain/evm/trace-engine.ts'
import { traceOptions } from '../../chain/rpc/tracers/index.ts'
import { difference } from './rpc.ts'
import { failed, passed, type Suite } from './suite.ts'

/** go-ethereum's tracer fixtures (eth/tracers/internal/tracetest): a state, a transaction and what a tracer says of it. */
interface TracerFixture {
  readonly genesis: {
    readonly alloc: Readonly<Record<string, unknown>>
    readonly config: GenesisFile['config']
  }
  readonly context: Readonly<Record<'number' | 'difficulty' | 'timestamp' | 'gasLimit' | 'miner', string>> & {
    readonly baseFeePerGas?: string
  }
  readonly input: Hex
  readonly tracerConfig?: unknown
  readonly result: unknown
}

/** Tracers by the folders of their fixtures; those of tracers in JavaScript and of ERC-7562 are not ours. */
const FOLDERS: Readonly<Record<string, string>> = {
  call_tracer: 'callTracer',
  call_tracer_withLog: 'callTracer',
  call_tracer_flat: 'flatCallTracer',
  prestate_tracer: 'prestateTracer',
  prestate_tracer_with_diff_mode: 'prestateTracer',
}

export const tracerSuite: Suite = async ([folder], report) => {
  if (folder === undefined) {
    throw new CodedError('no folder', 'name the folder eth/tracers/internal/tracetest/testdata of go-ethereum')
  }
  for (const [name, tracer] of Object.entries(FOLDERS)) {
    for (const file of readdirSync(join(resolve(folder), name)).sort()) {
      if (!file.endsWith('.json')) continue
      const id = `${name}/${file}`
      const fixture = JSON.parse(readFileSync(join(resolve(folder), id), 'utf8')) as TracerFixture
      try {
        // Through JSON, as a client sees it.
        const found = JSON.parse(JSON.stringify(await traceFixture(fixture, tracer)))
        const isFlat = name === 'call_tracer_flat'
        const fault = isFlat
          ? difference(flatForm(fixture.result), flatForm(found), 'trace')
          : difference(withIndexes(fixture.result), withIndexes(found), 'trace')
        report(fault === undefined ? passed(id) : failed(id, 'the recorded trace', fault))
      } catch (error) {
        report(failed(id, 'the recorded trace', `threw: ${messageOf(error)}`))
      }
    }
  }
}

/** What the tracer of that name says. */
export async function traceFixture(fixture: TracerFixture, tracer: string): Promise<unknown> {
  const { genesis, context } = fixture
  const number = Number(context.number)
  const timestamp = BigInt(context.timestamp)
  const schedule = forkScheduleOfGenesis({ ...genesis, config: configOf(genesis.config) } as unknown as GenesisFile)
  const rules = rulesOf(schedule.at(number, timestamp), BigInt(genesis.config.chainId), schedule)
  const machine = await createMachine(rules, () => ZERO_DIGEST)
  const store = createMemoryStore()
  const operations: StoreOperation[] = []
  const flat = new FlatState(store)
  const { changes } = new StateTries(store, EMPTY_TRIE_ROOT).update(allocOf(genesis.alloc), operations)
  flat.apply(changes)
  flatOperations(changes, operations)
  await store.write(operations, { durable: false })
  flat.publish()

  const source = new OverlaySource(flat.latest)
  const execution = new BlockExecution({
    machine,
    source,
    blobBaseFee: rules.isCancun ? blobBaseFeeOf(rules, 0n) : undefined,
    fastTransfers: false,
    log: silentLog,
    flush: async state => {
      source.apply(state.changes())
      return ZERO_DIGEST
    },
    parentHash: knownHash(ZERO_DIGEST),
    skeleton: {
      coinbase: fromHex(context.miner),
      difficulty: rules.isParis ? 0n : BigInt(context.difficulty),
      number,
      gasLimit: BigInt(context.gasLimit),
      timestamp,
      extraData: EMPTY,
      mixHash: ZERO_DIGEST,
      nonce: ZERO_NONCE,
      ...(rules.isLondon ? { baseFeePerGas: BigInt(context.baseFeePerGas ?? '0') } : {}),
    },
  })
  const transaction = transactionOf(fixture.input)
  const made = traceOptions.parse({ tracer, tracerConfig: fixture.tracerConfig ?? {} })(undefined)
  const limits = { deadline: performance.now() + 30_000, timeoutMs: 30_000, signal: undefined }
  await watchTransaction(execution, machine, transaction, made.observer, limits)
  return made.result()
}

// The reference reads names of either case.
function configOf(config: GenesisFile['config']): GenesisFile['config'] {
  const entries = Object.entries(config).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value])
  return Object.fromEntries(entries) as GenesisFile['config']
}

// An absent index of a log is zero to the reference.
function withIndexes(trace: unknown): unknown {
  if (typeof trace !== 'object' || trace === null || Array.isArray(trace)) return trace
  const { logs, calls, ...rest } = trace as { logs?: object[]; calls?: unknown[] }
  return {
    ...rest,
    ...(logs === undefined ? {} : { logs: logs.map(log => ({ index: '0x0', ...log })) }),
    ...(calls === undefined ? {} : { calls: calls.map(withIndexes) }),
  }
}

// The reference compares flat traces without their places, and takes what is absent for zero.
function flatForm(traces: unknown): unknown {
  const filled = (fields: unknown) =>
    Object.fromEntries(
      Object.entries((fields ?? {}) as Record<string, unknown>).filter(([, value]) => !/^(0x0*)?$/.test(String(value))),
    )
  return (traces as Record<string, unknown>[]).map(({ action, result, error, subtraces, traceAddress, type }) => ({
    action: filled(action),
    result: filled(result),
    error: error ?? '',
    subtraces,
    traceAddress,
    type,
  }))
}

// Accounts may be written without 0x and without a balance.
function allocOf(alloc: TracerFixture['genesis']['alloc']) {
  const entries = Object.entries(alloc).map(([address, account]) => {
    const fields = account as Readonly<Record<string, unknown>>
    const hex = address.startsWith('0x') ? address : `0x${address}`
    return [hex, { ...fields, balance: quantity(fields.balance), nonce: quantity(fields.nonce) }]
  })
  return genesisState(Object.fromEntries(entries) as GenesisFile['alloc']).state
}

function quantity(value: unknown): Hex {
  return `0x${BigInt((value ?? 0) as string | number).toString(16)}`
}

function transactionOf(input: Hex): RecoveredTransaction {
  const decoded = decodeTransaction(fromHex(input))
  if (decoded.kind !== 'accept') throw new CodedError('bad fixture', 'the input is no transaction')
  const sender = recoverSender(decoded.value.raw)
  if (sender === undefined) throw new CodedError('bad fixture', 'nobody signed the input')
  return { ...decoded.value, sender }
}
