/** Reads fields of request bodies; every mistake is a VALIDATION_ERROR that names its place. */
import { RelayError } from '../errors.ts'

export type Fields = Readonly<Record<string, unknown>>

export function invalid(message: string): never {
  throw new RelayError('VALIDATION_ERROR', message)
}

export function object(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(`${at} must be an object`)
  return value as Fields
}

export function text(fields: Fields, name: string, lengthMax: number): string {
  const value = fields[name]
  if (typeof value !== 'string' || value === '' || value.length > lengthMax) {
    invalid(`${name} must be text of 1 to ${lengthMax} characters`)
  }
  return value as string
}

export function optionalFlag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') invalid(`${name} must be true or false`)
  return value as boolean
}

export function wholeNumber(value: unknown, name: string, min: number, max: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
    invalid(`${name} must be a whole number from ${min} to ${max}`)
  }
  return value as number
}

/** A whole number in a query string. */
export function queryNumber(query: unknown, name: string, min: number, max: number): number | undefined {
  const value = (query as Fields)[name]
  if (value === undefined) return undefined
  return wholeNumber(typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value, name, min, max)
}

/** Refuses fields that would be ignored. */
export function onlyFields(fields: Fields, known: readonly string[]): void {
  for (const name of Object.keys(fields)) if (!known.includes(name)) invalid(`there is no field ${name.slice(0, 64)}`)
}
