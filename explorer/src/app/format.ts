/** Decimal text of `value / 10^decimals`, thousands separated, at most `places` places kept (cut, not rounded). */
export function formatAmount(value: string, decimals: number, places = 6): string {
  const negative = value.startsWith('-')
  const digits = (negative ? value.slice(1) : value).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits
    .slice(digits.length - decimals)
    .slice(0, places)
    .replace(/0+$/, '')
  const shown = `${groupDigits(whole)}${fraction === '' ? '' : `.${fraction}`}`
  const tiny = shown === '0' && /[1-9]/.test(digits)
  return tiny ? `<0.${'0'.repeat(Math.max(0, places - 1))}1` : `${negative ? '-' : ''}${shown}`
}

/** `1234567` → `1,234,567` */
export function groupDigits(value: string | number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** `2310000` → `2.31 M` */
export function compact(value: number): string {
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const)
    if (value >= size) return `${Number((value / (size === 1e4 ? 1e3 : size)).toPrecision(3))} ${unit}`
  return groupDigits(value)
}

export function shortHash(hash: string, head = 8, tail = 6): string {
  return hash.length <= head + tail + 1 ? hash : `${hash.slice(0, head)}…${hash.slice(-tail)}`
}

/** How long ago, in words: `12 s ago`, `3 min ago`, `in 5 min`. */
export function formatAge(iso: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(iso)) / 1000)
  const text = formatDuration(Math.abs(seconds))
  return seconds < 0 ? `in ${text}` : seconds < 2 ? 'just now' : `${text} ago`
}

export function formatDuration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`
  return `${groupDigits(Math.floor(seconds / 86_400))} days`
}

/** `2026-11-21 09:44:09 UTC` */
export function formatTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

export function formatMs(ms: number | null): string {
  if (ms === null) return '–'
  return ms < 10_000 ? `${groupDigits(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %'
  const share = (100 * part) / whole
  return share < 0.1 ? '<0.1 %' : `${Number(share.toFixed(1))} %`
}

/** `FIRST_RESPONSE` → `First response` */
export function sentenceCase(label: string): string {
  const words = label.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** `TaskStatusChanged` → `Task status changed` */
export function wordsOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
