import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HERE, MODULES } from './world.ts'

const ENVIRONMENT = join(MODULES, '.python')
const REQUIREMENTS = join(HERE, 'python/requirements.txt')
const UNREACHABLE =
  /NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Connection refused|Network is unreachable/

/** Python of the environment that the published SDK is installed in. */
export const PYTHON = join(ENVIRONMENT, 'bin/python')

/** Version of a package that `python/requirements.txt` pins. */
export function pinnedVersion(name: string): string {
  const line = readFileSync(REQUIREMENTS, 'utf8')
    .split('\n')
    .find(each => each.startsWith(`${name}==`))
  return line?.split('==')[1] ?? '(absent)'
}

/**
 * Makes the environment and installs the pinned packages in it, once. Gives the reason where this machine cannot: no
 * Python or no package index. Throws when pip fails otherwise.
 */
export function installPython(): string | undefined {
  const stamp = join(ENVIRONMENT, '.installed-from')
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, { cwd: HERE, encoding: 'utf8', timeout: 600_000 })

  const enough = run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))'])
  if (enough.error !== undefined || enough.status !== 0) return 'there is no python3 of version 3.10 or later'
  console.error('clients: installing the Python SDK (once, about 150 MB; needs the Python package index)')
  rmSync(ENVIRONMENT, { recursive: true, force: true })
  const made = run('python3', ['-m', 'venv', ENVIRONMENT])
  if (made.status !== 0) return 'python3 has no venv with pip (Debian: apt-get install python3-venv)'
  const options = ['--quiet', '--disable-pip-version-check', '--retries', '1', '--only-binary', ':all:']
  const installed = run(PYTHON, ['-m', 'pip', 'install', ...options, '-r', REQUIREMENTS])
  if (installed.status === 0) {
    writeFileSync(stamp, wanted)
    return undefined
  }
  const said = `${installed.stdout}\n${installed.stderr}`.slice(-4_000)
  if (UNREACHABLE.test(said)) return 'the Python package index cannot be reached'
  throw new Error(`pip could not install the Python SDK:\n${said}`)
}
