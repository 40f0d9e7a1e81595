import assert from 'node:assert/strict'
import { foundryProgram, runTool } from '../tool.ts'
import { type Client, rpc } from '../world.ts'

const TO = '0x00000000000000000000000000000000000000e4'
const CAST = foundryProgram('cast')

export const client: Client = {
  async run({ rpcUrl, keys, ledger, chainId, dir }, check) {
    const cast = (...args: string[]) => runTool([CAST, ...args], { cwd: dir, env: { ETH_RPC_URL: rpcUrl } })
    const json = async (...args: string[]) => JSON.parse(await cast(...args, '--json'))
    const send = (...args: string[]) => json('send', '--private-key', keys[0], ...args)
    const me = await cast('wallet', 'address', keys[0])
    const deployed = await send('--create', ledger.bytecode, 'constructor(uint256)', '1000000')
    const address: string = deployed.contractAddress

    await check('reads the chain', async () => {
      assert.equal(await cast('chain-id'), String(chainId))
      assert.match(await cast('client'), /\//)
      assert.ok(Number(await cast('block-number')) > 0)
      assert.equal(await cast('balance', '--ether', me).then(text => text.startsWith('999')), true)
      assert.ok(BigInt(await cast('gas-price')) >= BigInt(await cast('base-fee')))
      assert.equal((await json('block', 'finalized')).number !== undefined, true)
    })

    await check('sends coins with and without the fee market', async () => {
      for (const more of [[], ['--legacy']]) {
        const receipt = await send(TO, '--value', '1', ...more)
        assert.deepEqual([receipt.status, receipt.gasUsed], ['0x1', '0x5208'])
        assert.equal((await json('tx', receipt.transactionHash)).hash, receipt.transactionHash)
        assert.equal((await json('receipt', receipt.transactionHash)).blockHash, receipt.blockHash)
      }
    })

    await check('deploys, calls, estimates and transacts', async () => {
      assert.equal(await cast('call', address, 'totalSupply()(uint256)').then(text => text.split(' ')[0]), '1000000')
      assert.ok(Number(await cast('estimate', '--from', me, address, 'transfer(address,uint256)', TO, '5')) > 21_000)
      assert.equal((await send(address, 'transfer(address,uint256)', TO, '5')).status, '0x1')
      assert.equal(await cast('call', address, 'balanceOf(address)(uint256)', TO), '5')
      assert.equal(await cast('call', address, 'name()(string)'), '"Ledger"')
      assert.equal(await cast('code', address).then(text => text.length > 100), true)
      assert.equal(BigInt(await cast('storage', address, '0')), 1_000_000n)
    })

    await check('explains a revert', async () => {
      await assert.rejects(() => cast('call', address, 'refuse()'), /refused/)
      await assert.rejects(
        () => send(address, 'transfer(address,uint256)', TO, '1000000000000'),
        /execution reverted|Short|0x/,
      )
    })

    await check('finds logs', async () => {
      await send(address, 'note(uint256,string)', '77', 'cast')
      const logs = await json(
        'logs',
        '--from-block',
        '0',
        '--address',
        address,
        'Noted(address indexed,uint256 indexed,string)',
      )
      assert.equal(logs.length, 1)
      assert.equal(BigInt(logs[0].topics[2]), 77n)
    })

    await check('makes access lists, proofs and simulations', async () => {
      const list = await cast('access-list', address, 'totalSupply()', '--from', me)
      assert.match(list, new RegExp(address.slice(2), 'i'))
      const proof = await json('proof', address, '0x0')
      assert.equal(BigInt(proof.storageProof[0].value), 1_000_000n)
      const simulated = JSON.parse(
        await cast(
          'rpc',
          'eth_simulateV1',
          `{"blockStateCalls":[{"calls":[{"from":"${me}","to":"${TO}","value":"0x1"}]}]}`,
          'latest',
        ),
      )
      assert.equal(simulated[0].calls[0].status, '0x1')
    })

    await check('replays a transaction locally and asks the node for its trace', async () => {
      const { transactionHash } = await send(address, 'transfer(address,uint256)', TO, '1')
      assert.match(await cast('run', '--quick', transactionHash), /Transaction successfully executed/)
      assert.match(await cast('run', transactionHash), /emit|topic/)
      const trace = JSON.parse(await cast('rpc', 'debug_traceTransaction', transactionHash, '{"tracer":"callTracer"}'))
      assert.equal(trace.to.toLowerCase(), address.toLowerCase())
    })

    await check('delegates an account (EIP-7702)', async () => {
      const receipt = await send(TO, '--value', '0', '--auth', address)
      assert.equal(receipt.type, '0x4')
      assert.equal(await rpc(rpcUrl, 'eth_getCode', [me, 'latest']), `0xef0100${address.slice(2).toLowerCase()}`)
      await send(TO, '--auth', '0x0000000000000000000000000000000000000000')
      assert.equal(await rpc(rpcUrl, 'eth_getCode', [me, 'latest']), '0x')
    })

    await check('signs a transaction, publishes it and waits', async () => {
      const raw = await cast('mktx', '--private-key', keys[1], TO, '--value', '3')
      const published = JSON.parse(await cast('publish', raw))
      assert.equal(published.status, '0x1')
      const hash = await cast('send', '--async', '--private-key', keys[1], TO, '--value', '4')
      assert.equal((await json('receipt', hash)).status, '0x1')
    })

    await check('looks into the pool', async () => {
      assert.equal((await json('rpc', 'txpool_status')).pending !== undefined, true)
      const nonce = Number(await cast('nonce', '--block', 'pending', me))
      assert.equal(nonce, Number(await cast('nonce', me)))
    })
  },
}
