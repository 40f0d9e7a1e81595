import assert from 'node:assert/strict'
import { AbiCoder, Contract, ContractFactory, getAddress, Interface, JsonRpcProvider, Wallet } from 'ethers'
import { type Client, post, type RawAnswer, rpc } from '../world.ts'

/**
 * The calls that Otterscan 2.10 (commit 9dfd87fb) makes, page by page, with its own parameters (block numbers are plain
 * numbers there), and what its formatters insist on. The app itself has no npm package.
 */
const API_LEVEL_MIN = 8
const PAGE_SIZE = 25
const TO = '0x00000000000000000000000000000000000000e5'

// biome-ignore lint/suspicious/noExplicitAny: raw answers are what is checked
type Raw = any

const isHash = (value: unknown) => assert.match(String(value), /^0x[0-9a-f]{64}$/)
const isAddress = (value: unknown) => assert.equal(getAddress(String(value)).length, 42)

/** What its block formatter reads; a wrong type throws there. */
function checkBlock(block: Raw): void {
  for (const field of ['hash', 'parentHash', 'receiptsRoot', 'stateRoot', 'sha3Uncles']) isHash(block[field])
  for (const field of ['number', 'timestamp', 'difficulty', 'gasLimit', 'gasUsed', 'baseFeePerGas', 'size'])
    assert.ok(BigInt(block[field]) >= 0n, field)
  isAddress(block.miner)
  assert.match(block.extraData, /^0x/)
  assert.match(block.nonce, /^0x/)
}

function checkTransaction(transaction: Raw): void {
  isHash(transaction.hash)
  isAddress(transaction.from)
  for (const field of ['gasPrice', 'gas', 'value', 'nonce', 'type', 'blockNumber', 'transactionIndex'])
    assert.ok(BigInt(transaction[field]) >= 0n, field)
  assert.match(transaction.input, /^0x/)
}

function checkReceipt(receipt: Raw): void {
  isHash(receipt.blockHash)
  isHash(receipt.transactionHash)
  for (const field of ['gasUsed', 'cumulativeGasUsed', 'effectiveGasPrice', 'status', 'type', 'transactionIndex'])
    assert.ok(BigInt(receipt[field]) >= 0n, field)
}

