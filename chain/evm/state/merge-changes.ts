import { equalBytes } from '#lib/bytes'
import type { ByteKey } from './byte-keys.ts'
import type { AccountChange, SlotChange, StateChanges } from './journal-state.ts'

/** Several steps as one: what was before the first and after the last. */
export function mergeChanges(steps: readonly StateChanges[]): StateChanges {
  const [only] = steps
  if (steps.length === 1 && only !== undefined) return only
  const accounts = new Map<ByteKey, AccountChange>()
  for (const step of steps) {
    for (const change of step.accounts) {
      const earlier = accounts.get(change.key)
      accounts.set(change.key, earlier === undefined ? change : joined(earlier, change))
    }
  }
  return { accounts: [...accounts.values()], codes: steps.flatMap(step => step.codes) }
}

function joined(earlier: AccountChange, later: AccountChange): AccountChange {
  const slots = new Map<ByteKey, SlotChange>(earlier.slots.map(slot => [slot.key, slot]))
  for (const slot of later.slots) {
    const before = slots.get(slot.key)?.before ?? slot.before
    if (equalBytes(before, slot.after)) slots.delete(slot.key)
    else slots.set(slot.key, { ...slot, before })
  }
  return {
    ...later,
    before: earlier.before,
    slots: [...slots.values()],
    wiped: earlier.wiped || later.wiped,
  }
}
