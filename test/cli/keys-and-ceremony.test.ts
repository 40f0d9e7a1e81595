import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { defined } from '#lib/assert'
import type { Hex } from '#lib/bytes'
import {
  decryptAccount,
  decryptEd25519,
  deriveDevValidatorKeys,
  encryptKey,
  publicKeysOf,
  saveDevKeys,
  saveKeys,
} from '#node'
import {
  type Ceremony,
  type CeremonyEntry,
  type CeremonyPlan,
  entryFault,
  genesisOfCeremony,
  mergeEntries,
  missingOperators,
  planDigest,
  readCeremony,
  readEntry,
  signEntry,
} from '../../cli/ceremony.ts'
import { run } from '../../cli/run.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(dir, { recursive: true, force: true })
})

const at = (...names: string[]) => join(dir, ...names)

/** Runs a command and returns what it printed. */
async function ogpu(...args: string[]) {
  const lines: string[] = []
  const keep = (...words: unknown[]) => void lines.push(words.join(' '))
  vi.spyOn(console, 'log').mockImplementation(keep)
  vi.spyOn(console, 'error').mockImplementation(keep)
  const code = await run(args)
  vi.restoreAllMocks()
  return { code, text: lines.join('\n') }
}

const keysOf = (index: number) => deriveDevValidatorKeys('ceremony', index)

describe('key', () => {
  test('exports and imports a whole validator as keystores that other tools open', async () => {
    const keys = keysOf(0)
    saveKeys(at('one', 'keys'), keys, 'first password', 4_096)
    writeFileSync(at('p1'), 'first password\n')
    writeFileSync(at('p2'), 'second password\n')
    const listed = await ogpu('key', 'list', '--data-dir', at('one'))
    expect(listed.code).toBe(0)
    expect(listed.text).toContain(publicKeysOf(keys).consensusKey)
    expect(listed.text).toContain('consensus-key.json')
    const args = ['--data-dir', at('one'), '--password-file', at('p1'), '--new-password-file', at('p2')]
    expect((await ogpu('key', 'export', 'consensus', ...args, '--out', at('consensus.json'))).code).toBe(0)
    expect(statSync(at('consensus.json')).mode & 0o777).toBe(0o600)
    // The same by hand, for less work: a password's cost is the point of these files.
    for (const kind of ['network', 'checkpoint', 'operator'] as const)
      writeFileSync(at(`${kind}.json`), encryptKey(kind, keys, 'second password', 4_096))
    const read = (kind: string) => readFileSync(at(`${kind}.json`), 'utf8')
    expect(decryptEd25519(read('consensus'), 'second password').seed).toEqual(keys.consensus.seed)
    expect(decryptAccount(read('operator'), 'second password').address).toEqual(keys.operator.address)
    const files = ['consensus', 'network', 'checkpoint', 'operator'].flatMap(kind => [`--${kind}`, at(`${kind}.json`)])
    const importing = ['key', 'import', '--data-dir', at('two'), ...files]
    expect((await ogpu(...importing, '--password-file', at('p1'))).text).toContain('password')
    expect(existsSync(at('two', 'keys'))).toBe(false)
    const imported = await ogpu(...importing, '--password-file', at('p2'))
    expect(imported.code).toBe(0)
    expect(imported.text).toContain('must never run again')
    // Keys that may have signed come without a word that they have not.
    expect(existsSync(at('two', 'signing-guard'))).toBe(false)
    expect(readFileSync(at('two', 'keys', 'public-keys.json'), 'utf8')).toContain(publicKeysOf(keys).peerId)
    expect((await ogpu(...importing, '--password-file', at('p2'))).code).toBe(2)
    expect((await ogpu('key', 'export', 'all', '--out', at('x'))).code).toBe(2)
  }, 120_000)

  test('says of development keys that they are not encrypted', async () => {
    saveDevKeys(at('dev', 'keys'), keysOf(1))
    expect((await ogpu('key', 'list', '--data-dir', at('dev'))).text).toContain('NOT ENCRYPTED')
    expect((await ogpu('key', 'list', '--data-dir', at('none'))).text).toContain('no keys')
  })
})

const lowerCase = (hex: Hex) => hex.toLowerCase() as Hex

const plan: CeremonyPlan = {
  network: 'devnet',
  chainId: 1071,
  timestampSec: 1_800_000_000,
  accounts: [],
  operators: [0, 1, 2].map(index => ({ operator: lowerCase(publicKeysOf(keysOf(index)).operator), stake: index + 1 })),
}

function entryOf(index: number, name = `validator ${index}`): CeremonyEntry {
  const { operator, consensusKey, networkKey, checkpointKey } = publicKeysOf(keysOf(index))
  const about = { name, addresses: [`/ip4/10.0.0.${index}/tcp/30303`] }
  return signEntry(plan, keysOf(index), { operator, consensusKey, networkKey, checkpointKey }, about)
}

