import { assert, defined } from '#lib/assert'
import type { Random } from './prng.ts'
import type { ModelBlock, ModelDag } from './reference.ts'

/** `A`, `B`, … `Z`, `AA`, … : the letter of an authority in block names. */
export function authorName(author: number): string {
  let name = ''
  for (let n = author + 1; n > 0; n = Math.floor((n - 1) / 26)) name = String.fromCharCode(65 + ((n - 1) % 26)) + name
  return name
}

export interface BlockName {
  readonly author: number
  readonly round: number
  /** 0 for the first block of a slot, k for its k-th extra one. */
  readonly twin: number
}

/** Reads `B12` or `B12~1`; undefined for anything else. */
export function parseBlockName(name: string): BlockName | undefined {
  const match = /^([A-Z]{1,3})(0|[1-9][0-9]{0,8})(?:~([1-9][0-9]{0,3}))?$/.exec(name)
  if (!match) return undefined
  let author = 0
  for (const letter of match[1] ?? '') author = author * 26 + letter.charCodeAt(0) - 64
  return { author: author - 1, round: Number(match[2]), twin: Number(match[3] ?? 0) }
}

export function blockName(block: BlockName): string {
  return `${authorName(block.author)}${block.round}${block.twin === 0 ? '' : `~${block.twin}`}`
}

/** A DAG under construction; blocks are added in topological order. */
export class DagBuilder {
  readonly blocks = new Map<string, ModelBlock>()
  readonly validators: number

  constructor(validators: number) {
    this.validators = validators
    for (let author = 0; author < validators; author++) this.add({ author, round: 0, twin: 0 }, [])
  }

  add(name: BlockName, parents: readonly string[], timestampMs?: number): string {
    const id = blockName(name)
    assert(!this.blocks.has(id), `block ${id} exists`)
    for (const parent of parents) assert(this.blocks.has(parent), `parent ${parent} of ${id} is unknown`)
    const block = { id, round: name.round, author: name.author, parents }
    this.blocks.set(id, timestampMs === undefined ? block : { ...block, timestampMs })
    return id
  }

  /** Blocks of one round in order of their names' authors, twins after the first. */
  round(round: number): ModelBlock[] {
    return [...this.blocks.values()].filter(b => b.round === round)
  }

  /** A round in which every author references the whole round before, except that `leave` names parents left out by authors. */
  fullRound(round: number, leave: Readonly<Record<string, readonly string[]>> = {}): this {
    const before = this.round(round - 1)
    for (let author = 0; author < this.validators; author++) {
      const without = leave[authorName(author)] ?? []
      const own = before.filter(b => b.author === author)
      const others = before.filter(b => b.author !== author)
      this.add(
        { author, round, twin: 0 },
        [...own, ...others].map(b => b.id).filter(id => !without.includes(id)),
      )
    }
    return this
  }
}

/**
 * Reads the text form: one line per round, `2: A[*] B[-D1] C[A1 B1]`. `*` is everything of the round before (own block
 * first), `-X` everything except X, otherwise the parents by name. Genesis is implied.
 */
export function parseDag(text: string, validators: number): ModelDag {
  const builder = new DagBuilder(validators)
  for (const line of text.split('\n').map(l => l.trim())) {
    if (line === '') continue
    const [head, rest] = line.split(':', 2)
    const round = Number(head)
    assert(Number.isSafeInteger(round) && rest !== undefined, `a line "round: blocks", not "${line}"`)
    for (const match of rest.matchAll(/([A-Z]+)(?:~(\d+))?\[([^\]]*)\]/g)) {
      const parsed = defined(parseBlockName(`${match[1]}${round}`), 'a block name')
      const words = defined(match[3], 'parents')
        .split(/[\s,]+/)
        .filter(w => w !== '')
      const before = builder.round(round - 1)
      const all = [...before.filter(b => b.author === parsed.author), ...before.filter(b => b.author !== parsed.author)]
      const minus = words.filter(w => w.startsWith('-')).map(w => w.slice(1))
      const parents =
        words.includes('*') || minus.length > 0 ? all.map(b => b.id).filter(id => !minus.includes(id)) : words
      builder.add({ ...parsed, twin: Number(match[2] ?? 0) }, parents)
    }
  }
  return builder.blocks
}

/** The text form of a DAG, complete and readable back by {@link parseDag}. */
export function printDag(dag: ModelDag): string {
  const rounds = new Map<number, ModelBlock[]>()
  for (const block of dag.values()) {
    if (block.round > 0) rounds.set(block.round, [...(rounds.get(block.round) ?? []), block])
  }
  return [...rounds]
    .sort(([a], [b]) => a - b)
    .map(([round, blocks]) => {
      const texts = blocks.map(b => {
        const name = defined(parseBlockName(b.id), 'a block name')
        return `${authorName(name.author)}${name.twin === 0 ? '' : `~${name.twin}`}[${b.parents.join(' ')}]`
      })
      return `${round}: ${texts.join(' ')}`
    })
    .join('\n')
}

