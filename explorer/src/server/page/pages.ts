import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Api, ApiAnswer } from '../api/api.ts'
import type { Assets } from './assets.ts'
import type { BuiltApp } from './build.ts'

/** What `src/app/entry-server.tsx` exports. */
export interface ServerEntry {
  render(location: string, answers: ReadonlyMap<string, ApiAnswer>, nowMs: number): RenderedApp
}

export interface RenderedApp {
  readonly html: string
  readonly title: string
  readonly status: number
  /** API paths that the page asked for and did not find among the answers. */
  readonly missing: readonly string[]
}

export interface Pages {
  render(location: string, theme: string | undefined): Promise<{ status: number; html: string }>
}

/** A page may ask for more once it has its first answers (a task's source, a status' rounds), but not without end. */
const PASSES_MAX = 4
const ANSWERS_MAX = 24

/**
 * Renders pages on the server with the same components that run in the browser, so every page is complete without
 * JavaScript. A page is rendered, its API questions answered in this process, and rendered again until it has them all.
 */
export async function createPages(app: BuiltApp, assets: Assets, api: Api, iconUrl: string): Promise<Pages> {
  const entry = (await import(pathToFileURL(join(app.folder, 'server/entry-server.js')).href)) as ServerEntry
  return {
    async render(location, theme) {
      const answers = new Map<string, ApiAnswer>()
      const nowMs = Date.now()
      let page = entry.render(location, answers, nowMs)
      for (let pass = 1; pass < PASSES_MAX && page.missing.length > 0; pass++) {
        const asked = page.missing.slice(0, ANSWERS_MAX - answers.size)
        await Promise.all(
          asked.map(async path => {
            const { pathname, searchParams } = new URL(path, 'http://explorer')
            answers.set(path, await api.answer(pathname, Object.fromEntries(searchParams)))
          }),
        )
        page = entry.render(location, answers, nowMs)
      }
      const data = scriptJson({ nowMs, answers: [...answers] })
      const themeAttribute = theme === 'dark' || theme === 'light' ? ` data-theme="${theme}"` : ''
      const html = `<!doctype html>
<html lang="en"${themeAttribute}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)}</title>
<link rel="icon" href="${iconUrl}" type="image/svg+xml">
${assets.styles.map(href => `<link rel="stylesheet" href="${href}">`).join('\n')}
<script type="module" src="${assets.script}"></script>
</head>
<body>
<div id="root">${page.html}</div>
<script type="application/json" id="data">${data}</script>
</body>
</html>
`
      return { status: page.status, html }
    },
  }
}

/** JSON that no string inside can turn into markup: `<` never appears. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, found => `&#${found.charCodeAt(0)};`)
}
