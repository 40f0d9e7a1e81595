import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, isHex } from '#lib/bytes'
import {
  accountOfPrivateKey,
  checksumAddress,
  createSigningGuard,
  encryptAccount,
  generateAccountKey,
  generateValidatorKeys,
  keysForm,
  loadKeys,
  publicKeysOf,
  saveDevKeys,
  saveKeys,
} from '#node'
import { type Command, flag, integer, text, UsageError, type Values } from '../command.ts'
import { askPassword, passwordOfFile } from '../password.ts'
import { required } from '../sidecar-options.ts'

export const key: Command = {
  name: 'key',
  summary: 'Makes and shows the keys of validators and accounts',
  usage: 'new | show | account',
  description: `new      makes the keys of a validator in the data directory of its node: consensus, network, checkpoint (EIP-2335
         keystores) and operator account (geth keystore); prints the public ones, which a genesis or a registration needs
show     prints the public keys of a data directory, as JSON
account  makes an account key, or imports one with --import FILE, into a geth keystore
Passwords come from --password-file or the terminal, never from arguments.`,
  options: {
    'data-dir': { type: 'string', value: 'FOLDER', default: './data', help: "The node's data directory" },
    'chain-id': { type: 'string', value: 'N', default: '1071', help: 'Chain that a validator signs for' },
    'password-file': { type: 'string', value: 'FILE', help: 'File whose first line is the password' },
    development: { type: 'boolean', help: 'Leave the keys unencrypted: for test networks only' },
    import: { type: 'string', value: 'FILE', help: 'account: take the private key (hexadecimal) from this file' },
    out: { type: 'string', value: 'FILE', help: 'account: where the keystore goes' },
  },
  examples: [
    './ogpu key new --data-dir /var/lib/ogpu --password-file /etc/ogpu/password',
    './ogpu key show --data-dir /var/lib/ogpu > validator-1.json',
    './ogpu key account --out master.json',
  ],
  async run({ values, positionals }) {
    switch (positionals[0]) {
      case 'new':
        return newValidator(values)
      case 'show':
        return show(values)
      case 'account':
        return account(values)
      default:
        throw new UsageError('say what to do: ./ogpu key new, show or account; see ./ogpu key --help')
    }
  },
}

function passwordOf(values: Values, confirm: boolean): Promise<string> {
  const file = text(values, 'password-file')
  return file === undefined ? askPassword('Password for the new keys', confirm) : Promise.resolve(passwordOfFile(file))
}

async function newValidator(values: Values): Promise<number> {
  const dataDir = required(values, 'data-dir')
  const chainId = integer(values, 'chain-id', 1, Number.MAX_SAFE_INTEGER) ?? 1071
  const folder = join(dataDir, 'keys')
  if (keysForm(folder) !== 'none') throw new UsageError(`${folder} holds keys already; they are never overwritten`)
  const keys = generateValidatorKeys()
  if (flag(values, 'development')) saveDevKeys(folder, keys)
  else saveKeys(folder, keys, await passwordOf(values, true))
  // The guard's existence says that these keys are new. Without it the node would first ask the others what it has signed.
  createSigningGuard({ path: join(dataDir, 'signing-guard'), chainId, epoch: 0, key: keys.consensus })
  console.log(JSON.stringify(publicKeysOf(keys), null, 2))
  return 0
}

function show(values: Values): number {
  const folder = join(required(values, 'data-dir'), 'keys')
  const path = join(folder, 'public-keys.json')
  if (existsSync(path)) process.stdout.write(readFileSync(path, 'utf8'))
  else console.log(JSON.stringify(publicKeysOf(loadKeys(folder)), null, 2))
  return 0
}

async function account(values: Values): Promise<number> {
  const out = required(values, 'out')
  if (existsSync(out)) throw new UsageError(`${out} exists already; nothing was written`)
  const source = text(values, 'import')
  const secret = source === undefined ? undefined : readFileSync(source, 'utf8').trim()
  const hex = secret === undefined || secret.startsWith('0x') ? secret : `0x${secret}`
  if (hex !== undefined && !isHex(hex, 32))
    throw new UsageError(`${source} holds no private key (64 hexadecimal digits)`)
  const made = hex === undefined ? generateAccountKey() : accountOfPrivateKey(fromHex(hex))
  const keystore = encryptAccount(made, await passwordOf(values, true))
  writeFileSync(out, `${keystore}\n`, { mode: 0o600, flag: 'wx' })
  console.log(`${checksumAddress(made.address)} in ${out}`)
  return 0
}
