import * as sdkAbis from '@ogpu/sdk/abi'
import { Interface, type InterfaceAbi, type LogDescription, type Result, type TransactionDescription } from 'ethers'

/** Name → address of the contracts whose events the explorer trusts, e.g. `{ Nexus: '0x…', Controller: '0x…' }`. */
export type ContractAddresses = Readonly<Record<string, string>>

/** A decoded argument as JSON: integers as decimal text, bytes as hex, structs by field name. */
export type ArgumentValue = string | boolean | readonly ArgumentValue[] | { readonly [name: string]: ArgumentValue }

export interface DecodedArgument {
  readonly name: string
  readonly type: string
  readonly value: ArgumentValue
}

export interface Decoded {
  /** Contract or standard that the layout comes from. */
  readonly contract: string
  readonly name: string
  readonly signature: string
  readonly args: readonly DecodedArgument[]
}

const TOKEN_ABI = {
  'ERC-20': [
    'function transfer(address to, uint256 amount)',
    'function approve(address spender, uint256 amount)',
    'function transferFrom(address from, address to, uint256 amount)',
    'function mint(address to, uint256 amount)',
    'function burn(uint256 amount)',
    'function deposit() payable',
    'function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
    'event Transfer(address indexed from, address indexed to, uint256 value)',
    'event Approval(address indexed owner, address indexed spender, uint256 value)',
  ],
  'ERC-721': [
    'function safeTransferFrom(address from, address to, uint256 tokenId)',
    'function safeTransferFrom(address from, address to, uint256 tokenId, bytes data)',
    'function setApprovalForAll(address operator, bool approved)',
    'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
    'event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)',
    'event ApprovalForAll(address indexed owner, address indexed operator, bool approved)',
  ],
  'ERC-1155': [
    'function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)',
    'function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)',
    'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
    'event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)',
    'event URI(string value, uint256 indexed id)',
  ],
} as const

const INPUT_BYTES_MAX = 256 * 1024
const ARGUMENT_TEXT_MAX = 64 * 1024

/** The chain's own contracts: `nexusAbi` of the SDK is the layout of `Nexus`. */
const CHAIN_ABI = Object.fromEntries(
  Object.entries(sdkAbis).map(([name, abi]) => [contractName(name.replace(/Abi$/, '')), abi as InterfaceAbi]),
)

/** `proofManager` (as the SDK's tables name it) → `ProofManager` (as the contract is called). */
export function contractName(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1)
}

interface Named {
  readonly contract: string
  readonly abi: Interface
}

/** Knows the market's contracts by address, and common layouts by selector and topic for everything else. */
export class Decoder {
  readonly #byAddress = new Map<string, Named>()
  readonly #names = new Map<string, string>()
  readonly #byName = new Map<string, Named>()
  readonly #byKind = new Map<string, Named[]>()

