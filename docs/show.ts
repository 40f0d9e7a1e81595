// Makes what the README shows: runs the main job on a fresh devnet, puts the real transcript between the README's
// markers, and takes pictures of the explorer's pages.
//
//   node launch.mjs docs/show.ts
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const README = join(root, 'README.md')
const BEGIN = '<!-- transcript -->\n'
const END = '<!-- /transcript -->\n'

const dir = mkdtempSync(join(tmpdir(), 'ogpu-show-'))
const network = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', 'cli/main.ts', 'start', '--data-dir', join(dir, 'net')],
  {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
let shown = ''
const ended = new Promise<void>(resolve => network.once('exit', () => resolve()))
const running = new Promise<void>(resolve => {
  network.stdout.on('data', chunk => {
    shown += chunk
    process.stdout.write(chunk)
    if (shown.includes('Test accounts')) resolve()
  })
})
await Promise.race([running, ended.then(() => Promise.reject(new Error('the devnet ended before it was ready')))])

try {
  const explorer = shown.match(/explorer +(http:\S+)/)?.[1]
  const task = [...shown.matchAll(/\/task\/(0x[0-9a-fA-F]{40})/g)].at(-1)?.[1]
  if (explorer === undefined || task === undefined) throw new Error('the transcript names no explorer or no task')
  const pages = ['home=/', 'dag=/dag', `task=/task/${task}`]
  const script = join(root, 'explorer/screenshot.ts')
  const { status } = spawnSync(process.execPath, [script, '--url', explorer, '--height', '900', ...pages], {
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('the pictures could not be taken; is Chromium installed?')
} finally {
  network.kill('SIGINT')
  await ended
  rmSync(dir, { recursive: true, force: true })
}

const readme = readFileSync(README, 'utf8')
const [before, rest] = readme.split(BEGIN)
const after = rest?.split(END)[1]
if (before === undefined || after === undefined)
  throw new Error(`README.md has no lines ${BEGIN.trim()} and ${END.trim()}`)
const transcript = shown.slice(0, shown.indexOf('\nRunning until')).trim()
writeFileSync(README, `${before}${BEGIN}\n\`\`\`text\n$ npm start\n\n${transcript}\n\`\`\`\n\n${END}${after}`)
console.log('README.md and docs/images are up to date')
