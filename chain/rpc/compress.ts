import { promisify } from 'node:util'
import { brotliCompress, constants, deflate, gzip } from 'node:zlib'

const BYTES_MIN = 1_024

const encoders = {
  br: (text: string) => promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (text: string) => promisify(gzip)(text, { level: 3 }),
  deflate: (text: string) => promisify(deflate)(text, { level: 3 }),
} as const

/** Compresses an answer as the client accepts it; undefined when it goes out as it is. */
export async function compress(
  text: string,
  accepted: string | undefined,
): Promise<{ readonly encoding: string; readonly body: Buffer } | undefined> {
  if (accepted === undefined || text.length < BYTES_MIN) return undefined
  const offered = accepted.split(',').flatMap(part => {
    const [name = '', ...parameters] = part.split(';').map(piece => piece.trim())
    return parameters.includes('q=0') ? [] : [name]
  })
  for (const encoding of ['gzip', 'br', 'deflate'] as const) {
    if (offered.includes(encoding)) return { encoding, body: await encoders[encoding](text) }
  }
  return undefined
}
