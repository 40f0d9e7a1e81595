/**
 * Measures the network between two nodes of one process over real sockets: frames and bytes per second of a channel, and
 * the round trip of a request. Run: node launch.mjs test/bench/p2p.ts
 */
import { utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { createLibp2pNetwork, type Network } from '#p2p'

const SECONDS = 2
const accept = { kind: 'accept' } as const

function node(index: number): Network {
  return createLibp2pNetwork({
    genesisHash: sha256(utf8('bench')),
    networkKeySeed: sha256(utf8(`bench ${index}`)),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    // The limits are above what is measured, so that the machine and not the allowance decides.
    limits: {
      framesPerSecond: 1e7,
      framesBurst: 1e7,
      bytesPerSecond: 1e11,
      bytesBurst: 1e11,
      requestsPerSecond: 1e6,
      requestsBurst: 1e6,
    },
  })
}

const [a, b] = [node(1), node(2)]
for (const network of [a, b]) {
  await network.start()
  network.setCommittee(
    new Map([
      [a.self, 0],
      [b.self, 1],
    ]),
  )
}
const up = new Promise<void>(resolve => a.onPeer(() => resolve()))
a.keep([{ id: b.self, addresses: b.addresses() }])
await up

b.onRequest('status', async body => utf8(`${body.length}`))

for (const bytes of [64, 1_024, 64 * 1024, 512 * 1024]) {
  let received = 0
  b.onFrame('control', () => accept)
  b.onFrame('vertices', () => {
    received += 1
    return accept
  })
  const frame = new Uint8Array(bytes)
  let inFlight = 0
  const startedAtMs = performance.now()
  let sent = 0
  while (performance.now() - startedAtMs < SECONDS * 1_000) {
    inFlight = sent - received
    if (inFlight >= Math.min(400, Math.max(8, 16_000_000 / bytes))) {
      await new Promise(resolve => setImmediate(resolve))
      continue
    }
    if (a.send(b.self, 'vertices', frame)) sent += 1
  }
  const seconds = (performance.now() - startedAtMs) / 1_000
  const perSecond = received / seconds
  console.log(
    `p2p/frames bytes=${bytes} ${perSecond.toFixed(0)} frames/s ${((perSecond * bytes) / 2 ** 20).toFixed(1)} MiB/s`,
  )
}

const times: number[] = []
for (let i = 0; i < 2_000; i++) {
  const askedAtMs = performance.now()
  await a.request(b.self, 'status', utf8('?'), { timeoutMs: 5_000 })
  times.push(performance.now() - askedAtMs)
}
times.sort((x, y) => x - y)
const at = (share: number) => (times[Math.floor(share * times.length)] ?? 0).toFixed(3)
console.log(`p2p/request p50 ${at(0.5)} ms p99 ${at(0.99)} ms`)
await Promise.all([a.stop(), b.stop()])
