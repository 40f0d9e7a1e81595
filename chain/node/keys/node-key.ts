import { existsSync, readFileSync } from 'node:fs'
import { fromHex, isHex, toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { createFile } from '#lib/files'
import { type Ed25519Key, ed25519KeyOfSeed, generateEd25519Key } from './ed25519-key.ts'

/**
 * The network key of a node that is no validator: made at the first start and kept, so that the peer id (and with it every
 * address that others have written down) stays. It protects nothing but the name, so it lies unencrypted, 0600.
 * CodedError `node key invalid`.
 */
export function openNodeKey(path: string): Ed25519Key {
  try {
    if (!existsSync(path)) {
      const key = generateEd25519Key()
      createFile(path, `${toHex(key.seed)}\n`, 0o600)
      return key
    }
    const text = readFileSync(path, 'utf8').trim()
    if (isHex(text, 32)) return ed25519KeyOfSeed(fromHex(text))
  } catch (error) {
    throw new CodedError('node key invalid', `cannot use ${path}: ${messageOf(error)}`, { cause: error })
  }
  throw new CodedError('node key invalid', `${path} is not 32 bytes of hexadecimal: remove it to get a new peer id`)
}
