import type { Vertex } from '#types'
import type { Carried, Message } from './messages.ts'
import { latencyBoundUs, type Scheduler } from './network.ts'
import type { World } from './world.ts'

/** Epoch, round and author of the single vertex that a message publishes; undefined for other messages. */
function published(message: unknown): Pick<Vertex, 'epoch' | 'round' | 'author'> | undefined {
  const { kind, items } = message as Message & { items?: readonly Carried[] }
  if (kind !== 'vertices' || items?.length !== 1) return undefined
  const [item] = items
  if (item === undefined || item instanceof Uint8Array) return undefined
  return item
}

/**
 * Network adversaries: they see every message and only add delay.
 * - `lure`: holds each leader's vertex back from one honest node until the others' next round is there. A pacemaker that
 *   jumps over rounds then loses that node's vote for ever (consensus note 3.1 item 1).
 * - `leaders-late`: leaders' vertices take three times as long for half of the nodes, which half changes each round.
 * - `shuffle`: every message takes up to three times as long.
 */
const SCHEDULERS: Readonly<Record<string, (world: World) => Scheduler>> = {
  lure: world => ({
    extraUs(from, to, message) {
      const vertex = published(message)
      if (vertex === undefined || world.setupOf(vertex.epoch)?.members[vertex.author] !== from) return 0
      if (!world.leaders(vertex.round, vertex.epoch).includes(from)) return 0
      const honest = world.nodes.filter(n => n.isHonest && n.index !== from)
      const victim = honest[vertex.round % honest.length]
      return victim?.index === to ? Math.floor(1.5 * latencyBoundUs(world.plan.network.latency)) : 0
    },
  }),
  'leaders-late': world => ({
    extraUs(from, to, message) {
      const vertex = published(message)
      if (vertex === undefined || !world.leaders(vertex.round, vertex.epoch).includes(from)) return 0
      return (to + vertex.round) % 2 === 0 ? 2 * latencyBoundUs(world.plan.network.latency) : 0
    },
  }),
  shuffle: world => {
    const random = world.random.stream('scheduler')
    return { extraUs: () => random.below(2 * latencyBoundUs(world.plan.network.latency)) }
  },
}

export const SCHEDULER_NAMES: readonly string[] = Object.keys(SCHEDULERS)

export function schedulerByName(name: string, world: World): Scheduler {
  const create = SCHEDULERS[name]
  if (create === undefined)
    throw new RangeError(`no scheduler is called "${name}"; there are ${SCHEDULER_NAMES.join(', ')}`)
  return create(world)
}
