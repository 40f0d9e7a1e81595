import { toHex, utf8 } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'

/** What the two ends of a connection tell each other on the link stream, the only one that every peer opens. */
export type LinkFrame =
  /** First frame: which network, with which software. */
  | { readonly kind: 'hello'; readonly genesisHash: Uint8Array; readonly agent: string }
  /** "I live"; the answer carries the same number and gives the round trip time. */
  | { readonly kind: 'ping'; readonly nonce: number }
  | { readonly kind: 'pong'; readonly nonce: number }
  /** Why the sender closes the connection now. */
  | { readonly kind: 'bye'; readonly reason: string }

const KIND = { hello: 1, ping: 2, pong: 3, bye: 4 } as const
const TEXT_BYTES_MAX = 128
/** A hello is the largest link frame: kind, hash, length, text. */
export const LINK_FRAME_BYTES_MAX = 1 + 32 + 1 + TEXT_BYTES_MAX

export function encodeLinkFrame(frame: LinkFrame): Uint8Array {
  const writer = new Writer(64).u8(KIND[frame.kind])
  switch (frame.kind) {
    case 'hello':
      writer.bytes(frame.genesisHash)
      return writeText(writer, frame.agent).finish()
    case 'bye':
      return writeText(writer, frame.reason).finish()
    default:
      return writer.u32(frame.nonce).finish()
  }
}

/** Throws {@link DecodeError} unless the bytes are exactly one frame. */
export function decodeLinkFrame(bytes: Uint8Array): LinkFrame {
  const reader = new Reader(bytes)
  const frame = readFrame(reader)
  reader.end()
  return frame
}

function readFrame(reader: Reader): LinkFrame {
  switch (reader.u8()) {
    case KIND.hello:
      return { kind: 'hello', genesisHash: reader.bytes(32).slice(), agent: readText(reader) }
    case KIND.ping:
      return { kind: 'ping', nonce: reader.u32() }
    case KIND.pong:
      return { kind: 'pong', nonce: reader.u32() }
    case KIND.bye:
      return { kind: 'bye', reason: readText(reader) }
    default:
      throw new DecodeError('unknown kind of link frame')
  }
}

function writeText(writer: Writer, text: string): Writer {
  const bytes = utf8(text).subarray(0, TEXT_BYTES_MAX)
  return writer.u8(bytes.length).bytes(bytes)
}

// Remote text goes to logs and RPC answers: only printable ASCII passes.
function readText(reader: Reader): string {
  const bytes = reader.bytes(reader.u8())
  if (bytes.length > TEXT_BYTES_MAX) throw new DecodeError('text too long')
  let text = ''
  for (const byte of bytes) {
    if (byte < 0x20 || byte > 0x7e) throw new DecodeError(`text has byte ${toHex(Uint8Array.of(byte))}`)
    text += String.fromCharCode(byte)
  }
  return text
}
