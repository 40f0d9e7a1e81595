/**
 * What the relay itself costs: completions over real HTTP with the journal on a real disk, and a market in memory that
 * answers at once. Baseline of the same run: a GET that needs neither key nor journal.
 */
import { rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { FREE_MODEL, startTestRelay, temporaryFolder } from '../relay/fixtures.ts'

const REQUESTS = 2_000
const { dir } = await temporaryFolder()
const relay = await startTestRelay(dir)
const { key } = await relay.customer(0, 'custom')
await relay.app.listen({ port: 0 })
const url = `http://127.0.0.1:${(relay.app.server.address() as AddressInfo).port}`
const body = JSON.stringify({ model: FREE_MODEL.name, messages: [{ role: 'user', content: 'Hello' }] })
const headers = { 'x-api-key': key, 'content-type': 'application/json' }

async function measure(
  lanes: number,
  path: string,
  options: RequestInit,
): Promise<{ rate: number; p50: number; p99: number }> {
  let left = REQUESTS
  const times: number[] = []
  const startMs = performance.now()
  const lane = async () => {
    while (left-- > 0) {
      // Limits of a minute are not what is measured.
      relay.clock.nowMs += 1_000
      const sentMs = performance.now()
      const response = await fetch(url + path, { ...options, headers })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      times.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const elapsedMs = performance.now() - startMs
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] ?? 0
  return { rate: (1_000 * REQUESTS) / elapsedMs, p50: at(0.5), p99: at(0.99) }
}

try {
  await measure(16, '/v2/pricing', {})
  for (const lanes of [1, 16, 64]) {
    const plain = await measure(lanes, '/v2/pricing', {})
    const completion = await measure(lanes, '/v2/openai/v1/chat/completions', { method: 'POST', body })
    const form = ({ rate, p50, p99 }: typeof plain) =>
      `${rate.toFixed(0).padStart(5)} a second, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`
    console.log(`relay/completion lanes=${lanes}: ${form(completion)}`)
    console.log(`  baseline, a plain GET: ${form(plain)}; ratio ${(plain.rate / completion.rate).toFixed(1)}`)
  }
} finally {
  await relay.stop()
  await rm(dir, { recursive: true, force: true })
}
