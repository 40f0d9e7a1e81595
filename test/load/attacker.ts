import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AttackMessage } from './attack-process.ts'
import type { Answers, Attack, AttackOptions } from './attacks.ts'

export interface Attacker {
  start(attacks: readonly Attack[], options: AttackOptions): void
  /** Ends the attacks under way; what each of them was answered, by how often. */
  stop(): Promise<Readonly<Record<Attack, Answers>>>
  /** Ends the process. */
  close(): void
}

/** An attacker in a process of its own, which takes what no other process wants of the machine. */
export function createAttacker(): Attacker {
  const child = fork(fileURLToPath(new URL('./attack-process.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const tell = (message: AttackMessage) => void child.send(message)
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', code => reject(new Error(`the attacker ended with code ${code}`)))
  })
  // It ends in order too, when nobody waits for it.
  ended.catch(() => {})
  return {
    start: (attacks, options) => tell({ kind: 'start', attacks, options }),
    stop() {
      const answers = new Promise<Record<Attack, Answers>>(resolve => {
        child.once('message', message => resolve(message as Record<Attack, Answers>))
      })
      tell({ kind: 'stop' })
      return Promise.race([answers, ended])
    },
    close: () => child.disconnect(),
  }
}
