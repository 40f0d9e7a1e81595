import type { Command } from './command.ts'

/** Every command by name; a command's code is loaded when it is named. */
export const COMMANDS = {
  node: async () => (await import('./commands/node.ts')).node,
  check: async () => (await import('./commands/check.ts')).check,
} satisfies Readonly<Record<string, () => Promise<Command>>>
