import { networkBehavior } from './behavior.ts'
import { libp2p } from './fixture.ts'
import { hostileBehavior } from './hostile.ts'

networkBehavior(libp2p)
hostileBehavior(libp2p)
