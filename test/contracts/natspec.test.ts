/**
 * What somebody who calls the contracts reads: every function, event and error of every interface has a comment of its own,
 * and so has every event and error of the contracts. Reads the sources as text; whether names in `@param` exist is the
 * compiler's check.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'

const SOURCES = join(import.meta.dirname, '..', '..', 'contracts', 'src')

interface Declaration {
  readonly kind: string
  readonly name: string
  readonly ofInterface: boolean
  /** Lines of the comment directly above, without the slashes. */
  readonly comment: readonly string[]
}

/** Declarations at the top of a contract or interface, which the formatting of the sources indents by four spaces. */
function declarationsOf(text: string): Declaration[] {
  const lines = text.split('\n')
  const found: Declaration[] = []
  let ofInterface = false
  for (const [index, line] of lines.entries()) {
    if (/^(interface|contract|abstract contract|library) /.test(line)) ofInterface = line.startsWith('interface ')
    const [, kind, name] = /^ {4}(function|event|error|struct|enum) (\w+)/.exec(line) ?? []
    if (kind === undefined || name === undefined) continue
    let first = index
    while (first > 0 && defined(lines[first - 1], 'the line above').startsWith('    /// ')) first -= 1
    found.push({ kind, name, ofInterface, comment: lines.slice(first, index).map(above => above.slice(8)) })
  }
  return found
}

function isBare({ kind, ofInterface, comment }: Declaration): boolean {
  const needed = ofInterface || kind === 'event' || kind === 'error'
  return needed && !comment.some(line => /^@notice \S+/.test(line))
}

const FILES = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.sol'))
  .map(path => ({ path, declarations: declarationsOf(readFileSync(join(SOURCES, path), 'utf8')) }))

describe('interfaces of the contracts', () => {
  it('say of every function, event, error and type what it is, and so do contracts of their events and errors', () => {
    const bare = FILES.flatMap(({ path, declarations }) =>
      declarations.filter(isBare).map(({ kind, name }) => `${path}: ${kind} ${name}`),
    )
    expect(bare).toEqual([])
  })

  it('are all seen by this check', () => {
    const counts = new Map<string, number>()
    for (const { kind, ofInterface } of FILES.flatMap(({ declarations }) => declarations)) {
      if (ofInterface) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
    const words = (kind: string) =>
      FILES.flatMap(({ path }) => interfacesOf(readFileSync(join(SOURCES, path), 'utf8'))).flatMap(body =>
        body.split('\n').filter(line => new RegExp(`^\\s*${kind} \\w+`).test(line)),
      ).length
    for (const kind of ['function', 'event', 'error']) {
      expect(counts.get(kind), kind).toBeGreaterThan(50)
      expect(counts.get(kind), kind).toBe(words(kind))
    }
  })

  it('are refused by this check without a comment, or with one that says nothing to a caller', () => {
    const text = [
      'interface IOne {',
      '    /// @notice Says something.',
      '    /// @param a more',
      '    function good(uint256 a) external;',
      '    /// @notice Somebody else’s.',
      '',
      '    function bare() external;',
      '    /// @dev For the author.',
      '    event Inner();',
      '    // No NatSpec.',
      '    error Plain();',
      '}',
      'contract Two {',
      '    function implementation() external {}',
      '    event Unsaid();',
      '}',
    ].join('\n')
    expect(
      declarationsOf(text)
        .filter(isBare)
        .map(({ name }) => name),
    ).toEqual(['bare', 'Inner', 'Plain', 'Unsaid'])
  })
})

/** Bodies of the interfaces of a source, found by their braces at the start of a line. */
function interfacesOf(text: string): string[] {
  return [...text.matchAll(/^interface [^{]*\{(.*?)^\}/gms)].map(match => defined(match[1], 'a body'))
}
