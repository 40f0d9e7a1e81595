import type { Command } from './command.ts'

/** Every command by name; a command's code is loaded when it is named. */
export const COMMANDS = {
  start: async () => (await import('./commands/start.ts')).start,
  devnet: async () => (await import('./commands/devnet.ts')).devnet,
  node: async () => (await import('./commands/node.ts')).node,
  executor: async () => (await import('./commands/executor.ts')).executor,
  verifier: async () => (await import('./commands/verifier.ts')).verifier,
  data: async () => (await import('./commands/data.ts')).data,
  explorer: async () => (await import('./commands/explorer.ts')).explorer,
  key: async () => (await import('./commands/key.ts')).key,
  genesis: async () => (await import('./commands/genesis.ts')).genesis,
  import: async () => (await import('./commands/import.ts')).importCommand,
  db: async () => (await import('./commands/db.ts')).db,
  bench: async () => (await import('./commands/bench.ts')).bench,
  task: async () => (await import('./commands/task.ts')).task,
  relay: async () => (await import('./commands/relay.ts')).relay,
  check: async () => (await import('./commands/check.ts')).check,
} satisfies Readonly<Record<string, () => Promise<Command>>>
