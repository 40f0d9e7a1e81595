/**
 * Makes what a small network of containers needs: a genesis file, and for each validator its keys (encrypted under a
 * random password), an empty signing guard and a configuration. Does nothing when the folder already has a genesis.
 *
 *   node deploy/make-network.ts --folder FOLDER --validators 4 --address /dns4/validator-{i}/tcp/30303
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { devnetGenesis } from '#genesis'
import { toHex } from '#lib/bytes'
import { createSigningGuard, generateAccountKey, generateValidatorKeys, publicKeysOf, saveKeys } from '#node'

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: './network' },
    validators: { type: 'string', default: '4' },
    address: { type: 'string', default: '/dns4/validator-{i}/tcp/30303' },
    'chain-id': { type: 'string', default: '7101' },
    'data-dir': { type: 'string', default: '/data' },
  },
})
const count = Number(values.validators)
const chainId = Number(values['chain-id'])
const genesisFile = join(values.folder, 'genesis.json')
if (!Number.isSafeInteger(count) || count < 1 || count > 100) throw new RangeError('--validators takes 1 to 100')
if (!Number.isSafeInteger(chainId) || chainId < 1) throw new RangeError('--chain-id takes a whole number')

if (existsSync(genesisFile)) {
  console.log(`${genesisFile} is there already; nothing changed`)
  process.exit(0)
}

const keys = Array.from({ length: count }, () => generateValidatorKeys())
const addressOf = (i: number) => values.address.replaceAll('{i}', String(i))
const peers = keys.map((key, i) => `${addressOf(i)}/p2p/${publicKeysOf(key).peerId}`)
const dataDir = values['data-dir']

const settings = (others: readonly string[]) => ({
  network: genesisFile,
  dataDir,
  p2p: { listen: ['/ip4/0.0.0.0/tcp/30303'], peers: others },
  rpc: { host: '0.0.0.0', hosts: ['*'], cors: ['*'] },
  health: { host: '0.0.0.0' },
  log: { format: 'json' },
})

for (const [i, key] of keys.entries()) {
  const folder = join(values.folder, `validator-${i}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const password = randomBytes(24).toString('base64url')
  saveKeys(join(folder, 'keys'), key, password)
  writeFileSync(join(folder, 'keys', 'password'), `${password}\n`, { mode: 0o600 })
  // An empty guard says that these keys are new; without it the node would first ask the others what it has signed.
  createSigningGuard({ path: join(folder, 'signing-guard'), chainId, epoch: 0, key: key.consensus })
  const config = {
    ...settings(peers.filter((_, other) => other !== i)),
    validator: { enabled: true, passwordFile: join(dataDir, 'keys', 'password') },
  }
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
}
mkdirSync(join(values.folder, 'public'), { recursive: true, mode: 0o700 })
writeFileSync(join(values.folder, 'public', 'config.json'), `${JSON.stringify(settings(peers), null, 2)}\n`)

const funded = generateAccountKey()
writeFileSync(join(values.folder, 'validator-0', 'keys', 'funded-account'), `${toHex(funded.privateKey)}\n`, {
  mode: 0o600,
})
const genesis = await devnetGenesis({
  chainId,
  timestampSec: Math.floor(Date.now() / 1_000),
  validators: keys.map((key, i) => {
    const { operator, consensusKey, networkKey, checkpointKey } = publicKeysOf(key)
    const addresses = [addressOf(i)]
    return { name: `validator-${i}`, operator, consensusKey, networkKey, checkpointKey, stake: 1, addresses }
  }),
  accounts: [{ address: toHex(funded.address), balanceWei: 1_000_000n * 10n ** 18n }],
})
// Last: its presence says that everything else is complete.
writeFileSync(genesisFile, `${JSON.stringify(genesis, null, 2)}\n`)
console.log(`a network of ${count} validators, chain ${chainId}, in ${values.folder}`)
