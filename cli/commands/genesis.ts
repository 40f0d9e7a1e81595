import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { genesisBlock } from '#evm'
import { devnetGenesis, genesisFor, type NetworkName, networkDefinition } from '#genesis'
import { type Hex, isHex, toHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import { keysForm, loadKeys, publicKeysOf } from '#node'
import type { GenesisValidator } from '#types'
import {
  type Ceremony,
  genesisOfCeremony,
  mergeEntries,
  missingOperators,
  planDigest,
  readCeremony,
  readEntry,
  signEntry,
} from '../ceremony.ts'
import { type Command, integer, text, UsageError, type Values } from '../command.ts'
import { loadGenesis } from '../genesis-file.ts'
import { askPassword, passwordOfFile } from '../password.ts'
import { required } from '../sidecar-options.ts'
import { table } from '../terminal.ts'

export const genesis: Command = {
  name: 'genesis',
  summary: 'Makes the genesis file of a network, and shows one',
  usage: 'new VALIDATOR-FILE… | plan | sign CEREMONY | merge CEREMONY ENTRY… | build CEREMONY | show FILE | hash FILE',
  description: `new takes one file for each validator: what "./ogpu key show" printed, and optionally "name", "stake" and "addresses"
(multiaddrs without peer id). All contracts are inside, at the published addresses; the same input gives the same bytes.
The result is go-ethereum's genesis form with an "ogpu" section. Every participant compares the hash before the start.

With several operators, a ceremony (docs/operators.md): plan writes what all agree on; each operator runs sign, which makes an
entry signed with all its keys; merge checks entries and adds them; build makes the genesis file of a complete ceremony.`,
  options: {
    network: { type: 'string', value: 'NAME', default: 'devnet', help: 'mainnet, testnet or devnet rules' },
    'chain-id': { type: 'string', value: 'N', help: 'devnet: another chain id' },
    timestamp: { type: 'string', value: 'SECONDS', help: 'Start of the chain, Unix seconds (default: now)' },
    operator: { type: 'string', value: 'ADDRESS=POWER', multiple: true, help: 'plan: who takes part; repeat for each' },
    'data-dir': { type: 'string', value: 'FOLDER', default: './data', help: 'sign: data directory with the keys' },
    'password-file': { type: 'string', value: 'FILE', help: 'sign: file whose first line opens the keys' },
    name: { type: 'string', value: 'NAME', help: 'sign: what the validator is called' },
    address: {
      type: 'string',
      value: 'MULTIADDR',
      multiple: true,
      help: 'sign: where others reach it, without peer id',
    },
    account: { type: 'string', value: 'ADDRESS=OGPU', multiple: true, help: 'A funded account; repeat for several' },
    out: {
      type: 'string',
      value: 'FILE',
      help: 'Where it goes; never overwritten (default genesis.json, ceremony.json, entry.json)',
    },
  },
  examples: [
    './ogpu genesis new v1.json v2.json v3.json v4.json --network testnet --account 0xabc…=1000000 --out genesis.json',
    './ogpu genesis hash genesis.json',
  ],
  async run({ values, positionals }) {
    const [verb, ...files] = positionals
    if (verb === 'new') return make(values, files)
    if (verb === 'plan') return plan(values)
    if (verb === 'sign') return sign(values, files)
    if (verb === 'merge') return merge(values, files)
    if (verb === 'build') return build(values, files)
    if ((verb !== 'show' && verb !== 'hash') || files.length !== 1) {
      throw new UsageError(
        'say what to do: ./ogpu genesis new, plan, sign, merge, build, show or hash; see ./ogpu genesis --help',
      )
    }
    const file = await loadGenesis(files[0] as string)
    const { block, hash: digest } = genesisBlock(file)
    const hash = toHex(digest)
    if (verb === 'hash') {
      console.log(hash)
      return 0
    }
    console.log(
      table([
        ['hash', hash],
        ['chain id', String(file.config.chainId)],
        ['start', startText(block.header.timestamp)],
        ['accounts', String(Object.keys(file.alloc).length)],
        ...(file.config.ogpu?.validators ?? []).map(({ name, operator, stake }) => [
          name,
          `${operator}  stake ${stake}`,
        ]),
      ]),
    )
    return 0
  },
}

/** Calendars end before the times of Ethereum's headers do. */
function startText(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1_000)
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString()
}

async function make(values: Values, files: readonly string[]): Promise<number> {
  const out = outOf(values, 'genesis.json')
  if (files.length === 0) throw new UsageError('name one file for each validator (what ./ogpu key show printed)')
  const name = networkOf(values)
  const launch = {
    validators: files.map(readValidator),
    accounts: accountsOf(values),
    timestampSec: integer(values, 'timestamp', 1, 2 ** 40) ?? Math.floor(Date.now() / 1_000),
  }
  const chainId = integer(values, 'chain-id', 1, Number.MAX_SAFE_INTEGER)
  const file =
    name === 'devnet'
      ? await devnetGenesis({ ...launch, ...(chainId === undefined ? {} : { chainId }) })
      : await genesisFor(name as NetworkName, launch)
  writeFileSync(out, `${JSON.stringify(file, null, 1)}\n`, { flag: 'wx' })
  console.log(
    `${out}: chain ${file.config.chainId}, ${files.length} validators, hash ${toHex(genesisBlock(file).hash)}`,
  )
  return 0
}

function outOf(values: Values, fallback: string): string {
  const out = text(values, 'out') ?? fallback
  if (existsSync(out)) throw new UsageError(`${out} exists already; nothing was written`)
  return out
}

