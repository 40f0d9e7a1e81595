import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const PREFIX = 'relay_sk_'
const PATTERN = /^relay_sk_[A-Za-z0-9_-]{43}$/

/** A new API key: 256 random bits, so that a plain hash of it is safe to store. */
export function makeApiKey(): string {
  return PREFIX + randomBytes(32).toString('base64url')
}

export function isApiKey(text: string): boolean {
  return PATTERN.test(text)
}

/** What is stored of a secret: its SHA-256, 64 hexadecimal digits. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** The part of a key that lists may show. */
export function hintOf(key: string): string {
  return `${PREFIX}…${key.slice(-4)}`
}

/** Compares secrets in a time that tells nothing about them. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(given)), Buffer.from(hashOf(expected)))
}
