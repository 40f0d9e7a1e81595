// Starts everything in this repository: installs what is missing, then runs one entry on Node.js 24.
//
//   node launch.mjs test [vitest arguments]      the test suite
//   node launch.mjs <file> [arguments]           a TypeScript or JavaScript file of this repository
//
// Plain JavaScript for Node.js 18 and newer, without any package: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 24
const ADVICE = 'Check that the npm registry is reachable (npm ping) and the disk has 1 GB free, then start again.'
const LOCK_STALE_MS = 10 * 60_000
const root = fileURLToPath(new URL('.', import.meta.url))

function fail(message) {
  console.error(`ogpu: ${message}`)
  process.exit(1)
}

const major = Number(process.versions.node.split('.')[0])
if (major < 18) fail(`Node.js 18 or newer is needed to start; this is ${process.version}. Install one from nodejs.org.`)

/** Waits for a concurrent first start in the same checkout, so that two `npm ci` never work on one folder. */
function withInstallLock(folder, run) {
  const lock = join(folder, '.install-lock')
  for (let said = false; ; ) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') {
        fail(
          `cannot write to ${folder} (${error.code}). Make the folder writable for this user, or clone the repository elsewhere.`,
        )
      }
      if (Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true })
      else if (!said) {
        console.error('ogpu: another start is installing packages; waiting for it')
        said = true
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250)
    }
  }
  try {
    run()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** Runs `npm ci` in `folder` with `node`, unless its lockfile is what was installed last and all is still there. */
function install(folder, node, what) {
  const lockfile = readFileSync(join(folder, 'package-lock.json'))
  const wanted = createHash('sha256')
    .update(lockfile)
    .update(process.platform + process.arch)
    .digest('hex')
  const stamp = join(folder, 'node_modules', '.installed-from')
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const packages = Object.keys({ ...dependencies, ...devDependencies })
  const installed = () =>
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === wanted &&
    packages.every(name => existsSync(join(folder, 'node_modules', name)))
  if (installed()) return
  let failed = false
  withInstallLock(folder, () => {
    if (installed()) return
    console.error(`ogpu: installing ${what} (once; needs the npm registry)`)
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const npm =
      process.env.npm_execpath ??
      ['../lib/node_modules', 'node_modules']
        .map(p => join(process.execPath, '..', p, 'npm/bin/npm-cli.js'))
        .find(existsSync)
    const options = { cwd: folder, stdio: ['ignore', 2, 2] }
    const done = npm ? spawnSync(node, [npm, ...args], options) : spawnSync('npm', args, { ...options, shell: true })
    rmSync(stamp, { force: true })
    failed = done.status !== 0
    if (!failed) writeFileSync(stamp, wanted)
  })
  if (failed) fail(`installing ${what} failed: npm's own message is above. ${ADVICE}`)
}

let node = process.execPath
if (major < NODE_MAJOR) {
  const runtime = join(root, 'runtime')
  install(runtime, node, `Node.js ${NODE_MAJOR}, as this machine has ${process.version}`)
  node = ['node-', 'node-bin-']
    .map(prefix => join(runtime, 'node_modules', `${prefix}${process.platform}-${process.arch}`, 'bin/node'))
    .find(existsSync)
  if (!node) {
    // npm passes over an optional package that it cannot fetch; the next start shall try again.
    rmSync(join(runtime, 'node_modules'), { recursive: true, force: true })
    fail(
      `Node.js ${NODE_MAJOR} or newer is needed; this is ${process.version}, and npm gave no Node.js binary for ` +
        `${process.platform}-${process.arch}. ${ADVICE} Or install Node.js ${NODE_MAJOR} yourself.`,
    )
  }
}
install(root, node, 'packages')

const [name, ...rest] = process.argv.slice(2)
if (!name) fail('which file? For example: node launch.mjs cli/main.ts --help')
const entry = name === 'test' ? [join(root, 'node_modules/vitest/vitest.mjs'), 'run'] : [join(root, name)]
// Room for young objects, in MiB: what a transaction needs from its arrival to its block shall never grow old, as
// collecting old objects costs several times more. V8 takes it only as needed. For the processes that we start as well.
const YOUNG_SPACE = '--max-semi-space-size=64'
// V8 gives garbage collection and compilation of all threads, the nicest too, to helpers of normal priority. Four of them
// took a small machine from consensus to collect what a stranger's calls had left; one does the work as well.
const HELPERS = '--v8-pool-size=1'
// A validator at rest has its heap compacted by V8 every minute or two to give memory back: 60 to 180 ms in which it answers
// nobody, where an ordinary collection takes 10 to 20.
const FLAGS = ['--disable-warning=ExperimentalWarning', '--no-memory-reducer']
const child = spawn(node, [...FLAGS, ...entry, ...rest], {
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: `${YOUNG_SPACE} ${HELPERS} ${process.env.NODE_OPTIONS ?? ''}`.trim() },
  ...(name === 'test' ? { cwd: root } : {}),
})
// A terminal sends Ctrl-C to the whole process group, so the child has it already; SIGTERM reaches only us.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', error => fail(`cannot start ${node}: ${error.message}`))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
