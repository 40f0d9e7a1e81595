/** Parameter types: what a method takes, how it is checked, and go-ethereum's words for what is wrong with it. */
import { fromHex } from '#lib/bytes'
import {
  ADDRESS,
  ANY,
  BLOCK,
  BOOLEAN,
  DATA,
  HASH,
  type JsonSchema,
  listOf,
  QUANTITY,
  STRING,
  TAG_NAMES,
} from './schema.ts'

/** A value that is not what the method takes; the dispatcher adds which argument it was. */
export class ParamError extends Error {
  override name = 'ParamError'
}

export interface Param<T> {
  readonly name: string
  readonly schema: JsonSchema
  readonly optional: boolean
  parse(value: unknown): T
}

export type ParamValues<P extends readonly Param<unknown>[]> = {
  [K in keyof P]: P[K] extends Param<infer T> ? T : never
}

export function param<T>(name: string, schema: JsonSchema, parse: (value: unknown) => T): Param<T> {
  return { name, schema, optional: false, parse }
}

/** The same parameter, absent when it is missing or null. */
export function optional<T>(inner: Param<T>): Param<T | undefined> {
  const parse = (value: unknown) => (value === undefined || value === null ? undefined : inner.parse(value))
  return { name: inner.name, schema: inner.schema, optional: true, parse }
}

export function withDefault<T>(inner: Param<T>, fallback: T): Param<T> {
  const parse = (value: unknown) => (value === undefined || value === null ? fallback : inner.parse(value))
  return { name: inner.name, schema: inner.schema, optional: true, parse }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}

function textOf(value: unknown, type: string): string {
  if (typeof value === 'string') return value
  const kind = kindOf(value) === 'boolean' ? 'bool' : kindOf(value)
  throw new ParamError(`json: cannot unmarshal ${kind} into Go value of type ${type}`)
}

const HEX_DIGITS = /^[0-9a-fA-F]*$/

function digitsOf(text: string): string {
  if (!text.startsWith('0x') && !text.startsWith('0X')) throw new ParamError('hex string without 0x prefix')
  const digits = text.slice(2)
  if (!HEX_DIGITS.test(digits)) throw new ParamError('invalid hex string')
  return digits
}

/** A quantity: `0x` and hexadecimal digits without leading zeros, of at most `bits` bits. */
export function parseQuantity(value: unknown, bits = 256): bigint {
  const text = textOf(value, bits > 64 ? '*hexutil.Big' : 'hexutil.Uint64')
  if (text === '') throw new ParamError('empty hex string')
  const digits = digitsOf(text)
  if (digits === '') throw new ParamError('hex string "0x"')
  if (digits.length > 1 && digits.startsWith('0')) throw new ParamError('hex number with leading zero digits')
  if (digits.length * 4 > bits + 3) throw new ParamError(`hex number > ${bits} bits`)
  const number = BigInt(`0x${digits}`)
  if (number >= 1n << BigInt(bits)) throw new ParamError(`hex number > ${bits} bits`)
  return number
}

/** A quantity that fits a block number or an index. */
export function parseSmallQuantity(value: unknown): number {
  const number = parseQuantity(value, 64)
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw new ParamError('block number larger than int64')
  return Number(number)
}

/** Bytes of any length. */
export function parseData(value: unknown, type = 'hexutil.Bytes'): Uint8Array {
  const digits = digitsOf(textOf(value, type))
  if (digits.length % 2 !== 0) throw new ParamError('hex string of odd length')
  return fromHex(digits)
}

/** Bytes of one length; `type` names it in the error. */
export function parseFixed(value: unknown, length: number, type: string): Uint8Array {
  const text = textOf(value, type)
  const fail = (what: string): never => {
    throw new ParamError(`json: cannot unmarshal ${what} into Go value of type ${type}`)
  }
  if (!text.startsWith('0x') && !text.startsWith('0X')) fail('hex string without 0x prefix')
  const digits = text.slice(2)
  if (!HEX_DIGITS.test(digits)) fail('invalid hex string')
  if (digits.length % 2 !== 0) fail('hex string of odd length')
  if (digits.length !== 2 * length) {
    throw new ParamError(`hex string has length ${digits.length}, want ${2 * length} for ${type}`)
  }
  return fromHex(digits)
}

export function parseAddress(value: unknown): Uint8Array {
  return parseFixed(value, 20, 'common.Address')
}

export function parseHash(value: unknown): Uint8Array {
  return parseFixed(value, 32, 'common.Hash')
}

export function parseBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new ParamError(`json: cannot unmarshal ${kindOf(value)} into Go value of type bool`)
}

/** A JSON object; its members are read one by one by whoever asked. */
export function parseObject(value: unknown, type: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ParamError(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`)
}

export function parseList<T>(value: unknown, type: string, parse: (item: unknown) => T): T[] {
  if (Array.isArray(value)) return value.map(parse)
  throw new ParamError(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`)
}

