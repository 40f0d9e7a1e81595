import { messageOf } from '#lib/errors'
import { realUnderTest } from '../conformance/real.ts'
import { type CoreModule, REAL_CORE } from './core.ts'
import { type DagBuilder, printDag, randomDag, randomView, topologicalShuffle } from './dag.ts'
import { Random } from './prng.ts'
import { decide, linearize, type ModelDag, type ModelDecision, payloadExcluded, type SkipRule } from './reference.ts'

export interface DifferentialResult {
  readonly dags: number
  readonly decisions: number
  readonly failures: readonly string[]
}

const SKIP_RULES: readonly SkipRule[] = ['per-block', 'slot-blame', 'author-blame']

/**
 * Random DAGs of valid blocks with up to f equivocators. On several partial views of each: the real committer (fed in a
 * random order, deciding along the way), the plain function and the reference model must give the same prefix; views and
 * skip rules may be faster or slower but never contradict each other; the linearizer must order as the model does.
 */
export function compareOnRandomDags(seed: string, count: number, core: CoreModule = REAL_CORE): DifferentialResult {
  const failures: string[] = []
  let decisions = 0
  for (let k = 0; k < count; k++) {
    const random = new Random(seed, `dag/${k}`)
    try {
      decisions += compareOne(core, random)
    } catch (error) {
      failures.push(`dag ${k} of seed ${seed}: ${messageOf(error)}`)
    }
  }
  return { dags: count, decisions, failures }
}

function compareOne(core: CoreModule, random: Random): number {
  const validators = random.pick([4, 4, 5, 6, 7])
  const stakes = Array.from({ length: validators }, () => (random.chance(0.2) ? random.between(1, 3) : 1))
  const total = stakes.reduce((sum, s) => sum + s, 0)
  let budget = Math.floor((total - 1) / 3)
  const equivocators: number[] = []
  for (const author of random.shuffle(stakes.map((_, i) => i))) {
    if ((stakes[author] ?? 0) > budget) continue
    budget -= stakes[author] ?? 0
    if (random.chance(0.8)) equivocators.push(author)
  }
  const dag = randomDag(random, {
    validators,
    stakes,
    rounds: random.between(6, 12),
    equivocators,
    extraParentChance: random.pick([0, 0.3, 0.7, 1]),
    absentChance: random.pick([0, 0.1, 0.3]),
  })
  const perRound = random.pick([1, 1, 1, 2])
  const leaders = (round: number) =>
    round < 1 ? [] : Array.from({ length: perRound }, (_, rank) => (round + rank) % validators)
  return compareViews(core, random, dag, stakes, leaders)
}

function compareViews(
  core: CoreModule,
  random: Random,
  dag: DagBuilder,
  stakes: readonly number[],
  leaders: (round: number) => readonly number[],
): number {
  const agreed = new Map<string, string>()
  let longest: readonly Exclude<ModelDecision, { status: 'undecided' }>[] = []
  let decisions = 0
  const views: ModelDag[] = [dag.blocks]
  for (let v = 0; v < 4; v++) views.push(randomView(random, dag.blocks, random.between(1, 4)))
  for (const view of views) {
    for (const skipRule of SKIP_RULES) {
      const model = decide(view, { stakes, leaders, skipRule }, null)
      for (const d of model.sequence) {
        decisions += 1
        const slot = `${d.slot.round}/${d.slot.author}`
        const outcome = d.status === 'commit' ? d.block : 'skip'
        const before = agreed.get(slot)
        if (before !== undefined && before !== outcome)
          throw new Error(`slot ${slot} is ${before} and ${outcome}\n${printDag(view)}`)
        agreed.set(slot, outcome)
      }
      if (skipRule !== 'per-block') continue
      if (model.sequence.length > longest.length) longest = model.sequence
      const want = text(model.sequence)
      for (const plain of [false, true]) {
        const got = text(runReal(core, random, view, stakes, leaders, plain))
        if (got !== want)
          throw new Error(`${plain ? 'decide' : 'committer'} gives ${got}, the model ${want}\n${printDag(view)}`)
      }
    }
  }
  compareLinearizer(
    core,
    random,
    dag.blocks,
    stakes,
    longest.flatMap(d => (d.status === 'commit' ? [d.block] : [])),
  )
  return decisions
}

function text(
  sequence: readonly { slot: { round: number; author: number }; status: string; block?: string }[],
): string {
  return sequence.map(d => `${d.slot.round}/${d.slot.author}=${d.block ?? 'skip'}`).join(' ')
}

function runReal(
  core: CoreModule,
  random: Random,
  view: ModelDag,
  stakes: readonly number[],
  leaders: (round: number) => readonly number[],
  plain: boolean,
): { slot: { round: number; author: number }; status: string; block?: string }[] {
  const committer = realUnderTest(plain, core).committer(stakes, leaders, [...view.values()])
  const order = plain ? topologicalShuffle(random, view) : random.shuffle([...view.values()])
  const sequence: { slot: { round: number; author: number }; status: string; block?: string }[] = []
  // Genesis first: a core has it before anything arrives.
  for (const block of order) if (block.round === 0) committer.accept(block)
  for (const block of order) {
    if (block.round === 0) continue
    committer.accept(block)
    if (plain || random.chance(0.7)) continue
    sequence.push(...committer.decide(sequence.at(-1)?.slot ?? null).sequence)
  }
  sequence.push(...committer.decide(sequence.at(-1)?.slot ?? null).sequence)
  return sequence
}

function compareLinearizer(
  core: CoreModule,
  random: Random,
  dag: ModelDag,
  stakes: readonly number[],
  leaders: readonly string[],
): void {
  const gcDepth = random.pick([2, 3, 5, 60])
  const model = linearize(dag, leaders, gcDepth)
  const excluded = new Set(
    payloadExcluded(
      dag,
      model.flatMap(s => s.blocks),
    ),
  )
  const real = realUnderTest(false, core).linearize(stakes, gcDepth, topologicalShuffle(random, dag), leaders)
  for (const [i, want] of model.entries()) {
    const got = real[i]
    if (want.blocks.join(' ') !== got?.blocks.join(' ') || want.gcRoundUsed !== got.gcRoundUsed)
      throw new Error(
        `sub-DAG of ${want.leader}: ${got?.blocks.join(' ')} instead of ${want.blocks.join(' ')}\n${printDag(dag)}`,
      )
    const wantExcluded = want.blocks.filter(b => excluded.has(b)).join(' ')
    if (wantExcluded !== got.excluded.join(' '))
      throw new Error(
        `payload of ${got.excluded.join(' ')} does not count instead of ${wantExcluded}\n${printDag(dag)}`,
      )
  }
}
