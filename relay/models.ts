/** The models file: which sources of the market the relay offers, under which names and prices. */
import type { JobBlob } from '@ogpu/sdk'
import { CodedError } from '#lib/errors'
import { DECODERS, type DecoderName } from './decoders.ts'

export interface Model {
  /** As requests name it; may contain slashes. */
  readonly name: string
  readonly displayName: string
  /** On-chain source whose providers answer. */
  readonly source: string
  readonly program: { readonly programId: string; readonly graph: JobBlob; readonly weights: JobBlob }
  /** What the relay pays the network for one task. */
  readonly paymentWei: bigint
  /** What a customer pays for one request. */
  readonly priceMicroUsd: number
  readonly decoder: DecoderName
}

const MODELS_MAX = 256
const PRICE_MAX = 1_000_000_000

/**
 * Reads a models file: a JSON array of models (docs/relay.md shows one). CodedError `BAD_MODELS` names the first value
 * that is wrong.
 */
export function parseModels(json: string): ReadonlyMap<string, Model> {
  let root: unknown
  try {
    root = JSON.parse(json)
  } catch (cause) {
    throw new CodedError('BAD_MODELS', 'the models file is not JSON', { cause })
  }
  if (!Array.isArray(root) || root.length === 0 || root.length > MODELS_MAX)
    fail(`an array of 1 to ${MODELS_MAX} models`)
  const models = new Map<string, Model>()
  for (const [i, value] of (root as unknown[]).entries()) {
    const model = parseModel(value, `model ${i + 1}`)
    if (models.has(model.name)) fail(`another name than ${model.name}, which comes twice`)
    models.set(model.name, model)
  }
  return models
}

const FIELDS = ['name', 'displayName', 'source', 'program', 'paymentWei', 'priceMicroUsd', 'decoder']

function parseModel(value: unknown, at: string): Model {
  const root = record(value, at)
  for (const field of Object.keys(root)) if (!FIELDS.includes(field)) fail(`no field ${field} in ${at}`)
  const program = record(root.program, `${at}.program`)
  const { name, displayName, source, paymentWei, priceMicroUsd, decoder } = root
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/.test(name)) {
    fail(`letters, digits and ._:/- as ${at}.name`)
  }
  if (typeof displayName !== 'string' || displayName === '' || displayName.length > 200) {
    fail(`1 to 200 characters as ${at}.displayName`)
  }
  if (typeof source !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(source)) fail(`an address as ${at}.source`)
  if (typeof paymentWei !== 'string' || !/^[0-9]{1,28}$/.test(paymentWei)) fail(`decimal text as ${at}.paymentWei`)
  const isPrice = Number.isSafeInteger(priceMicroUsd) && (priceMicroUsd as number) >= 0
  if (!isPrice || (priceMicroUsd as number) > PRICE_MAX)
    fail(`a whole number up to ${PRICE_MAX} as ${at}.priceMicroUsd`)
  if (typeof decoder !== 'string' || !Object.hasOwn(DECODERS, decoder)) {
    fail(`one of ${Object.keys(DECODERS).join(', ')} as ${at}.decoder`)
  }
  const { programId } = program
  if (typeof programId !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(programId)) fail(`a hash as ${at}.program.programId`)
  return {
    name: name as string,
    displayName: displayName as string,
    source: (source as string).toLowerCase(),
    program: {
      programId: (programId as string).toLowerCase(),
      graph: blob(program.graph, `${at}.program.graph`),
      weights: blob(program.weights, `${at}.program.weights`),
    },
    paymentWei: BigInt(paymentWei as string),
    priceMicroUsd: priceMicroUsd as number,
    decoder: decoder as DecoderName,
  }
}

function blob(value: unknown, at: string): JobBlob {
  const { hash, size } = record(value, at)
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) fail(`a SHA-256 as ${at}.hash`)
  if (!Number.isSafeInteger(size) || (size as number) < 0) fail(`a whole number as ${at}.size`)
  return { hash: hash as string, size: size as number }
}

function record(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(`an object as ${at}`)
  return value as Readonly<Record<string, unknown>>
}

function fail(expected: string): never {
  throw new CodedError('BAD_MODELS', `the models file needs ${expected}`)
}
