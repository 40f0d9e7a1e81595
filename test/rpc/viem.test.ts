import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  InsufficientFundsError,
  NonceTooLowError,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { keyOfUser } from '../evm/fixtures.ts'
import { probeContract, type RealChain, realChain } from './real-chain.ts'

describe('viem 2', () => {
  let chain: RealChain
  let probe: Hex
  let abi: Abi
  const account = privateKeyToAccount(toHex(keyOfUser(1)))
  const clients = () => {
    const network = defineChain({
      id: 1071,
      name: 'OpenGPU',
      nativeCurrency: { name: 'OpenGPU', symbol: 'OGPU', decimals: 18 },
      rpcUrls: { default: { http: [chain.server.url] } },
    })
    const transport = http(chain.server.url, { batch: true })
    return {
      reader: createPublicClient({ chain: network, transport, pollingInterval: 20, cacheTime: 0 }),
      writer: createWalletClient({ chain: network, transport, account }),
      listener: createPublicClient({ chain: network, transport: webSocket(chain.server.wsUrl) }),
    }
  }
  beforeAll(async () => {
    chain = await realChain()
    chain.run()
    const contract = probeContract()
    abi = contract.abi as Abi
    const { reader, writer } = clients()
    const hash = await writer.deployContract({ abi, bytecode: contract.bytecode, args: [7n] })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    probe = defined(receipt.contractAddress, 'a deployment has an address')
  })
  afterAll(async () => {
    await chain.close()
  })

  it('writes, reads and finds events', async () => {
    const { reader, writer } = clients()
    const hash = await writer.writeContract({ abi, address: probe, functionName: 'set', args: [99n] })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    expect(receipt.status).toBe('success')
    expect(await reader.readContract({ abi, address: probe, functionName: 'value' })).toBe(99n)
    const events = await reader.getContractEvents({
      abi,
      address: probe,
      eventName: 'Changed',
      fromBlock: 0n,
      args: { value: 99n },
    })
    expect(events).toHaveLength(1)
    const proof = await reader.getProof({ address: probe, storageKeys: [`0x${'0'.repeat(64)}`] })
    expect(proof.storageProof[0]?.value).toBe(99n)
    expect(proof.accountProof.length).toBeGreaterThan(0)
  })

  it('names reverts and refusals by their classes', async () => {
    const { reader, writer } = clients()
    const failure = async (run: Promise<unknown>) => {
      const error = await run.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (!(error instanceof BaseError)) throw new Error(`no viem error: ${String(error)}`)
      return error
    }
    const refused = await failure(
      reader.simulateContract({ abi, address: probe, functionName: 'refuse', args: [5n], account }),
    )
    const revert = refused.walk(error => error instanceof ContractFunctionRevertedError)
    expect(revert instanceof ContractFunctionRevertedError && revert.data?.errorName).toBe('Refused')
    const failed = await failure(reader.simulateContract({ abi, address: probe, functionName: 'fail', account }))
    const reason = failed.walk(error => error instanceof ContractFunctionRevertedError)
    expect(reason instanceof ContractFunctionRevertedError && reason.reason).toBe('NotOwner')
    const fee = { gas: 21_000n, maxFeePerGas: 9n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n, to: account.address }
    const stale = await failure(writer.sendTransaction({ ...fee, nonce: 0 }))
    expect(stale.walk(error => error instanceof NonceTooLowError)).toBeInstanceOf(NonceTooLowError)
    const poor = await failure(writer.sendTransaction({ ...fee, account: privateKeyToAccount(`0x${'78'.repeat(32)}`) }))
    expect(poor.walk(error => error instanceof InsufficientFundsError)).toBeInstanceOf(InsufficientFundsError)
  })

  it('polls filters and sends a batch of a thousand reads', async () => {
    const { reader, writer } = clients()
    const filter = await reader.createContractEventFilter({ abi, address: probe, eventName: 'Changed' })
    const hash = await writer.writeContract({ abi, address: probe, functionName: 'set', args: [3n] })
    await reader.waitForTransactionReceipt({ hash })
    expect(await reader.getFilterChanges({ filter })).toHaveLength(1)
    expect(await reader.getFilterChanges({ filter })).toHaveLength(0)
    expect(await reader.uninstallFilter({ filter })).toBe(true)
    const reads = await Promise.all(
      Array.from({ length: 1_000 }, () => reader.getBalance({ address: account.address })),
    )
    expect(new Set(reads).size).toBe(1)
    const history = await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] })
    expect(history.baseFeePerGas.length).toBeGreaterThan(1)
  })

  it('overrides state in a call', async () => {
    const { reader } = clients()
    const slot = `0x${'0'.repeat(64)}` as const
    const value = `0x${'5'.padStart(64, '0')}` as const
    const data = '0x3fa4f245'
    const { data: output } = await reader.call({
      to: probe,
      data,
      stateOverride: [{ address: probe, stateDiff: [{ slot, value }] }],
    })
    expect(output).toBe(value)
  })

  it('watches blocks over WebSocket', async () => {
    const { listener, reader, writer } = clients()
    const seen: bigint[] = []
    const stop = listener.watchBlocks({ onBlock: block => seen.push(block.number), emitMissed: false })
    await listener.getChainId()
    await new Promise(resolve => setTimeout(resolve, 50))
    const hash = await writer.sendTransaction({ to: account.address, value: 1n })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    for (let i = 0; i < 500 && !seen.includes(receipt.blockNumber); i++)
      await new Promise(resolve => setTimeout(resolve, 4))
    expect(seen).toContain(receipt.blockNumber)
    stop()
  })
})
