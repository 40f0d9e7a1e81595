import { parseBlockName } from '../sim/dag.ts'
import type { ModelBlock, ModelDag } from '../sim/reference.ts'
import { arrayAt, type Json, objectAt, ScenarioError, stringsAt } from './scenario-file.ts'

/** Reads `dag`: round → block id → ordered parents. Genesis is added when the file leaves it out. */
export function readDag(value: Json | undefined, validators: number, where: string): ModelDag {
  const dag = new Map<string, ModelBlock>()
  const rounds = Object.entries(objectAt(value, where)).sort(([a], [b]) => Number(a) - Number(b))
  for (const [round, blocks] of rounds) {
    for (const [id, parents] of Object.entries(objectAt(blocks, `${where}.${round}`))) {
      const name = parseBlockName(id)
      if (!name || name.round !== Number(round) || name.author >= validators)
        throw new ScenarioError(`${where}.${round}: "${id}" is not a block of this round and committee`)
      dag.set(id, {
        id,
        round: name.round,
        author: name.author,
        parents: stringsAt(parents, `${where}.${round}.${id}`),
      })
    }
  }
  for (const block of dag.values()) {
    for (const parent of block.parents) {
      if (!dag.has(parent)) throw new ScenarioError(`${where}: parent ${parent} of ${block.id} is not in the DAG`)
    }
  }
  return dag
}

/** Reads `leaders`: round → authorities in rank order. */
export function readLeaders(value: Json | undefined, where: string): (round: number) => readonly number[] {
  const table = new Map<number, readonly number[]>()
  for (const [round, letters] of Object.entries(objectAt(value, where))) {
    const authors = arrayAt(letters, `${where}.${round}`).map(letter => {
      const name = typeof letter === 'string' ? parseBlockName(`${letter}0`) : undefined
      if (!name) throw new ScenarioError(`${where}.${round}: authority letters expected`)
      return name.author
    })
    table.set(Number(round), authors)
  }
  return round => table.get(round) ?? []
}
