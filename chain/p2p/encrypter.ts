import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'

type Components = Parameters<ReturnType<typeof noise>>[0]

/** What passes every byte of a connection; public in the packages, not in the interface. */
interface Writer {
  sendData(data: Uint8ArrayList): unknown
}

interface Reader {
  readonly decoder: { lengthDecoder(data: Uint8ArrayList): number }
}

/** A length that no buffer holds yet: the decoder waits for more. */
const INCOMPLETE = 0xffff

/**
 * Noise with two costs of small messages taken off. The package writes each part of a message (length, ciphertext, tag)
 * to the socket for itself: a system call, a TCP segment and a wake-up of the far end each; here they go out together. And
 * it ends the reading of every chunk with an exception, whose stack trace costs more than the decryption.
 */
export function leanNoise(): (components: Components) => ConnectionEncrypter {
  return components => {
    const encrypter: ConnectionEncrypter = noise()(components)
    const inbound = encrypter.secureInbound.bind(encrypter)
    const outbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = async (connection, options) => readLean(await inbound(writeLean(connection), options))
    encrypter.secureOutbound = async (connection, options) => readLean(await outbound(writeLean(connection), options))
    return encrypter
  }
}

function writeLean<T extends MessageStream>(connection: T): T {
  const writer = connection as unknown as Writer
  const sendData = writer.sendData.bind(writer)
  writer.sendData = data => sendData(new Uint8ArrayList(data.subarray()))
  return connection
}

function readLean<T extends SecuredConnection>(secured: T): T {
  const { decoder } = secured.connection as unknown as Reader
  decoder.lengthDecoder = data => (data.byteLength < 2 ? INCOMPLETE : (data.get(0) << 8) | data.get(1))
  return secured
}
