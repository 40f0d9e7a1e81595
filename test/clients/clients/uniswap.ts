import assert from 'node:assert/strict'
import { hardhatProject } from '../hardhat-project.ts'
import type { Client } from '../world.ts'

export const client: Client = {
  async run(world, check) {
    const project = hardhatProject(world)
    await check('deploys Uniswap v3 and trades on it, through Hardhat', async () => {
      const printed = await project.run('test', 'nodejs', '--network', 'opengpu', 'test/uniswap.ts')
      assert.match(printed, /5 passing/)
    })
  },
}
