/**
 * The contracts on our own interpreter in this process (machine.ts), started from the devnet's genesis: accounts by name, calls by method name,
 * decoded events, real gas of a transaction, and time that the test moves.
 */

import { contractsOf } from '@ogpu/sdk'
import { AbiCoder, Interface, type InterfaceAbi, type Result } from 'ethers'
import { artifactOf, CONTRACT_NAMES } from '#contracts'
import { type DevnetOptions, devnetGenesis } from '#genesis'
import { defined } from '#lib/assert'
import { bigintToBytes, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { GenesisFile } from '#types'
import { type CallResult, createTestMachine, type TestMachine } from './machine.ts'

export const OGPU = 10n ** 18n
const READER: Hex = '0x0000000000000000000000000000000000000001'
const START_BALANCE = 1_000_000n * OGPU

/** A call that the contracts refused. `reason`: text of a string revert, or name and arguments of a custom error. */
export class Reverted extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(`execution reverted: ${reason}`)
    this.reason = reason
  }
}

export interface ChainEvent {
  readonly address: Hex
  readonly name: string
  readonly args: Record<string, unknown>
}

export interface Sent {
  /** Gas that a transaction with this call would use: intrinsic, calldata, execution, refund and the EIP-7623 floor. */
  readonly gas: bigint
  readonly events: readonly ChainEvent[]
  readonly output: Uint8Array
}

export interface Handle {
  readonly address: Hex
  readonly abi: Interface
  /** Sends as `from`; throws {@link Reverted}. */
  send(from: Hex, method: string, args?: readonly unknown[], valueWei?: bigint): Promise<Sent>
  /** Reads; one value when there is one, else the ethers Result. */
  read<T = unknown>(method: string, ...args: readonly unknown[]): Promise<T>
}

export interface TestChain {
  readonly machine: TestMachine
  readonly chainId: number
  at(name: string, address: Hex, abi?: InterfaceAbi): Handle
  contract(name: ContractKey): Handle
  /** Address of a person: made and funded at first use. */
  person(name: string): Hex
  mine(blocks?: number): void
  pass(seconds: number): void
  now(): bigint
  /** Runs `body` and takes back everything that it did. */
  attempt<T>(body: () => Promise<T>): Promise<T>
}

/** Contracts of the genesis: key of their address → name of their artefact. */
export const CONTRACTS = {
  manager: 'Manager',
  nexus: 'Nexus',
  controller: 'Controller',
  terminal: 'Terminal',
  vault: 'Vault',
  programRegistry: 'ProgramRegistry',
  policyRegistry: 'PolicyRegistry',
  proofManager: 'ProofManager',
  auditManager: 'AuditManager',
  stakeRouter: 'StakeRouter',
  reputation: 'Reputation',
  routing: 'Routing',
  priceOracle: 'PriceOracle',
  dataRegistry: 'DataRegistry',
  checkpoints: 'Checkpoints',
  receiptBatches: 'ReceiptBatches',
  wrappedOgpu: 'WrappedOgpu',
  orc20Factory: 'Orc20Factory',
  faucet: 'Faucet',
  timelock: 'Timelock',
  governor: 'OgpuGovernor',
  multicall3: 'Multicall3',
  staking: 'Staking',
  feeCollector: 'FeeCollector',
  proofResolution: 'ProofResolution',
} as const

export type ContractKey = keyof typeof CONTRACTS

const interfaces = new Map<string, Interface>()

function interfaceOf(name: string): Interface {
  let abi = interfaces.get(name)
  if (abi === undefined) {
    abi = new Interface(artifactOf(name).abi)
    interfaces.set(name, abi)
  }
  return abi
}

// Errors and events of every contract, so that logs of other contracts decode too.
const everything = new Map<string, Interface>()
function lookup(id: string): Interface | undefined {
  if (everything.size === 0) {
    for (const name of CONTRACT_NAMES) {
      const abi = interfaceOf(name)
      abi.forEachEvent(event => everything.set(event.topicHash, abi))
      abi.forEachError(error => everything.set(error.selector, abi))
    }
  }
  return everything.get(id)
}

// Building a genesis compiles nothing but runs every constructor: once for each set of options is enough.
const geneses = new Map<string, Promise<GenesisFile>>()

