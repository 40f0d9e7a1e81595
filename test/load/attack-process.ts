/** Attacks nodes from a process of its own: `start` and `stop` come as messages, what came back goes as one. */
import { runWhenIdle } from '../../chain/node/thread-priority.ts'
import { type Attack, type AttackOptions, type RunningAttack, startAttack } from './attacks.ts'

export type AttackMessage =
  | { readonly kind: 'start'; readonly attacks: readonly Attack[]; readonly options: AttackOptions }
  | { readonly kind: 'stop' }

// On another machine an attacker would not take the node's processor; here it takes what nobody else wants.
runWhenIdle()
const running = new Map<Attack, RunningAttack>()

process.on('message', async (message: AttackMessage) => {
  if (message.kind === 'start') {
    for (const attack of message.attacks) running.set(attack, startAttack(attack, message.options))
    return
  }
  const answers: Record<string, unknown> = {}
  for (const [attack, own] of running) answers[attack] = await own.stop()
  running.clear()
  process.send?.(answers)
})
process.on('disconnect', () => process.exit(0))
