import { importPublicKey, verifySignature } from '#consensus'
import { genesisFor, type NetworkName } from '#genesis'
import { equalBytes, fromHex, type Hex, isHex, toHex, utf8 } from '#lib/bytes'
import { keccak256, taggedHash } from '#lib/hash'
import { recoverPublicKey, signRecoverably } from '#lib/secp256k1'
import type { ValidatorKeys } from '#node'
import { type GenesisFile, type GenesisValidator, publicKeyToAddress } from '#types'
import { UsageError } from './command.ts'

/**
 * How a network of several operators gets its genesis: one of them writes a plan, each adds a signed entry, anybody merges
 * them, and everybody builds the same genesis file out of the result and compares hashes. No secret leaves its machine.
 */

/** What all agree on before anybody signs. */
export interface CeremonyPlan {
  readonly network: NetworkName
  readonly chainId: number
  /** Start of the chain, Unix seconds. */
  readonly timestampSec: number
  readonly accounts: readonly { readonly address: Hex; readonly balanceWei: string }[]
  /** Operators that may take part, and with what power; an entry of anybody else, or with another power, is refused. */
  readonly operators: readonly { readonly operator: Hex; readonly stake: number }[]
}

/** A validator, with proofs that its operator holds all four keys and agrees with the plan. */
export interface CeremonyEntry extends GenesisValidator {
  readonly plan: Hex
  readonly signatures: {
    readonly consensus: Hex
    readonly network: Hex
    readonly checkpoint: Hex
    /** r, s, recovery of the operator's account: 65 bytes. */
    readonly operator: Hex
  }
}

export interface Ceremony {
  readonly plan: CeremonyPlan
  readonly entries: readonly CeremonyEntry[]
}

const TEXT_MAX = 64
const ADDRESSES_MAX = 8

/** What identifies a plan: SHA-256 of its canonical JSON. */
export function planDigest(plan: CeremonyPlan): Hex {
  return toHex(taggedHash('ogpu/ceremony-plan/1', utf8(JSON.stringify(canonicalPlan(plan)))))
}

// Fields in one order, so that the digest does not depend on how a file was written.
function canonicalPlan({ network, chainId, timestampSec, accounts, operators }: CeremonyPlan): CeremonyPlan {
  return {
    network,
    chainId,
    timestampSec,
    accounts: accounts.map(({ address, balanceWei }) => ({ address, balanceWei })),
    operators: operators.map(({ operator, stake }) => ({ operator, stake })),
  }
}

function entryDigest(plan: Hex, validator: GenesisValidator): Uint8Array {
  const { name, operator, consensusKey, networkKey, checkpointKey, stake, addresses } = validator
  const fields = [plan, name, operator, consensusKey, networkKey, checkpointKey, stake, addresses]
  return taggedHash('ogpu/ceremony-entry/1', utf8(JSON.stringify(fields)))
}

/** The operator's entry, signed with all four keys. UsageError when the plan does not name the operator. */
export function signEntry(
  plan: CeremonyPlan,
  keys: ValidatorKeys,
  publicKeys: Pick<GenesisValidator, 'operator' | 'consensusKey' | 'networkKey' | 'checkpointKey'>,
  about: { readonly name: string; readonly addresses: readonly string[] },
): CeremonyEntry {
  const { consensusKey, networkKey, checkpointKey } = publicKeys
  // Without the checksum's capitals, as files are read.
  const operator = publicKeys.operator.toLowerCase() as Hex
  const seat = plan.operators.find(one => one.operator === operator)
  if (seat === undefined) throw new UsageError(`the plan names no operator ${operator}`)
  const { name, addresses } = about
  const validator = { name, operator, consensusKey, networkKey, checkpointKey, stake: seat.stake, addresses }
  const digest = planDigest(plan)
  const message = entryDigest(digest, validator)
  const account = signRecoverably(keccak256(message), keys.operator.privateKey)
  return {
    plan: digest,
    ...validator,
    signatures: {
      consensus: toHex(keys.consensus.sign(message)),
      network: toHex(keys.network.sign(message)),
      checkpoint: toHex(keys.checkpoint.sign(message)),
      operator: toHex(Uint8Array.of(...account.signature, account.recovery)),
    },
  }
}

/** Why an entry cannot be part of the ceremony; undefined when it can. */
export function entryFault(plan: CeremonyPlan, entry: CeremonyEntry): string | undefined {
  if (entry.plan !== planDigest(plan)) return 'it was signed for another plan'
  const seat = plan.operators.find(({ operator }) => operator === entry.operator)
  if (seat === undefined) return 'the plan does not name its operator'
  if (seat.stake !== entry.stake) return `the plan gives its operator the power ${seat.stake}`
  const message = entryDigest(entry.plan, entry)
  for (const word of ['consensus', 'network', 'checkpoint'] as const) {
    const key = importPublicKey(fromHex(entry[`${word}Key`]))
    if (!verifySignature(key, message, fromHex(entry.signatures[word]))) return `the signature of its ${word} key`
  }
  const signature = fromHex(entry.signatures.operator)
  const recovery = signature[64]
  if (recovery !== 0 && recovery !== 1) return "the signature of its operator's account"
  const signer = recoverPublicKey(keccak256(message), signature.subarray(0, 64), recovery)
  if (signer === undefined || !equalBytes(publicKeyToAddress(signer), fromHex(entry.operator)))
    return "the signature of its operator's account"
  return undefined
}