function networkOf(values: Values): NetworkName {
  const name = required(values, 'network')
  if (name !== 'mainnet' && name !== 'testnet' && name !== 'devnet')
    throw new UsageError('--network is mainnet, testnet or devnet')
  return name
}

const write = (path: string, value: unknown) =>
  writeFileSync(path, `${JSON.stringify(value, null, 1)}\n`, { flag: 'wx' })

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
}

function plan(values: Values): number {
  const out = outOf(values, 'ceremony.json')
  const network = networkOf(values)
  const operators = (Array.isArray(values.operator) ? values.operator : []).map(entry => {
    const [operator, power = '1', more] = String(entry).split('=')
    if (!isHex(operator, 20) || !/^[1-9]\d{0,14}$/.test(power) || more !== undefined)
      throw new UsageError(`--operator takes ADDRESS=POWER, not "${entry}"`)
    return { operator: operator.toLowerCase() as Hex, stake: Number(power) }
  })
  if (operators.length === 0) throw new UsageError('name every operator: --operator ADDRESS=POWER')
  if (new Set(operators.map(({ operator }) => operator)).size < operators.length)
    throw new UsageError('an operator is named twice')
  const ceremony: Ceremony = {
    plan: {
      network,
      chainId: networkDefinition(network).chainId,
      timestampSec: integer(values, 'timestamp', 1, 2 ** 40) ?? Math.floor(Date.now() / 1_000) + 24 * 3_600,
      accounts: accountsOf(values).map(({ address, balanceWei }) => ({ address, balanceWei: String(balanceWei) })),
      operators,
    },
    entries: [],
  }
  write(out, ceremony)
  console.log(`${out}: plan ${planDigest(ceremony.plan)} for ${operators.length} operators`)
  return 0
}

async function sign(values: Values, [path, ...more]: readonly string[]): Promise<number> {
  if (path === undefined || more.length > 0)
    throw new UsageError('name the ceremony file: ./ogpu genesis sign CEREMONY')
  const out = outOf(values, 'entry.json')
  const ceremony = readCeremony(readText(path), path)
  const folder = join(required(values, 'data-dir'), 'keys')
  const keys = loadKeys(folder, keysForm(folder) === 'encrypted' ? await passwordOf(values) : undefined)
  const { operator, consensusKey, networkKey, checkpointKey } = publicKeysOf(keys)
  const addresses = (Array.isArray(values.address) ? values.address : []).map(String)
  const about = { name: required(values, 'name'), addresses }
  const entry = signEntry(ceremony.plan, keys, { operator, consensusKey, networkKey, checkpointKey }, about)
  write(out, entry)
  console.log(`${out}: ${entry.name} with power ${entry.stake}, for plan ${entry.plan}`)
  return 0
}

function passwordOf(values: Values): Promise<string> {
  const file = text(values, 'password-file')
  return file === undefined ? askPassword('Password of the keys', false) : Promise.resolve(passwordOfFile(file))
}

function merge(values: Values, [path, ...files]: readonly string[]): number {
  if (path === undefined || files.length === 0)
    throw new UsageError('name the files: ./ogpu genesis merge CEREMONY ENTRY…')
  const out = outOf(values, 'merged.json')
  const entries = files.map(file => readEntry(readText(file), file))
  const merged = mergeEntries(readCeremony(readText(path), path), entries)
  write(out, merged)
  const missing = missingOperators(merged)
  console.log(
    `${out}: ${merged.entries.length} of ${merged.plan.operators.length} entries` +
      (missing.length === 0 ? ', complete' : `; missing: ${missing.join(', ')}`),
  )
  return 0
}

async function build(values: Values, [path, ...more]: readonly string[]): Promise<number> {
  if (path === undefined || more.length > 0)
    throw new UsageError('name the ceremony file: ./ogpu genesis build CEREMONY')
  const out = outOf(values, 'genesis.json')
  const ceremony = readCeremony(readText(path), path)
  const file = await genesisOfCeremony(ceremony)
  write(out, file)
  console.log(
    `${out}: chain ${file.config.chainId}, ${ceremony.entries.length} validators, hash ${toHex(genesisBlock(file).hash)}`,
  )
  return 0
}

function readValidator(path: string, index: number): GenesisValidator {
  const bad = (why: string) => new UsageError(`${path}: ${why}; it should be what ./ogpu key show printed`)
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw bad(messageOf(error))
  }
  const hex = (field: string, length: number): Hex => {
    const value = fields[field]
    if (!isHex(value, length)) throw bad(`"${field}" is not ${length} bytes of hexadecimal`)
    return value.toLowerCase() as Hex
  }
  const { name = `validator ${index}`, stake = 1, addresses = [] } = fields
  if (typeof name !== 'string' || typeof stake !== 'number' || !Number.isSafeInteger(stake) || stake < 1)
    throw bad('name or stake')
  if (!Array.isArray(addresses) || addresses.some(address => typeof address !== 'string'))
    throw bad('"addresses" is no list of texts')
  return {
    name,
    operator: hex('operator', 20),
    consensusKey: hex('consensusKey', 32),
    networkKey: hex('networkKey', 32),
    checkpointKey: hex('checkpointKey', 32),
    stake,
    addresses,
  }
}

function accountsOf(values: Values): readonly { readonly address: Hex; readonly balanceWei: bigint }[] {
  const given = values.account
  return (Array.isArray(given) ? given : []).map(entry => {
    const [address, coins, more] = String(entry).split('=')
    if (!isHex(address, 20) || coins === undefined || !/^\d+$/.test(coins) || more !== undefined) {
      throw new UsageError(`--account takes ADDRESS=OGPU with whole coins, not "${entry}"`)
    }
    return { address: address.toLowerCase() as Hex, balanceWei: BigInt(coins) * 10n ** 18n }
  })
}
