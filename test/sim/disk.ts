import type { LogRecord } from '#consensus'
import type { Commit, VerifiedVertex, VertexRef } from '#types'
import type { Registry } from './registry.ts'

/** The consensus log of one epoch on one machine's disk: what survives a crash. */
export class Disk {
  readonly log: LogRecord[] = []
  /** By the run's number for the digest. */
  readonly vertices = new Map<number, VerifiedVertex>()
  readonly commits: Commit[] = []
  /** By commit index: vertices that carry a quorum of votes for it. */
  readonly certifiers = new Map<number, readonly VertexRef[]>()
  own: VerifiedVertex | undefined
  highest: VerifiedVertex | undefined

  /** Appends records; returns the vertices among them. */
  store(records: readonly LogRecord[], registry: Registry): readonly VerifiedVertex[] {
    const accepted: VerifiedVertex[] = []
    for (const record of records) {
      this.log.push(record)
      if (record.kind === 'commit') this.commits[record.commit.index - 1] = record.commit
      else if (record.kind === 'certifiers') this.certifiers.set(record.index, record.vertices)
      else if (record.kind === 'vertex') {
        // The core hands out what it accepted; everything that it accepts was verified.
        const vertex = record.vertex as VerifiedVertex
        this.vertices.set(registry.infoOf(vertex).id, vertex)
        if (record.own && (this.own === undefined || this.own.round < vertex.round)) this.own = vertex
        if (this.highest === undefined || this.highest.round < vertex.round) this.highest = vertex
        accepted.push(vertex)
      }
    }
    return accepted
  }

  /** From the last checkpoint on, as a store that prunes would give it; everything when execution has not got there. */
  logFromCheckpoint(executed: number): readonly LogRecord[] {
    const last = this.log.findLast(record => record.kind === 'checkpoint')
    if (last?.kind !== 'checkpoint') return this.log
    const { state, gcRound } = last.checkpoint
    if (executed < state.index) return this.log
    return [
      last,
      ...this.log.filter(
        record =>
          (record.kind === 'vertex' && record.vertex.round > gcRound) ||
          (record.kind === 'commit' && record.commit.index > state.index) ||
          (record.kind === 'certifiers' && record.index > state.index),
      ),
    ]
  }

  lookUp(refs: readonly VertexRef[], registry: Registry): VerifiedVertex[] {
    return refs.flatMap(ref => this.vertices.get(registry.refId(ref)) ?? [])
  }

  /** The highest vertex of an author. */
  lastOf(author: number): VerifiedVertex | undefined {
    let last: VerifiedVertex | undefined
    for (const vertex of this.vertices.values())
      if (vertex.author === author && (last === undefined || last.round < vertex.round)) last = vertex
    return last
  }
}
