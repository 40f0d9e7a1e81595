import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Demo, indexedUpTo, startDemo } from './harness.ts'
import { addHostile } from './hostile.ts'

const EXECUTABLE = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(path => path !== '' && existsSync(path))
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let demo: Demo
let browser: Browser | undefined

beforeAll(async () => {
  demo = await startDemo(70)
  if (EXECUTABLE === undefined)
    console.log('no Chromium on this machine: pages are checked as HTML only (pages.test.ts)')
  else browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS })
})
afterAll(async () => {
  await browser?.close()
  await demo.stop()
})

interface Watched {
  readonly page: Page
  /** Errors, and requests that left for anywhere but the explorer. */
  readonly complaints: string[]
}

/** Runs `look` on a fresh page and holds it to: no error, no foreign request. Without a browser it only says so. */
async function inBrowser(look: (watched: Watched) => Promise<void>, options = {}): Promise<void> {
  if (browser === undefined) {
    expect(EXECUTABLE).toBeUndefined()
    return
  }
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(`error: ${error.message}`))
  page.on('console', message => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
      complaints.push(`console: ${message.text()}`)
  })
  page.on('request', request => {
    if (!request.url().startsWith(demo.url)) complaints.push(`request to ${request.url()}`)
  })
  try {
    await look({ page, complaints })
    expect(complaints).toEqual([])
  } finally {
    await context.close()
  }
}

describe('in a browser', () => {
  test('every page comes alive without an error and without asking anybody else', async () => {
    const task = [...demo.market.tasks.keys()][3]
    const [transaction] = demo.node.blocks[30]?.transactions ?? []
    const paths = [
      '/',
      '/dag',
      '/blocks',
      '/block/30',
      '/txs',
      `/tx/${transaction?.hash}`,
      `/address/${transaction?.from}`,
      '/tokens',
      '/tasks',
      `/task/${task}`,
      '/sources',
      '/providers',
      `/provider/${demo.node.address('provider 1')}`,
      '/validators',
      '/commit/21',
      '/no/such/page',
    ]
    await inBrowser(async ({ page, complaints }) => {
      for (const path of paths) {
        await page.goto(demo.url + path)
        // The theme button exists only once React has taken the page over.
        await page.waitForSelector('button[aria-label*="colours"]')
        expect(complaints, path).toEqual([])
      }
    })
  })

  test('new blocks appear by themselves on the start page', async () => {
    await inBrowser(async ({ page }) => {
      await page.goto(demo.url)
      const block = demo.node.addBlock([
        { from: demo.node.address('person 1'), to: demo.node.address('person 2'), value: 1n },
      ])
      await page.waitForSelector(`a[href="/block/${Number(block.number)}"]`, { timeout: 10_000 })
    })
  })

  test('links, the back button and the search move within the page', async () => {
    await inBrowser(async ({ page }) => {
      await page.goto(`${demo.url}/blocks`)
      await page.waitForSelector('button[aria-label*="colours"]')
      await page.evaluate('window.sameDocument = true')
      await page.click('nav[aria-label="Main"] a[href="/tasks"]')
      await page.waitForSelector('h1:has-text("Tasks")')
      expect(await page.title()).toBe('Tasks')
      await page.goBack()
      await page.waitForSelector('h1:has-text("Blocks")')
      await page.keyboard.press('/')
      await page.keyboard.type('Compute Dol')
      await page.waitForSelector('[role="option"]')
      await page.keyboard.press('Enter')
      await page.waitForSelector('h1:has-text("Compute Dollar")')
      expect(await page.evaluate('window.sameDocument')).toBe(true)
    })
  })

  test('the DAG can be paused, moved, sought, zoomed and asked', async () => {
    await inBrowser(async ({ page }) => {
      await page.goto(`${demo.url}/dag`)
      await page.waitForSelector('.vertex[role="button"]')
      const title = () => page.textContent('.card h2')
      await page.click('button:has-text("Pause")')
      const paused = await title()
      await page.focus('.dag-frame')
      await page.keyboard.press('ArrowLeft')
      await expect.poll(title).not.toBe(paused)
      const vertices = await page.locator('.vertex').count()
      await page.keyboard.press('-')
      await expect.poll(() => page.locator('.vertex').count()).toBeGreaterThan(vertices)
      await page.fill('input[name="round"]', String(demo.node.round - 30))
      await page.press('input[name="round"]', 'Enter')
      await page.waitForSelector(`.vertex:has-text("round ${demo.node.round - 30},")`, { state: 'attached' })
      await page.locator('.vertex.leader').first().click()
      await page.waitForSelector('h2:has-text("Vertex of validator-")')
      await page.click('button:has-text("Go live")')
      await page.waitForSelector('.badge:has-text("Live")')
    })
  })

  test('the colours can be chosen and stay chosen', async () => {
    await inBrowser(
      async ({ page }) => {
        await page.goto(demo.url)
        const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
        const dark = await background()
        await page.click('button[aria-label="Use light colours"]')
        await expect.poll(background).not.toBe(dark)
        const light = await background()
        await page.goto(`${demo.url}/blocks`)
        expect(await background()).toBe(light)
      },
      { colorScheme: 'dark' },
    )
  })

  test('a wallet is offered the network', async () => {
    await inBrowser(async ({ page }) => {
      await page.addInitScript(
        'window.ethereum = { request: asked => { window.askedWallet = asked; return Promise.resolve(null) } }',
      )
      await page.goto(demo.url)
      await page.click('summary:has-text("Add network")')
      await page.click('button:has-text("Add to wallet")')
      await page.waitForSelector('[role="status"]')
      expect(await page.evaluate('window.askedWallet')).toMatchObject({
        method: 'wallet_addEthereumChain',
        params: [{ chainId: '0x42f', chainName: 'Test chain', nativeCurrency: { symbol: 'OGPU', decimals: 18 } }],
      })
    })
  })

  test('nothing is wider than a narrow screen', async () => {
    await inBrowser(
      async ({ page }) => {
        const [transaction] = demo.node.blocks[30]?.transactions ?? []
        for (const path of [
          '/',
          '/dag',
          '/txs',
          `/tx/${transaction?.hash}`,
          `/task/${[...demo.market.tasks.keys()][3]}`,
          '/validators',
        ]) {
          await page.goto(demo.url + path)
          expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390)
        }
      },
      { viewport: { width: 390, height: 800 } },
    )
  })

  test('without JavaScript the pages can be read and followed', async () => {
    await inBrowser(
      async ({ page }) => {
        await page.goto(`${demo.url}/block/30`)
        await page.click('table a[href^="/tx/"]')
        expect(await page.textContent('h1')).toContain('Transaction')
        expect(await page.textContent('main')).toContain('executed, final')
        await page.fill('input[name="q"]', '12')
        await page.press('input[name="q"]', 'Enter')
        expect(await page.textContent('main')).toContain('Block 12')
      },
      { javaScriptEnabled: false },
    )
  })

  test('hostile strings from the chain run nowhere', async () => {
    // Each string once as a token and once as a task; pages.test.ts reads all of them.
    const paths = (await addHostile(demo)).filter(path => !/^\/(tx|source)\//.test(path))
    await indexedUpTo(demo.explorer, demo.node.head)
    await inBrowser(async ({ page }) => {
      for (const path of paths) {
        await page.goto(demo.url + path)
        await page.waitForSelector('button[aria-label*="colours"]')
        expect(await page.evaluate('window.pwned'), path).toBeUndefined()
        expect(
          await page.evaluate('document.querySelectorAll("main script, main iframe, main img, main style").length'),
          path,
        ).toBe(0)
      }
    })
  })
})
