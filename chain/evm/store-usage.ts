import { KEY_PREFIX, type Store } from '#storage'

export interface PrefixUsage {
  /** Name of the key prefix; `other` for keys that this program does not know. */
  readonly name: string
  readonly entries: number
  readonly keyBytes: number
  readonly valueBytes: number
}

/** Entries and bytes (before compression) for each key prefix, by reading every record. */
export async function storeUsage(
  store: Store,
  onProgress?: (entries: number) => void,
): Promise<readonly PrefixUsage[]> {
  const names = new Map<number, string>(Object.entries(KEY_PREFIX).map(([name, byte]) => [byte, name]))
  const found = new Map<number, { entries: number; keyBytes: number; valueBytes: number }>()
  let entries = 0
  for await (const [key, value] of store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(0xff) })) {
    const byte = key[0] as number
    const group = names.has(byte) ? byte : -1
    const usage = found.get(group) ?? { entries: 0, keyBytes: 0, valueBytes: 0 }
    found.set(group, usage)
    usage.entries += 1
    usage.keyBytes += key.length
    usage.valueBytes += value.length
    if (++entries % 50_000 === 0) onProgress?.(entries)
  }
  return [...found].sort(([a], [b]) => a - b).map(([byte, usage]) => ({ name: names.get(byte) ?? 'other', ...usage }))
}
