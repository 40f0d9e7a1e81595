import { randomBytes } from 'node:crypto'
import { toRawHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import { compareRemotely, type RemoteCall, remoteAt, requireRemote } from '../evm/differential-remote.ts'
import { type ComparedTransaction, compareRound } from '../evm/differential-round.ts'
import { failed, passed, type Suite } from './suite.ts'

/** Transactions on one world of programs. */
const PER_ROUND = 25
const PROGRESS_MS = 5_000

/**
 * Random transactions against the stock @ethereumjs/vm. Without `--seed` every run takes another one; it is printed
 * first, and `--seed S --round R` repeats one round of a run. `--rpc URL` compares with a node of another client instead,
 * which must be new, have chain id 1071 and the calls of anvil that set its state:
 * `anvil --chain-id 1071 --hardfork osaka --no-mining --order fifo --timestamp 1799999999`.
 */
export const differentialSuite: Suite = async (args, report) => {
  const options = readOptions(args)
  const { seed, count } = options
  const first = options.round ?? 0
  const rounds = options.round === undefined ? Math.ceil(count / PER_ROUND) : 1
  process.stdout.write(`seed ${seed}, ${options.round === undefined ? `${count} transactions` : `round ${first}`}\n`)
  const remote = options.rpc === undefined ? undefined : remoteAt(options.rpc)
  const other = remote === undefined ? 'the stock VM' : await requireRemote(remote)
  process.stdout.write(`against ${other}\n`)
  const tally = new Map<string, number>()
  const startMs = performance.now()
  let toldMs = startMs
  let done = 0
  for (let round = first; round < first + rounds; round++) {
    const size = options.round === undefined ? Math.min(PER_ROUND, count - done) : PER_ROUND
    const results = await compare(seed, round, size, report, remote)
    for (const [i, { kind, outcome, difference }] of results.entries()) {
      const id = `seed ${seed} round ${round} transaction ${i} (${kind})`
      report(difference === undefined ? passed(id) : failed(id, `what ${other} does`, difference))
      tally.set(`${kind}: ${outcome}`, (tally.get(`${kind}: ${outcome}`) ?? 0) + 1)
    }
    done += results.length
    const nowMs = performance.now()
    if (nowMs - toldMs < PROGRESS_MS) continue
    toldMs = nowMs
    process.stdout.write(`${done} of ${count} after ${Math.round((nowMs - startMs) / 1_000)} s\n`)
  }
  for (const [name, times] of [...tally].sort()) process.stdout.write(`${name.padEnd(28)}${times}\n`)
}

async function compare(
  seed: string,
  round: number,
  size: number,
  report: Parameters<Suite>[1],
  remote: RemoteCall | undefined,
): Promise<readonly ComparedTransaction[]> {
  try {
    return await (remote === undefined ? compareRound(seed, round, size) : compareRemotely(remote, seed, round, size))
  } catch (error) {
    report(failed(`seed ${seed} round ${round}`, 'a round that ends', `threw: ${messageOf(error)}`))
    return []
  }
}

interface Options {
  readonly seed: string
  readonly count: number
  readonly round?: number
  readonly rpc?: string
}

function readOptions(args: readonly string[]): Options {
  const given = new Map<string, string>()
  for (let i = 0; i < args.length; i += 2) {
    const [name, value] = [args[i] as string, args[i + 1]]
    if (!['--seed', '--count', '--round', '--rpc'].includes(name) || value === undefined) {
      throw new Error(`differential takes --count N, --seed S, --round R and --rpc URL, not "${name}"`)
    }
    given.set(name, value)
  }
  const number = (name: string): number | undefined => {
    const text = given.get(name)
    if (text !== undefined && !/^\d{1,9}$/.test(text)) throw new Error(`${name} takes a whole number, not "${text}"`)
    return text === undefined ? undefined : Number(text)
  }
  const round = number('--round')
  return {
    seed: given.get('--seed') ?? toRawHex(randomBytes(4)),
    count: number('--count') ?? 1_000,
    ...(round === undefined ? {} : { round }),
    ...(given.has('--rpc') ? { rpc: given.get('--rpc') as string } : {}),
  }
}
