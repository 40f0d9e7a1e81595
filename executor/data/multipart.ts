/** The part of multipart/form-data (RFC 7578) that uploads need, over a body that is already bounded. */
import { accept, reject, type Verdict } from '#lib/verdict'

export interface Part {
  readonly name: string
  readonly filename: string | undefined
  readonly content: Uint8Array
}

const PARTS_MAX = 16
const HEADER_BYTES_MAX = 4096

export type MultipartReason = 'NO_BOUNDARY' | 'MALFORMED' | 'TOO_MANY_PARTS'

/** The `boundary` of a content type; undefined when there is none (or no legal one). */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  return found?.[1] ?? found?.[2]
}

/** Splits `body` into its parts. Everything that is not exactly a multipart body is rejected. */
export function parseMultipart(body: Buffer, boundary: string): Verdict<readonly Part[], MultipartReason> {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  let at = body.indexOf(delimiter)
  // A preamble is allowed before the first delimiter, which stands at the start of a line.
  if (at < 0 || (at > 0 && body.subarray(at - 2, at).toString('latin1') !== '\r\n')) return reject('MALFORMED')
  const parts: Part[] = []
  for (;;) {
    at += delimiter.length
    const end = body.subarray(at, at + 2).toString('latin1')
    if (end === '--') return accept(parts)
    if (end !== '\r\n') return reject('MALFORMED')
    if (parts.length === PARTS_MAX) return reject('TOO_MANY_PARTS')
    const headerEnd = body.indexOf('\r\n\r\n', at)
    if (headerEnd < 0 || headerEnd - at > HEADER_BYTES_MAX) return reject('MALFORMED')
    const header = body.subarray(at + 2, headerEnd).toString('utf8')
    const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(header)?.[1]
    const name = disposition === undefined ? undefined : parameter(disposition, 'name')
    if (disposition === undefined || name === undefined) return reject('MALFORMED')
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), headerEnd + 2)
    if (next < 0) return reject('MALFORMED')
    // An empty part: the delimiter's own line break is the one that ends the header.
    const content = next < headerEnd + 4 ? Buffer.alloc(0) : body.subarray(headerEnd + 4, next)
    parts.push({ name, filename: parameter(disposition, 'filename'), content })
    at = next + 2
  }
}

function parameter(disposition: string, name: string): string | undefined {
  return new RegExp(`(?:^|;)\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1]
}
