import { toRawHex } from '#lib/bytes'
import type { Channel, RequestProtocol, Topic } from './types.ts'

/** Between members of the committee. */
export const COMMITTEE_CHANNELS: readonly Channel[] = ['vertices', 'control']
export const CHANNELS: readonly Channel[] = [...COMMITTEE_CHANNELS, 'feed']
export const REQUEST_PROTOCOLS: readonly RequestProtocol[] = [
  'vertices',
  'commits',
  'own-last',
  'blocks',
  'status',
  'snapshot',
  'follow',
]
export const TOPICS: readonly Topic[] = ['transactions', 'commits']

/**
 * The only name without a network in it: a peer of another network can open it, and so can be told that it is wrong
 * here instead of meeting "unknown protocol".
 */
export const LINK_PROTOCOL = '/ogpu/link/1'

/** First eight bytes of the genesis hash in hexadecimal: what protocol and topic names carry. */
export function networkIdOf(genesisHash: Uint8Array): string {
  return toRawHex(genesisHash.subarray(0, 8))
}

/** What a stream is for. */
export type StreamPurpose =
  | { readonly kind: 'link' }
  | { readonly kind: 'channel'; readonly channel: Channel }
  | { readonly kind: 'request'; readonly protocol: RequestProtocol }

export interface ProtocolNames {
  readonly channel: Readonly<Record<Channel, string>>
  readonly request: Readonly<Record<RequestProtocol, string>>
  readonly topic: Readonly<Record<Topic, string>>
  /** Every stream protocol that a node answers. */
  readonly streams: readonly string[]
  purposeOf(protocol: string): StreamPurpose | undefined
  topicOf(name: string): Topic | undefined
}

/** All names of one network. */
export function protocolNames(genesisHash: Uint8Array): ProtocolNames {
  const id = networkIdOf(genesisHash)
  const name = (kind: string, word: string) => `/ogpu/${id}/${kind}/${word}/1`
  const channel = { vertices: name('dag', 'vertices'), control: name('dag', 'control'), feed: name('dag', 'feed') }
  const request = {
    vertices: name('request', 'vertices'),
    commits: name('request', 'commits'),
    'own-last': name('request', 'own-last'),
    blocks: name('request', 'blocks'),
    status: name('request', 'status'),
    snapshot: name('request', 'snapshot'),
    follow: name('request', 'follow'),
  }
  const topic = { transactions: name('gossip', 'transactions'), commits: name('gossip', 'commits') }
  const purposes = new Map<string, StreamPurpose>([[LINK_PROTOCOL, { kind: 'link' }]])
  for (const key of CHANNELS) purposes.set(channel[key], { kind: 'channel', channel: key })
  for (const key of REQUEST_PROTOCOLS) purposes.set(request[key], { kind: 'request', protocol: key })
  const topics = new Map<string, Topic>(TOPICS.map(key => [topic[key], key]))
  return {
    channel,
    request,
    topic,
    streams: [...purposes.keys()],
    purposeOf: protocol => purposes.get(protocol),
    topicOf: text => topics.get(text),
  }
}