/** Adds entries; UsageError names the first that does not fit. The same entry twice is no harm; two of one operator are. */
export function mergeEntries(ceremony: Ceremony, added: readonly CeremonyEntry[]): Ceremony {
  const byOperator = new Map<Hex, CeremonyEntry>()
  const keys = new Map<Hex, Hex>()
  for (const entry of [...ceremony.entries, ...added]) {
    const fault = entryFault(ceremony.plan, entry)
    if (fault !== undefined) throw new UsageError(`the entry of ${entry.name} (${entry.operator}) is refused: ${fault}`)
    const known = byOperator.get(entry.operator)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(entry))
      throw new UsageError(`operator ${entry.operator} has two different entries: let it say which one counts`)
    for (const key of [entry.consensusKey, entry.networkKey, entry.checkpointKey]) {
      const holder = keys.get(key)
      if (holder !== undefined && holder !== entry.operator)
        throw new UsageError(`${entry.operator} and ${holder} have a key in common`)
      keys.set(key, entry.operator)
    }
    byOperator.set(entry.operator, entry)
  }
  const entries = [...byOperator.values()].sort((a, b) => (a.operator < b.operator ? -1 : 1))
  return { plan: ceremony.plan, entries }
}

/** Operators of the plan without an entry. */
export function missingOperators({ plan, entries }: Ceremony): readonly Hex[] {
  return plan.operators.map(({ operator }) => operator).filter(one => !entries.some(({ operator }) => operator === one))
}

/** The genesis file of a complete ceremony: the same bytes for everybody. UsageError while entries are missing. */
export async function genesisOfCeremony(ceremony: Ceremony): Promise<GenesisFile> {
  const checked = mergeEntries({ plan: ceremony.plan, entries: [] }, ceremony.entries)
  const missing = missingOperators(checked)
  if (missing.length > 0) throw new UsageError(`entries are missing of ${missing.join(', ')}`)
  const { network, chainId, timestampSec, accounts } = ceremony.plan
  const file = await genesisFor(network, {
    validators: checked.entries.map(({ plan: _, signatures: __, ...validator }) => validator),
    accounts: accounts.map(({ address, balanceWei }) => ({ address, balanceWei: BigInt(balanceWei) })),
    timestampSec,
  })
  if (file.config.chainId !== chainId)
    throw new UsageError(`${network} has chain id ${file.config.chainId}, the plan says ${chainId}`)
  return file
}

/** A ceremony file's text, strictly. UsageError names what is wrong. */
export function readCeremony(text: string, path: string): Ceremony {
  const fields = objectOf(parse(text, path), path)
  const plan = objectOf(fields.plan, `${path}: plan`)
  const { network, chainId, timestampSec, accounts, operators } = plan
  if (network !== 'mainnet' && network !== 'testnet' && network !== 'devnet') throw bad(path, 'plan.network')
  if (!isCount(chainId) || !isCount(timestampSec)) throw bad(path, 'plan.chainId or plan.timestampSec')
  return {
    plan: {
      network,
      chainId,
      timestampSec,
      accounts: listOf(accounts, path, 'plan.accounts').map(entry => {
        const { address, balanceWei } = objectOf(entry, path)
        if (typeof balanceWei !== 'string' || !/^\d{1,40}$/.test(balanceWei)) throw bad(path, 'balanceWei')
        return { address: hexOf(address, 20, path, 'address'), balanceWei }
      }),
      operators: listOf(operators, path, 'plan.operators').map(entry => {
        const { operator, stake } = objectOf(entry, path)
        if (!isCount(stake) || stake < 1) throw bad(path, 'stake')
        return { operator: hexOf(operator, 20, path, 'operator'), stake }
      }),
    },
    entries: listOf(fields.entries, path, 'entries').map(entry => entryOf(entry, path)),
  }
}

/** An entry's file, strictly. */
export function readEntry(text: string, path: string): CeremonyEntry {
  return entryOf(parse(text, path), path)
}

function entryOf(value: unknown, path: string): CeremonyEntry {
  const entry = objectOf(value, path)
  const { name, stake } = entry
  if (typeof name !== 'string' || name === '' || name.length > TEXT_MAX) throw bad(path, 'name')
  if (!isCount(stake) || stake < 1) throw bad(path, 'stake')
  const addresses = listOf(entry.addresses, path, 'addresses').map(address => {
    if (typeof address !== 'string' || !address.startsWith('/')) throw bad(path, 'addresses')
    return address
  })
  if (addresses.length > ADDRESSES_MAX) throw bad(path, 'addresses')
  const signatures = objectOf(entry.signatures, path)
  const hex = (from: Readonly<Record<string, unknown>>, field: string, bytes: number) =>
    hexOf(from[field], bytes, path, field)
  return {
    plan: hex(entry, 'plan', 32),
    name,
    operator: hex(entry, 'operator', 20),
    consensusKey: hex(entry, 'consensusKey', 32),
    networkKey: hex(entry, 'networkKey', 32),
    checkpointKey: hex(entry, 'checkpointKey', 32),
    stake,
    addresses,
    signatures: {
      consensus: hex(signatures, 'consensus', 64),
      network: hex(signatures, 'network', 64),
      checkpoint: hex(signatures, 'checkpoint', 64),
      operator: hex(signatures, 'operator', 65),
    },
  }
}

const bad = (path: string, what: string) => new UsageError(`${path}: ${what} is missing or not what it should be`)

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${path} is not JSON`)
  }
}

function objectOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(path, 'an object')
  return value as Readonly<Record<string, unknown>>
}

function listOf(value: unknown, path: string, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > 1_000) throw bad(path, what)
  return value
}

function hexOf(value: unknown, bytes: number, path: string, what: string): Hex {
  if (!isHex(value, bytes)) throw bad(path, what)
  return value.toLowerCase() as Hex
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
