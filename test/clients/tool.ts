import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MODULES } from './world.ts'

export interface ToolOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** Runs a program of a client to its end; what it printed. Throws with the end of its output when it fails. */
export function runTool(command: readonly string[], options: ToolOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command
    const child = spawn(program ?? '', args, {
      cwd: options.cwd,
      // Nothing may be looked up outside of this machine, and nothing of the user's settings may matter.
      env: {
        PATH: process.env.PATH,
        HOME: options.cwd,
        NO_COLOR: '1',
        FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const out: string[] = []
    const all: string[] = []
    child.stdout.setEncoding('utf8').on('data', text => {
      out.push(text)
      all.push(text)
    })
    child.stderr.setEncoding('utf8').on('data', text => all.push(text))
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(out.join('').trim())
      else
        reject(new Error(`${args.slice(0, 3).join(' ')} ended with ${code ?? signal}:\n${all.join('').slice(-6_000)}`))
    })
  })
}

/**
 * The native program of a Foundry package (the packages' own wrappers end with 0 even where the program failed), or the
 * one on PATH where the registry has none for this machine.
 */
export function foundryProgram(name: 'anvil' | 'cast' | 'forge'): string {
  const cpu = process.arch === 'x64' ? 'amd64' : process.arch
  const path = join(MODULES, `@foundry-rs/${name}-${process.platform}-${cpu}`, 'bin', name)
  return existsSync(path) ? path : name
}
