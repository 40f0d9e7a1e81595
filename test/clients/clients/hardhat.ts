import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hardhatProject } from '../hardhat-project.ts'
import { type Client, rpc } from '../world.ts'

export const client: Client = {
  async run(world, check) {
    const project = hardhatProject(world)

    await check('compiles with the compiler from npm', async () => {
      await project.run('build')
      const artifact = JSON.parse(readFileSync(join(project.dir, 'artifacts/contracts/Ledger.sol/Ledger.json'), 'utf8'))
      assert.equal(artifact.contractName, 'Ledger')
    })

    await check('tests against the network', async () => {
      const printed = await project.run('test', 'nodejs', '--network', 'opengpu', 'test/ledger.ts')
      assert.match(printed, /4 passing/)
    })

    await check('deploys with Ignition', async () => {
      await project.run('ignition', 'deploy', 'ignition/modules/Ledger.ts', '--network', 'opengpu')
      const path = join(project.dir, `ignition/deployments/chain-${world.chainId}/deployed_addresses.json`)
      const { 'LedgerModule#Ledger': ledger } = JSON.parse(readFileSync(path, 'utf8'))
      assert.equal(BigInt(await rpc(world.rpcUrl, 'eth_call', [{ to: ledger, data: '0x18160ddd' }])), 9_000n)
    })

    await check('verifies what it deployed', async () => {
      const path = join(project.dir, `ignition/deployments/chain-${world.chainId}/deployed_addresses.json`)
      const { 'LedgerModule#Ledger': ledger } = JSON.parse(readFileSync(path, 'utf8'))
      await project.run('verify', 'blockscout', '--network', 'opengpu', ledger, '9000')
      const answer = await fetch(`${world.explorerUrl}/v2/contract/${world.chainId}/${ledger}`)
      assert.equal(((await answer.json()) as { readonly match: string }).match, 'exact_match')
    })
  },
}
