import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { messageOf } from '#lib/errors'
import { UsageError } from './command.ts'

/** The first line of a password file. UsageError when there is none. */
export function passwordOfFile(path: string): string {
  let line: string
  try {
    line = readFileSync(path, 'utf8').split(/\r?\n/)[0] ?? ''
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
  if (line === '') throw new UsageError(`${path} has no password in its first line`)
  return line
}

/** Asks on the terminal without showing what is typed; twice when `confirm`. UsageError where there is no terminal. */
export async function askPassword(question: string, confirm: boolean): Promise<string> {
  if (process.stdin.isTTY !== true)
    throw new UsageError('there is no terminal to ask for the password; give --password-file FILE')
  const first = await ask(`${question}: `)
  if (first.length < 8) throw new UsageError('a password has at least 8 characters')
  if (confirm && (await ask('Again: ')) !== first) throw new UsageError('the two passwords differ; nothing was written')
  return first
}

function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  return new Promise(resolve => {
    lines.question('', answer => {
      lines.close()
      process.stderr.write('\n')
      resolve(answer)
    })
  })
}
