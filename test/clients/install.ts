import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HERE, MODULES } from './world.ts'

/** Whether the packages of test/clients are the ones that its lock names. */
export function installed(): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted()
}

const stamp = join(MODULES, '.installed-from')

function wanted(): string {
  const lock = readFileSync(join(HERE, 'package-lock.json'))
  return createHash('sha256')
    .update(lock)
    .update(process.platform + process.arch)
    .digest('hex')
}

/** Runs `npm ci` without install scripts in test/clients, once; npm's own words go to stderr. Throws when it fails. */
export function install(): void {
  if (installed()) return
  console.error('clients: installing their packages (once, about 600 MB; needs the npm registry)')
  rmSync(stamp, { force: true })
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = [
    process.env.npm_execpath ?? '',
    join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js'),
    '/usr/local/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
  ].find(path => path !== '' && existsSync(path))
  const options = { cwd: HERE, stdio: ['ignore', 2, 2] as ['ignore', number, number] }
  // npm runs on the Node that runs us: it passes over optional packages that do not fit its own Node.
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: true })
  if (done.status !== 0) throw new Error('npm could not install the clients; its message is above')
  writeFileSync(stamp, wanted())
}
