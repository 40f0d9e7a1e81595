import { concat, EMPTY, fromHex, type Hex, toHex } from '#lib/bytes'
import { signRecoverably } from '#lib/secp256k1'
import { authorizationHash, signTransaction, type UnsignedTransaction } from '#types'
import { CODE_NAMES, CODES, codeAddress, contractAddress, PROGRAMS, randomProgram } from './differential-programs.ts'
import type { Choices } from './differential-random.ts'
import { addressOfUser, CHAIN_ID, FEE_COLLECTOR, keyOfUser } from './fixtures.ts'

export const KINDS = [
  'transfer',
  'create',
  'call',
  'delegate call',
  'access list',
  'set code',
  'revert',
  'self-destruct',
  'out of gas',
  'refused',
] as const
export type Kind = (typeof KINDS)[number]

export const USERS = 5
const GWEI = 1_000_000_000n

export interface RandomTransaction {
  readonly kind: Kind
  readonly user: number
  readonly raw: Uint8Array
}

interface Content {
  readonly to: Hex | undefined
  readonly data: Uint8Array
  readonly value: bigint
  readonly gasLimit: bigint
}

const word = (choices: Choices): Uint8Array =>
  fromHex(choices.oneOf(['00', '01', '02', '07', 'ff', 'c0de02']).padStart(64, '0'))

const anyContract = (choices: Choices): Hex => contractAddress(choices.below(PROGRAMS + CODE_NAMES.length))

const INIT_CODES: readonly Hex[] = [
  '0x60015f5360015ff3',
  '0x6007600855600160085460015f5360015ff3',
  '0x60ff6005555f35ff',
  '0x60ff60055533ff',
  '0x5f5ffd',
  '0x60ef5f5360015ff3',
  // Deploys its own tail: a contract that destroys itself when it is called.
  '0x6133ff5f526002601ef3',
]

function initCode(choices: Choices): Uint8Array {
  if (choices.chance(50)) return fromHex(choices.oneOf(INIT_CODES))
  return choices.chance(70) ? fromHex(randomProgram(choices)) : choices.bytes(choices.below(40))
}

function contentOf(kind: Kind, choices: Choices): Content {
  const value = choices.oneOf([0n, 0n, 1n, 10n ** 15n])
  const gasLimit = choices.oneOf([150_000n, 400_000n, 1_000_000n])
  const data = concat(word(choices), word(choices), choices.bytes(choices.below(20)))
  const content = { to: anyContract(choices), data, value, gasLimit }
  switch (kind) {
    case 'transfer': {
      const targets = [toHex(addressOfUser(choices.below(USERS))), FEE_COLLECTOR, toHex(choices.bytes(20))]
      const precompile: Hex = `0x${choices.oneOf(['01', '02', '04', '09']).padStart(40, '0')}`
      return {
        to: choices.oneOf([...targets, precompile]),
        data: EMPTY,
        value,
        gasLimit: 21_000n + BigInt(choices.below(5)) * 9_000n,
      }
    }
    case 'create':
      return { ...content, to: undefined, data: initCode(choices) }
    case 'delegate call':
      return { ...content, to: codeAddress(choices.oneOf(['delegate', 'callCode', 'forward'])) }
    case 'revert':
      return { ...content, to: codeAddress(choices.oneOf(['revertAfterStore', 'forward'])) }
    case 'self-destruct': {
      if (choices.chance(50)) return { ...content, to: codeAddress('destroy') }
      const maker = codeAddress(choices.oneOf(['create', 'create2', 'createAndCall']))
      return { ...content, to: maker, data: fromHex(choices.oneOf(INIT_CODES.filter(code => code.includes('ff')))) }
    }
    case 'out of gas': {
      const tight = BigInt(choices.oneOf([23_000, 30_000, 45_000, 60_000])) + BigInt(choices.below(5_000))
      return { ...content, to: choices.chance(30) ? codeAddress('loop') : content.to, gasLimit: tight }
    }
    case 'call':
      return { ...content, to: choices.chance(70) ? contractAddress(choices.below(PROGRAMS)) : content.to }
    default:
      return content
  }
}

