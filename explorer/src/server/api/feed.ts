import type { FastifyReply } from 'fastify'

const CLIENTS_MAX = 500
const BACKLOG_BYTES_MAX = 256 * 1024
const HEARTBEAT_MS = 15_000

/** Server-sent events to everybody who listens at `/api/v2/feed`. A reader that falls behind is cut off, not waited for. */
export class Feed {
  readonly #clients = new Set<FastifyReply['raw']>()
  readonly #heartbeat = setInterval(() => this.#send(': \n\n'), HEARTBEAT_MS).unref()

  /** Takes the connection over; false when there are too many already. */
  accept(reply: FastifyReply): boolean {
    if (this.#clients.size >= CLIENTS_MAX) return false
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    raw.write('retry: 2000\n\n')
    raw.on('close', () => this.#clients.delete(raw))
    raw.on('error', () => this.#clients.delete(raw))
    this.#clients.add(raw)
    return true
  }

  publish(event: string, data: unknown): void {
    if (this.#clients.size > 0) this.#send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  #send(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > BACKLOG_BYTES_MAX) client.destroy()
      else client.write(text)
    }
  }

  close(): void {
    clearInterval(this.#heartbeat)
    for (const client of this.#clients) client.destroy()
    this.#clients.clear()
  }
}
