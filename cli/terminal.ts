/** What people see: stages with times, aligned rows, colours only where a terminal shows them (NO_COLOR is kept). */

const isTerminal = process.stdout.isTTY === true
const useColor = isTerminal && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb'

function paint(code: number): (text: string) => string {
  return text => (useColor ? `\u001b[${code}m${text}\u001b[0m` : text)
}

export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)
export const cyan = paint(36)

/** `0.4 s`, `12 ms`, `2 min 3 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`
}

/** `312 B`, `4.1 KiB`, `2.0 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let value = count
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * Runs `work` as a named stage: a live line while it runs (a terminal), and one line with its time when it is done.
 * `work` may call `update` to say what it is at, and returns a few words on its result (or nothing).
 */
export async function stage(
  name: string,
  work: (update: (detail: string) => void) => Promise<string | undefined>,
): Promise<void> {
  const startMs = performance.now()
  let detail = ''
  let frame = 0
  const draw = () => {
    const line = `${cyan(FRAMES[frame++ % FRAMES.length] as string)} ${name} ${dim(detail)}`
    process.stdout.write(`\r\u001b[K${line.slice(0, (process.stdout.columns ?? 100) + 20)}`)
  }
  const timer = isTerminal ? setInterval(draw, 80) : undefined
  const end = (mark: string, text: string) => {
    clearInterval(timer)
    const time = dim(duration(performance.now() - startMs).padStart(8))
    process.stdout.write(`${isTerminal ? '\r\u001b[K' : ''}${mark} ${name.padEnd(34)} ${time}  ${text}\n`)
  }
  try {
    const result = await work(text => {
      detail = text
    })
    end(green('✓'), result ?? '')
  } catch (error) {
    end(red('✗'), red(error instanceof Error ? (error.message.split('\n')[0] as string) : String(error)))
    throw error
  }
}

/** Rows of cells, columns aligned by their widest cell. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, visible(cell))
  }
  return rows
    .map(
      row =>
        indent +
        row
          .map((cell, i) => cell + ' '.repeat((widths[i] as number) - visible(cell)))
          .join('  ')
          .trimEnd(),
    )
    .join('\n')
}

function visible(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes have no width
  return text.replace(/\u001b\[[0-9;]*m/g, '').length
}