describe('a genesis ceremony', () => {
  test('goes from a plan over signed entries to the same genesis for everybody, by commands', async () => {
    for (const index of [0, 1, 2]) saveDevKeys(at(`v${index}`, 'keys'), keysOf(index))
    const operators = plan.operators.flatMap(({ operator, stake }) => ['--operator', `${operator}=${stake}`])
    const time = ['--timestamp', '1800000000']
    expect((await ogpu('genesis', 'plan', ...operators, ...time, '--out', at('plan.json'))).code).toBe(0)
    for (const index of [0, 1, 2]) {
      const args = ['--data-dir', at(`v${index}`), '--name', `v${index}`, '--address', `/ip4/10.0.0.${index}/tcp/30303`]
      expect((await ogpu('genesis', 'sign', at('plan.json'), ...args, '--out', at(`e${index}.json`))).code).toBe(0)
    }
    const partial = await ogpu('genesis', 'merge', at('plan.json'), at('e2.json'), '--out', at('partial.json'))
    expect(partial.text).toContain('1 of 3 entries; missing:')
    expect((await ogpu('genesis', 'build', at('partial.json'), '--out', at('no.json'))).code).toBe(2)
    const rest = [at('e0.json'), at('e1.json'), '--out']
    expect((await ogpu('genesis', 'merge', at('partial.json'), ...rest, at('full.json'))).text).toContain('complete')
    const built = await ogpu('genesis', 'build', at('full.json'), '--out', at('a.json'))
    expect(built.code).toBe(0)
    // Another order of merging gives the same bytes.
    const others = [at('e1.json'), at('e0.json'), at('e2.json'), '--out']
    await ogpu('genesis', 'merge', at('plan.json'), ...others, at('full2.json'))
    await ogpu('genesis', 'build', at('full2.json'), '--out', at('b.json'))
    expect(readFileSync(at('a.json'), 'utf8')).toBe(readFileSync(at('b.json'), 'utf8'))
    const genesis = JSON.parse(readFileSync(at('a.json'), 'utf8'))
    expect(genesis.config.ogpu.validators.map(({ stake }: { stake: number }) => stake).sort()).toEqual([1, 2, 3])
    expect(readFileSync(at('a.json'), 'utf8')).not.toContain('signatures')
  }, 60_000)

  test('refuses entries that anything was changed in, and those of another plan', async () => {
    const entry = entryOf(0)
    expect(entryFault(plan, entry)).toBeUndefined()
    const other = publicKeysOf(keysOf(3))
    const changes: Partial<CeremonyEntry>[] = [
      { name: 'somebody else' },
      { stake: 2 },
      { addresses: ['/ip4/6.6.6.6/tcp/1'] },
      { operator: lowerCase(other.operator) },
      { consensusKey: other.consensusKey },
      { networkKey: other.networkKey },
      { checkpointKey: other.checkpointKey },
      { plan: `0x${'11'.repeat(32)}` },
    ]
    for (const change of changes) {
      const changed = { ...entry, ...change }
      expect(entryFault(plan, changed), JSON.stringify(change)).toBeDefined()
      expect(() => mergeEntries({ plan, entries: [] }, [changed])).toThrow('refused')
    }
    for (const kind of ['consensus', 'network', 'checkpoint', 'operator'] as const) {
      const signatures = { ...entry.signatures, [kind]: entryOf(1).signatures[kind] }
      expect(entryFault(plan, { ...entry, signatures }), kind).toContain('signature')
    }
    expect(entryFault({ ...plan, timestampSec: 1 }, entry)).toBe('it was signed for another plan')
    expect(planDigest({ ...plan, operators: [...plan.operators].reverse() })).not.toBe(planDigest(plan))
    const { operator, consensusKey, networkKey, checkpointKey } = other
    const stranger = () =>
      signEntry(plan, keysOf(3), { operator, consensusKey, networkKey, checkpointKey }, { name: 'x', addresses: [] })
    expect(stranger).toThrow('names no operator')
  })

  test('lets nobody enter twice or share a key, and is read strictly', async () => {
    const ceremony: Ceremony = { plan, entries: [entryOf(0)] }
    expect(mergeEntries(ceremony, [entryOf(0)]).entries).toHaveLength(1)
    expect(() => mergeEntries(ceremony, [entryOf(0, 'other name')])).toThrow('two different entries')
    const mine = keysOf(1)
    const { operator, networkKey, checkpointKey } = publicKeysOf(mine)
    const { consensusKey } = publicKeysOf(keysOf(0))
    const borrowed = { ...mine, consensus: keysOf(0).consensus }
    const about = { name: 'thief', addresses: [] }
    const shared = signEntry(plan, borrowed, { operator, consensusKey, networkKey, checkpointKey }, about)
    expect(() => mergeEntries(ceremony, [shared])).toThrow('in common')
    expect(missingOperators(ceremony)).toHaveLength(2)
    await expect(genesisOfCeremony(ceremony)).rejects.toThrow('missing')
    const text = JSON.stringify(ceremony)
    expect(readCeremony(text, 'f')).toEqual(ceremony)
    expect(readEntry(JSON.stringify(entryOf(2)), 'f')).toEqual(entryOf(2))
    for (const broken of ['', '[]', '{}', text.replace('devnet', 'other'), text.replace('"stake":1', '"stake":-1')])
      expect(() => readCeremony(broken, 'f')).toThrow('f')
    const entry = defined(ceremony.entries[0], 'an entry')
    expect(() => readEntry(JSON.stringify({ ...entry, addresses: ['x'] }), 'f')).toThrow('addresses')
  })
})
