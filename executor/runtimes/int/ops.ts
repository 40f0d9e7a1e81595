/**
 * IntOps v1, the plain reference implementation: each operator is a pure function on typed arrays, total for everything
 * that passed `checkProgram`. No floating-point result ever reaches a value: doubles appear only as exact integers.
 */

/** FNV-1a over `size` bytes at `at`, seeded with the size, folded to the low bits. */
export function ngramHash(bytes: Uint8Array, at: number, size: number): number {
  let hash = (2166136261 ^ size) >>> 0
  for (let i = 0; i < size; i++) hash = Math.imul(hash ^ lower(bytes[at + i] as number), 16777619) >>> 0
  return (hash ^ (hash >>> 15)) >>> 0
}

/** ASCII letters in lower case; every other byte is itself. */
function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

/** min(127, floor((count·scale + floor(total/2)) / total)) for each bucket; all zero when there is no n-gram. */
export function ngrams(bytes: Uint8Array, sizes: readonly number[], buckets: number, scale: number): Int8Array {
  const counts = new Int32Array(buckets)
  let total = 0
  for (const size of sizes) {
    for (let at = 0; at + size <= bytes.length; at++) {
      const bucket = ngramHash(bytes, at, size) & (buckets - 1)
      counts[bucket] = (counts[bucket] as number) + 1
      total++
    }
  }
  const features = new Int8Array(buckets)
  if (total === 0) return features
  const half = Math.floor(total / 2)
  for (let i = 0; i < buckets; i++) {
    const count = counts[i] as number
    if (count !== 0) features[i] = Math.min(127, Math.floor((count * scale + half) / total))
  }
  return features
}

export function windowOf(context: Uint8Array, bytes: number, pad: number): Int32Array {
  const out = new Int32Array(bytes).fill(pad)
  const from = Math.max(0, context.length - bytes)
  for (let i = from; i < context.length; i++) out[bytes - context.length + i] = context[i] as number
  return out
}

export function embed(rows: Int32Array, table: Int8Array, width: number): Int8Array {
  const out = new Int8Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    out.set(table.subarray(row * width, (row + 1) * width), i * width)
  }
  return out
}

/** Sparse-aware int8 matrix–vector product: columns whose input is zero add nothing and are skipped. */
export function matmul(input: Int8Array, weight: Int8Array, bias: Int32Array): Int32Array {
  const columns = input.length
  const out = Int32Array.from(bias)
  const live: number[] = []
  for (let k = 0; k < columns; k++) if (input[k] !== 0) live.push(k)
  for (let row = 0; row < out.length; row++) {
    const base = row * columns
    let sum = out[row] as number
    for (const k of live) sum = (sum + Math.imul(input[k] as number, weight[base + k] as number)) | 0
    out[row] = sum
  }
  return out
}

/** (x·multiplier + 2^(shift−1)) >> shift. |x·multiplier| < 2^31 · 2^21 = 2^52, so a double holds it exactly. */
export function rescaleOne(x: number, multiplier: number, shift: number): number {
  return Math.floor((x * multiplier + 2 ** (shift - 1)) / 2 ** shift)
}

export function rescale(input: Int32Array, multiplier: number, shift: number): Int32Array {
  return input.map(x => rescaleOne(x, multiplier, shift))
}

export function requantise(input: Int32Array, multiplier: number, shift: number, min: number, max: number): Int8Array {
  const out = new Int8Array(input.length)
  for (let i = 0; i < input.length; i++) {
    out[i] = Math.max(min, Math.min(max, rescaleOne(input[i] as number, multiplier, shift)))
  }
  return out
}

export function relu<T extends Int8Array | Int32Array>(input: T): T {
  const out = input.slice() as T
  for (let i = 0; i < out.length; i++) if ((out[i] as number) < 0) out[i] = 0
  return out
}

export function addSaturating(a: Int8Array, b: Int8Array): Int8Array {
  const out = new Int8Array(a.length)
  for (let i = 0; i < a.length; i++) out[i] = Math.max(-128, Math.min(127, (a[i] as number) + (b[i] as number)))
  return out
}

export function lookUp(input: Int8Array, table: Int8Array): Int8Array {
  const out = new Int8Array(input.length)
  for (let i = 0; i < input.length; i++) out[i] = table[(input[i] as number) + 128] as number
  return out
}

export function argmax(input: Int8Array | Int32Array): Int32Array {
  let best = 0
  for (let i = 1; i < input.length; i++) if ((input[i] as number) > (input[best] as number)) best = i
  return Int32Array.of(best)
}

export function topk(input: Int8Array | Int32Array, k: number): Int32Array {
  const order = Array.from({ length: input.length }, (_, i) => i)
  order.sort((a, b) => (input[b] as number) - (input[a] as number) || a - b)
  const out = new Int32Array(2 * k)
  for (let i = 0; i < k; i++) {
    const index = order[i] as number
    out[2 * i] = index
    out[2 * i + 1] = input[index] as number
  }
  return out
}
