import assert from 'node:assert/strict'
import { type Contract, Web3, WebSocketProvider } from 'web3'
import { type Client, failureOf, until } from '../world.ts'

const TO = '0x00000000000000000000000000000000000000E3'

interface Events {
  on(name: 'data', listener: (event: { readonly returnValues?: unknown }) => void): void
  unsubscribe(): Promise<void>
}

export const client: Client = {
  async run({ rpcUrl, wsUrl, keys, ledger, chainId }, check) {
    const web3 = new Web3(rpcUrl)
    const socket = new Web3(new WebSocketProvider(wsUrl))
    for (const each of [web3, socket]) {
      // web3.js polls once a second unless told otherwise.
      each.eth.transactionPollingInterval = 50
      for (const key of keys) each.eth.accounts.wallet.add(key)
    }
    const [first, second] = keys.map(key => web3.eth.accounts.privateKeyToAccount(key).address) as [string, string]
    const contractOf = (from: Web3, address?: string) =>
      new from.eth.Contract(ledger.abi as never, address) as unknown as Contract<never> & {
        readonly methods: Readonly<
          Record<
            string,
            (...args: unknown[]) => {
              send(options: object): Promise<{
                readonly transactionHash: string
                readonly status: bigint
                readonly events?: Readonly<Record<string, { readonly returnValues: Readonly<Record<string, unknown>> }>>
              }>
              call(options?: object): Promise<unknown>
              estimateGas(options?: object): Promise<bigint>
            }
          >
        >
        readonly events: Readonly<Record<string, (options?: object) => Events>>
      }
    const deployed = await (contractOf(web3) as unknown as Contract<never>)
      .deploy({ data: ledger.bytecode, arguments: [1_000_000n] as never })
      .send({ from: first, gas: '3000000' })
    const address = deployed.options.address as string
    const contract = contractOf(web3, address)
    const call = (name: string, ...args: unknown[]) => {
      const method = contract.methods[name]
      assert.ok(method, name)
      return method(...args)
    }

    await check('detects the network', async () => {
      assert.equal(await web3.eth.getChainId(), BigInt(chainId))
      assert.equal(await web3.eth.net.getId(), BigInt(chainId))
      assert.equal(await web3.eth.net.isListening(), true)
      assert.match(await web3.eth.getNodeInfo(), /\//)
    })

    await check('deploys, calls and transacts', async () => {
      const receipt = await call('transfer', second, 11n).send({ from: first })
      assert.equal(receipt.status, 1n)
      assert.equal(receipt.events?.Transfer?.returnValues.value, 11n)
      assert.equal(await call('balanceOf', second).call(), 11n)
      assert.ok((await call('transfer', second, 1n).estimateGas({ from: first })) > 21_000n)
    })

    await check('sends types 0, 1 and 2 and tells of every stage', async () => {
      for (const type of [0, 1, 2]) {
        const stages: string[] = []
        const sending = web3.eth.sendTransaction({
          from: first,
          to: TO,
          value: 1n,
          type,
          ...(type === 2 ? {} : { gasPrice: await web3.eth.getGasPrice() }),
          ...(type === 1 ? { accessList: [] } : {}),
        })
        for (const stage of ['sending', 'sent', 'transactionHash', 'receipt'] as const)
          sending.on(stage, () => void stages.push(stage))
        const receipt = await sending
        assert.deepEqual([receipt.type, receipt.gasUsed], [BigInt(type), 21_000n])
        assert.deepEqual(stages, ['sending', 'sent', 'transactionHash', 'receipt'])
      }
    })

    await check('decodes custom errors and reasons', async () => {
      const short = await failureOf(() => call('transfer', TO, 10n ** 30n).call({ from: first }))
      assert.equal((short.cause as { errorName?: string }).errorName, 'Short')
      for (const run of [() => call('refuse').call(), async () => call('refuse').send({ from: first })])
        assert.match(String(((await failureOf(run)).cause as Error).message), /execution reverted: refused/)
    })

    await check('queries past events', async () => {
      await call('note', 31n, 'past').send({ from: first })
      const past = await (
        contract as unknown as { getPastEvents(name: string, options: object): Promise<unknown[]> }
      ).getPastEvents('Noted', {
        filter: { number: 31n },
        fromBlock: 0,
      })
      assert.equal(past.length, 1)
      const raw = await web3.eth.getPastLogs({ address, fromBlock: '0x0', toBlock: 'latest' })
      assert.ok(raw.length >= 3)
    })

    await check('reads blocks, transactions, storage, proofs and the fee history', async () => {
      const block = await web3.eth.getBlock('latest', true)
      assert.ok(block.number >= 0n)
      assert.equal((await web3.eth.getBlock('finalized')).number >= block.number, true)
      const history = await web3.eth.getFeeHistory(4n, 'latest', [10, 90])
      assert.equal(history.baseFeePerGas.length, (history.gasUsedRatio as unknown as number[]).length + 1)
      assert.equal(BigInt(await web3.eth.getStorageAt(address, 0)), 1_000_000n)
      const proof = await web3.eth.getProof(address as never, [`0x${'00'.repeat(32)}` as never])
      assert.equal((proof as unknown as { storageProof: { value: bigint }[] }).storageProof[0]?.value, 1_000_000n)
      assert.ok((await web3.eth.calculateFeeData()).maxFeePerGas)
      assert.equal(
        (await web3.eth.createAccessList({ from: first, to: address, data: '0x18160ddd' })).accessList?.length,
        1,
      )
    })

    await check('sends requests of one batch', async () => {
      const batch = new web3.BatchRequest()
      const asked = Array.from({ length: 200 }, (_, i) =>
        batch.add({
          jsonrpc: '2.0',
          method: 'eth_getBalance',
          params: [`0x${String(i).padStart(40, '0')}`, 'latest'],
        } as never),
      )
      await batch.execute({ timeout: 20_000 })
      assert.equal((await Promise.all(asked)).length, 200)
    })

    await check('signs messages and typed data', async () => {
      const signed = web3.eth.accounts.sign('hello', keys[0])
      assert.equal(web3.eth.accounts.recover('hello', signed.signature), first)
      await web3.eth.getTransactionCount(first, 'pending')
    })

    await check('subscribes to blocks, logs, pending transactions and syncing', async () => {
      const seen = { heads: 0, logs: 0, pending: 0, events: [] as bigint[] }
      const heads = await socket.eth.subscribe('newHeads')
      heads.on('data', () => {
        seen.heads += 1
      })
      const logs = await socket.eth.subscribe('logs', { address })
      logs.on('data', () => {
        seen.logs += 1
      })
      const pending = await socket.eth.subscribe('newPendingTransactions')
      pending.on('data', () => {
        seen.pending += 1
      })
      const syncing = await socket.eth.subscribe('syncing')
      const events = contractOf(socket, address).events.Noted?.()
      events?.on('data', event => {
        const { number } = event.returnValues as { readonly number: bigint }
        seen.events.push(number)
      })
      await new Promise(resolve => setTimeout(resolve, 300))
      await call('note', 616n, 'subscribed').send({ from: first })
      await until(
        'all four',
        async () => seen.heads > 0 && seen.logs > 0 && seen.pending > 0 && seen.events.includes(616n),
      )
      await Promise.all([heads, logs, pending, syncing].map(each => each.unsubscribe()))
      await events?.unsubscribe()
    })

    await check('sends over WebSocket', async () => {
      const receipt = await socket.eth.sendTransaction({ from: second, to: TO, value: 1n })
      assert.equal(receipt.status, 1n)
    })
    socket.provider?.disconnect()
  },
}
