import assert from 'node:assert/strict'
import { AbiCoder, Interface, Transaction, Wallet } from 'ethers'
import { type Client, type Hex, MULTICALL3, type RawAnswer, rpc, until } from '../world.ts'

/** What the MetaMask extension asks of a network, in its order and with its form of requests. No library between. */
const TO = '0x00000000000000000000000000000000000000e6'
const HEX = /^0x(0|[1-9a-f][0-9a-f]*)$/

// biome-ignore lint/suspicious/noExplicitAny: raw answers are what is checked
type Raw = any

export const client: Client = {
  async run({ rpcUrl, keys, ledger, chainId }, check) {
    let id = 8_300_000_000_000
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      origin: 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn',
    }
    /** Its ids are beyond 2^32 and come back as they were. */
    const ask = async (method: string, params: readonly unknown[] = []): Promise<Raw> => {
      id += 1
      const response = await fetch(rpcUrl, {
        method: 'POST',
        headers,
        body: JSON.stringify({ id, jsonrpc: '2.0', method, params }),
      })
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('access-control-allow-origin'), '*')
      const answer = (await response.json()) as RawAnswer
      assert.equal(answer.id, id)
      if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error)
      return answer.result
    }
    const wallet = new Wallet(keys[0])
    const me = wallet.address.toLowerCase()

    /** How a confirmed request becomes a transaction: fees, gas and nonce are asked for one by one. */
    const prepare = async (request: { readonly to?: string; readonly data?: string; readonly value?: string }) => {
      const block = await ask('eth_getBlockByNumber', ['latest', false])
      const gasPrice = BigInt(await ask('eth_gasPrice'))
      const code = request.to === undefined ? '0x' : await ask('eth_getCode', [request.to, 'latest'])
      const simple = code === '0x' && request.data === undefined && request.to !== undefined
      const limit = simple
        ? 21_000n
        : (BigInt(
            await ask('eth_estimateGas', [
              { from: me, value: '0x0', ...request, gasPrice: `0x${gasPrice.toString(16)}` },
            ]),
          ) *
            3n) /
          2n
      assert.ok(limit < (BigInt(block.gasLimit) * 9n) / 10n)
      const nonce = Number(await ask('eth_getTransactionCount', [me, 'pending']))
      return {
        type: 2,
        chainId,
        nonce,
        gasLimit: limit,
        maxFeePerGas: gasPrice * 2n,
        maxPriorityFeePerGas: gasPrice / 10n,
        ...request,
      }
    }
    const send = async (fields: object): Promise<string> =>
      ask('eth_sendRawTransaction', [await wallet.signTransaction(fields)])
    /** Its pending transactions are looked at again with every new block number. */
    const confirmed = (hash: string): Promise<Raw> =>
      until('the receipt', async () => {
        await ask('eth_blockNumber')
        const receipt = await ask('eth_getTransactionReceipt', [hash])
        return receipt?.blockNumber === undefined ? undefined : receipt
      })

    await check('adds the network (wallet_addEthereumChain)', async () => {
      const [answered, version] = [await ask('eth_chainId'), await ask('net_version')]
      assert.match(answered, HEX)
      assert.equal(answered, `0x${chainId.toString(16)}`)
      assert.equal(version, String(chainId))
      assert.ok(Number(answered) <= 4_503_599_627_370_476)
    })

    await check('finds that the network has the fee market', async () => {
      const block = await ask('eth_getBlockByNumber', ['latest', false])
      assert.match(block.baseFeePerGas, HEX)
      assert.ok(block.transactions.every((each: unknown) => typeof each === 'string'))
    })

    await check('shows balances, one by one and through one contract', async () => {
      assert.ok(BigInt(await ask('eth_getBalance', [me, 'latest'])) > 0n)
      const multicall = new Interface([
        'function aggregate3((address target,bool allowFailure,bytes callData)[]) payable returns ((bool success,bytes returnData)[])',
        'function getEthBalance(address) view returns (uint256)',
      ])
      const data = multicall.encodeFunctionData('aggregate3', [
        [me, TO].map(account => ({
          target: MULTICALL3,
          allowFailure: true,
          callData: multicall.encodeFunctionData('getEthBalance', [account]),
        })),
      ])
      const [results] = multicall.decodeFunctionResult(
        'aggregate3',
        await ask('eth_call', [{ to: MULTICALL3, data }, 'latest']),
      )
      assert.equal(BigInt(results[0].returnData), BigInt(await ask('eth_getBalance', [me, 'latest'])))
    })

    await check('estimates fees from the fee history', async () => {
      const history = await ask('eth_feeHistory', ['0x5', 'latest', [10, 20, 30]])
      assert.match(history.oldestBlock, HEX)
      const count = history.gasUsedRatio.length
      assert.equal(history.baseFeePerGas.length, count + 1)
      assert.equal(history.reward.length, count)
      for (const row of history.reward) {
        assert.equal(row.length, 3)
        for (const tip of row) assert.match(tip, HEX)
      }
      for (const fee of history.baseFeePerGas) assert.match(fee, HEX)
      for (const ratio of history.gasUsedRatio) assert.ok(ratio >= 0 && ratio <= 1)
      assert.match(await ask('eth_maxPriorityFeePerGas'), HEX)
    })

    await check('sends coins and sees them arrive', async () => {
      const before = BigInt(await ask('eth_getBalance', [TO, 'latest']))
      const fields = await prepare({ to: TO, value: '0x5' })
      const hash = await send(fields)
      assert.equal(hash, Transaction.from(await wallet.signTransaction(fields)).hash)
      const seen = await ask('eth_getTransactionByHash', [hash])
      assert.deepEqual([seen.hash, seen.from], [hash, me])
      const receipt = await confirmed(hash)
      assert.deepEqual([receipt.status, receipt.gasUsed, receipt.logs], ['0x1', '0x5208', []])
      assert.equal(BigInt(await ask('eth_getBalance', [TO, 'latest'])), before + 5n)
      const block = await ask('eth_getBlockByHash', [receipt.blockHash, false])
      assert.match(block.timestamp, HEX)
    })

    let token = ''
    await check('deploys and watches a token (wallet_watchAsset)', async () => {
      const receipt = await confirmed(
        await send(
          await prepare({
            data: `${ledger.bytecode}${AbiCoder.defaultAbiCoder()
              .encode(['uint256'], [10n ** 24n])
              .slice(2)}`,
          }),
        ),
      )
      token = receipt.contractAddress
      const abi = new Interface(ledger.abi as never)
      const read = async (name: string, args: unknown[] = []) =>
        abi.decodeFunctionResult(
          name,
          await ask('eth_call', [{ to: token, data: abi.encodeFunctionData(name, args) }, 'latest']),
        )[0]
      assert.deepEqual(
        [await read('symbol'), await read('decimals'), await read('balanceOf', [me])],
        ['LDG', 18n, 10n ** 24n],
      )
      // Whether it is an ERC-721 or ERC-1155: the contract has no such function, and the call has to say so.
      const supports = await ask('eth_call', [
        { to: token, data: `0x01ffc9a780ac58cd${'00'.repeat(28)}` },
        'latest',
      ]).catch((error: { code: number }) => error.code)
      assert.equal(supports, 3)
    })

    await check('sends a token', async () => {
      const abi = new Interface(ledger.abi as never)
      const receipt = await confirmed(
        await send(await prepare({ to: token, data: abi.encodeFunctionData('transfer', [TO, 9n]) })),
      )
      assert.equal(receipt.status, '0x1')
      assert.equal(receipt.logs[0].address, token.toLowerCase())
    })

    await check('says why a transaction would fail before it is sent', async () => {
      const abi = new Interface(ledger.abi as never)
      const failed = await ask('eth_estimateGas', [
        { from: me, to: token, data: abi.encodeFunctionData('refuse') },
      ]).catch((error: RawAnswer['error']) => error)
      assert.deepEqual([failed.code, failed.message], [3, 'execution reverted: refused'])
      assert.match(failed.data, /^0x08c379a0/)
      const poor = await ask('eth_estimateGas', [
        { from: Wallet.createRandom().address, to: TO, value: '0xde0b6b3a7640000' },
      ]).catch((error: Error) => error.message)
      assert.match(poor, /insufficient funds/)
    })

    await check('speeds up and cancels (same nonce, +10 %)', async () => {
      const fields = await prepare({ to: TO, value: '0x1' })
      const waiting = { ...fields, nonce: fields.nonce + 1 }
      const first = await send(waiting)
      const again = await send(waiting).catch((error: Error) => error.message)
      assert.match(again, /already known/)
      const low = await send({ ...waiting, value: '0x2' }).catch((error: Error) => error.message)
      assert.match(low, /replacement transaction underpriced/)
      const more = (fee: bigint) => (fee * 11n) / 10n + 1n
      const cancel = await send({
        ...waiting,
        to: me,
        value: '0x0',
        maxFeePerGas: more(fields.maxFeePerGas),
        maxPriorityFeePerGas: more(fields.maxPriorityFeePerGas),
      })
      await confirmed(await send(fields))
      assert.equal((await confirmed(cancel)).status, '0x1')
      assert.equal(await ask('eth_getTransactionReceipt', [first]), null)
      assert.equal(await ask('eth_getTransactionByHash', [first]), null)
      const used = await send({ ...fields, value: '0x3' }).catch((error: Error) => error.message)
      assert.match(used, /nonce too low/)
    })

    await check('makes a smart account of it and sends a batch of calls (EIP-7702, EIP-5792)', async () => {
      // Multicall3's aggregate3Value is what a batch of calls is here: the account itself calls, as it runs that code.
      const batch = new Interface([
        'function aggregate3Value((address target,bool allowFailure,uint256 value,bytes callData)[]) payable returns ((bool success,bytes returnData)[])',
      ])
      assert.equal(await ask('eth_getCode', [me, 'latest']), '0x')
      const nonce = Number(await ask('eth_getTransactionCount', [me, 'pending']))
      const authorization = await wallet.authorize({ address: MULTICALL3, chainId, nonce: nonce + 1 })
      const abi = new Interface(ledger.abi as never)
      const data = batch.encodeFunctionData('aggregate3Value', [
        [
          { target: token, allowFailure: false, value: 0n, callData: abi.encodeFunctionData('transfer', [TO, 3n]) },
          { target: TO, allowFailure: false, value: 6n, callData: '0x' },
        ],
      ])
      const gasPrice = BigInt(await ask('eth_gasPrice'))
      const before = BigInt(await ask('eth_getBalance', [TO, 'latest']))
      const fields = {
        type: 4,
        chainId,
        nonce,
        gasLimit: 500_000n,
        maxFeePerGas: gasPrice * 2n,
        maxPriorityFeePerGas: gasPrice / 10n,
        to: me,
        value: 6n,
        data,
        authorizationList: [authorization],
      }
      const receipt = await confirmed(await send(fields))
      assert.deepEqual([receipt.status, receipt.type], ['0x1', '0x4'])
      assert.equal(await ask('eth_getCode', [me, 'latest']), `0xef0100${MULTICALL3.slice(2).toLowerCase()}`)
      assert.equal(BigInt(await ask('eth_getBalance', [TO, 'latest'])), before + 6n)
      const balance = await ask('eth_call', [{ to: token, data: abi.encodeFunctionData('balanceOf', [TO]) }, 'latest'])
      assert.equal(BigInt(balance), 12n)
    })

    await check('polls without end: block number, balance, receipts of nothing', async () => {
      let last = 0
      for (let i = 0; i < 20; i++) {
        const number = Number(await ask('eth_blockNumber'))
        assert.ok(number >= last)
        last = number
        assert.equal(await ask('eth_getTransactionReceipt', [`0x${'ab'.repeat(32)}`]), null)
      }
      assert.equal(await rpc(rpcUrl, 'eth_syncing'), false)
      assert.deepEqual(await ask('eth_accounts'), [])
    })

    await check('passes on what the node refuses', async () => {
      const unknown = await ask('wallet_notHere' as Hex).catch((error: RawAnswer['error']) => error)
      assert.equal(unknown.code, -32601)
      const bad = await ask('eth_getBalance', ['0x12', 'latest']).catch((error: RawAnswer['error']) => error)
      assert.equal(bad.code, -32602)
    })
  },
}
