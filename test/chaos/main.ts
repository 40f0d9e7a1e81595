/** Disturbs a network of real processes and checks it. Run: npm run chaos -- --seed 1 --kills 20 --minutes 2 */
import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '0' },
    validators: { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
  },
})
const summary = await runChaos({
  seed: values.seed,
  kills: Number(values.kills),
  minutes: Number(values.minutes),
  validators: Number(values.validators),
  keep: values.keep,
  print: line => console.log(line),
})
const { violations, kills, disturbances, blocks, acknowledged, recoveryMs, startMs, dataDir } = summary
console.log(`
seed ${values.seed}: ${kills} kills; ${Object.entries(disturbances)
  .map(([kind, count]) => `${kind} ${count}`)
  .join(', ')}
${blocks} blocks agree on ${values.validators} validators, ${acknowledged} acknowledged transactions are in their blocks
progress ${recoveryMs} ms after the last disturbance; a start takes ${startMs.median} ms, at most ${startMs.longest} ms`)
if (values.keep) console.log(`data and logs: ${dataDir}`)
console.log(violations.length === 0 ? 'no violation' : `${violations.length} violations:\n${violations.join('\n')}`)
process.exit(violations.length === 0 ? 0 : 1)
