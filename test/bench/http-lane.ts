import { connect, type Socket } from 'node:net'

/** One keep-alive connection that asks one request after the other, with as little work of its own as HTTP allows. */
export interface HttpLane {
  /** Sends the bytes of a request; the body of the answer. Throws when the connection ends or the status is not 200. */
  ask(request: Buffer): Promise<Buffer>
  close(): void
}

/** The bytes of a POST with this body. */
export function postBytes(url: string, body: string): Buffer {
  const { host } = new URL(url)
  const head = `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}

export async function openLane(url: string): Promise<HttpLane> {
  const { hostname, port } = new URL(url)
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect(Number(port), hostname, () => resolve(opened))
    opened.once('error', reject)
  })
  socket.setNoDelay(true)
  let waiting: { resolve(body: Buffer): void; reject(error: Error): void } | undefined
  let chunks: Buffer[] = []
  let held = 0
  let total = 0
  const fail = (error: Error) => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection ended')))
  socket.on('data', chunk => {
    chunks.push(chunk)
    held += chunk.length
    if (total === 0) {
      const whole = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      chunks = [whole]
      const end = whole.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = whole.toString('latin1', 0, end)
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      if (!head.startsWith('HTTP/1.1 200') || length === undefined) return fail(new Error(head))
      total = end + 4 + Number(length)
    }
    if (held < total) return
    const whole = Buffer.concat(chunks)
    const body = whole.subarray(whole.indexOf('\r\n\r\n') + 4)
    chunks = []
    held = 0
    total = 0
    const done = waiting
    waiting = undefined
    done?.resolve(body)
  })
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      })
    },
    close: () => socket.destroy(),
  }
}
