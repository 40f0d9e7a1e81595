/**
 * `npm run fuzz:contracts [-- calls [seed]] [--replay seed calls]`: random calls by a crowd, books compared all the time
 * (fuzz-world.ts). Default 100,000 calls, in worlds of 2,500 on every core but at least two. Prints a line for each world
 * with the seed that repeats it, and in the end how often every function was tried and went through; fails when a function
 * that anybody may call never did (in runs of 20,000 calls or more). A failure is made shorter and printed as the list of
 * acts that leads to it.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { type FuzzAct, FuzzFailure, shrink, textOf } from './fuzz-acts.ts'
import { openFunctions } from './fuzz-crowd.ts'
import { type FuzzReport, FuzzWorld } from './fuzz-world.ts'

const WORLD_CALLS = 2_500
const SHRINK_MS = 120_000
const REACHED_FROM = 20_000

interface Order {
  readonly seed: number
  readonly calls: number
}

type Answer =
  | { readonly kind: 'done'; readonly report: FuzzReport; readonly seconds: number }
  | { readonly kind: 'failed'; readonly seed: number; readonly text: string }

/** Runs one world; a failure comes back as text with the shortest list of acts that was found. */
async function runWorld({ seed, calls }: Order): Promise<Answer> {
  const startedMs = performance.now()
  const world = await FuzzWorld.create(seed)
  try {
    const report = await world.run(calls)
    return { kind: 'done', report, seconds: (performance.now() - startedMs) / 1_000 }
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error
    const replay = (acts: readonly FuzzAct[]) => FuzzWorld.replay(seed, acts)
    const acts = await shrink(error, replay, SHRINK_MS, () => performance.now())
    const how =
      acts === undefined
        ? `repeat it with --replay ${seed} ${calls}`
        : `${acts.length} of ${error.acts.length} acts are enough:\n${acts.map(textOf).join('\n')}`
    return { kind: 'failed', seed, text: `${error.message}\n${how}` }
  }
}

async function runAll(calls: number, firstSeed: number): Promise<number> {
  const orders: Order[] = []
  for (let left = calls, seed = firstSeed; left > 0; left -= WORLD_CALLS, seed++) {
    orders.push({ seed, calls: Math.min(left, WORLD_CALLS) })
  }
  const worlds = orders.length
  const workers = Math.min(worlds, Math.max(2, availableParallelism()))
  const totals = new Map<string, [number, number]>()
  let done = 0
  let finished = 0
  let failures = 0
  print(`${calls} calls in ${worlds} worlds, seeds ${firstSeed} to ${firstSeed + worlds - 1}, ${workers} processes`)

  const take = (answer: Answer) => {
    finished += 1
    if (answer.kind === 'failed') {
      failures += 1
      print(`FAILED seed=${answer.seed} ${answer.text}`)
      return
    }
    const { report, seconds } = answer
    done += report.calls
    for (const [name, [tried, passed]] of Object.entries(report.byMethod)) {
      const total = totals.get(name) ?? [0, 0]
      totals.set(name, [total[0] + tried, total[1] + passed])
    }
    print(
      `world ${finished}/${worlds} seed=${report.seed} calls=${report.calls} accepted=${report.accepted} ` +
        `tasks=${report.finished} seconds=${seconds.toFixed(1)} sum=${done}`,
    )
  }
  await Promise.all(Array.from({ length: workers }, () => serve(orders, take)))

  for (const [name, [tried, passed]] of [...totals].sort()) print(`  ${name.padEnd(36)} ${passed} of ${tried}`)
  const unreached = (await openFunctions()).filter(name => (totals.get(name)?.[1] ?? 0) === 0)
  if (unreached.length > 0) print(`never went through: ${unreached.join(', ')}`)
  if (failures > 0) return 1
  if (unreached.length > 0 && calls >= REACHED_FROM) return 1
  print(`fuzz: ${done} calls, every balance accounted for`)
  return 0
}

/** One process that takes orders until there are none. */
function serve(orders: Order[], take: (answer: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--worker'], { execArgv: ['--disable-warning=ExperimentalWarning'] })
    const next = () => {
      const order = orders.shift()
      if (order === undefined) child.disconnect()
      else child.send(order)
    }
    child.on('message', message => {
      take(message as Answer)
      next()
    })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
    next()
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

const args = process.argv.slice(2)
if (args[0] === '--worker') {
  process.on('message', async message => {
    process.send?.(await runWorld(message as Order))
  })
} else if (args[0] === '--replay') {
  const answer = await runWorld({ seed: Number(args[1]), calls: Number(args[2]) })
  print(answer.kind === 'failed' ? answer.text : `seed ${args[1]}: ${answer.report.calls} calls, nothing is wrong`)
  process.exitCode = answer.kind === 'failed' ? 1 : 0
} else {
  process.exitCode = await runAll(Number(args[0] ?? 100_000), Number(args[1] ?? 1))
}
