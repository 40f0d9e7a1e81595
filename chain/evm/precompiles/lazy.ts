import { defined } from '#lib/assert'

/** Something that takes long to load, is loaded when it is first needed, and then stays. */
export interface Lazy<T> {
  /** Undefined until it is loaded. */
  readonly value: T | undefined
  /** Loads it once; everybody gets the same promise. */
  load(): Promise<T>
}

export function lazy<T>(load: () => Promise<T>): Lazy<T> {
  let value: T | undefined
  let promise: Promise<T> | undefined
  return {
    get value() {
      return value
    },
    load() {
      promise ??= load().then(loaded => {
        value = loaded
        return loaded
      }, stopThread)
      return promise
    },
  }
}

/** The value, which whoever calls has loaded. */
export function loaded<T>(source: Lazy<T>): T {
  return defined(source.value, 'loaded before it is used')
}

// A thread that lacks a precompile may not judge a transaction: others would judge it differently. It ends as with any
// error that nobody catches, and the promise is never kept.
function stopThread(error: unknown): Promise<never> {
  setImmediate(() => {
    throw error
  })
  return new Promise(() => {})
}
