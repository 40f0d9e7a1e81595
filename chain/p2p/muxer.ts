import type { StreamMuxerFactory } from '@libp2p/interface'
import { type YamuxMuxerInit, yamux } from '@libp2p/yamux'
import { StreamState } from '@libp2p/yamux/stream'

/** The part of Yamux that all its frames pass; public in the package, not in the interface. */
interface Sender {
  send(data: unknown): boolean
}

/** What a stream knows of its window; private in the package. */
interface Receiver {
  readonly state: unknown
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

interface Streams {
  _newStream(id: number, state: unknown, direction: string): Receiver
}

/** A stream that is open in both directions; others must answer at once, for the answer opens them. */
const ESTABLISHED: unknown = StreamState.Established

/**
 * Gives the sender new room when half of the window is used, as other implementations do. The package answers every
 * frame with an update: a message more on the wire, encrypted and decrypted, and two wake-ups, for each that carries data.
 */
function updateRarely(muxer: Streams): void {
  const open = muxer._newStream.bind(muxer)
  muxer._newStream = (id, state, direction) => {
    const stream = open(id, state, direction)
    const update = stream.sendWindowUpdate.bind(stream)
    stream.sendWindowUpdate = () => {
      if (stream.state === ESTABLISHED && stream.recvWindowCapacity * 2 > stream.recvWindow) return
      update()
    }
    return stream
  }
}

/**
 * Yamux whose frames to a closed connection vanish. The package throws there, also in microtasks of its own where nobody
 * can catch it (a stream opened in the moment in which the peer goes), and that would end the process: any peer could
 * stop us by hanging up. The `close` event that follows resets the streams, so nothing is lost.
 */
export function safeYamux(init: YamuxMuxerInit): () => StreamMuxerFactory {
  return () => {
    const factory: StreamMuxerFactory = yamux(init)()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = connection => {
      const muxer = create(connection)
      const sender = muxer as unknown as Sender
      const send = sender.send.bind(muxer)
      sender.send = data => {
        try {
          return send(data)
        } catch (error) {
          if (error instanceof Error && error.name === 'StreamStateError') return true
          throw error
        }
      }
      updateRarely(muxer as unknown as Streams)
      return muxer
    }
    return factory
  }
}