export interface RandomDagOptions {
  readonly validators: number
  readonly stakes: readonly number[]
  readonly rounds: number
  /** Authors that may make twins; at most f stake for the safety properties to hold. */
  readonly equivocators: readonly number[]
  /** Chance that an honest author takes one more parent than the quorum needs. */
  readonly extraParentChance: number
  /** Chance that an author makes no block in a round, as long as a quorum does. */
  readonly absentChance: number
}

/** A random DAG of valid blocks: own parent first, one parent per author, a quorum of the round before. */
export function randomDag(random: Random, options: RandomDagOptions): DagBuilder {
  const { validators, stakes, rounds, equivocators } = options
  const builder = new DagBuilder(validators)
  const total = stakes.reduce((sum, s) => sum + s, 0)
  const quorum = total - Math.floor((total - 1) / 3)
  const weight = (authors: readonly number[]) => authors.reduce((sum, a) => sum + defined(stakes[a], 'stake'), 0)
  /** Latest blocks of each author that may serve as its own parent (more than one for an equivocator). */
  const tips = Array.from({ length: validators }, (_, a) => [`${authorName(a)}0`])
  for (let round = 1; round <= rounds; round++) {
    const before = builder.round(round - 1)
    const old = builder.round(round - 2)
    let present = Array.from({ length: validators }, (_, a) => a)
    for (const author of random.shuffle(present)) {
      const rest = present.filter(a => a !== author)
      if (random.chance(options.absentChance) && weight(rest) >= quorum) present = rest
    }
    const made = new Map<number, string[]>()
    for (const author of present) {
      const twins = equivocators.includes(author) ? random.between(1, 4) : 1
      for (let twin = 0; twin < twins; twin++) {
        const own = random.pick(defined(tips[author], 'tips'))
        const ownRound = defined(parseBlockName(own), 'name').round
        const parents = [own]
        let reached = ownRound === round - 1 ? weight([author]) : 0
        for (const other of random.shuffle(Array.from({ length: validators }, (_, a) => a))) {
          if (other === author) continue
          const candidates = before.filter(b => b.author === other)
          if (candidates.length > 0 && (reached < quorum || random.chance(options.extraParentChance))) {
            parents.push(random.pick(candidates).id)
            reached += defined(stakes[other], 'stake')
          } else if (candidates.length === 0 && random.chance(0.3)) {
            const late = old.filter(b => b.author === other)
            if (late.length > 0) parents.push(random.pick(late).id)
          }
        }
        if (reached < quorum) continue
        const id = builder.add({ author, round, twin }, parents, round * 100 + random.below(150))
        made.set(author, [...(made.get(author) ?? []), id])
      }
    }
    for (const [author, ids] of made) tips[author] = ids
  }
  return builder
}

/** A random causally complete part of a DAG: what one node may have accepted so far. */
export function randomView(random: Random, dag: ModelDag, tipsCount: number): Map<string, ModelBlock> {
  const blocks = [...dag.values()]
  const keep = new Set<string>()
  const todo = Array.from({ length: tipsCount }, () => random.pick(blocks.slice(-Math.max(8, blocks.length >> 1))).id)
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (keep.has(id)) continue
    keep.add(id)
    todo.push(...defined(dag.get(id), 'block').parents)
  }
  for (const block of blocks) if (block.round === 0) keep.add(block.id)
  return new Map(blocks.filter(b => keep.has(b.id)).map(b => [b.id, b]))
}

/** A random order in which every block comes after its parents. */
export function topologicalShuffle(random: Random, dag: ModelDag): ModelBlock[] {
  const order: ModelBlock[] = []
  const waiting = new Map<string, number>()
  const children = new Map<string, string[]>()
  const ready: string[] = []
  for (const block of dag.values()) {
    const known = block.parents.filter(p => dag.has(p))
    waiting.set(block.id, known.length)
    for (const parent of known) children.set(parent, [...(children.get(parent) ?? []), block.id])
    if (known.length === 0) ready.push(block.id)
  }
  while (ready.length > 0) {
    const at = random.below(ready.length)
    const id = defined(ready[at], 'ready block')
    ready[at] = defined(ready[ready.length - 1], 'ready block')
    ready.pop()
    order.push(defined(dag.get(id), 'block'))
    for (const child of children.get(id) ?? []) {
      const left = defined(waiting.get(child), 'count') - 1
      waiting.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  assert(order.length === dag.size, 'a DAG has no cycle')
  return order
}
