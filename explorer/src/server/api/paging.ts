import { ExplorerError } from '../errors.ts'

export const PAGE_SIZE_DEFAULT = 25
export const PAGE_SIZE_MAX = 100

export type Query = Readonly<Record<string, string | undefined>>

/** `?limit=`, 1 to 100. */
export function limitOf(query: Query): number {
  if (query.limit === undefined) return PAGE_SIZE_DEFAULT
  const limit = Number(query.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_SIZE_MAX)
    throw invalid(`limit must be 1 to ${PAGE_SIZE_MAX}`)
  return limit
}

/** `?before=`: the numbers (joined by dots) that a page starts below; `size` of them. All maximal on the first page. */
export function beforeOf(query: Query, size = 1): readonly number[] {
  if (query.before === undefined) return Array.from({ length: size }, () => Number.MAX_SAFE_INTEGER)
  const parts = query.before.split('.')
  if (parts.length !== size || !parts.every(part => /^\d{1,16}$/.test(part) && Number.isSafeInteger(Number(part))))
    throw invalid('before is not a position that next_page_params gave')
  return parts.map(Number)
}

/** Like {@link beforeOf} for lists whose order ends with an address: `size` numbers, then the address. */
export function beforeAddressOf(query: Query, size: number): readonly (number | string)[] {
  if (query.before === undefined) return [...beforeOf({}, size), '~']
  const end = query.before.lastIndexOf('.')
  return [
    ...beforeOf({ before: query.before.slice(0, Math.max(end, 0)) }, size),
    addressOf(query.before.slice(end + 1)),
  ]
}

/** Rows were asked for with one more than `limit`: whether there is that one says if there is a next page. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  keyOf: (row: R) => readonly (number | string)[],
  read: (row: R) => T,
): { items: readonly T[]; next_page_params: Readonly<Record<string, string>> | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(read),
    next_page_params: rows.length > limit && last !== undefined ? { before: keyOf(last).join('.') } : null,
  }
}

export function invalid(message: string): ExplorerError {
  return new ExplorerError('invalid request', message, { status: 422 })
}

export function notFound(what: string): ExplorerError {
  return new ExplorerError('not found', `${what} not found`, { status: 404 })
}

export function addressOf(text: string | undefined): string {
  const lower = (text ?? '').toLowerCase()
  if (!/^0x[0-9a-f]{40}$/.test(lower)) throw invalid('not an address')
  return lower
}

export function hashOf(text: string | undefined): string {
  const lower = (text ?? '').toLowerCase()
  if (!/^0x[0-9a-f]{64}$/.test(lower)) throw invalid('not a 32-byte hash')
  return lower
}

/** A non-negative safe integer in decimal. */
export function numberOf(text: string | undefined, what: string): number {
  const value = Number(text)
  if (text === undefined || !/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw invalid(`${what} is not a number`)
  return value
}
