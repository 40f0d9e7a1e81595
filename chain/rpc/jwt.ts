import { createHmac, timingSafeEqual } from 'node:crypto'

/** How far a token's time may be from ours, either way. */
const DRIFT_S = 60

/**
 * True for `Bearer <token>` where the token is a JSON Web Token signed with HS256 by `secret` and issued within a
 * minute of `nowMs`: the scheme of Ethereum's engine API.
 */
export function isAuthorized(header: string | undefined, secret: Uint8Array, nowMs: number): boolean {
  const token = header?.startsWith('Bearer ') === true ? header.slice(7).trim() : ''
  const [head, body, signature, ...rest] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) return false
  const expected = createHmac('sha256', secret).update(`${head}.${body}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false
  try {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg?: unknown }
    const { iat } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { iat?: unknown }
    return alg === 'HS256' && typeof iat === 'number' && Math.abs(nowMs / 1000 - iat) <= DRIFT_S
  } catch {
    return false
  }
}

/** A token for {@link isAuthorized}, for tools that talk to a protected listener. */
export function issueToken(secret: Uint8Array, nowMs: number): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iat: Math.floor(nowMs / 1000) })}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}
