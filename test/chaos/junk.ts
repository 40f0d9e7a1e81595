import { createConnection, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../sim/prng.ts'

/** How much longer than asked the junk goes on where a busy machine has let most of it wait at the door. */
const PATIENCE_MS = 10_000

/**
 * Opens connections from many hosts and speaks no protocol: when `ms` have passed (more, while less than half got through)
 * and all are closed, returns how many of them there were.
 */
export async function sendJunk(port: number, peers: number, ms: number, seed: string): Promise<number> {
  const random = new Random(seed, 'junk')
  const sockets: Socket[] = []
  let connected = 0
  for (let i = 0; i < peers; i++) {
    // Only Linux has all of 127/8; elsewhere they are one host.
    const localAddress = process.platform === 'linux' ? `127.0.${2 + (i >> 8)}.${i & 255}` : '127.0.0.1'
    const socket = createConnection({ host: '127.0.0.1', port, localAddress })
    socket.on('error', () => {})
    socket.on('connect', () => {
      connected += 1
    })
    // A third sends garbage, a third the beginning of a handshake and then nothing, a third never says a word.
    if (i % 3 === 0) socket.write(random.bytes(4_096))
    if (i % 3 === 1) socket.write('\x13/multistream/1.0.0\n')
    sockets.push(socket)
  }
  await delay(ms)
  const endMs = performance.now() + PATIENCE_MS
  while (connected < peers / 2 && performance.now() < endMs) await delay(100)
  for (const socket of sockets) socket.destroy()
  return connected
}
