import { AssertionError } from '#lib/assert'
import { CodedError } from '#lib/errors'
import { type Command, help, parse, UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { exitCodeOf } from './exit-code.ts'

/** Runs one command line and returns the exit code: see `exit-code.ts`. */
export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await overview())
    return 0
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined
  if (load === undefined) {
    console.error(`ogpu: there is no command "${name}". See: ./ogpu --help`)
    return 2
  }
  try {
    const command = await load()
    const invocation = parse(command, rest)
    if (invocation === 'help') {
      console.log(help(command))
      return 0
    }
    return await command.run(invocation)
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`ogpu: ${error.message}`)
      return 2
    }
    // By name: loading the SDK for this would slow every command's start.
    if (error instanceof CodedError || (error instanceof Error && error.name === 'SdkError')) {
      console.error(`ogpu: ${error.message}`)
      if (process.env.OGPU_DEBUG !== undefined) console.error(error)
      return exitCodeOf(error)
    }
    if (error instanceof AssertionError)
      console.error('ogpu: a broken assumption; please report this with the stack below')
    console.error(error)
    return 1
  }
}

async function overview(): Promise<string> {
  const commands: Command[] = await Promise.all(Object.values(COMMANDS).map(load => load()))
  const width = Math.max(...commands.map(command => command.name.length)) + 2
  return [
    'OpenGPU Chain: an EVM chain for verifiable GPU compute.',
    '',
    'Usage: ./ogpu COMMAND [options]',
    '',
    'Commands:',
    ...commands.map(command => `  ${command.name.padEnd(width)}${command.summary}`),
    '',
    'Each has its own help: ./ogpu COMMAND --help',
  ].join('\n')
}
