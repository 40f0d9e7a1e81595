/** The form of a consensus scenario file (`schema: appchain-dag-consensus-scenarios`) and its strict reading. */

export class ScenarioError extends Error {
  override name = 'ScenarioError'
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(where: string, wanted: string): never {
  throw new ScenarioError(`${where}: ${wanted} expected`)
}

export function objectAt(value: Json | undefined, where: string): JsonObject {
  return isObject(value) ? value : wrong(where, 'an object')
}

export function arrayAt(value: Json | undefined, where: string): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : wrong(where, 'an array')
}

export function stringAt(value: Json | undefined, where: string): string {
  return typeof value === 'string' ? value : wrong(where, 'a string')
}

export function integerAt(value: Json | undefined, where: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : wrong(where, 'an integer')
}

export function stringsAt(value: Json | undefined, where: string): readonly string[] {
  return arrayAt(value, where).map((v, i) => stringAt(v, `${where}[${i}]`))
}

/** Stakes of a case: given, or one each. */
export function stakesAt(scenario: JsonObject, where: string): readonly number[] {
  if (scenario.stakes === undefined)
    return Array.from({ length: integerAt(scenario.validators, `${where}.validators`) }, () => 1)
  return arrayAt(scenario.stakes, `${where}.stakes`).map((v, i) => integerAt(v, `${where}.stakes[${i}]`))
}

export interface ScenarioCase {
  readonly id: string
  readonly group: string
  readonly body: JsonObject
}

/** Groups of the file that are explanations and not cases. */
const EXPLANATIONS = new Set(['schema', 'version', 'about', 'conventions', 'leaderElectionAssumptions'])

/**
 * Lists the cases of a file by group. A group is an array of objects with an `id`, or an object with such an array under
 * `scenarios` or `cases`. Throws {@link ScenarioError} on anything else, so that no case is passed over in silence.
 */
export function readScenarioFile(text: string): ScenarioCase[] {
  let parsed: Json
  try {
    parsed = JSON.parse(text) as Json
  } catch (error) {
    throw new ScenarioError(`not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const root = objectAt(parsed, 'file')
  if (root.schema !== 'appchain-dag-consensus-scenarios') wrong('schema', '"appchain-dag-consensus-scenarios"')
  if (root.version !== 1) wrong('version', '1')
  const cases: ScenarioCase[] = []
  for (const [group, value] of Object.entries(root)) {
    if (EXPLANATIONS.has(group)) continue
    const list = isObject(value) ? (value.scenarios ?? value.cases) : value
    for (const [i, item] of arrayAt(list, group).entries()) {
      const body = objectAt(item, `${group}[${i}]`)
      cases.push({ group, id: stringAt(body.id, `${group}[${i}].id`), body })
    }
  }
  return cases
}
