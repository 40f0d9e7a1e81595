import { readFileSync } from 'node:fs'
import { messageOf } from '#lib/errors'
import type { GenesisFile } from '#types'
import { UsageError } from './command.ts'

/** Reads a genesis file. UsageError says what is wrong with it. */
export async function loadGenesis(path: string): Promise<GenesisFile> {
  let genesis: GenesisFile
  try {
    genesis = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`cannot read the genesis file ${path}: ${messageOf(error)}; make one with ./ogpu genesis new`)
  }
  if (typeof genesis?.config?.chainId !== 'number' || typeof genesis.alloc !== 'object') {
    throw new UsageError(`${path} is not a genesis file: it has no config.chainId or no alloc`)
  }
  return genesis
}
