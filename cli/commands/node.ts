import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError, messageOf } from '#lib/errors'
import {
  createLogging,
  describeConfig,
  loadKeys,
  parseLogLevels,
  readConfig,
  SETTINGS,
  type Setting,
  startNode,
} from '#node'
import { type Command, type Option, UsageError } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { readFaults } from '../faults.ts'
import { loadGenesis } from '../genesis-file.ts'
import { STOP_SIGNALS } from '../stop-signals.ts'
import { VERSION } from '../version.ts'

/** Every setting of a node as an option; defaults are applied by `readConfig`, after environment and file. */
function settingOptions(): Record<string, Option> {
  const options: Record<string, Option> = {}
  for (const [name, setting] of Object.entries(SETTINGS) as [string, Setting][]) {
    const fallback =
      setting.default === undefined || setting.default === false || setting.default === ''
        ? ''
        : ` (default ${setting.default})`
    options[name] = {
      type: setting.type === 'switch' ? 'boolean' : 'string',
      ...(setting.type === 'list' ? { multiple: true } : {}),
      ...(setting.value === undefined ? {} : { value: setting.value }),
      help: `${setting.help}${setting.default?.toString() === '' ? '' : fallback}`,
    }
  }
  return options
}

export const node: Command = {
  name: 'node',
  summary: 'Runs a node: a validator with --validator, else one that follows and serves JSON-RPC',
  description: `Settings come from flags, then OGPU_… environment variables, then the file of --config, then defaults.
SIGTERM or Ctrl-C stops it within 10 s. Exit codes: 0 stopped, 1 failed, 2 wrong usage,
3 the network runs a protocol version that this release does not know, 4 the disk is full.`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'Configuration file (JSON)' },
    'print-config': { type: 'boolean', help: 'Print every setting with its source and end' },
    ...settingOptions(),
  },
  examples: [
    './ogpu node --network genesis.json --data-dir /var/lib/ogpu',
    './ogpu node --validator --validator-password-file /etc/ogpu/password --network genesis.json',
    'OGPU_RPC_PORT=9545 ./ogpu node --network genesis.json --print-config',
  ],
  async run({ values }) {
    const { config: path, 'print-config': print, ...flags } = values
    const config = readConfig({
      flags,
      environment: process.env,
      ...(typeof path === 'string' ? { file: { path, text: readText(path) } } : {}),
    })
    if (print === true) {
      console.log(describeConfig(config))
      return 0
    }
    const { log, close } = createLogging({
      levels: parseLogLevels(config.log.level),
      format: config.log.format,
      colors: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
      ...(config.log.file === undefined
        ? {}
        : { file: { path: config.log.file, bytesMax: config.log.fileBytesMax, filesMax: config.log.filesMax } }),
    })
    const genesis = await loadGenesis(config.network)
    const keys = config.validator.enabled
      ? loadKeys(
          config.validator.keysDir ?? join(config.dataDir, 'keys'),
          config.validator.passwordFile === undefined ? undefined : firstLine(config.validator.passwordFile),
        )
      : undefined
    const faults = readFaults(process.env)
    if (Object.keys(faults.given).length > 0) log.warn('faults for a test are on', faults.given)
    // A start may take long: it fetches a snapshot.
    const starting = new AbortController()
    const interrupt = () => starting.abort()
    for (const name of STOP_SIGNALS) process.on(name, interrupt)
    const running = await startNode({
      genesis,
      config,
      ...(keys === undefined ? {} : { keys }),
      version: faults.buildName ?? VERSION,
      clockOffsetMs: faults.clockOffsetMs,
      ...(faults.protocolVersion === undefined ? {} : { protocolVersion: faults.protocolVersion }),
      log,
      signal: starting.signal,
    }).catch((error: unknown) => {
      if (error instanceof CodedError && error.code === 'sync stopped') return undefined
      throw error
    })
    for (const name of STOP_SIGNALS) process.off(name, interrupt)
    if (running === undefined) {
      log.info('stopped while it fetched a snapshot; the next start goes on with it')
      close()
      return 0
    }
    const { stop, failed, ...ready } = running
    if (starting.signal.aborted) {
      await stop()
      close()
      return 0
    }
    sayReady(ready)
    const code = await runUntilStopped(
      stop,
      failed.then(reason => {
        log.error('the node cannot go on', { reason: messageOf(reason) })
        return reason
      }),
    )
    close()
    return code
  },
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
}

function firstLine(path: string): string {
  const line = readText(path).split(/\r?\n/)[0] ?? ''
  if (line === '') throw new CodedError('password missing', `${path} has no password in its first line`)
  return line
}
