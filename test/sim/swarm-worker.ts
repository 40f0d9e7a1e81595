import { parentPort } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { REAL_CORE } from './core.ts'
import type { SeedReport } from './parallel.ts'
import { runPlan, summaryOf } from './run.ts'
import { planFromSeed } from './swarm.ts'

const port = defined(parentPort, 'this file is a worker')

port.on('message', (seeds: readonly string[]) => {
  if (seeds.length === 0) {
    port.close()
    return
  }
  for (const seed of seeds) {
    const result = runPlan(planFromSeed(seed), { core: REAL_CORE })
    const { verdict, violation, trace } = result
    const report: SeedReport = {
      seed,
      verdict,
      trace,
      summary: summaryOf(result),
      ...(violation === undefined ? {} : { message: violation.message }),
    }
    port.postMessage(report)
  }
  port.postMessage('ready')
})
port.postMessage('ready')
