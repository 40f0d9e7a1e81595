import { enableCompileCache } from 'node:module'
import { messageOf } from '#lib/errors'
import { defaultJobs } from './parallel.ts'

enableCompileCache()

const USAGE = `Deterministic simulation of the consensus core (docs/simulation.md).

  npm run sim                                 named scenarios, 200 swarm seeds, mutants: what one should run before a change
  npm run sim -- scenarios [NAME|ROW …]       the fault matrix F1–F26, or some of it
  npm run sim -- swarm --seeds N [--from K] [--jobs J]   N random plans (seeds K … K+N−1) on J threads (default: all cores)
  npm run sim -- --seed S [--verbose]         replay one swarm seed; prints the trace hash, with --verbose the last events
  npm run sim -- shrink --seed S              make the failing plan of a seed smaller and print it
  npm run sim -- plan FILE [--verbose]        run a plan from a JSON file (as shrink prints it)
  npm run sim -- delays [--max N]             message delays of the commit rule, measured beside expected (default N ≤ 100)
  npm run sim -- mutants [NAME …]             every broken core of the list must be caught
  npm run sim -- differential [--count N]     random DAGs: committer against the reference model
  npm run sim -- scale [--validators N] [--rounds R]   how fast the simulation is (default 100 × 300)
  npm run sim -- fuzz --minutes M [--seed S]  random and mutated bytes into every decoder, mutated messages into cores

examples
  npm run sim -- scenarios F12 equivocation
  npm run sim -- swarm --seeds 1000 --from 5000
  npm run sim -- --seed 4711 --verbose

The exit code is 1 when anything failed.
`

/** Options as `--name value` (or `--flag`), the rest in order. */
function parseArguments(args: readonly string[]): { words: string[]; options: Map<string, string> } {
  const words: string[] = []
  const options = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? ''
    if (!word.startsWith('--')) {
      words.push(word)
      continue
    }
    const next = args[i + 1]
    if (next === undefined || next.startsWith('--')) options.set(word.slice(2), '')
    else {
      options.set(word.slice(2), next)
      i += 1
    }
  }
  return { words, options }
}

async function main(args: readonly string[]): Promise<boolean> {
  const { words, options } = parseArguments(args)
  const commands = await import('./commands.ts')
  const number = (name: string, fallback: number) => {
    const text = options.get(name)
    if (text === undefined) return fallback
    const value = Number(text)
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`--${name} takes a number, not "${text}"`)
    return value
  }
  if (options.has('help')) {
    process.stdout.write(USAGE)
    return true
  }
  const seed = options.get('seed')
  const verbose = options.has('verbose')
  const [command = seed !== undefined ? 'replay' : options.has('seeds') ? 'swarm' : 'all', ...names] = words
  switch (command) {
    case 'all':
      return commands.runAll()
    case 'scenarios':
      return commands.runScenarios(names, verbose)
    case 'swarm':
      return commands.runSwarm(number('from', 0), number('seeds', 200), number('jobs', defaultJobs()))
    case 'replay':
      return commands.replay(seed ?? names[0] ?? '0', verbose)
    case 'shrink':
      return commands.shrinkSeed(seed ?? names[0] ?? '0')
    case 'plan':
      return commands.runPlanFile(names[0] ?? '', verbose)
    case 'delays':
      return commands.runDelays(number('max', 100))
    case 'mutants':
      return commands.runMutants(names)
    case 'differential':
      return commands.runDifferential(number('count', 2_000), seed ?? 'differential')
    case 'scale':
      return commands.runScale(number('validators', 100), number('rounds', 300))
    case 'fuzz':
      return commands.runFuzz(number('minutes', 1), seed ?? 'fuzz')
    case 'help':
      process.stdout.write(USAGE)
      return true
    default:
      process.stderr.write(`no command is called "${command}"\n\n${USAGE}`)
      return false
  }
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
