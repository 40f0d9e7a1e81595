import type { Strategy } from '../adversary.ts'
import { ChainBomb } from './chain-bomb.ts'
import { DoubleKey } from './double-key.ts'
import { Equivocator } from './equivocator.ts'
import { FarFuture } from './far-future.ts'
import { Garbage } from './garbage.ts'
import { Liar } from './liar.ts'
import { LyingSyncServer } from './lying-sync-server.ts'
import { Replayer } from './replayer.ts'
import { SilentLeader } from './silent-leader.ts'
import { VoteWithholder } from './vote-withholder.ts'
import { Withholder } from './withholder.ts'

/** Byzantine strategies by name; one file each. */
const STRATEGIES: Readonly<Record<string, () => Strategy>> = {
  'chain-bomb': () => new ChainBomb(),
  'double-key': () => new DoubleKey(),
  equivocator: () => new Equivocator(),
  'far-future': () => new FarFuture(),
  garbage: () => new Garbage(),
  liar: () => new Liar(),
  'lying-sync-server': () => new LyingSyncServer(),
  replayer: () => new Replayer(),
  'silent-leader': () => new SilentLeader(),
  'vote-withholder': () => new VoteWithholder(),
  withholder: () => new Withholder(),
}

export const STRATEGY_NAMES: readonly string[] = Object.keys(STRATEGIES)

/** A fresh instance: strategies keep state. Throws RangeError for an unknown name. */
export function strategyByName(name: string): Strategy {
  const create = STRATEGIES[name]
  if (create === undefined)
    throw new RangeError(`no strategy is called "${name}"; there are ${STRATEGY_NAMES.join(', ')}`)
  return create()
}
