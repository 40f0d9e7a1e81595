import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command } from '../command.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const STEPS: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'types of the web app', args: ['node_modules/typescript/bin/tsc', '-p', 'explorer'] },
]

export const check: Command = {
  name: 'check',
  summary: 'Checks format, lint rules and types of this repository',
  options: {},
  examples: ['./ogpu check'],
  async run() {
    for (const { name, args } of STEPS) {
      const { status } = spawnSync(process.execPath, [...args], { cwd: root, stdio: 'inherit' })
      if (status !== 0) {
        console.error(`ogpu: ${name} failed`)
        return 1
      }
    }
    console.log('format, lint and types are clean')
    return 0
  },
}