function genesisOf(options: DevnetOptions): Promise<GenesisFile> {
  const key = JSON.stringify(options, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  let genesis = geneses.get(key)
  if (genesis === undefined) {
    genesis = devnetGenesis(options)
    geneses.set(key, genesis)
  }
  return genesis
}

/** A fresh chain from the devnet's genesis. */
export async function createTestChain(options: DevnetOptions = {}): Promise<TestChain> {
  const genesis = await genesisOf(options)
  const chainId = genesis.config.chainId
  const machine = await createTestMachine(genesis)
  const addresses = contractsOf(chainId)
  const people = new Map<string, Hex>()

  function person(name: string): Hex {
    let address = people.get(name)
    if (address === undefined) {
      address = toHex(keccak256(new TextEncoder().encode(name)).subarray(12))
      people.set(name, address)
      machine.setBalance(address, START_BALANCE)
    }
    return address
  }

  function at(name: string, address: Hex, abi?: InterfaceAbi): Handle {
    const face = abi === undefined ? interfaceOf(name) : new Interface(abi)
    return {
      address,
      abi: face,
      async send(from, method, args = [], valueWei = 0n) {
        const result = machine.call(from, address, fromHex(face.encodeFunctionData(method, args)), valueWei)
        if (!result.ok) throw new Reverted(reasonOf(result))
        return { gas: result.gas, events: eventsOf(result), output: result.output }
      },
      async read<T>(method: string, ...args: readonly unknown[]): Promise<T> {
        const data = fromHex(face.encodeFunctionData(method, args))
        const result = machine.undo(() => machine.call(READER, address, data))
        if (!result.ok) throw new Reverted(reasonOf(result))
        const decoded = face.decodeFunctionResult(method, result.output)
        return (decoded.length === 1 ? decoded[0] : decoded) as T
      },
    }
  }

  return {
    machine,
    chainId,
    at,
    contract: key => at(CONTRACTS[key], addresses[key]),
    person,
    mine(blocks = 1) {
      machine.block.number += BigInt(blocks)
      machine.block.timestamp += BigInt(blocks)
    },
    pass(seconds) {
      machine.block.number += 1n
      machine.block.timestamp += BigInt(seconds)
    },
    now: () => machine.block.timestamp,
    async attempt(body) {
      const { number, timestamp } = machine.block
      const back = machine.mark()
      try {
        return await body()
      } finally {
        back()
        machine.block.number = number
        machine.block.timestamp = timestamp
      }
    },
  }
}

/** Name and values of a revert's data. */
export function reasonOf(result: CallResult): string {
  const { output } = result
  if (output.length < 4) return 'empty'
  const selector = toHex(output.subarray(0, 4))
  if (selector === '0x08c379a0') return AbiCoder.defaultAbiCoder().decode(['string'], output.subarray(4))[0] as string
  if (selector === '0x4e487b71')
    return `Panic(${AbiCoder.defaultAbiCoder().decode(['uint256'], output.subarray(4))[0]})`
  const parsed = lookup(selector)?.parseError(output)
  return parsed === null || parsed === undefined
    ? toHex(output)
    : `${parsed.name}(${parsed.args.map(String).join(', ')})`
}

export function eventsOf(result: CallResult): ChainEvent[] {
  return result.logs.map(({ address, topics, data }) => {
    const hex = topics.map(topic => toHex(topic))
    const parsed = lookup(defined(hex[0], 'an anonymous log'))?.parseLog({ topics: hex, data: toHex(data) })
    const log = defined(parsed, `unknown log ${hex[0]} of ${toHex(address)}`)
    return {
      address: toHex(address),
      name: log.name,
      args: argsOf(
        log.args,
        log.fragment.inputs.map(i => i.name),
      ),
    }
  })
}

function argsOf(values: Result, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] as unknown]))
}

/** The only event of that name; throws when there is none or several. */
export function only(sent: Sent, name: string): ChainEvent {
  const found = sent.events.filter(event => event.name === name)
  if (found.length !== 1)
    throw new Error(`${found.length} events ${name} in ${sent.events.map(e => e.name).join(', ')}`)
  return found[0] as ChainEvent
}

export function lower(value: unknown): Hex {
  return String(value).toLowerCase() as Hex
}

/** 32 bytes from a small number or a text. */
export function word(value: number | string): Hex {
  return typeof value === 'number'
    ? toHex(bigintToBytes(BigInt(value), 32))
    : toHex(keccak256(new TextEncoder().encode(value)))
}
