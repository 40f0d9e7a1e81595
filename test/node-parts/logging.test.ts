import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CodedError } from '#lib/errors'
import { createLogging, parseLogLevels } from '../../chain/node/logging.ts'
import { codeOf, temporaryFolders } from './folder.ts'

const folder = temporaryFolders()

function collect(levels: string, format: 'terminal' | 'json') {
  const lines: string[] = []
  const { log } = createLogging({ levels: parseLogLevels(levels), format, write: line => lines.push(line) })
  return { log, lines }
}

describe('logging', () => {
  it('levels are set for all and for modules, and parts of a module follow it', () => {
    const { log, lines } = collect('warn, p2p=debug,rpc=silent', 'json')
    log.info('no')
    log.warn('yes')
    log.child('p2p').debug('yes')
    log.child('p2p').child('gossip').debug('yes')
    log.child('rpc').error('no')
    log.child('evm').info('no')
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(['yes', 'yes', 'yes'])
    expect(lines.map(line => JSON.parse(line).module)).toEqual([undefined, 'p2p', 'p2p/gossip'])
    for (const text of ['loud', 'p2p=loud', 'p2p=', 'a=b=info', '', 'P2P=info']) {
      expect(codeOf(() => parseLogLevels(text))).toBe('log level invalid')
    }
  })

  it('JSON lines hold time, level, module, message and every kind of field', () => {
    const { log, lines } = collect('info', 'json')
    const error = new CodedError('disk full', 'no room left')
    log.child('store').error('write failed', {
      error,
      height: 12n,
      hash: Uint8Array.of(1, 255),
      level: 'mine',
      nothing: undefined,
    })
    const line = JSON.parse(lines[0] ?? '')
    expect(line).toMatchObject({ level: 'error', module: 'store', msg: 'write failed', height: '12', hash: '0x01ff' })
    expect(line.error).toMatchObject({ code: 'disk full', message: 'no room left' })
    expect(line.level_).toBe('mine')
    expect(Number.isNaN(Date.parse(line.time))).toBe(false)
  })

  it('terminal lines are one line each, whatever a peer called itself', () => {
    const { log, lines } = collect('info', 'terminal')
    log.child('p2p').info('peer up', { agent: 'evil\n\x1b[2Jagent', score: -1.5, up: true })
    expect(lines).toHaveLength(1)
    const line = lines[0] ?? ''
    expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}p2p +peer up /)
    expect(line.slice(0, -1)).not.toContain('\n')
    expect(line).not.toContain('\x1b')
    expect(line).toContain('score=-1.5 up=true')
  })

  it('a file is rotated by size, keeps so many old ones, and loses nothing but the oldest', () => {
    const path = join(folder(), 'logs', 'node.log')
    const logging = createLogging({
      levels: parseLogLevels('info'),
      format: 'json',
      write: () => {},
      file: { path, bytesMax: 2_000, filesMax: 2 },
    })
    for (let i = 0; i < 100; i++) logging.log.error('line', { i })
    logging.close()
    expect(existsSync(`${path}.3`)).toBe(false)
    const numbers = [`${path}.2`, `${path}.1`, path].flatMap(file => {
      expect(statSync(file).size).toBeLessThanOrEqual(2_000)
      return readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).i as number)
    })
    expect(numbers.at(-1)).toBe(99)
    expect(numbers).toEqual(numbers.map((_, index) => 100 - numbers.length + index))
    expect(
      codeOf(() =>
        createLogging({
          levels: parseLogLevels('info'),
          format: 'json',
          file: { path: join(path, 'x'), bytesMax: 1e6, filesMax: 1 },
        }),
      ),
    ).toBe('log file failed')
  })
})
