import { getHeapStatistics } from 'node:v8'

/** How many entries a cache may hold in a heap of this size: one for each `heapBytes` that it may grow to, at most `max`. */
export function heapBound(max: number, heapBytes: number): number {
  return Math.min(max, Math.floor(getHeapStatistics().heap_size_limit / heapBytes))
}
