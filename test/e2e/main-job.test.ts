import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url))
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `ogpu …` as a person would, and returns what they would see. */
function ogpu(
  args: readonly string[],
  when?: {
    readonly shown: string
    readonly signal?: NodeJS.Signals
    readonly first?: (pid: number) => unknown
  },
): Promise<Outcome> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      env: { ...process.env, NO_COLOR: '1' },
      detached: true,
    })
    let out = ''
    let err = ''
    let stopped = false
    child.stdout.on('data', chunk => {
      out += chunk
      if (when === undefined || stopped || !out.includes(when.shown)) return
      stopped = true
      const { signal, first } = when
      const pid = defined(child.pid, 'a child')
      void Promise.resolve(first?.(pid)).finally(() => {
        // To all at once, as a terminal does.
        if (signal !== undefined) process.kill(-pid, signal)
      })
    })
    child.stderr.on('data', chunk => {
      err += chunk
    })
    child.on('exit', code => resolve({ code, out, err }))
  })
}

/** `/metrics` of every process of a running devnet that serves it, by the name of its log. */
async function metricsOf(logs: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const file of readdirSync(logs).sort()) {
    const log = readFileSync(join(logs, file), 'utf8')
    // The last start in the log is the one that runs.
    const said = [...log.matchAll(/(?:metrics at |health server listens.*?)(http:\/\/[\d.]+:\d+)/g)].at(-1)
    if (said === undefined) continue
    const answer = await fetch(`${said[1]}/metrics`)
    found.set(file.replace('.log', ''), await answer.text())
  }
  return found
}

/** Names that a text in Prometheus' format declares, with those of a histogram's parts. */
function exportedNames(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map(part => `${name}${part}`) : [`${name}`],
  )
}

/** Names that dashboards and alerts ask for. */
function askedNames(): string[] {
  const dashboards = join(DEPLOY, 'grafana', 'dashboards')
  const files = [
    join(DEPLOY, 'prometheus', 'alerts.yml'),
    ...readdirSync(dashboards).map(file => join(dashboards, file)),
  ]
  const text = files.map(file => readFileSync(file, 'utf8')).join('\n')
  return [...new Set(text.match(/ogpu_[a-z0-9_]+/g) ?? [])].sort()
}

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ogpu-e2e-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the main job', () => {
  it('runs from client to paid result over real processes, twice, on a text of ours', {
    timeout: 420_000,
  }, async () => {
    const text = join(dir, 'text.txt')
    const dataDir = join(dir, 'net')
    writeFileSync(
      text,
      'Es war einmal ein kleines Mädchen, das hatte jedermann lieb, der es nur ansah, am allerliebsten aber seine Großmutter.',
    )

    // A taken port is passed over.
    const squatter = createServer().listen(8545, '127.0.0.1')
    const first = await ogpu(['start', text, '--once', '--data-dir', dataDir])
    squatter.close()
    expect(first.err).toBe('')
    expect(first.out).toContain('The main job passed all checks')
    expect(first.out).toMatch(/answer +German/)
    expect(first.out).toMatch(/executor 3 +0x[0-9a-fA-F]{40} +differed +−9\.0000 OGPU bond/)
    expect(first.code).toBe(0)

    // The network goes on where it was, and ends cleanly when asked to.
    let shown = new Map<string, string>()
    const second = await ogpu(['start', '--data-dir', dataDir], {
      shown: 'Test accounts',
      signal: 'SIGINT',
      async first() {
        shown = await metricsOf(join(dataDir, 'logs'))
      },
    })
    expect(second.out).toContain('resumed')
    expect(second.out).toMatch(/answer +English/)
    expect(second.out).toContain('all processes ended')
    expect(second.code).toBe(0)

    // What dashboards and alerts ask for is what these very processes showed.
    expect([...shown.keys()].sort()).toEqual([
      ...['executor-1', 'executor-2', 'executor-3', 'relay'],
      ...['validator-0', 'validator-1', 'validator-2', 'validator-3', 'verifier'],
    ])
    const exported = new Set([...shown.values()].flatMap(exportedNames))
    const asked = askedNames()
    expect(asked.length).toBeGreaterThan(70)
    expect(asked.filter(name => !exported.has(name))).toEqual([])
    // They have just done a job, and say so.
    const count = (part: string, series: string) =>
      Number(new RegExp(`^ogpu_${series} (\\S+)$`, 'm').exec(shown.get(part) ?? '')?.[1])
    expect(count('executor-1', 'executor_tasks_done_total\\{outcome="paid"\\}')).toBeGreaterThan(0)
    expect(count('executor-1', 'sidecar_coins\\{kind="locked"\\}')).toBeGreaterThan(0)
    expect(count('verifier', 'sidecar_coins\\{kind="locked"\\}')).toBeGreaterThan(0)
    expect(count('relay', 'relay_node_last_seen_timestamp_seconds')).toBeGreaterThan(1e9)

    // No two nodes ever disagreed, and none had to be restarted.
    for (const node of [0, 1, 2, 3]) {
      const log = readFileSync(join(dataDir, 'logs', `validator-${node}.log`), 'utf8')
      expect(log).not.toMatch(/ERROR|consensus alarm/)
    }

    const other = await ogpu(['start', '--once', '--testnet', '--data-dir', dataDir])
    expect(other).toMatchObject({ code: 2, out: expect.not.stringContaining('✓') })
    expect(other.err).toContain('--fresh')
  })
})

