/** Money of customers: whole micro-USD (1/1,000,000 USD), never a float. */

/** `1234567` → `1.234567`, at least two decimals. */
export function usdText(microUsd: number): string {
  const sign = microUsd < 0 ? '-' : ''
  const digits = String(Math.abs(microUsd)).padStart(7, '0')
  const decimals = digits.slice(-6).replace(/0{1,4}$/, '')
  return `${sign}${digits.slice(0, -6)}.${decimals}`
}

/** Micro-USD of a decimal amount such as `12.5`; undefined when it is none, negative, or finer than a micro-USD. */
export function parseUsd(text: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'))
}
