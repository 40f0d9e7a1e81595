/**
 * `npm run fuzz:contracts [-- calls seed]`: random calls by a crowd, books compared all the time (fuzz-world.ts).
 * Default 100,000 calls in ten worlds. Prints one line for each world; the seed repeats it.
 */
import { FuzzWorld } from './fuzz-world.ts'

const WORLDS = 10
const calls = Number(process.argv[2] ?? 100_000)
const firstSeed = Number(process.argv[3] ?? 1)

let total = 0
for (let i = 0; i < WORLDS; i++) {
  const started = performance.now()
  const world = await FuzzWorld.create(firstSeed + i)
  const report = await world.run(Math.ceil(calls / WORLDS))
  total += report.calls
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  process.stdout.write(
    `seed=${report.seed} calls=${report.calls} accepted=${report.accepted} tasks=${report.finished} seconds=${seconds}\n`,
  )
  if (process.argv.includes('--methods')) {
    for (const [method, [tried, passed]] of Object.entries(report.byMethod).sort()) {
      process.stdout.write(`  ${method} ${passed}/${tried}\n`)
    }
  }
}
process.stdout.write(`fuzz: ${total} calls, every balance accounted for\n`)
