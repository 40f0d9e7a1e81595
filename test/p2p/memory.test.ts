import { networkBehavior } from './behavior.ts'
import { memory } from './fixture.ts'

networkBehavior(memory)