function accessList(choices: Choices) {
  return Array.from({ length: 1 + choices.below(3) }, () => ({
    address: fromHex(choices.chance(80) ? anyContract(choices) : toHex(addressOfUser(choices.below(USERS)))),
    storageKeys: Array.from({ length: choices.below(4) }, () => word(choices)),
  }))
}

function authorizations(choices: Choices, nonces: bigint[], sender: number) {
  return Array.from({ length: 1 + choices.below(3) }, () => {
    const authority = choices.below(USERS)
    const known = nonces[authority] as bigint
    // The sender's own nonce has moved on by the time its authorisation is looked at.
    const expected = known + (authority === sender ? 1n : 0n)
    const isGood = choices.chance(85)
    const authorization = {
      chainId: choices.oneOf([0n, BigInt(CHAIN_ID), BigInt(CHAIN_ID), isGood ? 0n : 5n]),
      address: fromHex(choices.chance(80) ? anyContract(choices) : `0x${'00'.repeat(20)}`),
      nonce: isGood ? expected : expected + 3n,
    }
    if (isGood) nonces[authority] = known + 1n
    const { signature, recovery } = signRecoverably(authorizationHash(authorization), keyOfUser(authority))
    return {
      ...authorization,
      yParity: recovery,
      r: BigInt(toHex(signature.subarray(0, 32))),
      s: BigInt(toHex(signature.subarray(32))),
    }
  })
}

// Three ways in which a transaction cannot run: no gas to begin with, a wrong nonce, no money.
function spoiled(choices: Choices, content: Content): Content & { readonly nonceOff: bigint } {
  const how = choices.below(4)
  if (how === 0) return { ...content, gasLimit: 20_000n, nonceOff: 0n }
  if (how === 1) return { ...content, nonceOff: 2n }
  if (how === 2) return { ...content, nonceOff: -1n }
  return { ...content, value: 10n ** 24n, nonceOff: 0n }
}

/** One random signed transaction; `nonces` move on as the transaction will move them when it runs. */
export function randomTransaction(choices: Choices, nonces: bigint[]): RandomTransaction {
  const kind = choices.oneOf(KINDS)
  const user = choices.below(USERS)
  const known = nonces[user] as bigint
  const plain = { ...contentOf(kind, choices), nonceOff: 0n }
  const content = kind === 'refused' ? spoiled(choices, plain) : plain
  const nonce = known + content.nonceOff < 0n ? 9n : known + content.nonceOff
  const shared = {
    chainId: BigInt(CHAIN_ID),
    nonce,
    gasLimit: content.gasLimit,
    value: content.value,
    data: content.data,
    ...(content.to === undefined ? {} : { to: fromHex(content.to) }),
  }
  const price = 20n * GWEI
  const fees = { maxFeePerGas: price, maxPriorityFeePerGas: BigInt(choices.below(3)) * GWEI }
  let fields: UnsignedTransaction
  if (kind === 'set code') {
    fields = {
      type: 4,
      ...shared,
      ...fees,
      to: fromHex(choices.chance(60) ? toHex(addressOfUser(choices.below(USERS))) : (content.to as Hex)),
      accessList: choices.chance(30) ? accessList(choices) : [],
      authorizationList: authorizations(choices, nonces, user),
      gasLimit: content.gasLimit + 100_000n,
    }
  } else if (kind === 'access list') {
    const list = accessList(choices)
    fields = choices.chance(50)
      ? { type: 1, gasPrice: price, accessList: list, ...shared }
      : { type: 2, ...fees, accessList: list, ...shared }
  } else if (choices.chance(30)) fields = { type: 0, gasPrice: price, ...shared }
  else fields = { type: 2, ...fees, accessList: [], ...shared }
  if (kind !== 'refused') nonces[user] = (nonces[user] as bigint) + 1n
  return { kind, user, raw: signTransaction(fields, keyOfUser(user)).raw }
}

export const ROUND_CODES = (choices: Choices): readonly Hex[] => [
  ...Array.from({ length: PROGRAMS }, () => randomProgram(choices)),
  ...CODE_NAMES.map(name => CODES[name]),
]
