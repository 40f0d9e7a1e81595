import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, isHex } from '#lib/bytes'
import {
  accountOfPrivateKey,
  createSigningGuard,
  decryptKeys,
  encryptAccount,
  encryptKey,
  generateAccountKey,
  generateValidatorKeys,
  KEY_KINDS,
  type KeyKind,
  keyFileName,
  keysForm,
  loadKeys,
  publicKeysOf,
  saveDevKeys,
  saveKeys,
} from '#node'
import { checksumAddress } from '#types'
import { type Command, flag, integer, text, UsageError, type Values } from '../command.ts'
import { askPassword, passwordOfFile } from '../password.ts'
import { required } from '../sidecar-options.ts'
import { table } from '../terminal.ts'

export const key: Command = {
  name: 'key',
  summary: 'Makes, shows, imports and exports the keys of validators and accounts',
  usage: 'new | list | show | import | export KIND | account',
  description: `new      makes the keys of a validator in the data directory of its node: consensus, network, checkpoint (EIP-2335
         keystores) and operator account (geth keystore); prints the public ones, which a genesis or a registration needs
list     shows which keys a data directory holds, and in which form
import   takes a validator's four keystores (of export, or of other tools) into an empty data directory
export   writes one key (consensus, network, checkpoint or operator) as a keystore of its own, under a password of its own
show     prints the public keys of a data directory, as JSON
account  makes an account key, or imports one with --import FILE, into a geth keystore
Passwords come from --password-file or the terminal, never from arguments.`,
  options: {
    'data-dir': { type: 'string', value: 'FOLDER', default: './data', help: "The node's data directory" },
    'chain-id': { type: 'string', value: 'N', default: '1071', help: 'Chain that a validator signs for' },
    'password-file': { type: 'string', value: 'FILE', help: 'File whose first line is the password' },
    'new-password-file': {
      type: 'string',
      value: 'FILE',
      help: 'export: password of the new file (default: the same)',
    },
    consensus: { type: 'string', value: 'FILE', help: 'import: EIP-2335 keystore of the consensus key' },
    network: { type: 'string', value: 'FILE', help: 'import: EIP-2335 keystore of the network key' },
    checkpoint: { type: 'string', value: 'FILE', help: 'import: EIP-2335 keystore of the checkpoint key' },
    operator: { type: 'string', value: 'FILE', help: "import: geth keystore (version 3) of the operator's account" },
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
      case 'list':
        return list(values)
      case 'import':
        return importKeys(values)
      case 'export':
        return exportKey(values, positionals[1])
      case 'account':
        return account(values)
      default:
        throw new UsageError(
          'say what to do: ./ogpu key new, list, show, import, export or account; see ./ogpu key --help',
        )
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

const KIND_NAMES: Readonly<Record<KeyKind, string>> = {
  consensus: 'signs vertices',
  network: 'identity among peers',
  checkpoint: 'signs results',
  operator: 'stakes and is paid',
}

/** Public parts only: nothing has to be decrypted. */
function list(values: Values): number {
  const folder = join(required(values, 'data-dir'), 'keys')
  const form = keysForm(folder)
  if (form === 'none') {
    console.log(`there are no keys in ${folder}`)
    return 0
  }
  const publicKeys = JSON.parse(readFileSync(join(folder, 'public-keys.json'), 'utf8')) as Readonly<
    Record<string, string>
  >
  console.log(
    table(
      KEY_KINDS.map(kind => {
        const isHere = form === 'development' || existsSync(join(folder, keyFileName(kind)))
        const where = form === 'development' ? 'NOT ENCRYPTED' : isHere ? keyFileName(kind) : 'kept elsewhere'
        return [kind, String(publicKeys[kind === 'operator' ? 'operator' : `${kind}Key`]), KIND_NAMES[kind], where]
      }),
    ),
  )
  return 0
}

async function importKeys(values: Values): Promise<number> {
  const folder = join(required(values, 'data-dir'), 'keys')
  if (keysForm(folder) !== 'none') throw new UsageError(`${folder} holds keys already; they are never overwritten`)
  const read = (kind: KeyKind) => {
    const path = text(values, kind)
    if (path === undefined) throw new UsageError(`--${kind} FILE is missing: all four keystores are imported together`)
    return readFileSync(path, 'utf8')
  }
  const keystores = {
    consensus: read('consensus'),
    network: read('network'),
    checkpoint: read('checkpoint'),
    operator: read('operator'),
  }
  const password = await openingPassword(values)
  const keys = decryptKeys(keystores, password)
  saveKeys(folder, keys, password)
  console.log(JSON.stringify(publicKeysOf(keys), null, 2))
  // No guard is made: keys from elsewhere may have signed, and the file would say that they have not.
  console.error(
    'Bring the signing-guard files of the machine where these keys were used, or leave them out: the node then asks the ' +
      'other validators what the key has signed. The old node must never run again.',
  )
  return 0
}

async function exportKey(values: Values, kind: string | undefined): Promise<number> {
  const known = KEY_KINDS.find(one => one === kind)
  if (known === undefined) throw new UsageError(`name the key: ./ogpu key export ${KEY_KINDS.join('|')} --out FILE`)
  const out = required(values, 'out')
  if (existsSync(out)) throw new UsageError(`${out} exists already; nothing was written`)
  const folder = join(required(values, 'data-dir'), 'keys')
  const form = keysForm(folder)
  const password = form === 'development' ? undefined : await openingPassword(values)
  const keys = loadKeys(folder, password)
  const file = text(values, 'new-password-file')
  const fresh =
    file === undefined ? (password ?? (await askPassword('Password for the new file', true))) : passwordOfFile(file)
  writeFileSync(out, encryptKey(known, keys, fresh), { mode: 0o600, flag: 'wx' })
  console.log(`${known} key in ${out}`)
  return 0
}

function openingPassword(values: Values): Promise<string> {
  const file = text(values, 'password-file')
  return file === undefined ? askPassword('Password of the keys', false) : Promise.resolve(passwordOfFile(file))
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
