import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@ogpu/sdk'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type DataNode, type Executor, startDataNode, startExecutor } from '#executor'
import { defined } from '#lib/assert'
import { run } from '../../cli/run.ts'
import { type Devnet, startDevnet } from '../executor/devnet.ts'

const MODEL = new URL('../../executor/models/language-id/', import.meta.url).pathname
let dir: string
let net: Devnet
let node: DataNode
let executor: Executor
let source: string

const keyFile = (name: string): string => join(dir, `${name}.key`)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ogpu-task-'))
  net = await startDevnet()
  node = await startDataNode({ dir: join(dir, 'blobs') })
  for (const [i, name] of ['client', 'owner', 'provider', 'poor'].entries()) {
    writeFileSync(keyFile(name), name === 'poor' ? '77'.repeat(32) : `${net.keys[i]}\n`)
  }
})
afterAll(async () => {
  await executor?.stop()
  await node.stop()
  await net.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `ogpu task …` in this process, and returns what a person would see. */
async function task(...args: readonly string[]): Promise<Outcome> {
  let out = ''
  let err = ''
  const log = vi.spyOn(console, 'log').mockImplementation((...words) => {
    out += `${words.join(' ')}\n`
  })
  const error = vi.spyOn(console, 'error').mockImplementation((...words) => {
    err += `${words.join(' ')}\n`
  })
  try {
    const code = await run(['task', ...args, '--rpc', net.url, '--data', node.url])
    return { code, out, err }
  } finally {
    log.mockRestore()
    error.mockRestore()
  }
}

async function json(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, out, err } = await task(...args, '--json')
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out)
}

const asClient = ['--key-file', 'client'] as const
const keys = (args: readonly string[]): readonly string[] =>
  args.map((word, i) => (args[i - 1]?.endsWith('key-file') ? keyFile(word) : word))

