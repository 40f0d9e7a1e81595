/**
 * Whether compiled code is what the chain has. Both sides are hex without 0x.
 *
 * An exact match agrees in every byte; a plain match in every byte but the metadata that the compiler appends (a hash of
 * the sources' exact text and of all settings, CBOR with its length in the last two bytes). Places that only deployment
 * fills in, immutables and addresses of libraries, are taken from the chain, but have to agree with one another.
 */
export type Match = 'exact_match' | 'match'

export interface Place {
  readonly start: number
  readonly length: number
}

export interface CompiledCode {
  readonly object: string
  /** Places by the declaration or library that fills them. */
  readonly filled: ReadonlyMap<string, readonly Place[]>
}

const LIBRARY_PROLOGUE = `73${'00'.repeat(20)}`

/** Runtime code: all of it has to be there. */
export function matchRuntime(onChain: string, compiled: CompiledCode): Match | undefined {
  const code = fill(onChain, compiled)
  if (code === undefined) return undefined
  if (code === onChain) return 'exact_match'
  return withoutMetadata(code) === withoutMetadata(onChain) ? 'match' : undefined
}

/**
 * Creation code: the input of the transaction starts with it; what follows are the constructor's arguments (hex, not
 * decoded). Metadata inside of it is not looked for: a creation code that differs there does not match.
 */
export function matchCreation(
  input: string,
  compiled: CompiledCode,
): { readonly constructorArguments: string } | undefined {
  const code = fill(input, compiled)
  if (code === undefined || !input.startsWith(code)) return undefined
  return { constructorArguments: input.slice(code.length) }
}

/** Compiled code with what deployment put in; undefined where the places do not agree or lie outside. */
function fill(onChain: string, { object, filled }: CompiledCode): string | undefined {
  let code = object
  // A library's code begins with its own address, by which it refuses direct calls.
  if (code.startsWith(LIBRARY_PROLOGUE)) code = `73${onChain.slice(2, 42)}${code.slice(42)}`
  for (const places of filled.values()) {
    let value: string | undefined
    for (const { start, length } of places) {
      const found = onChain.slice(start * 2, (start + length) * 2)
      if (found.length !== length * 2 || found !== (value ?? found)) return undefined
      value = found
      code = code.slice(0, start * 2) + found + code.slice((start + length) * 2)
    }
  }
  return code
}

function withoutMetadata(code: string): string {
  const length = (Number.parseInt(code.slice(-4), 16) + 2) * 2
  if (!(length > 4) || length >= code.length) return code
  const end = code.length - length
  // A CBOR map of one to four entries, or the last bytes are no metadata.
  return /^a[1-4]$/.test(code.slice(end, end + 2)) ? code.slice(0, end) : code
}
