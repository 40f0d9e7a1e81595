import assert from 'node:assert/strict'
import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  getContract,
  http,
  InsufficientFundsError,
  NonceTooLowError,
  parseEventLogs,
  parseGwei,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { type Client, failureOf, MULTICALL3, until } from '../world.ts'

const TO = '0x00000000000000000000000000000000000000e2'

export const client: Client = {
  async run({ rpcUrl, wsUrl, keys, ledger, chainId }, check) {
    const chain = defineChain({
      id: chainId,
      name: 'OpenGPU',
      nativeCurrency: { name: 'OpenGPU', symbol: 'OGPU', decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl], webSocket: [wsUrl] } },
      contracts: { multicall3: { address: MULTICALL3 } },
    })
    const account = privateKeyToAccount(keys[0])
    const second = privateKeyToAccount(keys[1])
    const reads = createPublicClient({ chain, transport: http(), pollingInterval: 50, cacheTime: 0 })
    const writes = createWalletClient({ chain, account, transport: http(), pollingInterval: 50 })
    const abi = ledger.abi as unknown as Abi
    const mined = (hash: `0x${string}`) => reads.waitForTransactionReceipt({ hash, timeout: 20_000 })
    const { contractAddress } = await mined(
      await writes.deployContract({ abi, bytecode: ledger.bytecode, args: [1_000_000n] }),
    )
    assert.ok(contractAddress)
    const address = contractAddress
    const contract = getContract({ address, abi, client: { public: reads, wallet: writes } })
    const note = async (number: bigint, text: string) =>
      mined(await writes.writeContract({ address, abi, functionName: 'note', args: [number, text] }))

    await check('deploys, reads, simulates and writes', async () => {
      const { request, result } = await reads.simulateContract({
        account,
        address,
        abi,
        functionName: 'transfer',
        args: [second.address, 9n],
      })
      assert.equal(result, true)
      const receipt = await mined(await writes.writeContract(request))
      assert.equal(receipt.status, 'success')
      const [transfer] = parseEventLogs({ abi, eventName: 'Transfer', logs: receipt.logs })
      assert.equal((transfer as unknown as { args: { value: bigint } }).args.value, 9n)
      assert.equal(await contract.read.balanceOf?.([second.address]), 9n)
    })

    await check('sends types 0, 1 and 2', async () => {
      for (const type of ['legacy', 'eip2930', 'eip1559'] as const) {
        const receipt = await mined(await writes.sendTransaction({ type, to: TO, value: 1n } as never))
        assert.deepEqual([receipt.type, receipt.gasUsed], [type, 21_000n])
      }
    })

    await check('delegates an account for a batch of calls (EIP-7702)', async () => {
      const authority = privateKeyToAccount(keys[2])
      const authorization = await writes.signAuthorization({ account: authority, contractAddress: address })
      const data = encodeFunctionData({ abi, functionName: 'noteMany', args: [70n, 3n] })
      const receipt = await mined(
        await writes.sendTransaction({
          authorizationList: [authorization],
          to: authority.address,
          data,
          gas: 300_000n,
        }),
      )
      assert.equal(receipt.type, 'eip7702')
      assert.deepEqual(
        receipt.logs.map(log => log.address.toLowerCase()),
        Array(3).fill(authority.address.toLowerCase()),
      )
      assert.equal((await reads.getDelegation({ address: authority.address }))?.toLowerCase(), address.toLowerCase())
    })

    await check('reads many contracts through Multicall3', async () => {
      const results = await reads.multicall({
        contracts: ['totalSupply', 'name', 'refuse'].map(functionName => ({ address, abi, functionName })),
      })
      assert.deepEqual(
        results.map(result => result.status),
        ['success', 'success', 'failure'],
      )
      const batching = createPublicClient({ chain, transport: http(), batch: { multicall: true } })
      const names = await Promise.all(
        ['name', 'symbol', 'decimals'].map(functionName => batching.readContract({ address, abi, functionName })),
      )
      assert.deepEqual(names, ['Ledger', 'LDG', 18])
    })

    await check('sends a batch of a thousand requests', async () => {
      const batching = createPublicClient({ chain, transport: http(rpcUrl, { batch: { batchSize: 1_000, wait: 20 } }) })
      const nonces = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) =>
          batching.getTransactionCount({ address: `0x${(i + 1).toString(16).padStart(40, '0')}` }),
        ),
      )
      assert.equal(nonces.length, 1_000)
      const calls = await Promise.all(
        Array.from({ length: 1_000 }, () => batching.readContract({ address, abi, functionName: 'totalSupply' })),
      )
      assert.ok(calls.every(supply => supply === 1_000_000n))
    })

    await check('decodes errors of contracts and names refusals', async () => {
      const reverted = await failureOf(() =>
        reads.simulateContract({ account, address, abi, functionName: 'transfer', args: [TO, 10n ** 30n] }),
      )
      const cause = (reverted as unknown as BaseError).walk(each => each instanceof ContractFunctionRevertedError)
      assert.equal((cause as ContractFunctionRevertedError).data?.errorName, 'Short')
      const isA = async (kind: new (...args: never[]) => Error, run: () => Promise<unknown>) => {
        const failed = (await failureOf(run)) as unknown as BaseError
        assert.ok(failed instanceof BaseError && failed.walk(each => each instanceof kind), failed.message)
      }
      await isA(NonceTooLowError, () => writes.sendTransaction({ to: TO, value: 1n, nonce: 0, gas: 21_000n }))
      await isA(InsufficientFundsError, () => writes.sendTransaction({ to: TO, value: 10n ** 30n, gas: 21_000n }))
    })

    await check('estimates fees from the fee history', async () => {
      const fees = await reads.estimateFeesPerGas()
      const history = await reads.getFeeHistory({ blockCount: 5, rewardPercentiles: [25, 75] })
      assert.ok(fees.maxFeePerGas > 0n)
      assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1)
      const receipt = await mined(await writes.sendTransaction({ to: TO, value: 1n, ...fees }))
      assert.ok(receipt.effectiveGasPrice <= fees.maxFeePerGas)
    })

    await check('signs typed data that the contract accepts (EIP-712)', async () => {
      const typed = {
        domain: { name: 'Ledger', version: '1', chainId, verifyingContract: address },
        types: {
          Note: [
            { name: 'by', type: 'address' },
            { name: 'number', type: 'uint256' },
            { name: 'text', type: 'string' },
          ],
        },
        primaryType: 'Note',
        message: { by: account.address, number: 3n, text: 'typed' },
      } as const
      const signature = await writes.signTypedData(typed)
      assert.equal(await reads.verifyTypedData({ ...typed, address: account.address, signature }), true)
      const [r, s, v] = [
        `0x${signature.slice(2, 66)}`,
        `0x${signature.slice(66, 130)}`,
        Number(`0x${signature.slice(130)}`),
      ]
      const hash = await writes.writeContract({
        address,
        abi,
        functionName: 'noteBySignature',
        args: [account.address, 3n, 'typed', v, r, s],
      })
      assert.equal((await mined(hash)).status, 'success')
    })

    await check('sees a replacement as one', async () => {
      const nonce = await reads.getTransactionCount({ address: second.address })
      const replacing = createWalletClient({ chain, account: second, transport: http() })
      const fee = { gas: 21_000n, to: TO, maxFeePerGas: parseGwei('20'), maxPriorityFeePerGas: parseGwei('2') } as const
      const gapped = await replacing.sendTransaction({ ...fee, value: 1n, nonce: nonce + 1 })
      const replacements: string[] = []
      const waiting = reads.waitForTransactionReceipt({
        hash: gapped,
        timeout: 20_000,
        onReplaced: ({ reason }) => replacements.push(reason),
      })
      // The watcher has to have seen the transaction before it is replaced, or it cannot know whose it was.
      await until('the pool shows it', async () => reads.getTransaction({ hash: gapped }))
      await new Promise(resolve => setTimeout(resolve, 300))
      const dear = { maxFeePerGas: parseGwei('22'), maxPriorityFeePerGas: parseGwei('2.2') }
      const replaced = await replacing.sendTransaction({ ...fee, ...dear, value: 1n, nonce: nonce + 1 })
      await replacing.sendTransaction({ ...fee, value: 1n, nonce })
      const receipt = await waiting
      assert.equal(receipt.transactionHash, replaced)
      assert.deepEqual(replacements, ['repriced'])
    })

    await check('finds logs by arguments and through filters', async () => {
      const filter = await reads.createContractEventFilter({
        address,
        abi,
        eventName: 'Noted',
        args: { number: 808n } as never,
      })
      const receipt = await note(808n, 'filtered')
      const changes = await reads.getFilterChanges({ filter })
      assert.equal(changes.length, 1)
      const logs = await reads.getContractEvents({
        address,
        abi,
        eventName: 'Noted',
        fromBlock: receipt.blockNumber,
        args: { number: 808n } as never,
      })
      assert.deepEqual(
        logs.map(log => log.transactionHash),
        [receipt.transactionHash],
      )
      assert.equal(await reads.uninstallFilter({ filter }), true)
    })

    await check('simulates blocks, makes access lists and proofs', async () => {
      const blocks = await reads.simulateBlocks({
        blocks: [
          { calls: [{ account: account.address, to: TO, value: 1n }] },
          {
            calls: [
              { account: account.address, to: address, data: encodeFunctionData({ abi, functionName: 'totalSupply' }) },
            ],
          },
        ],
      })
      assert.deepEqual(
        blocks.map(block => block.calls[0]?.status),
        ['success', 'success'],
      )
      const { assetChanges } = await reads.simulateCalls({
        account: account.address,
        calls: [{ to: TO, value: 5n }],
        traceAssetChanges: true,
      })
      assert.equal(assetChanges[0]?.value.diff, -5n)
      const list = await reads.createAccessList({
        account: account.address,
        to: address,
        data: encodeFunctionData({ abi, functionName: 'transfer', args: [TO, 1n] }),
      })
      assert.ok(list.accessList.some(entry => entry.address.toLowerCase() === address.toLowerCase()))
      const proof = await reads.getProof({ address, storageKeys: [`0x${'00'.repeat(32)}`] })
      assert.equal(proof.storageProof[0]?.value, 1_000_000n)
    })

    await check('overrides state in a call and calls without a deployment', async () => {
      const { data } = await reads
        .call({
          code: ledger.bytecode,
          data: encodeFunctionData({ abi, functionName: 'name' }),
        })
        .catch(() => ({ data: undefined }))
      assert.equal(data, undefined)
      const overridden = await reads.readContract({
        address,
        abi,
        functionName: 'totalSupply',
        stateOverride: [
          { address, stateDiff: [{ slot: `0x${'00'.repeat(32)}`, value: `0x${'07'.padStart(64, '0')}` }] },
        ],
      })
      assert.equal(overridden, 7n)
    })

    await check('sends and waits in one request (EIP-7966)', async () => {
      const receipt = await writes.sendTransactionSync({ to: TO, value: 1n })
      assert.equal(receipt.status, 'success')
    })

    await check('watches blocks, events and pending transactions over WebSocket', async () => {
      const socket = createPublicClient({ chain, transport: webSocket() })
      const seen = { blocks: 0, notes: [] as bigint[], pending: [] as string[] }
      const stops = [
        socket.watchBlocks({ onBlock: () => (seen.blocks += 1) }),
        socket.watchContractEvent({
          address,
          abi,
          eventName: 'Noted',
          onLogs: logs =>
            seen.notes.push(...logs.map(log => (log as unknown as { args: { number: bigint } }).args.number)),
        }),
        socket.watchPendingTransactions({ onTransactions: hashes => seen.pending.push(...hashes) }),
      ]
      await socket.getBlockNumber()
      await new Promise(resolve => setTimeout(resolve, 200))
      const { transactionHash } = await note(5150n, 'socket')
      await until(
        'all three',
        async () => seen.blocks > 0 && seen.notes.includes(5150n) && seen.pending.includes(transactionHash),
      )
      for (const stop of stops) stop()
    })
  },
}
