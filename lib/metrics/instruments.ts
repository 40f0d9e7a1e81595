/** Label values of one series, by label name. */
export type Labels = Readonly<Record<string, string>>

/** Label combinations of one metric; later ones are counted together as `other`, so that no input grows our memory. */
export const SERIES_MAX = 500

const OTHER = 'other'

/**
 * The series of one metric, by their label values. Finding a series takes one map entry: instruments sit on paths that
 * every transaction takes.
 */
class Family<T> {
  readonly #names: readonly string[]
  readonly #make: () => T
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly state: T }>()

  constructor(names: readonly string[], make: () => T) {
    this.#names = names
    this.#make = make
    // A metric without labels shows its zero from the start.
    if (names.length === 0) this.of(undefined)
  }

  of(given: Labels | undefined): T {
    const names = this.#names
    const key = names.length === 1 ? labelOf(given, names[0] as string) : this.#valuesOf(given).join('\u0000')
    const known = this.#series.get(key)
    if (known !== undefined) return known.state
    const isFull = this.#series.size >= SERIES_MAX
    const values = isFull ? names.map(() => OTHER) : this.#valuesOf(given)
    const slot = isFull ? values.join('\u0000') : key
    const entry = this.#series.get(slot) ?? { values, state: this.#make() }
    this.#series.set(slot, entry)
    return entry.state
  }

  *entries(): Iterable<readonly [labels: readonly (readonly [string, string])[], state: T]> {
    for (const { values, state } of this.#series.values()) {
      yield [this.#names.map((name, i) => [name, values[i] ?? ''] as const), state]
    }
  }

  #valuesOf(given: Labels | undefined): readonly string[] {
    return this.#names.map(name => labelOf(given, name))
  }
}

export interface Instrument {
  /** Lines of Prometheus' text format, version 0.0.4. */
  text(): string
}

/** A count that only grows, or (`gauge`) a value that is set. */
export class ValueInstrument implements Instrument {
  readonly #head: string
  readonly #name: string
  readonly #family: Family<{ value: number }>

  constructor(kind: 'counter' | 'gauge', name: string, help: string, labels: readonly string[]) {
    this.#head = headOf(kind, name, help)
    this.#name = name
    this.#family = new Family(labels, () => ({ value: 0 }))
  }

  inc(value = 1, labels?: Labels): void {
    this.#family.of(labels).value += value
  }

  set(value: number, labels?: Labels): void {
    this.#family.of(labels).value = value
  }

  text(): string {
    let text = this.#head
    for (const [labels, { value }] of this.#family.entries()) text += lineOf(this.#name, labels, value)
    return text
  }
}

/** Counts of values up to each bound, their sum and their number. */
export class HistogramInstrument implements Instrument {
  readonly #head: string
  readonly #name: string
  readonly #bounds: readonly number[]
  readonly #family: Family<{ counts: Float64Array; sum: number }>

  /** @param bounds ascending upper bounds, inclusive; +Inf is added */
  constructor(name: string, help: string, bounds: readonly number[], labels: readonly string[]) {
    this.#head = headOf('histogram', name, help)
    this.#name = name
    this.#bounds = bounds
    this.#family = new Family(labels, () => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }))
  }

  observe(value: number, labels?: Labels): void {
    const series = this.#family.of(labels)
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket++
    series.counts[bucket] = (series.counts[bucket] as number) + 1
    series.sum += value
  }

  text(): string {
    let text = this.#head
    for (const [labels, { counts, sum }] of this.#family.entries()) {
      let total = 0
      for (const [i, count] of counts.entries()) {
        total += count
        const bound = this.#bounds[i]
        const le = bound === undefined ? '+Inf' : String(bound)
        text += lineOf(`${this.#name}_bucket`, [...labels, ['le', le]], total)
      }
      text += lineOf(`${this.#name}_sum`, labels, sum) + lineOf(`${this.#name}_count`, labels, total)
    }
    return text
  }
}

function labelOf(given: Labels | undefined, name: string): string {
  return given?.[name] ?? ''
}

function headOf(kind: string, name: string, help: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`
}

function lineOf(name: string, labels: readonly (readonly [string, string])[], value: number): string {
  const shown = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(',')
  return `${name}${shown === '' ? '' : `{${shown}}`} ${value}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
