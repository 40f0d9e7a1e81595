import { planFromSeed } from './swarm.ts'
import { runPlan } from './run.ts'
import { REAL_CORE } from './core.ts'
import { createConsensus } from '#consensus'
const seed = process.argv[2]!
const log: string[] = []
let made = 0
const core = { ...REAL_CORE, createConsensus: (o: any) => {
  const c = createConsensus(o); const id = o.own?.index; made++
  let lastSync = ''
  return { ...c, step: (i: any) => { const e = c.step(i); const s = c.status();
    if (id === Number(process.argv[3] ?? 1)) {
      const t = (i.nowMs % 1e6)
      for (const x of e) if (x.kind === 'syncCommits' || x.kind === 'alarm') log.push(`${i.nowMs} ${JSON.stringify(x.kind === 'alarm' ? [x.code, x.data] : [x.kind, x.from, x.upTo, x.to])}`)
      if (i.kind === 'commits') log.push(`${i.nowMs} commits in ${i.commits.length} from ${i.commits[0]?.index} -> now ${s.lastCommitIndex}`)
      const line = `r${s.round} hi${s.highestAcceptedRound} gc${s.gcRound} ci${s.lastCommitIndex} q${s.quorumCommitIndex} susp${s.suspended} miss${s.missing} sync${s.syncing}`
      if (made && (log.length === 0 || Math.floor(i.nowMs / 500) !== (globalThis as any).__b)) { (globalThis as any).__b = Math.floor(i.nowMs / 500); log.push(`${i.nowMs} ${line}`) }
    }
    return e }, payloadRoom: () => c.payloadRoom(), status: () => c.status(), leaders: (r: number) => c.leaders(r) }
} }
const r = runPlan(planFromSeed(seed), { core: core as any })
console.log(r.verdict); console.log(log.slice(0, 140).join('\n'))
