import { describe, expect, it } from 'vitest'
import { configFlags, configTable, configToFile, describeConfig, readConfig } from '../../chain/node/config.ts'
import { environmentName, fileKey, SETTING_NAMES } from '../../chain/node/config-table.ts'

const file = (value: unknown) => ({ path: 'node.json', text: JSON.stringify(value) })
const problem = (input: Parameters<typeof readConfig>[0]): string => {
  try {
    readConfig(input)
  } catch (error) {
    expect(error).toMatchObject({ code: 'config invalid' })
    return (error as Error).message
  }
  return 'no problem'
}

describe('node configuration', () => {
  it('takes flags over the environment, that over the file, and that over defaults', () => {
    const input = {
      flags: { 'rpc-port': '1', 'p2p-mdns': true },
      environment: { OGPU_RPC_PORT: '2', OGPU_RPC_HOST: '0.0.0.0', OGPU_HEALTH_PORT: '' },
      file: file({ network: 'testnet', rpc: { port: 3, host: 'x', connectionsMax: 50 }, validator: { enabled: true } }),
    }
    const config = readConfig(input)
    expect(config).toMatchObject({
      network: 'testnet',
      dataDir: './data',
      rpc: { port: 1, host: '0.0.0.0', connectionsMax: 50, enabled: true, batchMax: 1_000 },
      p2p: { mdns: true },
      health: { port: 9_545 },
      validator: { enabled: true, keysDir: undefined },
    })
    const lines = describeConfig(config).split('\n')
    expect(lines).toHaveLength(SETTING_NAMES.length)
    expect(lines.find(line => line.startsWith('rpc-port'))).toMatch(/ 1 +flag$/)
    expect(lines.find(line => line.startsWith('rpc-host'))).toMatch(/ 0\.0\.0\.0 +environment$/)
    expect(lines.find(line => line.startsWith('network'))).toMatch(/ testnet +file$/)
    expect(lines.find(line => line.startsWith('data-dir'))).toMatch(/ \.\/data +default$/)
  })

  it('lists come repeated, with commas, or as JSON', () => {
    const a = '/ip4/1.2.3.4/tcp/30303'
    const b = '/dns4/example.org/tcp/1'
    for (const input of [
      { flags: { 'p2p-listen': [a, b] } },
      { flags: { 'p2p-listen': [`${a}, ${b}`] } },
      { environment: { OGPU_P2P_LISTEN: `${a},${b}` } },
      { file: file({ p2p: { listen: [a, b] } }) },
    ]) {
      expect(readConfig(input).p2p.listen).toEqual([a, b])
    }
  })

  it('what it writes as a file reads back the same', () => {
    const config = readConfig({ flags: { 'log-file': '/x', 'p2p-peers': [], validator: true, 'rpc-port': '7' } })
    const again = readConfig({ file: { path: 'x', text: configToFile(config) } })
    const { settings: one, ...first } = config
    const { settings: two, ...second } = again
    expect(second).toEqual(first)
    expect(one['rpc-port'].source).toBe('flag')
    expect(two['rpc-port'].source).toBe('file')
  })

  it('wrong values are refused with the setting, the place and what is allowed', () => {
    expect(problem({ flags: { 'rpc-port': '65536' } })).toBe(
      '--rpc-port: a whole number from 0 to 65535 is wanted, not "65536"',
    )
    expect(problem({ environment: { OGPU_LOG_FORMAT: 'xml' } })).toContain('OGPU_LOG_FORMAT: one of terminal, json')
    expect(problem({ file: file({ p2p: { mdns: 'maybe' } }) })).toContain('p2p.mdns in node.json: true or false')
    expect(problem({ file: file({ rpc: { prot: 1 } }) })).toContain('no setting "rpc.prot"; is "rpc.port" meant?')
    expect(problem({ file: file([]) })).toContain('a JSON object is wanted')
    expect(problem({ file: { path: 'node.json', text: '{' } })).toContain('node.json: not JSON')
    expect(problem({ file: file({ __proto__x: 1 }) })).toContain('no setting')
    expect(problem({ environment: { OGPU_P2P_LISTENS: 'x' } })).toContain('is "OGPU_P2P_LISTEN" meant?')
    expect(problem({ environment: { OGPU_RPC_URL: 'http://x', OGPU_DEBUG: '1' } })).toBe('no problem')
    expect(problem({ flags: { 'log-level': 'p2p=loud' } })).toContain('levels are')
    expect(problem({ flags: { 'rpc-apis': ['eth,personal'] } })).toContain('no method group "personal"')
    expect(problem({ flags: { 'p2p-listen': ['1.2.3.4:30303'] } })).toContain('no multiaddr')
    expect(problem({ flags: { 'p2p-bootnodes': ['/ip4/1.2.3.4/tcp/1'] } })).toContain('lacks the peer id')
    expect(problem({ flags: { 'store-history-blocks': '5' } })).toContain('a whole number from 128')
    expect(readConfig({}).store.historyBlocks).toBeUndefined()
    expect(problem({ flags: { 'health-port': '8545' } })).toContain('already the port')
    expect(problem({ flags: { 'data-dir': '' } })).toContain('a text is wanted')
  })

  it('the mode of the store decides which windows there are', () => {
    const store = (flags: Record<string, string>) => {
      const { mode, historyBlocks, bodyBlocks } = readConfig({ flags }).store
      return [mode, historyBlocks, bodyBlocks]
    }
    expect(store({})).toEqual(['archive', undefined, undefined])
    expect(store({ 'store-mode': 'full' })).toEqual(['full', 90_000, undefined])
    expect(store({ 'store-mode': 'full', 'store-history-blocks': '500' })).toEqual(['full', 500, undefined])
    expect(store({ 'store-mode': 'pruned' })).toEqual(['pruned', 90_000, 500_000])
    expect(store({ 'store-mode': 'pruned', 'store-history-blocks': '600000' })).toEqual(['pruned', 600_000, 600_000])
    expect(problem({ flags: { 'store-mode': 'light' } })).toContain('one of archive, full, pruned is wanted')
    expect(problem({ flags: { 'store-history-blocks': '500' } })).toContain('an archive keeps every state')
    expect(problem({ flags: { 'store-mode': 'full', 'store-body-blocks': '500' } })).toContain(
      'only --store-mode pruned',
    )
    expect(problem({ flags: { 'store-mode': 'pruned', 'store-body-blocks': '500' } })).toContain('at least as many')
  })

  it('every setting has one name of each kind, a flag and a line in the table', () => {
    expect(new Set(SETTING_NAMES.map(environmentName)).size).toBe(SETTING_NAMES.length)
    expect(new Set(SETTING_NAMES.map(fileKey)).size).toBe(SETTING_NAMES.length)
    expect(fileKey('p2p-strangers-max')).toBe('p2p.strangersMax')
    expect(fileKey('data-dir')).toBe('dataDir')
    expect(fileKey('verify-workers')).toBe('verify.workers')
    expect(environmentName('p2p-listen')).toBe('OGPU_P2P_LISTEN')
    expect(Object.keys(configFlags())).toEqual(SETTING_NAMES)
    for (const name of SETTING_NAMES) expect(configTable()).toContain(`| \`--${name}\` |`)
  })
})
