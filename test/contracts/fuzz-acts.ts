/** What a random run did, so that it can be done again, and made shorter. */
import { AbiCoder } from 'ethers'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'

export type FuzzAct =
  | {
      readonly kind: 'call'
      readonly from: Hex
      readonly contract: Hex
      /** Contract and method, for people. */
      readonly name: string
      readonly method: string
      readonly args: readonly unknown[]
      readonly value: bigint
      /** Must be refused. */
      readonly forbidden: boolean
    }
  | { readonly kind: 'mine'; readonly blocks: number }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'balance'; readonly address: Hex; readonly wei: bigint }

/** Something that must always hold did not. */
export class FuzzFailure extends Error {
  readonly what: string
  readonly seed: number
  readonly acts: readonly FuzzAct[]
  constructor(what: string, seed: number, acts: readonly FuzzAct[]) {
    super(`${what} (seed=${seed} acts=${acts.length})`)
    this.what = what
    this.seed = seed
    this.acts = acts
  }
}

const coder = AbiCoder.defaultAbiCoder()

export function hashOf(types: readonly string[], values: readonly unknown[]): Hex {
  return toHex(keccak256(fromHex(coder.encode(types, values))))
}

/** The kind of a failure: its text without numbers and addresses. */
const kindOf = (what: string) => what.replace(/0x[0-9a-f]+|\d+/gi, '#')

export type Replay = (acts: readonly FuzzAct[]) => Promise<void>

async function failureOf(replay: Replay, acts: readonly FuzzAct[]): Promise<FuzzFailure | undefined> {
  try {
    await replay(acts)
  } catch (error) {
    if (error instanceof FuzzFailure) return error
    throw error
  }
  return undefined
}

/**
 * A shorter list of acts that fails in the same way: parts are left out as long as it does (delta debugging), for at most
 * `limitMs`. Undefined: the acts alone do not repeat the failure.
 */
export async function shrink(
  failure: FuzzFailure,
  replay: Replay,
  limitMs: number,
  nowMs: () => number,
): Promise<readonly FuzzAct[] | undefined> {
  const wanted = kindOf(failure.what)
  const fails = async (acts: readonly FuzzAct[]) => kindOf((await failureOf(replay, acts))?.what ?? '') === wanted
  if (!(await fails(failure.acts))) return undefined
  const until = nowMs() + limitMs
  let acts = failure.acts
  for (
    let size = Math.ceil(acts.length / 2);
    size >= 1 && nowMs() < until;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < acts.length && nowMs() < until; ) {
      const shorter = [...acts.slice(0, at), ...acts.slice(at + size)]
      if (await fails(shorter)) acts = shorter
      else at += size
    }
  }
  return acts
}

export function textOf(act: FuzzAct): string {
  const json = (value: unknown) => JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner))
  if (act.kind === 'call') return `${act.from} ${act.name} ${json(act.args)} value=${act.value}`
  if (act.kind === 'mine') return `mine ${act.blocks}`
  if (act.kind === 'pass') return `pass ${act.seconds}`
  return `balance ${act.address} ${act.wei}`
}
