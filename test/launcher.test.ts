import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { NODE_FLAGS } from '../cli/devnet/child.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

it('without a registry the launcher says what to do, exits non-zero and leaves nothing half-installed', {
  timeout: 60_000,
}, () => {
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-launch-'))
  try {
    for (const file of [
      'launch.mjs',
      'package.json',
      'package-lock.json',
      '.npmrc',
      'runtime/package.json',
      'runtime/package-lock.json',
      'sdk/package.json',
      'explorer/package.json',
    ]) {
      cpSync(join(root, file), join(dir, file))
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(dir, 'launch.mjs'), 'cli/main.ts', 'start'], {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        npm_config_registry: 'http://127.0.0.1:9',
        npm_config_fetch_retries: '0',
        npm_config_cache: join(dir, 'cache'),
      },
    })
    expect(status).not.toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/ogpu: installing packages failed: .* Check that the npm registry is reachable/)
    expect(readdirSync(dir)).not.toContain('.install-lock')
    expect(readdirSync(dir)).not.toContain('data')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

it('the image and a devnet run Node with the options of the launcher, which also started this test', () => {
  const ours = (process.env.NODE_OPTIONS ?? '')
    .split(' ')
    .filter(name => /^--(max-semi-space|v8-pool)-size=/.test(name))
  expect(ours).toHaveLength(2)
  const launcher = readFileSync(join(root, 'launch.mjs'), 'utf8')
  const [, flags = ''] = /^const FLAGS = (.*)$/m.exec(launcher) ?? []
  expect(flags.replaceAll("'", '"')).toBe(JSON.stringify(NODE_FLAGS).replaceAll(',', ', '))
  const [, entry = ''] = /^ENTRYPOINT (.*)$/m.exec(readFileSync(join(root, 'deploy/Dockerfile'), 'utf8')) ?? []
  expect(JSON.parse(entry)).toEqual(['node', ...NODE_FLAGS, ...ours, 'cli/main.ts'])
})