export const client: Client = {
  async run({ rpcUrl, keys, ledger }, check) {
    const call = (method: string, ...params: unknown[]): Promise<Raw> => rpc(rpcUrl, method, params)
    const provider = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 50 })
    const wallet = new Wallet(keys[0], provider)
    const abi = new Interface(ledger.abi as never)
    const deployed = await new ContractFactory(abi, ledger.bytecode, wallet).deploy(1_000_000n)
    const created = await deployed.deploymentTransaction()?.wait()
    const address = await deployed.getAddress()
    const ledgerContract = new Contract(address, abi, wallet)
    const paid = await (await wallet.sendTransaction({ to: TO, value: 7n })).wait()
    const noted = await (await ledgerContract.getFunction('note')(1n, 'otter')).wait()
    const failed = await (
      await wallet.sendTransaction({ to: address, data: abi.encodeFunctionData('refuse'), gasLimit: 100_000n })
    )
      .wait()
      .catch((error: { receipt: unknown }) => error.receipt as Raw)
    assert.ok(created && paid)

    await check('connects: header, API level, network', async () => {
      const answers = (await post(rpcUrl, [
        { jsonrpc: '2.0', id: 1, method: 'erigon_getHeaderByNumber', params: ['latest'] },
        { jsonrpc: '2.0', id: 2, method: 'ots_getApiLevel', params: [] },
        { jsonrpc: '2.0', id: 3, method: 'eth_chainId', params: [] },
      ])) as RawAnswer[]
      assert.deepEqual(
        answers.map(answer => answer.error),
        [undefined, undefined, undefined],
      )
      assert.ok(Number(answers[1]?.result) >= API_LEVEL_MIN)
      checkBlock({ size: '0x0', ...(answers[0]?.result as object) })
    })

    await check('answers a browser of another origin', async () => {
      const options = await fetch(rpcUrl, {
        method: 'OPTIONS',
        headers: {
          origin: 'http://otterscan.test',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      })
      assert.ok(options.ok)
      assert.equal(options.headers.get('access-control-allow-origin'), '*')
    })

    await check('follows the newest header', async () => {
      const number = await provider.getBlockNumber()
      const header = await call('erigon_getHeaderByNumber', number)
      assert.equal(Number(header.number), number)
    })

    await check('shows a block by number and by hash', async () => {
      for (const details of [
        await call('ots_getBlockDetails', paid.blockNumber),
        await call('ots_getBlockDetailsByHash', paid.blockHash),
      ]) {
        checkBlock(details.block)
        assert.equal(details.block.hash, paid.blockHash)
        assert.equal(Number(details.block.transactionCount), 1)
        assert.equal(details.block.transactions, undefined)
        assert.equal(BigInt(details.totalFees), paid.gasUsed * paid.gasPrice)
        assert.ok(BigInt(details.issuance.blockReward ?? 0) >= 0n)
      }
      assert.equal(await call('ots_getBlockDetails', 99_999_999), null)
    })

    await check('shows the transactions of a block in pages', async () => {
      const { fullblock, receipts } = await call('ots_getBlockTransactions', paid.blockNumber, 0, PAGE_SIZE)
      assert.equal(fullblock.transactions.length, receipts.length)
      assert.equal(Number(fullblock.transactionCount), 1)
      fullblock.transactions.forEach(checkTransaction)
      for (const receipt of receipts) {
        checkReceipt(receipt)
        assert.equal(receipt.logs, null)
      }
      const beyond = await call('ots_getBlockTransactions', paid.blockNumber, 5, PAGE_SIZE)
      assert.equal(beyond.receipts.length, 0)
    })

    await check('shows a transaction, its calls and its error', async () => {
      const seen = await provider.getTransaction(paid.hash)
      assert.equal(seen?.hash, paid.hash)
      assert.equal(await call('ots_getTransactionError', paid.hash), '0x')
      const reason = await call('ots_getTransactionError', failed.hash)
      assert.deepEqual([...AbiCoder.defaultAbiCoder().decode(['string'], `0x${reason.slice(10)}`)], ['refused'])
      const calls = await call('ots_traceTransaction', noted.hash)
      assert.equal(calls[0].type, 'CALL')
      assert.deepEqual(
        [calls[0].depth, getAddress(calls[0].to), calls[0].input.slice(0, 10)],
        [0, address, abi.getFunction('note')?.selector],
      )
      assert.ok(Array.isArray(await call('ots_getInternalOperations', paid.hash)))
    })

    await check('shows the difference of state of a transaction', async () => {
      const { stateDiff } = await call('trace_replayTransaction', paid.hash, ['stateDiff'])
      assert.ok(stateDiff[TO])
      // The tab of steps shows these.
      const { vmTrace } = await call('trace_replayTransaction', noted.hash, ['vmTrace'])
      assert.ok(vmTrace.ops.some((step: { op: string }) => step.op === 'RETURN' || step.op === 'STOP'))
    })

    await check('tells contracts from accounts and who made them', async () => {
      assert.equal(await call('ots_hasCode', address, 'latest'), true)
      assert.equal(await call('ots_hasCode', wallet.address, 'latest'), false)
      assert.equal(await call('ots_hasCode', address, created.blockNumber - 1), false)
      assert.ok((await call('eth_getCode', address, 'latest')).length > 100)
      const creator = await call('ots_getContractCreator', address)
      assert.deepEqual([creator.hash, getAddress(creator.creator)], [created.hash, wallet.address])
      assert.equal(await call('ots_getContractCreator', wallet.address), null)
    })

    await check('finds a transaction by sender and nonce', async () => {
      const sent = await provider.getTransaction(paid.hash)
      assert.equal(await call('ots_getTransactionBySenderAndNonce', wallet.address, sent?.nonce), paid.hash)
      assert.equal(await call('ots_getTransactionBySenderAndNonce', wallet.address, 4_000), null)
    })

    await check('pages through the history of an account, both ways', async () => {
      const all = await call('ots_searchTransactionsBefore', wallet.address, 0, PAGE_SIZE)
      all.txs.forEach(checkTransaction)
      all.receipts.forEach(checkReceipt)
      for (const receipt of all.receipts) assert.ok(Number(receipt.timestamp) > 1_600_000_000)
      assert.equal(all.firstPage, true)
      const mine = all.txs.map((transaction: Raw) => transaction.hash)
      for (const hash of [failed.hash, noted.hash, paid.hash, created.hash]) assert.ok(mine.includes(hash), hash)
      assert.ok(mine.indexOf(failed.hash) < mine.indexOf(paid.hash))
      const page = await call('ots_searchTransactionsBefore', wallet.address, noted.blockNumber, 1)
      assert.equal(page.txs[0].hash, paid.hash)
      const after = await call('ots_searchTransactionsAfter', wallet.address, paid.blockNumber, 1)
      assert.equal(after.txs.at(-1).hash, noted.hash)
    })

    await check('broadcasts a transaction', async () => {
      const signed = await wallet.signTransaction(await wallet.populateTransaction({ to: TO, value: 1n }))
      isHash(await call('eth_sendRawTransaction', signed))
    })
    provider.destroy()
  },
}
