import { readFileSync } from 'node:fs'
import { toHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import { decryptAccount } from '#node'
import { type Option, text, UsageError, type Values } from './command.ts'

/** Options of every command that signs transactions. Keys and passwords are files, never arguments that `ps` shows. */
export const KEY_OPTIONS = {
  'key-file': {
    type: 'string',
    value: 'FILE',
    help: 'Private key of the account: hexadecimal, or a geth keystore (JSON)',
  },
  'password-file': { type: 'string', value: 'FILE', help: 'File whose first line opens the keystore' },
} as const satisfies Readonly<Record<string, Option>>

/** The private key that the options name, as 0x-hexadecimal text. UsageError when there is none or it cannot be read. */
export function accountKey(values: Values): string {
  const path = text(values, 'key-file')
  if (path === undefined) throw new UsageError('name the account with --key-file FILE')
  const content = readText(path).trim()
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(content)) return content.startsWith('0x') ? content : `0x${content}`
  if (!content.startsWith('{'))
    throw new UsageError(`${path} is neither a private key (64 hexadecimal digits) nor a keystore`)
  const passwordFile = text(values, 'password-file')
  if (passwordFile === undefined)
    throw new UsageError(`${path} is encrypted: give its password with --password-file FILE`)
  return toHex(decryptAccount(content, readText(passwordFile).split(/\r?\n/)[0] ?? '').privateKey)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
}
