import type { AddressRef } from '../api-types.ts'
import type { Decoder } from '../market.ts'
import type { Database } from '../store/database.ts'

export const TASK_STATUS = ['NEW', 'ATTEMPTED', 'RESPONDED', 'CANCELED', 'EXPIRED', 'FINALIZED'] as const
export const SOURCE_STATUS = ['ACTIVE', 'INACTIVE'] as const
export const RESPONSE_STATUS = ['SUBMITTED', 'CONFIRMED'] as const
export const DELIVERY = ['MANUAL_CONFIRMATION', 'FIRST_RESPONSE'] as const

/** Names of the environments in a bit mask. */
export function environmentsOf(mask: number): readonly string[] {
  return (['CPU', 'NVIDIA', 'AMD'] as const).filter((_, bit) => (mask & (1 << bit)) !== 0)
}

export function labelOf(labels: readonly string[], value: number): string {
  return labels[value] ?? `UNKNOWN ${value}`
}

export function isoOf(unixMs: number): string {
  return new Date(unixMs).toISOString()
}

/** Says what is known of addresses. Remembers within one request, so that a list asks once per address. */
export class AddressBook {
  readonly #db: Database
  readonly #decoder: Decoder
  readonly #known = new Map<string, AddressRef>()

  constructor(db: Database, decoder: Decoder) {
    this.#db = db
    this.#decoder = decoder
  }

  ref(address: string): AddressRef {
    let found = this.#known.get(address)
    if (found === undefined) {
      found = this.#read(address)
      this.#known.set(address, found)
    }
    return found
  }

  optional(address: string | null | undefined): AddressRef | null {
    return address === null || address === undefined || address === '' ? null : this.ref(address)
  }

  #read(address: string): AddressRef {
    const named = (name: string | null, kind: AddressRef['kind']) => ({ hash: address, name, kind, is_contract: true })
    const market = this.#decoder.contractAt(address)
    if (market !== undefined) return named(market, 'market')
    const has = (table: string) => this.#db.get(`SELECT 1 FROM ${table} WHERE address = ?`, address) !== undefined
    const token = this.#db.get<{ name: string | null }>('SELECT name FROM tokens WHERE address = ?', address)
    if (token !== undefined) return named(token.name, 'token')
    if (has('tasks')) return named('Task', 'task')
    if (has('sources')) return named('Source', 'source')
    if (has('responses')) return named('Response', 'response')
    if (has('providers')) return { hash: address, name: 'Provider', kind: 'provider', is_contract: false }
    const row = this.#db.get<{ creator: string | null; log_count: number }>(
      'SELECT creator, log_count FROM addresses WHERE address = ?',
      address,
    )
    const isContract = row !== undefined && (row.creator !== null || row.log_count > 0)
    return { hash: address, name: null, kind: isContract ? 'contract' : 'account', is_contract: isContract }
  }
}

export const PROGRAM_CLASS = ['EXACT_INT', 'TOLERANT_FP', 'TEE_ONLY', 'ZK', 'OPAQUE'] as const
export const REPUTATION_OUTCOME = ['PAID', 'MISSED', 'GUILTY'] as const
export const SEAT_STATE = ['ACCEPTED', 'COMMITTED', 'REVEALED', 'VACATED', 'PAID', 'SLASHED', 'RELEASED'] as const
