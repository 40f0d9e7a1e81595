/** Runs one client against a network and tells the parent how each check ended. Started by main.ts. */
import { messageOf } from '../../lib/errors/index.ts'
import type { Check, Client, World } from './world.ts'

export interface CheckResult {
  readonly name: string
  readonly ms: number
  readonly error?: string
}

export type ClientMessage =
  | { readonly kind: 'check'; readonly result: CheckResult }
  | { readonly kind: 'done'; readonly error?: string }

const say = (message: ClientMessage) => process.send?.(message)

process.once('message', async (input: { readonly name: string; readonly world: World }) => {
  const check: Check = async (name, run) => {
    const start = performance.now()
    try {
      await run()
      say({ kind: 'check', result: { name, ms: performance.now() - start } })
    } catch (error) {
      say({ kind: 'check', result: { name, ms: performance.now() - start, error: textOf(error) } })
    }
  }
  try {
    const { client } = (await import(`./clients/${input.name}.ts`)) as { readonly client: Client }
    await client.run(input.world, check)
    say({ kind: 'done' })
  } catch (error) {
    say({ kind: 'done', error: textOf(error) })
  }
})

function textOf(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : messageOf(error)).slice(0, 2_000)
}
