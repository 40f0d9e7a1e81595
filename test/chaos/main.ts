/**
 * Disturbs a network of real processes and checks it. Run: npm run chaos -- --seed 1 --kills 200
 *
 * The plan follows from seed, kills, validators and epochs; `--print-plan` shows it, `--plan FILE` runs one that was
 * edited. The instants inside the processes differ from run to run, so a violation is tried again with the same plan.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { planOf, type Step } from './plan.ts'
import { runChaos } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '40' },
    validators: { type: 'string', default: '4' },
    /** Milliseconds of an epoch; then the committee changes by stake, and a spare validator joins and leaves. */
    'epoch-ms': { type: 'string' },
    plan: { type: 'string' },
    /** Folder of an older release, with its packages: validators run it in mixed versions. */
    'old-release': { type: 'string' },
    'print-plan': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
function whole(name: 'validators' | 'kills' | 'epoch-ms', min: number, max: number): number {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  console.error(`chaos: --${name} is a whole number from ${min} to ${max}, not ${values[name]}`)
  process.exit(2)
}

// Fewer than four tolerate no fault.
const validators = whole('validators', 4, 13)
const kills = whole('kills', 0, 100_000)
const epochDurationMs = values['epoch-ms'] === undefined ? undefined : whole('epoch-ms', 2_000, 3_600_000)
const plan: readonly Step[] =
  values.plan === undefined
    ? planOf({ seed: values.seed, kills, validators, epochs: epochDurationMs !== undefined })
    : JSON.parse(readFileSync(values.plan, 'utf8'))
if (values['print-plan']) {
  console.log(`[\n${plan.map(step => JSON.stringify(step)).join(',\n')}\n]`)
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const summary = await runChaos({
  seed: values.seed,
  plan,
  validators,
  ...(epochDurationMs === undefined ? {} : { epochDurationMs }),
  ...(values['old-release'] === undefined
    ? {}
    : { oldRelease: pathToFileURL(resolve(values['old-release'], 'cli', 'main.ts')) }),
  keep: values.keep,
  print: line => console.log(line),
})
const { violations, failPoints, steps, skipped, recoveryMs, silenceMs, startMs, dataDir } = summary
const list = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
console.log(`
seed ${values.seed}, ${validators} validators, ${summary.seconds} s: ${summary.kills} kills
disturbances: ${list(steps)}${skipped.length === 0 ? '' : `; not possible here: ${skipped.join(', ')}`}
ended at fail points: ${list(failPoints) || 'none'}${summary.oldRuns === 0 ? '' : `; an older release ran ${summary.oldRuns} times`}
${summary.blocks} blocks of ${summary.epochs + 1} epochs agree on all nodes, ${summary.acknowledged} acknowledged transactions are in their blocks
${summary.vertices} vertices, never two of one author and round
progress after a disturbance: median ${recoveryMs.median} ms, at most ${recoveryMs.longest} ms
longest time without a receipt while no more than the tolerated number were faulty: median ${silenceMs.median} ms, at most ${silenceMs.longest} ms in ${silenceMs.steps} steps
start of a node: median ${startMs.median} ms, at most ${startMs.longest} ms`)
if (violations.length === 0) console.log(`no violation${values.keep ? `; data and logs: ${dataDir}` : ''}`)
else {
  console.log(`${violations.length} violations:
${violations.map(violation => `  ${violation}`).join('\n')}
look at: ${dataDir}/node-*.log, and ./ogpu db check --data-dir ${dataDir}/node-0
afterwards: umount ${dataDir}/node-* and remove ${dataDir}
again: npm run chaos -- ${process.argv.slice(2).join(' ')}`)
}
process.exit(violations.length === 0 ? 0 : 1)
