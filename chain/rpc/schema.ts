/** JSON Schemas of what methods take and give, for `rpc.discover`. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly pattern?: string
  readonly enum?: readonly (string | boolean | null)[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly oneOf?: readonly JsonSchema[]
}

export const QUANTITY: JsonSchema = { title: 'quantity', type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]*)$' }
export const DATA: JsonSchema = { title: 'bytes', type: 'string', pattern: '^0x([0-9a-fA-F]{2})*$' }
export const HASH: JsonSchema = { title: 'hash', type: 'string', pattern: '^0x[0-9a-fA-F]{64}$' }
export const ADDRESS: JsonSchema = { title: 'address', type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' }
export const BOOLEAN: JsonSchema = { type: 'boolean' }
export const STRING: JsonSchema = { type: 'string' }
export const NUMBER: JsonSchema = { type: 'number' }
export const OBJECT: JsonSchema = { type: 'object' }
export const ANY: JsonSchema = {}
export const FILTER_ID: JsonSchema = { ...QUANTITY, title: 'identifier' }
export const TAG_NAMES = ['latest', 'pending', 'safe', 'finalized', 'earliest'] as const
export const BLOCK: JsonSchema = {
  title: 'block number, tag, hash or EIP-1898 object',
  oneOf: [QUANTITY, { type: 'string', enum: TAG_NAMES }, HASH, OBJECT],
}

export function nullable(schema: JsonSchema): JsonSchema {
  return { oneOf: [schema, { type: 'null' }] }
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

export function titled(title: string, schema: JsonSchema = OBJECT): JsonSchema {
  return { ...schema, title }
}
