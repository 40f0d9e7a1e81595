import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ExplorerError } from '../errors.ts'

const FOLDER = fileURLToPath(new URL('../../..', import.meta.url))
const APP = join(FOLDER, 'src/app')
const DIST = join(FOLDER, 'dist')

/** Where the built web app is: `client/` for browsers, `server/entry-server.js` to render pages here. */
export interface BuiltApp {
  readonly folder: string
}

/**
 * The web app built from the sources as they are: `explorer/dist/<hash of the sources>`, made with Vite when it is not
 * there (about two seconds). Concurrent callers may build twice, but see only complete folders.
 */
export async function ensureApp(): Promise<BuiltApp> {
  const hash = hashSources()
  const folder = join(DIST, hash)
  if (existsSync(folder)) return { folder }
  const scratch = join(DIST, `.building-${process.pid}-${Date.now().toString(36)}`)
  mkdirSync(scratch, { recursive: true })
  try {
    await build(scratch)
    try {
      renameSync(scratch, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  } catch (cause) {
    throw new ExplorerError('build failed', 'the web app could not be built with Vite', { cause })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  for (const name of readdirSync(DIST))
    if (name !== hash && !name.startsWith('.')) rmSync(join(DIST, name), { recursive: true, force: true })
  return { folder }
}

async function build(target: string): Promise<void> {
  const { build: viteBuild } = await import('vite')
  // Said in full, because Vite would otherwise follow NODE_ENV of this process: a node's, a test's, a service manager's.
  const shared = {
    root: FOLDER,
    configFile: false as const,
    logLevel: 'warn' as const,
    mode: 'production',
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    oxc: { jsx: { runtime: 'automatic' as const, development: false } },
  }
  await viteBuild({
    ...shared,
    build: {
      outDir: join(target, 'client'),
      emptyOutDir: false,
      manifest: 'manifest.json',
      assetsInlineLimit: 0,
      rolldownOptions: { input: join(APP, 'entry-client.tsx') },
    },
  })
  await viteBuild({
    ...shared,
    ssr: { noExternal: true },
    build: {
      outDir: join(target, 'server'),
      emptyOutDir: false,
      copyPublicDir: false,
      ssr: join(APP, 'entry-server.tsx'),
    },
  })
}

function hashSources(): string {
  const hash = createHash('sha256').update(readFileSync(join(FOLDER, 'package.json')))
  for (const file of filesUnder(APP))
    hash.update(relative(APP, file)).update('\0').update(readFileSync(file)).update('\0')
  hash.update(readFileSync(fileURLToPath(import.meta.url)))
  return hash.digest('hex').slice(0, 16)
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .flatMap(name => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? filesUnder(path) : [path]
    })
}
