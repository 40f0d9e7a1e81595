import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { defined } from '#lib/assert'
import { DelayLine, type LinkConditions, PERFECT_LINK, seededRandom } from '#p2p'

/** What stands between two processes: nothing, closed connections, or a wire that swallows what is sent. */
export type Block = 'cut' | 'hole'

/** Chunks under way in one direction of a connection; above, the sender is not read on. */
const CHUNKS_MAX = 256

interface Pipe {
  readonly from: number
  readonly to: number
  /** Lets go of what was held back. */
  release(): void
  destroy(): void
}

/**
 * The wires between processes on this machine: each dials each through a TCP proxy, whose delay, jitter, loss and breaks
 * change at run time. Nobody needs to be root. The transport is reliable, so a lost packet is a retransmission's delay.
 */
export class Links {
  readonly #servers: Server[] = []
  readonly #ports = new Map<string, number>()
  readonly #blocks = new Map<string, Block>()
  readonly #pipes = new Set<Pipe>()
  readonly #random: () => number
  #conditions: LinkConditions = PERFECT_LINK
  #disturbed = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** Opens the wire on which `from` dials `to`, which listens on `port` of this machine; returns the port to dial. */
  async open(from: number, to: number, port: number): Promise<number> {
    const server = createServer({ noDelay: true }, socket => this.#accept(from, to, port, socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    this.#servers.push(server)
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    this.#ports.set(key(from, to), address.port)
    return address.port
  }

  port(from: number, to: number): number {
    return defined(this.#ports.get(key(from, to)), 'the wire was opened')
  }

  /** Connections that were cut or refused, and pieces that were held back or slowed down, so far. */
  get disturbed(): number {
    return this.#disturbed
  }

  /** From now on, on every wire and in both directions. */
  setConditions(conditions: LinkConditions): void {
    this.#conditions = conditions
  }

  /** What `from` sends no longer reaches `to`; a cut also ends their connections. */
  block(from: number, to: number, how: Block): void {
    this.#blocks.set(key(from, to), how)
    if (how === 'cut') {
      for (const pipe of [...this.#pipes]) {
        if (pipe.from !== from || pipe.to !== to) continue
        this.#disturbed += 1
        pipe.destroy()
      }
    }
  }

  /** Everything is as on the first day. */
  heal(): void {
    this.#conditions = PERFECT_LINK
    this.#blocks.clear()
    for (const pipe of this.#pipes) pipe.release()
  }

  close(): void {
    for (const server of this.#servers) server.close()
    for (const pipe of [...this.#pipes]) pipe.destroy()
  }

  #accept(from: number, to: number, port: number, near: Socket): void {
    if (this.#blocks.get(key(from, to)) === 'cut' || this.#blocks.get(key(to, from)) === 'cut') {
      this.#disturbed += 1
      near.on('error', () => {})
      near.destroy()
      return
    }
    // Each process is a host of its own for the others, which limit connections by host. Only Linux has all of 127/8.
    const localAddress = process.platform === 'linux' ? `127.0.1.${from + 1}` : '127.0.0.1'
    const far = createConnection({ host: '127.0.0.1', port, localAddress, noDelay: true })
    const pipes = [this.#pipe(from, to, near, far), this.#pipe(to, from, far, near)]
    const end = () => {
      for (const pipe of pipes) this.#pipes.delete(pipe)
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end).on('end', end)
  }

  #pipe(from: number, to: number, source: Socket, target: Socket): Pipe {
    const line = new DelayLine(() => this.#conditions, this.#random, CHUNKS_MAX + 1)
    const held: Buffer[] = []
    let waiting = 0
    const forward = (chunk: Buffer) => {
      waiting -= 1
      if (!target.destroyed) target.write(chunk)
      if (waiting < CHUNKS_MAX && held.length === 0) source.resume()
    }
    const isHeld = () => held.length > 0 || this.#blocks.has(key(from, to))
    source.on('data', chunk => {
      waiting += 1
      if (waiting >= CHUNKS_MAX) source.pause()
      if (this.#conditions !== PERFECT_LINK || this.#blocks.has(key(from, to))) this.#disturbed += 1
      line.push(() => {
        if (isHeld()) held.push(chunk)
        else forward(chunk)
      })
    })
    const pipe: Pipe = {
      from,
      to,
      release() {
        for (const chunk of held.splice(0)) forward(chunk)
        source.resume()
      },
      destroy() {
        source.destroy()
        target.destroy()
      },
    }
    this.#pipes.add(pipe)
    return pipe
  }
}

const key = (from: number, to: number) => `${from} ${to}`
