import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { network } from 'hardhat'

const { ethers } = await network.create()

describe('Ledger on the network', () => {
  it('is deployed by name', async () => {
    const ledger = await ethers.deployContract('Ledger', [1_000n])
    await ledger.waitForDeployment()
    assert.equal(await ledger.getFunction('totalSupply')(), 1_000n)
  })

  it('moves between two signers', async () => {
    const [first, second] = await ethers.getSigners()
    assert.ok(first && second)
    const ledger = await ethers.deployContract('Ledger', [1_000n])
    await ledger.waitForDeployment()
    await (await ledger.getFunction('transfer')(second.address, 40n)).wait()
    const other = ledger.connect(second) as typeof ledger
    await (await other.getFunction('transfer')(first.address, 15n)).wait()
    assert.equal(await ledger.getFunction('balanceOf')(second.address), 25n)
  })

  it('reverts with its custom error', async () => {
    const ledger = await ethers.deployContract('Ledger', [10n])
    await ledger.waitForDeployment()
    await assert.rejects(
      () => ledger.getFunction('transfer').staticCall('0x00000000000000000000000000000000000000e7', 11n),
      (error: { data?: string }) => ledger.interface.parseError(error.data ?? '')?.name === 'Short',
    )
  })

  it('emits events that can be queried', async () => {
    const ledger = await ethers.deployContract('Ledger', [10n])
    await ledger.waitForDeployment()
    await (await ledger.getFunction('noteMany')(5n, 4n)).wait()
    assert.equal((await ledger.queryFilter(ledger.getEvent('Noted'))).length, 4)
  })
})
