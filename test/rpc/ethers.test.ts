import {
  AbiCoder,
  Contract,
  ContractFactory,
  type ContractTransactionReceipt,
  type InterfaceAbi,
  id,
  isError,
  JsonRpcProvider,
  type TransactionReceipt,
  toQuantity,
  Wallet,
  WebSocketProvider,
} from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '#lib/bytes'
import { keyOfUser } from '../evm/fixtures.ts'
import { probeContract, type RealChain, realChain } from './real-chain.ts'

describe('ethers 6', () => {
  let chain: RealChain
  let provider: JsonRpcProvider
  let wallet: Wallet
  let probe: Contract
  beforeAll(async () => {
    chain = await realChain()
    chain.run()
    provider = new JsonRpcProvider(chain.server.url, undefined, { cacheTimeout: -1, pollingInterval: 20 })
    wallet = new Wallet(toHex(keyOfUser(0)), provider)
    const { abi, bytecode } = probeContract()
    const factory = new ContractFactory(abi as InterfaceAbi, bytecode, wallet)
    const deployed = await factory.deploy(7n)
    await deployed.waitForDeployment()
    probe = new Contract(await deployed.getAddress(), abi as InterfaceAbi, wallet)
  })
  afterAll(async () => {
    provider.destroy()
    await chain.close()
  })

  it('deploys, reads and writes a contract', async () => {
    expect(await probe.getFunction('value')()).toBe(7n)
    const sent = await probe.getFunction('set')(42n)
    const receipt = (await sent.wait()) as ContractTransactionReceipt
    expect(receipt.status).toBe(1)
    expect(await probe.getFunction('value')()).toBe(42n)
    expect(await probe.getFunction('counts')(wallet.address)).toBe(1n)
    const code = await provider.getCode(await probe.getAddress())
    expect(code.length).toBeGreaterThan(100)
    expect(await provider.getStorage(await probe.getAddress(), 0)).toBe(
      toQuantity(42n).replace('0x', '0x'.padEnd(64, '0')),
    )
  })

  it.each([
    [0, { gasPrice: 3_000_000_000n }],
    [1, { gasPrice: 3_000_000_000n, accessList: [] }],
    [2, {}],
  ])('sends a transaction of type %i', async (type, fields) => {
    const before = await provider.getBalance('0x00000000000000000000000000000000000000f1')
    const sent = await wallet.sendTransaction({
      type,
      to: '0x00000000000000000000000000000000000000f1',
      value: 5n,
      ...fields,
    })
    const receipt = (await sent.wait()) as TransactionReceipt
    expect([receipt.status, receipt.type, receipt.gasUsed]).toEqual([1, type, 21_000n])
    expect(await provider.getBalance('0x00000000000000000000000000000000000000f1')).toBe(before + 5n)
    const shown = await provider.getTransaction(sent.hash)
    expect(shown?.hash).toBe(sent.hash)
    expect(shown?.from).toBe(wallet.address)
    expect(shown?.isMined()).toBe(true)
  })

  it('delegates an account (EIP-7702)', async () => {
    const authority = new Wallet(toHex(keyOfUser(3)), provider)
    const target = await probe.getAddress()
    const authorization = await authority.authorize({ address: target, nonce: 0 })
    const sent = await wallet.sendTransaction({
      type: 4,
      to: authority.address,
      gasLimit: 200_000n,
      authorizationList: [authorization],
    })
    expect((await sent.wait())?.status).toBe(1)
    expect(await provider.getCode(authority.address)).toBe(`0xef0100${target.slice(2).toLowerCase()}`)
  })

  it('decodes strings, custom errors and panics, on call and on estimate', async () => {
    const outcome = async (run: Promise<unknown>) =>
      run.then(
        () => undefined,
        (error: unknown) => error,
      )
    const failed = await outcome(probe.getFunction('fail').staticCall())
    expect(isError(failed, 'CALL_EXCEPTION') && failed.reason).toBe('NotOwner')
    const refused = await outcome(probe.getFunction('refuse').staticCall(9n))
    expect(isError(refused, 'CALL_EXCEPTION') && refused.revert?.name).toBe('Refused')
    expect(isError(refused, 'CALL_EXCEPTION') && refused.revert?.args).toEqual([wallet.address, 9n])
    const panicked = await outcome(probe.getFunction('divide').staticCall(0n))
    expect(isError(panicked, 'CALL_EXCEPTION') && panicked.reason).toContain('Panic')
    const estimated = await outcome(probe.getFunction('fail').estimateGas())
    expect(isError(estimated, 'CALL_EXCEPTION') && estimated.reason).toBe('NotOwner')
  })

  it('understands the refusals of the pool', async () => {
    const outcome = async (run: Promise<unknown>) =>
      run.then(
        () => 'sent',
        (error: { code: string }) => error.code,
      )
    const fee = { maxFeePerGas: 9n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n, gasLimit: 21_000n, to: wallet.address }
    const poor = new Wallet(`0x${'77'.repeat(32)}`, provider)
    expect(await outcome(poor.sendTransaction({ ...fee, value: 1n }))).toBe('INSUFFICIENT_FUNDS')
    expect(await outcome(wallet.sendTransaction({ ...fee, nonce: 0 }))).toBe('NONCE_EXPIRED')
    const nonce = (await wallet.getNonce()) + 5
    expect(await outcome(wallet.sendTransaction({ ...fee, nonce }))).toBe('sent')
    expect(await outcome(wallet.sendTransaction({ ...fee, nonce, value: 1n }))).toBe('REPLACEMENT_UNDERPRICED')
  })

  it('queries events by their indexed arguments', async () => {
    const sent = await probe.getFunction('set')(1234n)
    await sent.wait()
    const filter = probe.filters.Changed?.(wallet.address, 1234n)
    if (filter === undefined) throw new Error('the event exists')
    const found = await probe.queryFilter(filter, 0)
    expect(found).toHaveLength(1)
    const [log] = found
    expect(log !== undefined && 'args' in log && log.args.note).toBe('set')
    const raw = await provider.getLogs({
      fromBlock: 0,
      topics: [id('Changed(address,uint256,string)'), null, AbiCoder.defaultAbiCoder().encode(['uint256'], [1234n])],
    })
    expect(raw).toHaveLength(1)
  })

  it('reads blocks, receipts, fees and a batch of a hundred', async () => {
    const block = await provider.getBlock('latest', true)
    expect(block?.hash).toMatch(/^0x/)
    expect(block?.prefetchedTransactions.length).toBe(block?.transactions.length)
    const fees = await provider.getFeeData()
    expect(fees.maxFeePerGas).toBeGreaterThan(0n)
    const balances = await Promise.all(
      Array.from({ length: 100 }, (_, i) => provider.getBalance(`0x${String(i).padStart(40, '0')}`)),
    )
    expect(balances).toHaveLength(100)
    for (const tag of ['safe', 'finalized', 'pending', 'earliest'] as const) {
      expect((await provider.getBlock(tag))?.number).toBeGreaterThanOrEqual(0)
    }
  })

  it('listens over WebSocket', async () => {
    const socket = new WebSocketProvider(chain.server.wsUrl)
    const blocks: number[] = []
    const values: bigint[] = []
    await socket.on('block', (number: number) => blocks.push(number))
    const { abi } = probeContract()
    const listening = new Contract(await probe.getAddress(), abi as InterfaceAbi, socket)
    await listening.on('Changed', (_by: string, value: bigint) => values.push(value))
    await socket.getBlockNumber()
    const sent = await probe.getFunction('set')(77n)
    await sent.wait()
    for (let i = 0; i < 500 && (values.length === 0 || blocks.length === 0); i++) {
      await new Promise(resolve => setTimeout(resolve, 4))
    }
    expect(values).toEqual([77n])
    expect(blocks.length).toBeGreaterThan(0)
    await socket.destroy()
  })
})
