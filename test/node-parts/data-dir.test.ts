import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { openDataDirectory } from '../../chain/node/data-dir.ts'
import { codeOf, temporaryFolders } from './folder.ts'

const folder = temporaryFolders()
const genesisHash = sha256(utf8('genesis'))
const open = (path: string, changes: { chainId?: number; genesisHash?: Uint8Array } = {}) =>
  openDataDirectory({ path, chainId: 1071, genesisHash, ...changes })

describe('data directory', () => {
  it('is made, marked with its network, and recognised', () => {
    const path = join(folder(), 'a', 'b')
    const first = open(path)
    expect(first.isNew).toBe(true)
    expect(first.storePath).toBe(join(path, 'store'))
    first.close()
    const second = open(path)
    expect(second.isNew).toBe(false)
    second.close()
    expect(readdirSync(path)).toEqual(['network.json'])
  })

  it('of another genesis or chain is refused with what to do', () => {
    const path = folder()
    open(path).close()
    expect(codeOf(() => open(path, { genesisHash: sha256(utf8('other')) }))).toBe('data directory foreign')
    expect(codeOf(() => open(path, { chainId: 1 }))).toBe('data directory foreign')
    expect(() => open(path, { chainId: 1 })).toThrow(/--data-dir/)
    open(path).close()
  })

  it('with foreign files, damaged or newer markers is refused', () => {
    const path = folder()
    writeFileSync(join(path, 'thesis.tex'), '')
    expect(codeOf(() => open(path))).toBe('data directory not empty')
    const other = folder()
    mkdirSync(join(other, 'keys'))
    open(other).close()
    for (const [text, code] of [
      ['{', 'data directory damaged'],
      ['{}', 'data directory damaged'],
      [`{"format":2,"chainId":1071,"genesisHash":"0x${'00'.repeat(32)}"}`, 'data directory newer'],
    ] as const) {
      writeFileSync(join(other, 'network.json'), text)
      expect(codeOf(() => open(other))).toBe(code)
    }
  })

  it('that cannot be written is refused with what to do', () => {
    const file = join(folder(), 'file')
    writeFileSync(file, '')
    expect(codeOf(() => open(file))).toBe('data directory unwritable')
    expect(codeOf(() => open(join(file, 'below')))).toBe('data directory unwritable')
    if (process.getuid?.() !== 0) {
      const path = folder()
      chmodSync(path, 0o500)
      expect(codeOf(() => open(path))).toBe('data directory unwritable')
      chmodSync(path, 0o700)
    }
  })

  it('is used by one at a time, also within a process', () => {
    const path = folder()
    const first = open(path)
    expect(codeOf(() => open(path))).toBe('data directory in use')
    first.close()
    first.close()
    open(path).close()
  })

  it('is held by a living process and taken over from a dead one', async () => {
    const path = folder()
    open(path).close()
    const script = `
      const { openDataDirectory } = await import(${JSON.stringify(new URL('../../chain/node/data-dir.ts', import.meta.url).href)})
      openDataDirectory({ path: ${JSON.stringify(path)}, chainId: 1071, genesisHash: Uint8Array.from(${JSON.stringify([...genesisHash])}) })
      process.send('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    await once(child, 'message')
    expect(codeOf(() => open(path))).toBe('data directory in use')
    expect(() => open(path)).toThrow(new RegExp(`process ${child.pid}`))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const mine = open(path)
    expect(JSON.parse(readFileSync(join(path, 'LOCK'), 'utf8')).pid).toBe(process.pid)
    mine.close()
  })

  it('locks that are stale or damaged are taken over: a reused process id, our own id, garbage', () => {
    const path = folder()
    for (const text of [`{"pid":${process.ppid},"started":"long ago"}`, `{"pid":${process.pid}}`, 'garbage', '']) {
      writeFileSync(join(path, 'LOCK'), text)
      open(path).close()
      expect(readdirSync(path)).toEqual(['network.json'])
    }
  })
})
