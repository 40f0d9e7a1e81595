import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { compareBytes } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { FORKS, type Fork } from '../../chain/evm/forks.ts'

/** Arguments that the suites of Ethereum's test files share. */
export interface EthereumSuiteOptions {
  readonly paths: readonly string[]
  /** Ethereum's name of the only fork to run, such as `Cancun`; absent runs all that we know. */
  readonly fork: string | undefined
  /** Only files or cases whose name contains this. */
  readonly filter: string | undefined
  /** Names that are left out. */
  readonly skip: readonly string[]
  /** Run only this many cases, drawn file by file. */
  readonly sample: number
  readonly seed: string
  /** Run only each case whose number among the chosen ones is `index` modulo `count`. */
  readonly shard: { readonly index: number; readonly count: number }
}

/** Reads `PATH… [--fork F] [--filter TEXT] [--skip TEXT]… [--sample N] [--seed S] [--shard I/N]`. */
export function parseOptions(args: readonly string[]): EthereumSuiteOptions {
  const paths: string[] = []
  const skip: string[] = []
  const named = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string
    if (!word.startsWith('--')) {
      paths.push(word)
      continue
    }
    const value = args[++i]
    if (value === undefined) throw new RangeError(`${word} needs a value`)
    if (word === '--skip') skip.push(value)
    else if (['--fork', '--filter', '--sample', '--seed', '--shard'].includes(word)) named.set(word, value)
    else throw new RangeError(`unknown option ${word}`)
  }
  if (paths.length === 0) throw new RangeError('name at least one file or folder of test cases')
  const sample = named.has('--sample') ? Number(named.get('--sample')) : Number.POSITIVE_INFINITY
  if (!(sample > 0)) throw new RangeError('--sample needs a positive number')
  const [index, count] = (named.get('--shard') ?? '0/1').split('/').map(Number)
  if (index === undefined || count === undefined || !(index < count))
    throw new RangeError('--shard needs I/N, I below N')
  return {
    paths,
    fork: named.get('--fork'),
    filter: named.get('--filter'),
    skip,
    sample,
    seed: named.get('--seed') ?? '0',
    shard: { index, count },
  }
}

/** JSON files below the paths: in order of name, or shuffled by the seed when only a sample is wanted. */
export function testFiles(options: EthereumSuiteOptions): { readonly name: string; readonly read: () => unknown }[] {
  const files: { readonly name: string; readonly path: string }[] = []
  for (const root of options.paths) {
    const visit = (path: string) => {
      if (statSync(path).isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(path, entry))
      else if (path.endsWith('.json')) files.push({ name: relative(root, path) || path, path })
    }
    visit(root)
  }
  const rank = (name: string) => sha256(new TextEncoder().encode(`${options.seed}/${name}`))
  if (options.sample !== Number.POSITIVE_INFINITY) files.sort((a, b) => compareBytes(rank(a.name), rank(b.name)))
  return files
    .filter(({ name }) => !options.skip.some(text => name.includes(text)))
    .map(({ name, path }) => ({ name, read: () => JSON.parse(readFileSync(path, 'utf8')) as unknown }))
}

const FORK_NAMES: Readonly<Record<string, Fork>> = {
  Frontier: 'chainstart',
  Homestead: 'homestead',
  EIP150: 'tangerineWhistle',
  EIP158: 'spuriousDragon',
  ConstantinopleFix: 'petersburg',
  ArrowGlacier: 'london',
  Merge: 'paris',
  ...Object.fromEntries(FORKS.map(fork => [fork.charAt(0).toUpperCase() + fork.slice(1), fork])),
}

/** Our name of a fork in test files; undefined for forks that we do not have. */
export function forkNamed(name: string): Fork | undefined {
  return FORK_NAMES[name]
}
