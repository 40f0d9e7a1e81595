// Takes pictures of pages of a running explorer, for the README and for looking at one's own work:
//
//   node launch.mjs explorer/screenshot.ts --url http://127.0.0.1:4000 home=/ dag=/dag task=/task/0x…
//
// --out docs/images   folder of the pictures (name.png; name-dark.png, name-narrow.png with the options below)
// --theme light|dark  colours (light)
// --width 1280        width in CSS pixels; the suffix -narrow is added below 600
// --height 800        height of the picture; 0 for the whole page
// --wait 1500         milliseconds to let live parts settle
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const CHROMIUM_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const CHROMIUM_ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/images', import.meta.url)) },
    theme: { type: 'string', default: 'light' },
    width: { type: 'string', default: '1280' },
    height: { type: 'string', default: '800' },
    wait: { type: 'string', default: '1500' },
  },
})
const executablePath = process.env.CHROMIUM ?? CHROMIUM_PATHS.find(existsSync)
const width = Number(values.width)
const height = Number(values.height)
if (values.url === undefined || positionals.length === 0 || !positionals.every(item => /^[\w-]+=\//.test(item)))
  fail('usage: screenshot.ts --url http://127.0.0.1:4000 name=/path …')
if (executablePath === undefined) fail('no Chromium here: install one, or set CHROMIUM to its path')
if (values.theme !== 'light' && values.theme !== 'dark') fail('--theme is light or dark')

mkdirSync(values.out, { recursive: true })
const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
try {
  const page = await browser.newPage({
    viewport: { width, height: height === 0 ? 900 : height },
    colorScheme: values.theme,
    deviceScaleFactor: 1,
  })
  page.on('pageerror', error => console.error(`page error: ${error.message}`))
  page.on('console', message => {
    if (message.type() === 'error') console.error(`console: ${message.text()}`)
  })
  for (const item of positionals) {
    const split = item.indexOf('=')
    const suffix = `${values.theme === 'dark' ? '-dark' : ''}${width < 600 ? '-narrow' : ''}`
    const path = join(values.out, `${item.slice(0, split)}${suffix}.png`)
    await page.goto(new URL(item.slice(split + 1), values.url).href)
    await page.waitForTimeout(Number(values.wait))
    await page.screenshot({ path, fullPage: height === 0 })
    console.log(path)
  }
} finally {
  await browser.close()
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
