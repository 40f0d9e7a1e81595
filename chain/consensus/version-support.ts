import { type AuthorityIndex, type Round, SYSTEM_ITEM, type SystemItem, type Vertex } from '#types'
import { type Committee, Tally } from './committee.ts'

/** Own vertices of every such round say which protocol versions this node knows: five bytes, about once a second. */
export const VERSION_SUPPORT_ROUNDS = 16
/** Whether vertices of this round carry the item. */
export function carriesVersionSupport(round: Round): boolean {
  return round % VERSION_SUPPORT_ROUNDS === 0
}

/** "My software knows all protocol versions up to this one." */
export function versionSupportItem(version: number): SystemItem {
  return { kind: SYSTEM_ITEM.versionSupport, bytes: Uint8Array.of(version >> 8, version & 0xff) }
}

/** What a vertex says; undefined when it says nothing that can be read. */
export function supportedVersion({ system }: Pick<Vertex, 'system'>): number | undefined {
  const item = system.find(({ kind }) => kind === SYSTEM_ITEM.versionSupport)
  if (item === undefined || item.bytes.length !== 2) return undefined
  return ((item.bytes[0] as number) << 8) | (item.bytes[1] as number)
}

/**
 * The protocol version of the next epoch: the highest that a quorum of the committee knows, by what they said last in
 * the committed `vertices` of the epoch's last window of commits, and never below the present one. Who made none in it is
 * not counted as ready. A function of committed data, so every node gets the same.
 */
export function nextProtocolVersion(
  current: number,
  committee: Committee,
  vertices: readonly Pick<Vertex, 'author' | 'round' | 'system'>[],
): number {
  const said = new Map<AuthorityIndex, { readonly round: Round; readonly version: number }>()
  for (const vertex of vertices) {
    const version = supportedVersion(vertex)
    if (version === undefined || !carriesVersionSupport(vertex.round)) continue
    const known = said.get(vertex.author)
    if (known !== undefined && known.round > vertex.round) continue
    // Twins of one round: the lower word counts, whatever the order.
    const isTwin = known?.round === vertex.round
    said.set(vertex.author, { round: vertex.round, version: isTwin ? Math.min(known.version, version) : version })
  }
  const versions = [...new Set([...said.values()].map(({ version }) => version))].sort((a, b) => b - a)
  for (const version of versions) {
    if (version <= current) break
    const ready = new Tally(committee)
    for (const [author, word] of said) if (word.version >= version) ready.add(author)
    if (ready.weight >= committee.quorum) return version
  }
  return current
}
