import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { GenesisFile } from '#types'
import { UsageError } from '../command.ts'

/** What a devnet's data directory says of itself. */
export interface DevnetMarker {
  readonly format: 1
  readonly chainId: number
  readonly validators: number
}

/** Where a devnet keeps what. */
export interface DevnetLayout {
  readonly root: string
  readonly genesisFile: string
  node(index: number): string
  keys(index: number): string
  log(name: string): string
  part(name: string): string
}

function layoutOf(root: string): DevnetLayout {
  return {
    root,
    genesisFile: join(root, 'genesis.json'),
    node: index => join(root, `node-${index}`),
    keys: index => join(root, `node-${index}`, 'keys'),
    log: name => join(root, 'logs', `${name}.log`),
    part: name => join(root, name),
  }
}

const MARKER = 'devnet.json'

/**
 * Opens the data directory of a devnet, or makes one: `build` writes keys and returns the genesis. UsageError where the
 * directory belongs to another network, is something else, or cannot be written. The marker is written last, so a
 * half-made directory is never taken for a whole one.
 */
export async function openDevnetDirectory(options: {
  readonly dir: string
  readonly fresh: boolean
  readonly chainId: number
  readonly validators: number
  readonly build: (layout: DevnetLayout) => Promise<GenesisFile>
}): Promise<{ readonly layout: DevnetLayout; readonly genesis: GenesisFile; readonly isNew: boolean }> {
  const root = resolve(options.dir)
  const layout = layoutOf(root)
  const marker = join(root, MARKER)
  if (existsSync(root) && !existsSync(marker) && !options.fresh && !isUnfinished(root)) {
    throw new UsageError(`${root} exists and is not a devnet's data directory; name another one with --data-dir`)
  }
  if (options.fresh || (existsSync(root) && !existsSync(marker))) removeDevnet(root, marker)
  if (existsSync(marker)) {
    const found = readMarker(marker)
    if (found.chainId !== options.chainId || found.validators !== options.validators) {
      throw new UsageError(
        `${root} holds a devnet of chain ${found.chainId} with ${found.validators} validators, not chain ${options.chainId} ` +
          `with ${options.validators}; start with --fresh to replace it, or name another directory with --data-dir`,
      )
    }
    writable(root)
    return { layout, genesis: JSON.parse(readFileSync(layout.genesisFile, 'utf8')), isNew: false }
  }
  try {
    makeFolders(join(root, 'logs'))
  } catch (error) {
    throw new UsageError(`cannot make ${root} (${codeOf(error)}); name a directory that you may write with --data-dir`)
  }
  writable(root)
  writeFileSync(join(root, '.unfinished'), '')
  const genesis = await options.build(layout)
  writeFileSync(layout.genesisFile, `${JSON.stringify(genesis, null, 1)}\n`)
  const content: DevnetMarker = { format: 1, chainId: options.chainId, validators: options.validators }
  writeFileSync(`${marker}.new`, `${JSON.stringify(content)}\n`)
  renameSync(`${marker}.new`, marker)
  rmSync(join(root, '.unfinished'), { force: true })
  return { layout, genesis, isNew: true }
}

/** `mkdir -p`, one by one: Node's recursive form never returns on file systems that refuse with ENOENT, such as /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return
  makeFolders(dirname(path))
  mkdirSync(path)
}

function isUnfinished(root: string): boolean {
  return existsSync(join(root, '.unfinished'))
}

/** `--fresh` deletes only what is plainly a devnet's. */
function removeDevnet(root: string, marker: string): void {
  if (!existsSync(root)) return
  if (!existsSync(marker) && !isUnfinished(root)) {
    throw new UsageError(
      `${root} is not a devnet's data directory, so --fresh leaves it alone; name another one with --data-dir`,
    )
  }
  try {
    rmSync(root, { recursive: true })
  } catch (error) {
    throw new UsageError(
      `cannot reset ${root} (${codeOf(error)}); is a devnet still running on it, or is it not writable?`,
    )
  }
}

function readMarker(path: string): DevnetMarker {
  try {
    const marker = JSON.parse(readFileSync(path, 'utf8'))
    if (marker.format === 1) return marker
  } catch {}
  throw new UsageError(`${path} is damaged or of a newer version; start with --fresh to replace the devnet`)
}

function writable(root: string): void {
  try {
    accessSync(root, constants.W_OK)
  } catch {
    throw new UsageError(`${root} is not writable for this user; name another directory with --data-dir`)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
