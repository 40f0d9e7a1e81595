import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { genesisBlock } from '#evm'
import { devnetGenesis, genesisFor, type NetworkName } from '#genesis'
import { type Hex, isHex, toHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import type { GenesisValidator } from '#types'
import { type Command, integer, UsageError, type Values } from '../command.ts'
import { loadGenesis } from '../genesis-file.ts'
import { required } from '../sidecar-options.ts'
import { table } from '../terminal.ts'

export const genesis: Command = {
  name: 'genesis',
  summary: 'Makes the genesis file of a network, and shows one',
  usage: 'new VALIDATOR-FILE… | show FILE | hash FILE',
  description: `new takes one file for each validator: what "./ogpu key show" printed, and optionally "name", "stake" and "addresses"
(multiaddrs without peer id). All contracts are inside, at the published addresses; the same input gives the same bytes.
The result is go-ethereum's genesis form with an "ogpu" section. Every participant compares the hash before the start.`,
  options: {
    network: { type: 'string', value: 'NAME', default: 'devnet', help: 'mainnet, testnet or devnet rules' },
    'chain-id': { type: 'string', value: 'N', help: 'devnet: another chain id' },
    timestamp: { type: 'string', value: 'SECONDS', help: 'Start of the chain, Unix seconds (default: now)' },
    account: { type: 'string', value: 'ADDRESS=OGPU', multiple: true, help: 'A funded account; repeat for several' },
    out: { type: 'string', value: 'FILE', default: 'genesis.json', help: 'Where it goes; never overwritten' },
  },
  examples: [
    './ogpu genesis new v1.json v2.json v3.json v4.json --network testnet --account 0xabc…=1000000 --out genesis.json',
    './ogpu genesis hash genesis.json',
  ],
  async run({ values, positionals }) {
    const [verb, ...files] = positionals
    if (verb === 'new') return make(values, files)
    if ((verb !== 'show' && verb !== 'hash') || files.length !== 1) {
      throw new UsageError(
        'say what to do: ./ogpu genesis new FILE…, show FILE or hash FILE; see ./ogpu genesis --help',
      )
    }
    const file = await loadGenesis(files[0] as string)
    const hash = toHex(genesisBlock(file).hash)
    if (verb === 'hash') {
      console.log(hash)
      return 0
    }
    console.log(
      table([
        ['hash', hash],
        ['chain id', String(file.config.chainId)],
        ['start', new Date(Number(file.timestamp) * 1_000).toISOString()],
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

async function make(values: Values, files: readonly string[]): Promise<number> {
  const out = required(values, 'out')
  if (existsSync(out)) throw new UsageError(`${out} exists already; nothing was written`)
  if (files.length === 0) throw new UsageError('name one file for each validator (what ./ogpu key show printed)')
  const name = required(values, 'network')
  if (name !== 'mainnet' && name !== 'testnet' && name !== 'devnet')
    throw new UsageError('--network is mainnet, testnet or devnet')
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
