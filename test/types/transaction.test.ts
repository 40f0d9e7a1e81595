import { Common, Mainnet } from '@ethereumjs/common'
import { createTxFromRLP } from '@ethereumjs/tx'
import { Transaction as EthersTransaction, Wallet } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'
import { bigintToBytes, fromHex, toHex } from '#lib/bytes'
import { CURVE_ORDER, recoverPortably, secp256k1Implementation } from '#lib/secp256k1'
import {
  decodeTransaction,
  encodeTransaction,
  privateKeyToAddress,
  recoverAuthority,
  recoverSender,
  signatureParity,
  signingHash,
  signTransaction,
  type Transaction,
  type UnsignedTransaction,
} from '#types'

const KEY = fromHex('0x4646464646464646464646464646464646464646464646464646464646464646')
const common = new Common({ chain: { ...Mainnet, chainId: 1071 }, hardfork: 'prague', customCrypto: {} })

const address = fc.uint8Array({ minLength: 20, maxLength: 20 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const u64 = fc.oneof(fc.bigInt(0n, 1000n), fc.bigInt(0n, 2n ** 64n - 2n))
const price = fc.bigInt(0n, 2n ** 100n)
const accessList = fc.array(fc.record({ address, storageKeys: fc.array(hash, { maxLength: 3 }) }), { maxLength: 3 })
const base = { nonce: u64, gasLimit: fc.bigInt(0n, 2n ** 63n), value: fc.bigInt(0n, 2n ** 200n), data: fc.uint8Array() }
const dynamic = { maxFeePerGas: fc.bigInt(2n ** 100n, 2n ** 120n), maxPriorityFeePerGas: price }
const authorization = fc
  .record({ chainId: fc.constant(1071n), address, nonce: u64 })
  .map(fields => ({ ...fields, yParity: 1, r: 1n, s: 2n }))

const unsigned: fc.Arbitrary<UnsignedTransaction> = fc.oneof(
  fc.record({ type: fc.constant(0 as const), ...base, gasPrice: price, to: address, chainId: fc.constant(1071n) }),
  fc.record({ type: fc.constant(0 as const), ...base, gasPrice: price }),
  fc.record({ type: fc.constant(1 as const), ...base, chainId: fc.constant(1071n), gasPrice: price, accessList }),
  fc.record({
    type: fc.constant(2 as const),
    ...base,
    ...dynamic,
    chainId: fc.constant(1071n),
    to: address,
    accessList,
  }),
  fc.record({
    type: fc.constant(4 as const),
    ...base,
    ...dynamic,
    chainId: fc.constant(1071n),
    to: address,
    accessList,
    authorizationList: fc.array(authorization, { minLength: 1, maxLength: 3 }),
  }),
)

function decode(raw: Uint8Array): Transaction {
  const verdict = decodeTransaction(raw)
  if (verdict.kind !== 'accept') throw new Error(`${verdict.kind} ${JSON.stringify(verdict)}`)
  return verdict.value
}

describe('transaction codec', () => {
  it('a signed transaction survives encoding and names its sender', () => {
    fc.assert(
      fc.property(unsigned, fields => {
        const signed = signTransaction(fields, KEY)
        const decoded = decode(signed.raw)
        expect(encodeTransaction(decoded)).toEqual(signed.raw)
        expect({ ...decoded, sender: recoverSender(decoded.raw) }).toEqual({
          accessList: undefined,
          ...signed,
          ...(fields.type === 0 ? {} : { accessList: fields.accessList }),
        })
      }),
    )
  })

  it('agrees with ethers about hash, signing hash and sender', () => {
    // ethers holds nonces as numbers.
    const small = unsigned.filter(({ nonce, authorizationList }) =>
      [nonce, ...(authorizationList ?? []).map(tuple => tuple.nonce)].every(n => n < 2n ** 53n),
    )
    fc.assert(
      fc.property(small, fields => {
        const { raw } = signTransaction(fields, KEY)
        const ours = decode(raw)
        const theirs = EthersTransaction.from(toHex(raw))
        expect(toHex(ours.hash)).toBe(theirs.hash)
        expect(toHex(signingHash(ours))).toBe(theirs.unsignedHash)
        expect(toHex(defined(recoverSender(ours.raw), 'signed'))).toBe(defined(theirs.from, 'signed').toLowerCase())
        expect(ours.nonce).toBe(BigInt(theirs.nonce))
        expect(ours.value).toBe(theirs.value)
        expect(toHex(ours.data)).toBe(theirs.data)
      }),
      { numRuns: 40 },
    )
  })

  it('agrees with @ethereumjs/tx about what it signs', () => {
    fc.assert(
      fc.property(unsigned, fields => {
        if (fields.type === 4 || fields.gasLimit * (fields.maxFeePerGas ?? fields.gasPrice ?? 0n) >= 2n ** 256n) return
        const { raw } = signTransaction(fields, KEY)
        const theirs = createTxFromRLP(raw, { common })
        const ours = decode(raw)
        expect(toHex(ours.hash)).toBe(toHex(theirs.hash()))
        expect(toHex(signingHash(ours))).toBe(toHex(theirs.getHashedMessageToSign()))
      }),
      { numRuns: 40 },
    )
  })

  it('decodes what an ethers wallet signs, type by type', async () => {
    const wallet = new Wallet(toHex(KEY))
    const to = '0x00000000000000000000000000000000000000aa'
    const forms = [
      { type: 0, gasPrice: 7n },
      { type: 1, gasPrice: 7n, accessList: [{ address: to, storageKeys: [`0x${'11'.repeat(32)}`] }] },
      { type: 2, maxFeePerGas: 9n, maxPriorityFeePerGas: 1n },
      {
        type: 4,
        maxFeePerGas: 9n,
        maxPriorityFeePerGas: 1n,
        authorizationList: [wallet.authorizeSync({ address: to, nonce: 5, chainId: 1071 })],
      },
    ]
    for (const form of forms) {
      const raw = fromHex(
        await wallet.signTransaction({ ...form, to, nonce: 3, gasLimit: 21_000, value: 5, chainId: 1071 }),
      )
      const decoded = decode(raw)
      expect(decoded).toMatchObject({ type: form.type, chainId: 1071n, nonce: 3n, gasLimit: 21_000n, value: 5n })
      expect(toHex(defined(recoverSender(decoded.raw), 'signed'))).toBe(wallet.address.toLowerCase())
      for (const tuple of decoded.authorizationList ?? []) {
        expect(toHex(defined(recoverAuthority(tuple), 'signed'))).toBe(wallet.address.toLowerCase())
      }
    }
  })

  it('the EIP-155 example gives its published hashes', () => {
    const signed = signTransaction(
      {
        type: 0,
        chainId: 1n,
        nonce: 9n,
        gasPrice: 20n * 10n ** 9n,
        gasLimit: 21_000n,
        to: fromHex('35'.repeat(20)),
        value: 10n ** 18n,
        data: new Uint8Array(0),
      },
      KEY,
    )
    expect(toHex(signingHash(signed))).toBe('0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53')
    expect(toHex(signed.raw)).toBe(
      '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    )
    expect(toHex(signed.sender)).toBe('0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f')
  })

  it('any bytes give a verdict, and what is accepted is canonical', () => {
    const { raw } = signTransaction(
      {
        type: 2,
        chainId: 1071n,
        nonce: 1n,
        gasLimit: 21_000n,
        maxFeePerGas: 10n,
        maxPriorityFeePerGas: 1n,
        value: 0n,
        data: new Uint8Array(3),
      },
      KEY,
    )
    const mutated = fc
      .tuple(fc.nat(raw.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(raw.length))
      .map(([at, byte, length]) =>
        raw.with(at, byte).slice(0, length === 0 ? raw.length : Math.max(length, raw.length - 2)),
      )
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), bytes => {
        const verdict = decodeTransaction(bytes)
        if (verdict.kind !== 'accept') {
          expect(['malformed', 'unsupported type']).toContain(verdict.reason)
          return
        }
        expect(encodeTransaction(verdict.value)).toEqual(bytes)
        recoverSender(verdict.value.raw)
      }),
      { numRuns: 3_000 },
    )
  })

  it('names unknown types apart from nonsense', () => {
    expect(decodeTransaction(fromHex('05c0'))).toMatchObject({ kind: 'reject', reason: 'unsupported type' })
    expect(decodeTransaction(fromHex('00c0'))).toMatchObject({ kind: 'reject', reason: 'unsupported type' })
    expect(decodeTransaction(fromHex('8102'))).toMatchObject({ kind: 'reject', reason: 'malformed' })
    expect(decodeTransaction(new Uint8Array(0))).toMatchObject({ kind: 'reject', reason: 'malformed' })
  })
})

describe('sender recovery', () => {
  const signed = signTransaction(
    { type: 1, chainId: 1071n, nonce: 0n, gasLimit: 21_000n, gasPrice: 1n, value: 0n, data: new Uint8Array(0) },
    KEY,
  )
  const resign = (change: Partial<Pick<Transaction, 'v' | 'r' | 's'>>) =>
    recoverSender(decode(encodeTransaction({ ...signed, ...change })).raw)

  it('refuses a high s, which names the same key (EIP-2)', () => {
    expect(resign({})).toEqual(privateKeyToAddress(KEY))
    expect(resign({ s: CURVE_ORDER - signed.s, v: 1n - signed.v })).toBeUndefined()
  })

  it('refuses r and s out of range', () => {
    expect(resign({ r: 0n })).toBeUndefined()
    expect(resign({ s: 0n })).toBeUndefined()
    expect(resign({ r: CURVE_ORDER })).toBeUndefined()
    expect(resign({ r: 2n ** 256n - 1n })).toBeUndefined()
  })

  it('refuses a legacy v that means nothing', () => {
    for (const v of [0n, 1n, 26n, 29n, 34n]) {
      const legacy = { ...signed, type: 0 as const, v }
      const decoded = decode(encodeTransaction(legacy))
      expect(signatureParity(decoded)).toBeUndefined()
      expect(recoverSender(decoded.raw)).toBeUndefined()
    }
  })

  it('the native and the portable implementation name the same key', () => {
    expect(secp256k1Implementation).toBe('native')
    fc.assert(
      fc.property(fc.nat(), nonce => {
        const transaction = signTransaction({ ...signed, nonce: BigInt(nonce) }, KEY)
        const signature = new Uint8Array([...bigintToBytes(transaction.r, 32), ...bigintToBytes(transaction.s, 32)])
        const parity = defined(signatureParity(transaction), 'signed')
        const key = recoverPortably(signingHash(transaction), signature, parity)
        expect(key.length).toBe(65)
        expect(recoverSender(transaction.raw)).toEqual(privateKeyToAddress(KEY))
      }),
      { numRuns: 10 },
    )
  })
})
