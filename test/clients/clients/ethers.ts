import assert from 'node:assert/strict'
import {
  Contract,
  ContractFactory,
  type ContractTransactionResponse,
  Interface,
  JsonRpcProvider,
  NonceManager,
  Signature,
  Wallet,
  WebSocketProvider,
} from 'ethers'
import { type Client, failureOf, MULTICALL3, until } from '../world.ts'

const TO = '0x00000000000000000000000000000000000000e1'

export const client: Client = {
  async run({ rpcUrl, wsUrl, keys, ledger, chainId }, check) {
    // cacheTimeout: ethers remembers answers for 250 ms by itself, longer than a block of this chain takes.
    const provider = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 50 })
    const wallet = new Wallet(keys[0], provider)
    const second = new Wallet(keys[1], provider)
    const abi = new Interface(ledger.abi as never)
    const deployed = await new ContractFactory(abi, ledger.bytecode, wallet).deploy(1_000_000n)
    const contract = new Contract(await deployed.waitForDeployment().then(c => c.getAddress()), abi, wallet)
    const send = async (name: string, ...args: unknown[]) =>
      ((await contract.getFunction(name)(...args)) as ContractTransactionResponse).wait()
    const fees = { maxFeePerGas: 20n * 10n ** 9n, maxPriorityFeePerGas: 2n * 10n ** 9n, gasLimit: 21_000n }

    await check('detects the network', async () => assert.equal((await provider.getNetwork()).chainId, BigInt(chainId)))

    await check('deploys, calls and transacts', async () => {
      const receipt = await send('transfer', second.address, 5n)
      assert.equal(receipt?.status, 1)
      assert.equal(await contract.getFunction('balanceOf')(second.address), 5n)
    })

    for (const type of [0, 1, 2])
      await check(`sends type ${type}`, async () => {
        const sent = await wallet.sendTransaction({ type, to: TO, value: 3n })
        const receipt = await sent.wait()
        assert.deepEqual([receipt?.type, receipt?.status, receipt?.gasUsed], [type, 1, 21_000n])
        const seen = await provider.getTransaction(sent.hash)
        assert.equal(seen?.blockHash, receipt?.blockHash)
      })

    await check('delegates an account and calls through it (EIP-7702)', async () => {
      const authority = new Wallet(keys[2], provider)
      const authorization = await authority.authorize({ address: await contract.getAddress(), nonce: 0 })
      const sent = await wallet.sendTransaction({
        type: 4,
        to: authority.address,
        data: abi.encodeFunctionData('note', [7n, 'delegated']),
        gasLimit: 300_000n,
        authorizationList: [authorization],
      })
      const receipt = await sent.wait()
      assert.equal(receipt?.logs[0]?.address, authority.address)
      assert.match(await provider.getCode(authority.address), /^0xef0100/)
    })

    await check('finds events by their topics', async () => {
      await send('note', 4711n, 'here')
      const filter = contract.filters.Noted?.(wallet.address, 4711n)
      const found = await contract.queryFilter(filter as never, 0)
      assert.equal(found.length, 1)
      assert.equal((found[0] as { args?: { text: string } }).args?.text, 'here')
    })

    await check('pages through logs', async () => {
      const first = await send('noteMany', 1_000_000n, 60n)
      for (let i = 1n; i < 5n; i++) await send('noteMany', 1_000_000n + i * 60n, 60n)
      const head = await provider.getBlockNumber()
      const numbers: bigint[] = []
      for (let from = first?.blockNumber ?? 0; from <= head; from += 2) {
        const logs = await provider.getLogs({
          address: await contract.getAddress(),
          topics: abi.encodeFilterTopics('Noted', [wallet.address]),
          fromBlock: from,
          toBlock: Math.min(from + 1, head),
        })
        numbers.push(...logs.map(log => BigInt(log.topics[2] ?? 0)))
      }
      assert.deepEqual(
        numbers,
        Array.from({ length: 300 }, (_, i) => 1_000_000n + BigInt(i)),
      )
    })

    await check('decodes custom errors, reasons and panics', async () => {
      const short = await failureOf(() => contract.getFunction('transfer').staticCall(TO, 10n ** 30n))
      assert.equal((short.revert as { name: string }).name, 'Short')
      const estimated = await failureOf(() => contract.getFunction('transfer').estimateGas(TO, 10n ** 30n))
      assert.equal(abi.parseError(String(estimated.data))?.name, 'Short')
      assert.equal((await failureOf(() => contract.getFunction('refuse').staticCall())).reason, 'refused')
      assert.match(String((await failureOf(() => contract.getFunction('divide')(0n))).reason), /Panic/)
    })

    await check('signs typed data that a contract accepts (EIP-712)', async () => {
      const signature = Signature.from(
        await second.signTypedData(
          { name: 'Ledger', version: '1', chainId, verifyingContract: await contract.getAddress() },
          {
            Note: [
              { name: 'by', type: 'address' },
              { name: 'number', type: 'uint256' },
              { name: 'text', type: 'string' },
            ],
          },
          { by: second.address, number: 12n, text: 'signed' },
        ),
      )
      const { v, r, s } = signature
      const receipt = await send('noteBySignature', second.address, 12n, 'signed', v, r, s)
      assert.equal(receipt?.status, 1)
      const forged = await failureOf(() =>
        contract.getFunction('noteBySignature').staticCall(wallet.address, 12n, 'signed', v, r, s),
      )
      assert.equal(forged.reason, 'wrong signer')
    })

    await check('reads through Multicall3', async () => {
      const aggregate = new Contract(
        MULTICALL3,
        [
          'function aggregate3((address target,bool allowFailure,bytes callData)[]) payable returns ((bool success,bytes returnData)[])',
          'function getEthBalance(address) view returns (uint256)',
        ],
        provider,
      )
      const target = await contract.getAddress()
      const results = await aggregate.getFunction('aggregate3').staticCall([
        { target, allowFailure: false, callData: abi.encodeFunctionData('totalSupply') },
        { target, allowFailure: true, callData: abi.encodeFunctionData('refuse') },
      ])
      assert.deepEqual([BigInt(results[0][1]), results[1][0]], [1_000_000n, false])
      assert.equal(await aggregate.getFunction('getEthBalance')(TO), await provider.getBalance(TO))
    })

    await check('fills a gap of nonces and replaces a transaction (+10 %)', async () => {
      const nonce = await second.getNonce()
      const late = await second.sendTransaction({ ...fees, to: TO, value: 1n, nonce: nonce + 2 })
      const middle = await second.sendTransaction({ ...fees, to: TO, value: 2n, nonce: nonce + 1 })
      const dear = {
        maxFeePerGas: (fees.maxFeePerGas * 11n) / 10n,
        maxPriorityFeePerGas: (fees.maxPriorityFeePerGas * 11n) / 10n,
      }
      const cheap = await failureOf(() =>
        second.sendTransaction({
          ...fees,
          to: TO,
          value: 3n,
          nonce: nonce + 2,
          maxPriorityFeePerGas: fees.maxPriorityFeePerGas + 1n,
        }),
      )
      assert.equal(cheap.code, 'REPLACEMENT_UNDERPRICED')
      const replacement = await second.sendTransaction({ ...fees, ...dear, to: TO, value: 4n, nonce: nonce + 2 })
      assert.equal(await second.getNonce('pending'), nonce)
      const first = await second.sendTransaction({ ...fees, to: TO, value: 5n, nonce })
      for (const sent of [first, middle, replacement]) assert.equal((await sent.wait())?.status, 1)
      assert.equal(await provider.getTransactionReceipt(late.hash), null)
      const used = await failureOf(() => second.sendTransaction({ ...fees, to: TO, nonce }))
      assert.equal(used.code, 'NONCE_EXPIRED')
    })

    await check('counts nonces itself for fifty transactions at once', async () => {
      const managed = new NonceManager(second)
      const sent = await Promise.all(
        Array.from({ length: 50 }, (_, i) => managed.sendTransaction({ ...fees, to: TO, value: BigInt(i) })),
      )
      for (const transaction of sent) assert.equal((await transaction.wait())?.status, 1)
    })

    await check('refuses what an account cannot pay', async () => {
      const poor = Wallet.createRandom(provider)
      assert.equal(
        (await failureOf(() => poor.sendTransaction({ ...fees, to: TO, value: 1n }))).code,
        'INSUFFICIENT_FUNDS',
      )
    })

    await check('reads a thousand balances in one batch', async () => {
      const batching = new JsonRpcProvider(rpcUrl, chainId, {
        batchMaxCount: 1_000,
        batchStallTime: 20,
        cacheTimeout: -1,
        staticNetwork: true,
      })
      const bodies: number[] = []
      batching.on('debug', event => {
        if (event.action === 'sendRpcPayload') bodies.push(Array.isArray(event.payload) ? event.payload.length : 1)
      })
      const balances = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) => batching.getBalance(`0x${(i + 1).toString(16).padStart(40, '0')}`)),
      )
      assert.equal(balances.length, 1_000)
      assert.deepEqual(bodies, [1_000])
      assert.equal(balances[0xe1 - 1], await provider.getBalance(TO))
      batching.destroy()
    })

    await check('suggests fees that are enough', async () => {
      const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = await provider.getFeeData()
      assert.ok(maxFeePerGas !== null && maxPriorityFeePerGas !== null && gasPrice !== null)
      assert.ok(maxFeePerGas >= maxPriorityFeePerGas)
      const sent = await wallet.sendTransaction({ to: TO, value: 1n, maxFeePerGas, maxPriorityFeePerGas })
      assert.equal((await sent.wait())?.status, 1)
    })

    await check('follows blocks and events over WebSocket', async () => {
      const socket = new WebSocketProvider(wsUrl)
      const blocks: number[] = []
      const notes: bigint[] = []
      await socket.on('block', number => blocks.push(number))
      const listening = new Contract(await contract.getAddress(), abi, socket)
      await listening.on('Noted', (_by, number: bigint) => notes.push(number))
      await socket.getBlockNumber()
      await send('note', 99n, 'socket')
      await until('the event', async () => notes.includes(99n) && blocks.length > 0)
      await socket.destroy()
    })

    await check('waits for a transaction by events of the provider', async () => {
      const sent = await wallet.sendTransaction({ to: TO, value: 1n })
      const receipt = await provider.waitForTransaction(sent.hash, 2, 20_000)
      assert.equal(receipt?.status, 1)
    })
    provider.destroy()
  },
}
