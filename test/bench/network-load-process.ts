import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts the client side of the benchmark (`network-load.ts`) as a process of its own. */
export function startLoad(): { readonly child: ChildProcess; ask<T>(message: object): Promise<T> } {
  const child = fork(fileURLToPath(new URL('./network-load.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  return {
    child,
    ask: <T>(message: object) =>
      new Promise<T>((done, fail) => {
        const ended = () => fail(new Error('the load process ended'))
        child.once('exit', ended)
        child.once('message', (reply: T & { readonly kind: string; readonly message?: string }) => {
          child.off('exit', ended)
          if (reply.kind === 'failed') fail(new Error(reply.message))
          else done(reply)
        })
        child.send(message)
      }),
  }
}
