import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decryptKeystoreJson, encryptKeystoreJsonSync, Wallet } from 'ethers'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '#lib/bytes'
import { peerIdOfSeed } from '#p2p'
import { checksumAddress } from '#types'
import {
  accountOfPrivateKey,
  decryptAccount,
  decryptEd25519,
  deriveDevValidatorKeys,
  ed25519KeyOfSeed,
  encryptAccount,
  encryptEd25519,
  generateValidatorKeys,
  keysForm,
  loadKeys,
  openNodeKey,
  publicKeysOf,
  SCRYPT_N_LIGHT,
  saveDevKeys,
  saveKeys,
} from '../../chain/node/keys/index.ts'
import { decryptEip2335, parse } from '../../chain/node/keys/keystore.ts'
import { codeOf, temporaryFolders } from './folder.ts'

const folder = temporaryFolders()

describe('Ed25519 keys', () => {
  it('know the answers of RFC 8032', () => {
    const key = ed25519KeyOfSeed(fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'))
    expect(toHex(key.publicKey)).toBe('0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
    expect(toHex(key.sign(new Uint8Array(0)))).toBe(
      '0xe5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
  })

  it('in a keystore come back with the password only', () => {
    const key = ed25519KeyOfSeed(new Uint8Array(32).fill(7))
    const json = encryptEd25519(key, 'pass wörd', 'test', SCRYPT_N_LIGHT)
    expect(decryptEd25519(json, 'pass wörd').seed).toEqual(key.seed)
    // The same letters in another Unicode form are the same password.
    expect(decryptEd25519(json, 'pass wörd'.normalize('NFD')).seed).toEqual(key.seed)
    expect(codeOf(() => decryptEd25519(json, 'pass word'))).toBe('wrong password')
    expect(json).not.toContain(toHex(key.seed).slice(2))
  })

  it('the scrypt vector of EIP-2335 opens', () => {
    const keystore = {
      crypto: {
        kdf: {
          function: 'scrypt',
          params: {
            dklen: 32,
            n: 262144,
            p: 1,
            r: 8,
            salt: 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
          },
          message: '',
        },
        checksum: {
          function: 'sha256',
          params: {},
          message: 'd2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484',
        },
        cipher: {
          function: 'aes-128-ctr',
          params: { iv: '264daa3f303d7259501c93d997d84fe6' },
          message: '06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f',
        },
      },
      version: 4,
    }
    expect(toHex(decryptEip2335(parse(JSON.stringify(keystore), 4), '𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑'))).toBe(
      '0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    )
  })

  it('the PBKDF2 vector of EIP-2335 opens', () => {
    const salt = 'd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3'
    const keystore = {
      crypto: {
        kdf: { function: 'pbkdf2', params: { dklen: 32, c: 262144, prf: 'hmac-sha256', salt }, message: '' },
        checksum: {
          function: 'sha256',
          params: {},
          message: '8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1',
        },
        cipher: {
          function: 'aes-128-ctr',
          params: { iv: '264daa3f303d7259501c93d997d84fe6' },
          message: 'cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad',
        },
      },
      version: 4,
    }
    expect(toHex(decryptEip2335(parse(JSON.stringify(keystore), 4), '𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑'))).toBe(
      '0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    )
  })
})

describe('account keys', () => {
  const account = accountOfPrivateKey(new Uint8Array(32).fill(0x46))

  it('have the address that ethers gives them', () => {
    expect(checksumAddress(account.address)).toBe(new Wallet(toHex(account.privateKey)).address)
    expect(() => accountOfPrivateKey(new Uint8Array(32))).toThrow(RangeError)
  })

  it('in a keystore are opened by ethers, and ethers’ by us', async () => {
    const json = encryptAccount(account, 'secret', SCRYPT_N_LIGHT)
    expect((await decryptKeystoreJson(json, 'secret')).privateKey).toBe(toHex(account.privateKey))
    const theirs = encryptKeystoreJsonSync(
      { address: checksumAddress(account.address), privateKey: toHex(account.privateKey) },
      'secret',
      { scrypt: { N: SCRYPT_N_LIGHT } },
    )
    expect(decryptAccount(theirs, 'secret')).toEqual(account)
    expect(codeOf(() => decryptAccount(json, 'Secret'))).toBe('wrong password')
  })
})

describe('hostile keystores', () => {
  const good = () => JSON.parse(encryptEd25519(ed25519KeyOfSeed(new Uint8Array(32)), 'x', 'test', SCRYPT_N_LIGHT))

  it('are refused as invalid before any costly work', () => {
    const cases: ((keystore: ReturnType<typeof good>) => unknown)[] = [
      keystore => ({ ...keystore, version: 3 }),
      keystore => ({ ...keystore, crypto: null }),
      keystore => ({ ...keystore, pubkey: 'zz' }),
      keystore => ({ ...keystore, pubkey: '00'.repeat(32) }),
      ({ crypto, ...rest }) => ({
        ...rest,
        crypto: { ...crypto, kdf: { ...crypto.kdf, params: { ...crypto.kdf.params, n: 2 ** 30 } } },
      }),
      ({ crypto, ...rest }) => ({
        ...rest,
        crypto: { ...crypto, kdf: { ...crypto.kdf, params: { ...crypto.kdf.params, n: 4095 } } },
      }),
      ({ crypto, ...rest }) => ({ ...rest, crypto: { ...crypto, kdf: { ...crypto.kdf, function: 'pbkdf2' } } }),
      ({ crypto, ...rest }) => ({
        ...rest,
        crypto: { ...crypto, cipher: { ...crypto.cipher, params: { iv: 'abcd' } } },
      }),
    ]
    for (const change of cases) {
      expect(codeOf(() => decryptEd25519(JSON.stringify(change(good())), 'x'))).toBe('keystore invalid')
    }
    for (const text of ['', 'null', '[]', '"text"', '{']) {
      expect(codeOf(() => decryptEd25519(text, 'x'))).toBe('keystore invalid')
    }
  })
})

describe('node key', () => {
  it('is made once and stays', () => {
    const path = join(folder(), 'node-key')
    const first = openNodeKey(path)
    expect(openNodeKey(path).publicKey).toEqual(first.publicKey)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(path, 'short')
    expect(codeOf(() => openNodeKey(path))).toBe('node key invalid')
    expect(codeOf(() => openNodeKey(join(path, 'below')))).toBe('node key invalid')
  })
})

describe('key files', () => {
  it('are private, come back with the password, and are never overwritten', () => {
    const directory = join(folder(), 'keys')
    const keys = generateValidatorKeys()
    expect(keysForm(directory)).toBe('none')
    expect(codeOf(() => loadKeys(directory, 'x'))).toBe('keys missing')
    saveKeys(directory, keys, 'secret', SCRYPT_N_LIGHT)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
    const loaded = loadKeys(directory, 'secret')
    expect(publicKeysOf(loaded)).toEqual(publicKeysOf(keys))
    expect(loaded.operator.privateKey).toEqual(keys.operator.privateKey)
    expect(loaded.development).toBe(false)
    expect(codeOf(() => loadKeys(directory, 'other'))).toBe('wrong password')
    expect(codeOf(() => loadKeys(directory))).toBe('password missing')
    expect(codeOf(() => saveKeys(directory, keys, 'secret', SCRYPT_N_LIGHT))).toBe('keys exist')
    expect(codeOf(() => saveDevKeys(directory, keys))).toBe('keys exist')
    expect(codeOf(() => saveKeys(join(folder(), 'k'), keys, ''))).toBe('password empty')
    expect(JSON.parse(readFileSync(join(directory, 'public-keys.json'), 'utf8'))).toEqual(publicKeysOf(keys))
  })

  it('that others can read are refused with the command that mends it', () => {
    const directory = join(folder(), 'keys')
    saveDevKeys(directory, generateValidatorKeys())
    chmodSync(join(directory, 'UNENCRYPTED-DEVELOPMENT-KEYS.json'), 0o644)
    expect(codeOf(() => loadKeys(directory))).toBe('keys exposed')
    expect(() => loadKeys(directory)).toThrow(/chmod 600/)
  })

  it('of the development form say so, and damaged ones are invalid', () => {
    const directory = join(folder(), 'keys')
    const keys = deriveDevValidatorKeys('test net', 3)
    saveDevKeys(directory, keys)
    const path = join(directory, 'UNENCRYPTED-DEVELOPMENT-KEYS.json')
    expect(readFileSync(path, 'utf8')).toContain('DEVELOPMENT ONLY')
    const loaded = loadKeys(directory)
    expect(loaded.development).toBe(true)
    expect(publicKeysOf(loaded)).toEqual(publicKeysOf(deriveDevValidatorKeys('test net', 3)))
    for (const text of ['{', '{}', `{"consensus":"0x00"}`]) {
      writeFileSync(path, text)
      expect(codeOf(() => loadKeys(directory))).toBe('keystore invalid')
    }
  })

  it('of development validators all differ, and the peer id follows from the network key', () => {
    const all = [0, 1, 2].map(index => publicKeysOf(deriveDevValidatorKeys('a', index)))
    const texts = all.flatMap(keys => Object.values(keys))
    expect(new Set(texts).size).toBe(texts.length)
    const keys = generateValidatorKeys()
    expect(publicKeysOf(keys).peerId).toBe(peerIdOfSeed(keys.network.seed))
    expect(keys.consensus.sign(utf8('x'))).toEqual(keys.consensus.sign(utf8('x')))
  })
})