/** Processes that `pid` started and whose command line has `word`. */
function childrenOf(pid: number, word: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.filter(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0').includes(word))
}

describe('a broken network', () => {
  it.runIf(process.platform === 'linux')(
    'ends the main job with one line that says which process ended',
    {
      timeout: 120_000,
    },
    async () => {
      const { code, err } = await ogpu(['start', '--once', '--data-dir', join(dir, 'net')], {
        shown: 'data node',
        first: pid => process.kill(defined(childrenOf(pid, '--validator')[2], 'a third validator'), 'SIGKILL'),
      })
      expect(err.trim()).toMatch(/^ogpu: validator 2 ended with signal SIGKILL; see .*validator-2\.log$/)
      expect(code).toBe(1)
    },
  )
})

describe('bad input', () => {
  it('one clear line and exit code 2, and nothing is written', { timeout: 60_000 }, async () => {
    const foreign = join(dir, 'foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'thesis.txt'), 'important')
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['start', '--once', '--port', 'x'], /--port takes a whole number from 1 to 65535, not "x"/],
      [['start', '--once', '--data-dir', foreign], /not a devnet's data directory; name another one with --data-dir/],
      [['start', '--once', '--fresh', '--data-dir', foreign], /--fresh leaves it alone/],
      [['start', '--once', join(dir, 'absent.txt')], /cannot read .*absent\.txt/],
      [['start', '--onse'], /Unknown option '--onse'.*\.\/ogpu start --help/s],
      [['start', '--once', '--data-dir', '/proc/devnet'], /cannot make \/proc\/devnet .*--data-dir/],
      [['node', '--network', join(dir, 'absent.json')], /cannot read the genesis file .*ogpu genesis new/],
      [['executor'], /--data-dir is needed|--key-file/],
      [['frobnicate'], /there is no command "frobnicate"/],
    ]
    for (const [args, message] of cases) {
      const { code, out, err } = await ogpu(args)
      expect(err, args.join(' ')).toMatch(message)
      expect(err.trimEnd().split('\n').length, `${args.join(' ')}: ${err}`).toBe(1)
      expect(code, args.join(' ')).toBe(2)
      expect(out).not.toContain('✓')
    }
    expect(readFileSync(join(foreign, 'thesis.txt'), 'utf8')).toBe('important')
  })
})
