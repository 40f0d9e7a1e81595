import { isIP } from 'node:net'

/** Origins that browsers may call from, or everybody. */
export type AllowedNames = '*' | readonly string[]

/**
 * Against DNS rebinding: the `Host` header has to be an address literal (nobody can rebind those) or a name that the
 * operator allows.
 */
export function isHostAllowed(host: string | undefined, allowed: AllowedNames): boolean {
  if (allowed === '*') return true
  if (host === undefined) return false
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : (host.split(':')[0] ?? '')
  return isIP(name) !== 0 || allowed.some(item => item.toLowerCase() === name.toLowerCase())
}

/** Clients that are no browsers send no origin. */
export function isOriginAllowed(origin: string | undefined, allowed: AllowedNames): boolean {
  return origin === undefined || allowed === '*' || allowed.includes(origin)
}