/** A member that may be missing or null. */
export function member<T>(
  object: Readonly<Record<string, unknown>>,
  name: string,
  parse: (value: unknown) => T,
): T | undefined {
  const value = object[name]
  return value === undefined || value === null ? undefined : parse(value)
}

/** Reads members of an object that must be there; `type` names it in the error. */
export function requiredIn(object: Readonly<Record<string, unknown>>, type: string) {
  return <T>(name: string, parse: (value: unknown) => T): T => {
    const found = member(object, name, parse)
    if (found === undefined) throw new ParamError(`missing required field '${name}' for ${type}`)
    return found
  }
}

/** A storage slot: up to 32 bytes of hexadecimal digits, short forms allowed. */
export function parseSlot(value: unknown): Uint8Array {
  const text = textOf(value, 'string')
  const digits = text.startsWith('0x') || text.startsWith('0X') ? text.slice(2) : text
  if (!HEX_DIGITS.test(digits)) throw new ParamError(`invalid hex in storage key: ${JSON.stringify(text)}`)
  if (digits.length > 64) {
    throw new ParamError(`storage key too long (want at most 32 bytes): ${JSON.stringify(text.slice(0, 80))}`)
  }
  return fromHex(digits.padStart(64, '0'))
}

export type BlockTag = (typeof TAG_NAMES)[number]
/** How a caller names a block. */
export type BlockRef =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'tag'; readonly tag: BlockTag }
  | { readonly kind: 'hash'; readonly hash: Uint8Array }

export const LATEST: BlockRef = { kind: 'tag', tag: 'latest' }

export function isTag(value: unknown): value is BlockTag {
  return TAG_NAMES.some(tag => tag === value)
}

/** A number or a tag. */
export function parseBlockNumber(value: unknown): BlockRef {
  if (isTag(value)) return { kind: 'tag', tag: value }
  return { kind: 'number', number: parseSmallQuantity(value) }
}

/** A number, a tag, a hash or the object of EIP-1898. */
export function parseBlockRef(value: unknown): BlockRef {
  if (typeof value === 'object' && value !== null) {
    const object = parseObject(value, 'rpc.BlockNumberOrHash')
    const hash = member(object, 'blockHash', parseHash)
    const number = member(object, 'blockNumber', parseBlockNumber)
    if (hash !== undefined && number !== undefined) {
      throw new ParamError('cannot specify both BlockHash and BlockNumber, choose one or the other')
    }
    member(object, 'requireCanonical', parseBoolean)
    if (hash !== undefined) return { kind: 'hash', hash }
    if (number !== undefined) return number
    throw new ParamError('at least one of BlockNumber or BlockHash is needed if a dictionary is provided')
  }
  if (typeof value === 'string' && value.length === 66) return { kind: 'hash', hash: parseHash(value) }
  return parseBlockNumber(value)
}

/** Erigon's block numbers, which Otterscan sends as plain JSON numbers. */
const orPlain =
  (parse: (value: unknown) => BlockRef) =>
  (value: unknown): BlockRef =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? { kind: 'number', number: value }
      : parse(value)

export const address = param('address', ADDRESS, parseAddress)
export const hash = (name: string) => param(name, HASH, parseHash)
export const data = (name: string) => param(name, DATA, value => parseData(value))
export const quantity = (name: string) => param(name, QUANTITY, value => parseQuantity(value))
/** A quantity of 64 bits, such as a time. */
export const uint64 = (name: string) => param(name, QUANTITY, value => parseQuantity(value, 64))
export const index = (name: string) => param(name, QUANTITY, parseSmallQuantity)
export const boolean = (name: string) => param(name, BOOLEAN, parseBoolean)
export const text = (name: string) => param(name, STRING, value => textOf(value, 'string'))
export const slot = param('slot', STRING, parseSlot)
export const any = (name: string) => param(name, ANY, value => value)
/** A block for state reads; the latest when it is left out. */
export const block = withDefault(param('block', BLOCK, parseBlockRef), LATEST)
export const requiredBlock = param('block', BLOCK, parseBlockRef)
export const blockNumber = param('blockNumber', BLOCK, parseBlockNumber)
export const plainBlock = withDefault(param('block', BLOCK, orPlain(parseBlockRef)), LATEST)
export const plainRequiredBlock = param('block', BLOCK, orPlain(parseBlockRef))
export const plainBlockNumber = param('blockNumber', BLOCK, orPlain(parseBlockNumber))
export const list = <T>(name: string, items: JsonSchema, parse: (item: unknown) => T): Param<T[]> =>
  param(name, listOf(items), value => parseList(value, `[]${items.title ?? 'interface {}'}`, parse))

/** A count that some clients send as a decimal number or string. */
export const count = (name: string) =>
  param(name, QUANTITY, value => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    if (typeof value === 'string' && /^(0|[1-9][0-9]{0,14})$/.test(value)) return Number(value)
    return parseSmallQuantity(value)
  })
