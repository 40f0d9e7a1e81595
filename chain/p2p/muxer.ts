import type { StreamMuxerFactory } from '@libp2p/interface'
import { type YamuxMuxerInit, yamux } from '@libp2p/yamux'

/** The part of Yamux that all its frames pass; public in the package, not in the interface. */
interface Sender {
  send(data: unknown): boolean
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
      return muxer
    }
    return factory
  }
}