describe('the market from the command line', () => {
  test('a program and a source are offered, and then listed', async () => {
    expect((await task('sources')).out).toBe('no sources yet\n')
    const files = [join(MODEL, 'program.graph'), join(MODEL, 'program.weights')]
    const program = await json('program', ...files, '--name', 'language-id', ...keys(asClient))
    const again = await task('program', ...files, ...keys(asClient))
    expect(again.out).toContain('none: it was registered before')
    const offered = await json(
      'source',
      ...['--name', 'lang\u001b[31muages', '--program', String(program.programId), '--min-payment', '0.01'],
      ...['--redundancy', '1', '--audit-rate', '0', ...keys(asClient)],
    )
    source = String(offered.source)
    const { out } = await task('sources')
    expect(out).toContain(source)
    expect(out).toContain('lang [31muages')
    expect(out).toContain('≥ 0.01 OGPU')
    expect(out).toContain('1 of 1 must agree')
  })

  test('a provider joins, and joining again changes nothing', async () => {
    const args = ['join', '--key-file', 'provider', '--master-key-file', 'owner', '--lockup', '20', '--source', source]
    const joined = await json(...keys(args))
    expect(joined).toMatchObject({ lockedWei: (20n * 10n ** 18n).toString(), sources: [source] })
    const again = await task(...keys(args))
    expect(again.out).toContain('20 OGPU, 20 OGPU free for bonds')
    expect(again.out).toContain('registered before')
    // More stake later, without the owner's key.
    const more = await json(...keys(['join', '--key-file', 'provider', '--lockup', '25', '--source', source]))
    expect(more.lockedWei).toBe((25n * 10n ** 18n).toString())
    const stranger = await task(...keys(['join', '--key-file', 'poor', '--source', source]))
    expect([stranger.code, stranger.err]).toEqual([2, expect.stringContaining('name the owner with --master-key-file')])
  })

  test('coins go into the Vault and out of it', async () => {
    const deposited = await json('deposit', '5.5', ...keys(asClient))
    expect(deposited.balanceWei).toBe((55n * 10n ** 17n).toString())
    expect((await task('withdraw', '0.5', ...keys(asClient))).out).toContain('in the Vault  5 OGPU')
    const { address } = await createClient({ rpcUrl: net.url, privateKey: defined(net.keys[0], 'ten accounts') })
    const account = await task('account', String(address))
    expect(account.out).toContain('in the Vault      5 OGPU')
    expect((await task('account', ...keys(asClient))).out).toContain(String(address))
  })

  test('a task is published, shown, canceled; another one is waited for and its result checked', async () => {
    const args = ['publish', '--source', source, '--payment', '0.05', '--text', 'Wo ist hier der Bahnhof, bitte?']
    const first = await json(...args, ...keys(asClient))
    const shown = await task('show', String(first.task))
    expect(shown.out).toContain('NEW, Open')
    expect(shown.out).toContain('0.05 OGPU')
    expect((await task('cancel', String(first.task), ...keys(asClient))).code).toBe(0)
    expect(await json('show', String(first.task))).toMatchObject({ status: 'CANCELED' })

    executor = await startExecutor({
      rpcUrl: net.url,
      privateKey: defined(net.keys[2], 'ten accounts'),
      dataUrls: [node.url],
      dir: join(dir, 'executor'),
      pollingMs: 100,
      dueStaggerMs: 100,
    })
    const second = await task(...args, '--wait', '--decode', 'language-id', ...keys(asClient))
    expect(second.code).toBe(0)
    expect(second.out).toMatch(/result +German \(de\), \d/)
    expect(second.out).toContain('against what the contracts agreed on')
    const address = /task +(0x[0-9a-fA-F]{40})/.exec(second.out)?.[1] ?? ''
    expect(await json('wait', address)).toMatchObject({ status: 'FINALIZED' })
    const file = join(dir, 'result.bin')
    expect(await json('result', address, '--out', file)).toMatchObject({ bytes: 160, checkedBy: 'digest' })
    expect(readFileSync(file).length).toBe(160)
  })

  test('what is wrong is said in one line, and nothing is sent', async () => {
    const unknown = `0x${'12'.repeat(20)}`
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [[], 2, /after "task" comes one of sources, publish/],
      [['frobnicate'], 2, /after "task" comes one of/],
      [['show'], 2, /name one task/],
      [['show', 'x'], 2, /"x" is no address of a task/],
      [['show', unknown], 1, /there is no such contract/],
      [['deposit', 'much', '--key-file', 'client'], 2, /takes an amount of OGPU/],
      [['deposit', '1'], 2, /--key-file FILE/],
      [['publish', '--payment', '1', '--text', 'x', '--key-file', 'client'], 2, /name the source with --source/],
      [['publish', '--source', source, '--payment', '1', '--key-file', 'client'], 2, /either --text or --input/],
      [
        ['publish', '--source', source, '--payment', '1', '--text', 'x', '--decode', 'y', '--key-file', 'client'],
        2,
        /--decode is one of/,
      ],
      [
        ['publish', '--source', unknown, '--payment', '1', '--text', 'x', '--key-file', 'client'],
        1,
        /there is no such contract/,
      ],
      [
        ['publish', '--source', source, '--payment', '0.001', '--text', 'x', '--key-file', 'client'],
        1,
        /PaymentTooSmall/,
      ],
      [
        ['publish', '--source', source, '--payment', '900', '--text', 'x', '--key-file', 'client'],
        1,
        /InsufficientBalance/,
      ],
      [['join', '--key-file', 'provider', '--environment', 'TPU'], 2, /CPU, NVIDIA or AMD/],
    ]
    for (const [args, code, message] of cases) {
      const outcome = await task(...keys(args))
      expect(outcome.err, args.join(' ')).toMatch(message)
      expect(outcome.err.trimEnd().split('\n').length, outcome.err).toBe(1)
      expect(outcome.code, args.join(' ')).toBe(code)
      expect(outcome.out).toBe('')
    }
  })
})
