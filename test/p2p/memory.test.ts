import { networkBehavior } from './behavior.ts'
import { memory } from './fixture.ts'
import { hostileBehavior } from './hostile.ts'

networkBehavior(memory)
hostileBehavior(memory)
