import { messageOf } from '#lib/errors'
import { overCores } from './shards.ts'
import type { CaseResult, Suite } from './suite.ts'

/** Every conformance suite by the word that names it on the command line; each is loaded only when it is asked for. */
const SUITES: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Suite> }>> = {
  consensus: {
    about: 'consensus FILE…   scenario files of the committer, linearizer, clocks, pacemaker and vertex checks',
    load: async () => (await import('./consensus.ts')).consensusSuite,
  },
  state: {
    about:
      'state PATH… [--fork F] [--filter TEXT] [--skip TEXT]… [--sample N] [--seed S]   GeneralStateTests of Ethereum',
    load: async () => overCores('state'),
  },
  blocks: {
    about: 'blocks PATH… (same options)   BlockchainTests of Ethereum, from the merge on',
    load: async () => overCores('blocks'),
  },
  differential: {
    about:
      'differential [--count N] [--seed S] [--round R]   random transactions, ours against the stock @ethereumjs/vm',
    load: async () => (await import('./differential.ts')).differentialSuite,
  },
  tracers: {
    about: 'tracers FOLDER   tracer fixtures of go-ethereum (eth/tracers/internal/tracetest/testdata)',
    load: async () => (await import('./tracers.ts')).tracerSuite,
  },
  rpc: {
    about: 'rpc [FOLDER]   .io files of ethereum/execution-apis against a node that imported their chain',
    load: async () => (await import('./rpc.ts')).rpcSuite,
  },
}

function usage(): string {
  const lines = Object.values(SUITES).map(suite => `  npm run conformance -- ${suite.about}`)
  return `Runs test vectors against the real code. Each failing case is printed with what was expected and what came out;\nthe last line is "N passed, M failed", and the exit code is 1 when M > 0.\n\n${lines.join('\n')}\n\nexample: npm run conformance -- consensus test/vectors/consensus-scenarios.json\n`
}

function printFailure(result: CaseResult): void {
  process.stdout.write(
    `FAIL ${result.id}${result.variant === undefined ? '' : ` (${result.variant})`}\n  expected ${result.expected ?? '-'}\n  actual   ${result.actual ?? '-'}\n`,
  )
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(usage())
    return name === undefined ? 2 : 0
  }
  const suite = SUITES[name]
  if (!suite) {
    process.stderr.write(`no suite is called "${name}"; there are: ${Object.keys(SUITES).join(', ')}\n`)
    return 2
  }
  // A case counts once, however many variants of it were run: it passes when all of them do.
  const outcome = new Map<string, boolean>()
  const run = await suite.load()
  let broken = 0
  try {
    await run(rest, result => {
      if (!result.passed) printFailure(result)
      outcome.set(result.id, (outcome.get(result.id) ?? true) && result.passed)
    })
  } catch (error) {
    process.stdout.write(`FAIL ${name}: ${messageOf(error)}\n`)
    broken = 1
  }
  const passedCount = [...outcome.values()].filter(ok => ok).length
  const failedCount = outcome.size - passedCount + broken
  process.stdout.write(`${passedCount} passed, ${failedCount} failed\n`)
  return failedCount === 0 && passedCount > 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
