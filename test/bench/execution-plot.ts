/**
 * Draws docs/figures/execution.svg from docs/figures/execution.json: throughput against the size of the state.
 * Run: node launch.mjs test/bench/execution-plot.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExecutionReport, ExecutionRow } from './execution.ts'

export const FIGURES = fileURLToPath(new URL('../../docs/figures/', import.meta.url))

const WIDTH = 760
const HEIGHT = 400
const LEFT = 70
const RIGHT = 210
const TOP = 48
const BOTTOM = 56
const COLORS: Readonly<Record<string, string>> = { transfer: '#1f6feb', erc20: '#2da44e', task: '#bf8700' }
const NAMES: Readonly<Record<string, string>> = {
  transfer: 'plain transfers',
  erc20: 'ERC-20 transfers',
  task: 'task publications',
}

/** The plot as SVG text; both axes are logarithmic. */
export function drawExecution(report: ExecutionReport): string {
  const rows = report.rows.filter(row =>
    row.engine === 'ours' ? row.mode === 'pipeline' : row.engine === 'stock+native',
  )
  const sizes = rows.map(row => row.accounts)
  const speeds = rows.map(row => row.transactionsPerSecond)
  const x = scale(Math.min(...sizes) / 1.6, Math.max(...sizes) * 1.6, LEFT, WIDTH - RIGHT)
  const top = 10 ** Math.ceil(Math.log10(Math.max(...speeds)))
  const bottom = 10 ** Math.floor(Math.log10(Math.min(...speeds)))
  const y = scale(bottom, top, HEIGHT - BOTTOM, TOP)
  const parts: string[] = [
    text(LEFT, 22, 'Transactions per second on all cores, by accounts in the state', 15, 'start'),
    text(LEFT, 38, report.conditions, 10, 'start'),
  ]
  for (let mark = bottom; mark <= top; mark *= 10) {
    for (const step of mark === top ? [1] : [1, 2, 5]) {
      const at = y(mark * step)
      parts.push(line(LEFT, at, WIDTH - RIGHT, at, '#8884'))
      parts.push(text(LEFT - 8, at + 4, (mark * step).toLocaleString('en'), 11, 'end'))
    }
  }
  for (const size of new Set(sizes)) {
    parts.push(line(x(size), HEIGHT - BOTTOM, x(size), HEIGHT - BOTTOM + 5, '#888'))
    parts.push(text(x(size), HEIGHT - BOTTOM + 20, size.toLocaleString('en'), 11, 'middle'))
  }
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, 'accounts', 12, 'middle'))
  for (const [i, [name, series]] of [...seriesOf(rows)].entries()) {
    const [kind, engine] = name.split('/') as [string, string]
    const color = COLORS[kind] ?? '#888'
    const points = series.map(row => [x(row.accounts), y(row.transactionsPerSecond)] as const)
    const dash = engine === 'ours' ? '' : ' stroke-dasharray="5 4"'
    const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
    parts.push(`<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`)
    for (const [px, py] of points) {
      parts.push(`<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="4" fill="${color}"/>`)
    }
    const at = TOP + 14 + 22 * i
    parts.push(
      `<line x1="${WIDTH - RIGHT + 16}" y1="${at - 4}" x2="${WIDTH - RIGHT + 40}" y2="${at - 4}" stroke="${color}" stroke-width="2"${dash}/>`,
    )
    const label = `${NAMES[kind] ?? kind}${engine === 'ours' ? '' : ', stock VM'}`
    parts.push(text(WIDTH - RIGHT + 46, at, label, 11, 'start'))
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif">`,
    '<title>Transactions per second by accounts in the state</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function seriesOf(rows: readonly ExecutionRow[]): ReadonlyMap<string, readonly ExecutionRow[]> {
  const found = new Map<string, ExecutionRow[]>()
  for (const row of rows) {
    const name = `${row.kind}/${row.engine === 'ours' ? 'ours' : 'stock'}`
    const series = found.get(name) ?? []
    found.set(name, series)
    series.push(row)
  }
  for (const series of found.values()) series.sort((a, b) => a.accounts - b.accounts)
  return found
}

function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  return value => from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from)
}

function line(x1: number, y1: number, x2: number, y2: number, color: string): string {
  return `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${color}"/>`
}

function text(x: number, y: number, content: string, size: number, anchor: string): string {
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return `<text x="${x}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}" fill="#24292f">${escaped}</text>`
}

if (process.argv[1] === import.meta.filename) {
  const report = JSON.parse(readFileSync(`${FIGURES}execution.json`, 'utf8')) as ExecutionReport
  writeFileSync(`${FIGURES}execution.svg`, drawExecution(report))
}
