/**
 * Disturbs a network of real processes and checks it. Run: npm run chaos -- --seed 1 --kills 200
 *
 * The plan follows from seed, kills, validators and epochs; `--print-plan` shows it, `--plan FILE` runs one that was
 * edited. The instants inside the processes differ from run to run, so a violation is tried again with the same plan.
 */
import { readFileSync } from 'node:fs'
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
    'print-plan': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const validators = Number(values.validators)
const epochDurationMs = values['epoch-ms'] === undefined ? undefined : Number(values['epoch-ms'])
const plan: readonly Step[] =
  values.plan === undefined
    ? planOf({ seed: values.seed, kills: Number(values.kills), validators, epochs: epochDurationMs !== undefined })
    : JSON.parse(readFileSync(values.plan, 'utf8'))
if (values['print-plan']) {
  console.log(`[\n${plan.map(step => JSON.stringify(step)).join(',\n')}\n]`)
  process.exit(0)
}
const summary = await runChaos({
  seed: values.seed,
  plan,
  validators,
  ...(epochDurationMs === undefined ? {} : { epochDurationMs }),
  keep: values.keep,
  print: line => console.log(line),
})
const { violations, kills, failPoints, steps, recoveryMs, startMs, dataDir } = summary
const list = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
console.log(`
seed ${values.seed}, ${validators} validators, ${summary.seconds} s: ${kills} kills
disturbances: ${list(steps)}
ended at fail points: ${list(failPoints) || 'none'}
${summary.blocks} blocks of ${summary.epochs + 1} epochs agree on all nodes, ${summary.acknowledged} acknowledged transactions are in their blocks
${summary.vertices} vertices, never two of one author and round
progress after a disturbance: median ${recoveryMs.median} ms, at most ${recoveryMs.longest} ms; start of a node: median ${startMs.median} ms, at most ${startMs.longest} ms`)
if (violations.length === 0) console.log(`no violation${values.keep ? `; data and logs: ${dataDir}` : ''}`)
else {
  console.log(`${violations.length} violations:
${violations.map(violation => `  ${violation}`).join('\n')}
look at: ${dataDir}/node-*.log, and ./ogpu db check --data-dir ${dataDir}/node-0
again: npm run chaos -- ${process.argv.slice(2).join(' ')}`)
}
process.exit(violations.length === 0 ? 0 : 1)
