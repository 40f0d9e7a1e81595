/**
 * `node test/genesis/geth.ts`: gives the genesis files of all networks to go-ethereum's own reader (geth-reader/, needs Go and
 * its module proxy; some minutes at the first run) and compares hash and state root with ours. Exit 1 when they differ.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { genesisBlock } from '#evm'
import { genesisFor, type NetworkName } from '#genesis'
import { toHex } from '#lib/bytes'

const NETWORKS: readonly NetworkName[] = ['mainnet', 'testnet', 'devnet']

const folder = mkdtempSync(join(tmpdir(), 'ogpu-geth-'))
try {
  const wanted: string[] = []
  for (const name of NETWORKS) {
    const file = await genesisFor(name)
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(file))
    const { hash, block } = genesisBlock(file)
    wanted.push(`${file.config.chainId} ${toHex(hash)} ${toHex(block.header.stateRoot)}`)
  }
  const reader = join(folder, 'reader')
  execFileSync('go', ['build', '-o', reader, '.'], { cwd: join(import.meta.dirname, 'geth-reader'), stdio: 'inherit' })
  const paths = NETWORKS.map(name => join(folder, `${name}.json`))
  const read = execFileSync(reader, paths, { encoding: 'utf8' }).trim().split('\n')
  for (const [i, name] of NETWORKS.entries()) {
    const same = read[i] === wanted[i]
    process.stdout.write(`${name} ${read[i]} ${same ? 'the same' : `ours is ${wanted[i]}`}\n`)
    if (!same) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
