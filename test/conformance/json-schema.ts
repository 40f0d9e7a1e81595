/** The part of JSON Schema that OpenRPC documents of Ethereum use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly pattern?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}

/** What is wrong with `value` by `schema`; undefined when nothing is. `path` says where. */
export function schemaFault(schema: Schema, value: unknown, path = 'result'): string | undefined {
  const kind = kindOf(value)
  if (schema.type !== undefined) {
    const types = [schema.type].flat()
    const fits = types.includes(kind) || (types.includes('number') && kind === 'integer')
    if (!fits) return `${path}: ${types.join(' or ')} wanted, ${kind} found`
  }
  if (schema.const !== undefined && schema.const !== value) return `${path}: ${String(schema.const)} wanted`
  if (schema.enum !== undefined && !schema.enum.includes(value)) return `${path}: not one of ${schema.enum.join(', ')}`
  for (const options of [schema.oneOf, schema.anyOf]) {
    if (options === undefined) continue
    const faults = options.map(option => schemaFault(option, value, path))
    if (!faults.includes(undefined)) return `${path}: fits nothing of (${faults.join(' | ')})`
  }
  if (typeof value === 'string' && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    return `${path}: ${JSON.stringify(value).slice(0, 80)} does not match ${schema.pattern}`
  }
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) return `${path}: below ${schema.minimum}`
    if (schema.maximum !== undefined && value > schema.maximum) return `${path}: above ${schema.maximum}`
  }
  if (Array.isArray(value)) return schema.items === undefined ? undefined : firstFault(value, schema.items, path)
  return kind === 'object' ? objectFault(schema, value as Record<string, unknown>, path) : undefined
}

function firstFault(items: readonly unknown[], schema: Schema, path: string): string | undefined {
  for (const [index, item] of items.entries()) {
    const fault = schemaFault(schema, item, `${path}[${index}]`)
    if (fault !== undefined) return fault
  }
  return undefined
}

function objectFault(schema: Schema, object: Record<string, unknown>, path: string): string | undefined {
  const { properties = {}, required = [], additionalProperties } = schema
  for (const name of required) if (!(name in object)) return `${path}: ${name} is missing`
  for (const [name, value] of Object.entries(object)) {
    const inner = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (inner === false) return `${path}: ${name} does not belong here`
    const fault = typeof inner === 'object' ? schemaFault(inner, value, `${path}.${name}`) : undefined
    if (fault !== undefined) return fault
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
