import { networkBehavior } from './behavior.ts'
import { libp2p } from './fixture.ts'

networkBehavior(libp2p)