  constructor(addresses: ContractAddresses) {
    for (const [contract, fragments] of Object.entries<InterfaceAbi>({ ...CHAIN_ABI, ...TOKEN_ABI })) {
      const abi = new Interface(fragments)
      const named = { contract, abi }
      this.#byName.set(contract, named)
      abi.forEachFunction(({ selector }) => this.#index(selector, named))
      abi.forEachEvent(({ topicHash }) => this.#index(topicHash, named))
      abi.forEachError(({ selector }) => this.#index(selector, named))
    }
    for (const [contract, address] of Object.entries(addresses)) {
      this.#names.set(address.toLowerCase(), contract)
      const named = this.#byName.get(contract)
      if (named !== undefined) this.#byAddress.set(address.toLowerCase(), named)
    }
  }

  #index(key: string, named: Named): void {
    const list = this.#byKind.get(key)
    if (list === undefined) this.#byKind.set(key, [named])
    else list.push(named)
  }

  /** Name of the market contract at `address`. */
  contractAt(address: string): string | undefined {
    return this.#names.get(address)
  }

  abiOf(contract: string): Interface | undefined {
    return this.#byName.get(contract)?.abi
  }

  get addresses(): ReadonlyMap<string, string> {
    return new Map([...this.#names].map(([address, contract]) => [contract, address]))
  }

  /** An event of a market contract at its own address; undefined for every other log. */
  marketEvent(address: string, topics: readonly string[], data: string): Decoded | undefined {
    const named = this.#byAddress.get(address)
    return named === undefined ? undefined : decodeLog(named, topics, data)
  }

  /** Decodes a log of any contract by its topic; layouts of equal topics are told apart by the number of topics. */
  log(address: string, topics: readonly string[], data: string): Decoded | undefined {
    const own = this.marketEvent(address, topics, data)
    if (own !== undefined || topics[0] === undefined) return own
    return first(this.#byKind.get(topics[0]), named => decodeLog(named, topics, data))
  }

  /** Decodes the call data sent to `to` (undefined: creation). */
  call(to: string | null, input: string): Decoded | undefined {
    if (to === null || input.length < 10 || input.length > 2 * INPUT_BYTES_MAX) return undefined
    const own = this.#byAddress.get(to)
    if (own !== undefined) return decodeCall(own, input)
    return first(this.#byKind.get(input.slice(0, 10)), named => decodeCall(named, input))
  }

  /** Call data decoded by the interface of a named contract. */
  callOf(contract: string, input: string): Decoded | undefined {
    const named = this.#byName.get(contract)
    return named === undefined || input.length > 2 * INPUT_BYTES_MAX ? undefined : decodeCall(named, input)
  }

  /** The name that belongs to a selector, when the layouts known here agree on one. */
  methodName(to: string | null, selector: string): string | undefined {
    if (to === null || selector.length !== 10) return undefined
    const own = this.#byAddress.get(to)
    for (const named of own === undefined ? (this.#byKind.get(selector) ?? []) : [own]) {
      const found = attempt(() => named.abi.getFunction(selector))
      if (found) return found.name
    }
    return undefined
  }

  /** Why a call reverted, in words, from the bytes it returned. */
  revert(output: string): string | undefined {
    const reason = attempt(() => new Interface(['error Error(string)', 'error Panic(uint256)']).parseError(output))
    if (reason?.name === 'Error') return String(reason.args[0]).slice(0, ARGUMENT_TEXT_MAX)
    if (reason?.name === 'Panic') return `panic 0x${BigInt(reason.args[0]).toString(16)}`
    return first(this.#byKind.get(output.slice(0, 10)), ({ abi }) => {
      const error = attempt(() => abi.parseError(output))
      return error ? `${error.name}(${error.args.map(value => String(value)).join(', ')})` : undefined
    })
  }
}

function decodeLog({ contract, abi }: Named, topics: readonly string[], data: string): Decoded | undefined {
  if (data.length > 2 * INPUT_BYTES_MAX) return undefined
  return describe(
    contract,
    attempt(() => abi.parseLog({ topics, data })),
  )
}

function decodeCall({ contract, abi }: Named, data: string): Decoded | undefined {
  return describe(
    contract,
    attempt(() => abi.parseTransaction({ data })),
  )
}

function describe(
  contract: string,
  found: LogDescription | TransactionDescription | null | undefined,
): Decoded | undefined {
  if (!found) return undefined
  const args = attempt(() =>
    found.fragment.inputs.map((input, index) => ({
      name: input.name || `arg${index}`,
      type: input.type.startsWith('tuple') ? 'struct' : input.type,
      value: toJson(found.args[index]),
    })),
  )
  return args === undefined ? undefined : { contract, name: found.name, signature: found.signature, args }
}

/** ethers defers decoding errors of single values to their access, so reading an argument may throw. */
function toJson(value: unknown): ArgumentValue {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'boolean') return value
  if (Array.isArray(value)) {
    const names = attempt(() => (value as Result).toObject())
    const entries = names === undefined ? [] : Object.entries(names)
    if (entries.length > 0 && entries.every(([name]) => name !== '_' && name !== ''))
      return Object.fromEntries(entries.map(([name, item]) => [name, toJson(item)]))
    return value.map(toJson)
  }
  const text = String(value)
  const isAddress = text.length === 42 && text.startsWith('0x')
  return isAddress ? text.toLowerCase() : text.slice(0, ARGUMENT_TEXT_MAX)
}

function first<T, R>(list: readonly T[] | undefined, read: (item: T) => R | undefined): R | undefined {
  for (const item of list ?? []) {
    const found = read(item)
    if (found !== undefined) return found
  }
  return undefined
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
