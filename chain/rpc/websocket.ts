import type { WebSocket } from 'ws'
import type { Dispatcher } from './dispatch.ts'
import type { RpcLimits } from './limits.ts'
import type { RpcMetrics } from './metrics.ts'
import type { NotificationSink, Session } from './session.ts'

/** Bytes that may wait in a socket's buffer before its client counts as too slow. */
const BUFFERED_BYTES_MAX = 32 * 1024 * 1024
/** Requests of one connection in work; the socket is not read while there are more. */
const REQUESTS_MAX = 100

/** Close code of a connection that went over a bound (RFC 6455). */
const POLICY_VIOLATION = 1008
const TRY_AGAIN_LATER = 1013

/** All WebSocket connections of a listener. */
export interface Connections {
  accept(socket: WebSocket, address: string): void
  close(): void
}

export function createConnections(dispatcher: Dispatcher, limits: RpcLimits, metrics: RpcMetrics): Connections {
  const open = new Map<WebSocket, Connection>()
  const perAddress = new Map<string, number>()
  const inFlight: InFlight = { chars: 0 }
  const ping = setInterval(() => {
    for (const connection of open.values()) connection.ping()
  }, limits.pingIntervalMs)
  ping.unref()

  return {
    accept(socket, address) {
      const own = perAddress.get(address) ?? 0
      if (open.size >= limits.connectionsMax || own >= limits.connectionsPerAddressMax) {
        metrics.refused.inc(1, { reason: 'connections' })
        socket.close(TRY_AGAIN_LATER, 'too many connections')
        return
      }
      perAddress.set(address, own + 1)
      const connection = new Connection(socket, address, dispatcher, limits, inFlight)
      open.set(socket, connection)
      metrics.connections.set(open.size)
      socket.on('close', () => {
        connection.end()
        open.delete(socket)
        const left = (perAddress.get(address) ?? 1) - 1
        if (left > 0) perAddress.set(address, left)
        else perAddress.delete(address)
        metrics.connections.set(open.size)
      })
    },
    close() {
      clearInterval(ping)
      for (const socket of open.keys()) socket.terminate()
    },
  }
}

/** Characters of all messages that are being worked on. */
interface InFlight {
  chars: number
}

class Connection implements NotificationSink {
  readonly #socket: WebSocket
  readonly #session: Session
  readonly #dispatcher: Dispatcher
  readonly #limits: RpcLimits
  readonly #inFlight: InFlight
  readonly #gone = new AbortController()
  #afterAnswer: (() => void)[] = []
  readonly #onClose: (() => void)[] = []
  #unsent = 0
  #inWork = 0
  #isAlive = true

  constructor(socket: WebSocket, address: string, dispatcher: Dispatcher, limits: RpcLimits, inFlight: InFlight) {
    this.#socket = socket
    this.#dispatcher = dispatcher
    this.#limits = limits
    this.#inFlight = inFlight
    this.#session = { transport: 'websocket', address, sink: this }
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.close(1003, 'text only')
      else void this.#onMessage(String(data))
    })
    socket.on('pong', () => {
      this.#isAlive = true
    })
    // A broken frame or a reset ends in `close`, which cleans up.
    socket.on('error', () => socket.terminate())
  }

  async #onMessage(text: string): Promise<void> {
    const chars = text.length
    if (this.#inFlight.chars + chars > this.#limits.inFlightBytesMax) {
      this.#socket.close(TRY_AGAIN_LATER, 'too much in flight')
      return
    }
    this.#inFlight.chars += chars
    this.#inWork += 1
    if (this.#inWork >= REQUESTS_MAX) this.#socket.pause()
    const answer = await this.#dispatcher.handle(text, this.#session, this.#gone.signal)
    if (answer !== undefined) this.#send(answer.text)
    const actions = this.#afterAnswer
    this.#afterAnswer = []
    for (const action of actions) action()
    this.#inFlight.chars -= chars
    this.#inWork -= 1
    if (this.#inWork < REQUESTS_MAX && this.#socket.isPaused) this.#socket.resume()
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#unsent += 1
    this.#socket.send(text, () => {
      this.#unsent -= 1
    })
  }

  push(message: string): boolean {
    const isSlow =
      this.#unsent >= this.#limits.notificationsQueuedMax || this.#socket.bufferedAmount > BUFFERED_BYTES_MAX
    if (isSlow) {
      this.#socket.close(POLICY_VIOLATION, 'client too slow')
      this.#socket.terminate()
      return false
    }
    this.#send(message)
    return true
  }

  afterAnswer(action: () => void): void {
    this.#afterAnswer.push(action)
  }

  onClose(action: () => void): void {
    this.#onClose.push(action)
  }

  ping(): void {
    if (!this.#isAlive) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = false
    this.#socket.ping()
  }

  end(): void {
    this.#gone.abort()
    for (const action of this.#onClose) action()
  }
}
