import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillDemoChain, MARKET } from './demo-chain.ts'
import { type Demo, startDemo } from './harness.ts'
import { addHostile, HOSTILE } from './hostile.ts'

let demo: Demo

beforeAll(async () => {
  demo = await startDemo(60)
})
afterAll(() => demo.stop())

async function page(path: string): Promise<{ status: number; html: string; headers: Headers }> {
  const response = await fetch(demo.url + path)
  return { status: response.status, html: await response.text(), headers: response.headers }
}

/** The page as somebody without JavaScript reads it: tags and the data for the script taken out. */
function textOf(html: string): string {
  const body = html.slice(html.indexOf('<div id="root">'), html.indexOf('<script type="application/json"'))
  return body
    .replace(/<!-- -->/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
}

describe('without JavaScript', () => {
  test('a block page says what the block holds', async () => {
    const block = demo.node.blocks[20]
    const { status, html } = await page('/block/20')
    expect(status).toBe(200)
    expect(html).toContain('<title>Block 20</title>')
    for (const words of [block?.hash, 'Final', 'commit 41', 'Certified by', block?.stateRoot, '6 validators'])
      expect(textOf(html)).toContain(words)
    for (const { hash } of block?.transactions ?? []) expect(html).toContain(`href="/tx/${hash}"`)
  })

  test('transaction, address and task pages say the essentials', async () => {
    const task = [...demo.market.tasks.values()].find(({ status }) => status === 5)
    const taskText = textOf((await page(`/task/${task?.address}`)).html)
    for (const words of ['Finalized', 'paid to the provider', task?.source, 'Response submitted', 'Attempted'])
      expect(taskText).toContain(words)
    const [transfer] = demo.node.blocks[30]?.transactions ?? []
    const transactionText = textOf((await page(`/tx/${transfer?.hash}`)).html)
    for (const words of ['Succeeded', 'executed, final', transfer?.from, 'Nonce and type'])
      expect(transactionText).toContain(words)
    const addressText = textOf((await page(`/address/${transfer?.from}`)).html)
    for (const words of ['Account', 'Balance', 'OGPU', 'Next nonce']) expect(addressText).toContain(words)
    const home = textOf((await page('/')).html)
    for (const words of ['Finality', 'p95', 'Committee', '6 of 7', 'Latest blocks', 'Latest tasks'])
      expect(home).toContain(words)
  })

  test('every list and page is there, and pages on by links', async () => {
    for (const path of [
      '/blocks',
      '/txs',
      '/tokens',
      '/tasks',
      '/sources',
      '/providers',
      '/validators',
      '/dag',
      '/commit/9',
      '/search?q=compute',
    ])
      expect((await page(path)).status, path).toBe(200)
    const { html } = await page('/txs')
    const next = /href="(\/txs\?before=[^"]+)"/.exec(html)?.[1]
    expect((await page(String(next))).html).toContain('First page')
    expect((await page(`/address/${MARKET.Nexus}`)).html).toContain('Nexus')
  })

  test('what does not exist is a 404, what is malformed is refused', async () => {
    expect((await page('/no/such/page')).status).toBe(404)
    expect((await page('/block/123456')).status).toBe(404)
    expect((await page(`/tx/${demo.node.digest('nothing')}`)).status).toBe(404)
    expect((await page('/address/xyz')).status).toBe(422)
  })
})

describe('hostile strings from the chain', () => {
  test('are text in every page, and nothing but own files may run', async () => {
    const paths = await addHostile(demo)
    for (const path of paths) {
      const { status, html, headers } = await page(path)
      expect(status, path).toBe(200)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("script-src 'self'")
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('unsafe')
      // Scripts: the app and its data, no more. No handler, no style attribute, no foreign address to load from.
      expect([html.match(/<script/g)?.length, html.match(/<\/script/g)?.length], path).toEqual([2, 2])
      for (const forbidden of [
        /<[^>]*\son\w+\s*=/i,
        /<(iframe|object|embed|style|base)/i,
        /(?:src|href|action)="(?![/#])/i,
        /<[^>]*\sstyle=/i,
      ])
        expect(forbidden.exec(html)?.[0], path).toBeUndefined()
    }
  })

  test('stay whole in the API, which answers JSON only', async () => {
    const token = demo.node.address('hostile 0')
    const response = await fetch(`${demo.url}/api/v2/tokens/${token}`)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.json()).toMatchObject({ name: HOSTILE[0] })
  })
})

test('the chosen colours come with the page, so nothing flashes', async () => {
  const dark = await (await fetch(demo.url, { headers: { cookie: 'a=b; theme=dark' } })).text()
  expect(dark).toContain('<html lang="en" data-theme="dark">')
  const odd = await (await fetch(demo.url, { headers: { cookie: 'theme=dark"><script>' } })).text()
  expect(odd).toContain('<html lang="en">')
})

test('assets are compressed, immutable, and nothing else is served from there', async () => {
  const { html } = await page('/')
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1]
  const response = await fetch(demo.url + script, { headers: { 'accept-encoding': 'gzip' } })
  expect(response.headers.get('cache-control')).toContain('immutable')
  expect(response.headers.get('content-type')).toContain('text/javascript')
  expect((await response.text()).length).toBeGreaterThan(50_000)
  for (const path of ['/assets/../package.json', '/assets/%2e%2e/%2e%2e/package.json', '/assets/'])
    expect((await fetch(demo.url + path)).status).toBe(404)
})

test('pages of an explorer whose node is gone still show what is indexed', async () => {
  const lone = await startDemo(12)
  await lone.node.close()
  const response = await fetch(`${lone.url}/block/7`)
  expect(response.status).toBe(200)
  expect(await response.text()).toContain(lone.node.blocks[7]?.hash)
  expect((await fetch(lone.url)).status).toBe(200)
  await lone.explorer.stop()
})

test('the demo chain itself is the same each time', async () => {
  const { FakeNode } = await import('./fake-node.ts')
  const [one, two] = [new FakeNode(), new FakeNode()]
  fillDemoChain(one, 30)
  fillDemoChain(two, 30)
  expect(one.blocks).toEqual(two.blocks)
})
