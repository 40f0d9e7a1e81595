import { createServer } from 'node:net'

async function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * Hands out TCP ports on the loopback address: the preferred one when it is free, else the next free one above. A port
 * is never handed out twice by one allocator.
 */
export function createPortAllocator(): { take(preferred: number): Promise<number> } {
  const taken = new Set<number>()
  return {
    async take(preferred) {
      for (let port = preferred; port < 65_536; port++) {
        if (!taken.has(port) && (await isFree(port))) {
          taken.add(port)
          return port
        }
      }
      throw new RangeError(`no free TCP port from ${preferred} up`)
    },
  }
}
