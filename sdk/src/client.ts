/** A connection to one network: reads, checked sends with nonces in order, and the data layer beside it. */
import {
  FetchRequest,
  getAddress,
  type Interface,
  isError,
  JsonRpcProvider,
  JsonRpcSigner,
  type Log,
  Network,
  type Result,
  type Signer,
  type TransactionReceipt,
  Wallet,
} from 'ethers'
import { type ContractName, ERROR_INTERFACE, INTERFACES } from './contracts.ts'
import { createDataClient, type DataClient } from './data/data-client.ts'
import { SDK_ERRORS, SdkError } from './errors.ts'
import { type ContractAddresses, contractsOf } from './networks.ts'

export interface ClientOptions {
  /** JSON-RPC endpoint of a node, http or https. */
  readonly rpcUrl: string
  /** Signs transactions; 32-byte hex. Leave it out to read only, or pass `signer`. */
  readonly privateKey?: string
  /** A browser wallet or any other ethers signer, instead of a key. */
  readonly signer?: Signer
  /** Data nodes for uploads and downloads. */
  readonly dataUrls?: readonly string[]
  /** Refuse a node of another network. */
  readonly chainId?: number
  /** How often receipts and results are asked for; 200 ms when absent. */
  readonly pollingMs?: number
}

export interface SendOptions {
  readonly valueWei?: bigint
  /**
   * Gas on top of the estimate and its usual margin. Calls whose cost depends on who comes last (the last commit opens
   * the reveals, the last reveal closes them) need it, because the estimate cannot know.
   */
  readonly extraGas?: bigint
  /** How long to wait for the receipt; 60 s when absent. */
  readonly timeoutMs?: number
}

/** A mined transaction, and its logs as the contract's interface reads them. */
export interface Sent {
  readonly hash: string
  readonly blockNumber: number
  readonly gasUsed: bigint
  readonly receipt: TransactionReceipt
}

export interface OgpuClient {
  readonly provider: JsonRpcProvider
  readonly chainId: number
  readonly contracts: ContractAddresses
  readonly data: DataClient
  /** Account that signs; undefined for a client that only reads. */
  readonly address: string | undefined
  readonly pollingMs: number
  /** Calls a view function; `to` defaults to the contract's own address. SdkError REVERTED or RPC_FAILED. */
  read(contract: ContractName, method: string, args?: readonly unknown[], to?: string): Promise<Result>
  /** Sends a transaction and waits for its receipt. SdkError REVERTED (with `data.reason`), TIMEOUT or RPC_FAILED. */
  send(contract: ContractName, method: string, args?: readonly unknown[], options?: SendOptions): Promise<Sent>
}

const RPC_TIMEOUT_MS = 20_000
const RECEIPT_TIMEOUT_MS = 60_000
const NONCE_TRIES = 4

/**
 * Connects to a network and checks that it is the expected one.
 *
 * @example
 * const client = await createClient({ rpcUrl: 'http://127.0.0.1:8545', privateKey, dataUrls: ['http://127.0.0.1:5001'] })
 */
export async function createClient(options: ClientOptions): Promise<OgpuClient> {
  const chainId = await readChainId(options.rpcUrl)
  if (options.chainId !== undefined && options.chainId !== chainId) {
    throw new SdkError(SDK_ERRORS.WRONG_NETWORK, 'the node belongs to another network', {
      data: { rpcUrl: options.rpcUrl, chainId, expected: options.chainId },
    })
  }
  const request = new FetchRequest(options.rpcUrl)
  request.timeout = RPC_TIMEOUT_MS
  // A known network and no answer cache: ethers neither asks for the chain id again nor repeats an old answer.
  const network = Network.from(chainId)
  const provider = new JsonRpcProvider(request, network, { staticNetwork: network, cacheTimeout: -1, polling: true })
  const signer = (
    options.signer ?? (options.privateKey === undefined ? undefined : new Wallet(options.privateKey))
  )?.connect(options.signer instanceof JsonRpcSigner ? options.signer.provider : provider)
  const contracts = contractsOf(chainId)
  const pollingMs = options.pollingMs ?? 200
  const address = signer === undefined ? undefined : await signer.getAddress()
  const sender =
    signer === undefined || address === undefined ? undefined : createSender(provider, signer, address, chainId)

  const addressOf = (contract: ContractName): string => {
    const found = (contracts as unknown as Readonly<Record<string, string>>)[contract]
    if (found === undefined) throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, `${contract} has no address of its own`)
    return found
  }

  return {
    provider,
    chainId,
    contracts,
    data: createDataClient(options.dataUrls ?? []),
    address,
    pollingMs,
    async read(contract, method, args = [], to = addressOf(contract)) {
      const codec = INTERFACES[contract]
      const answer = await attemptRpc(method, () =>
        provider.call({ to, data: codec.encodeFunctionData(method, [...args]) }),
      )
      if (answer === '0x') {
        throw new SdkError(SDK_ERRORS.WRONG_NETWORK, 'there is no such contract', { data: { contract, to, method } })
      }
      return codec.decodeFunctionResult(method, answer)
    },
    async send(contract, method, args = [], sendOptions = {}) {
      if (sender === undefined) {
        throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'this client has no key: it can only read', {
          data: { method },
        })
      }
      const data = INTERFACES[contract].encodeFunctionData(method, [...args])
      const hash = await sender({ to: addressOf(contract), data, method, ...sendOptions })
      const receipt = await waitForReceipt(provider, hash, pollingMs, sendOptions.timeoutMs ?? RECEIPT_TIMEOUT_MS)
      if (receipt.status !== 1) {
        throw new SdkError(SDK_ERRORS.REVERTED, `${method} reverted on chain`, { data: { method, hash, reason: '' } })
      }
      return { hash, blockNumber: receipt.blockNumber, gasUsed: receipt.gasUsed, receipt }
    },
  }
}

interface Call {
  readonly to: string
  readonly data: string
  readonly method: string
  readonly valueWei?: bigint
  readonly extraGas?: bigint
}

/**
 * Sends one transaction after the other with consecutive nonces, without waiting for receipts in between. When the node
 * disagrees about the nonce (another process uses the key, or a transaction was dropped), it is asked again.
 */
function createSender(provider: JsonRpcProvider, signer: Signer, from: string, chainId: number) {
  let turn: Promise<unknown> = Promise.resolve()
  let nextNonce: number | undefined

  async function broadcast(call: Call, gasLimit: bigint): Promise<string> {
    const value = call.valueWei ?? 0n
    if (signer instanceof JsonRpcSigner) {
      return signer.sendUncheckedTransaction({ to: call.to, data: call.data, value, gasLimit })
    }
    for (let attempt = 1; ; attempt++) {
      // What the node has seen of this account wins when it is ahead of what we remember.
      const pending = await provider.getTransactionCount(from, 'pending')
      const nonce = Math.max(pending, nextNonce ?? 0)
      const fees = await feesOf(provider)
      const raw = await signer.signTransaction({
        type: 2,
        chainId,
        to: call.to,
        data: call.data,
        value,
        gasLimit,
        nonce,
        ...fees,
      })
      try {
        const hash: string = await provider.send('eth_sendRawTransaction', [raw])
        nextNonce = nonce + 1
        return hash
      } catch (error) {
        nextNonce = undefined
        if (!/nonce|already known|replacement/i.test(rpcMessage(error)) || attempt === NONCE_TRIES) throw error
      }
    }
  }

  return async (call: Call): Promise<string> => {
    const request = { from, to: call.to, data: call.data, value: call.valueWei ?? 0n }
    const estimate = await attemptRpc(call.method, () => provider.estimateGas(request))
    const gasLimit = (estimate * 3n) / 2n + 50_000n + (call.extraGas ?? 0n)
    const mine = turn.then(() => attemptRpc(call.method, () => broadcast(call, gasLimit)))
    turn = mine.catch(() => {})
    return mine
  }
}

async function feesOf(provider: JsonRpcProvider): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
  const block = await provider.getBlock('latest')
  const maxPriorityFeePerGas = 1_000_000_000n
  return { maxPriorityFeePerGas, maxFeePerGas: (block?.baseFeePerGas ?? 0n) * 2n + maxPriorityFeePerGas }
}

/** Polls for a receipt; SdkError TIMEOUT when there is none in time. */
async function waitForReceipt(
  provider: JsonRpcProvider,
  hash: string,
  pollingMs: number,
  timeoutMs: number,
): Promise<TransactionReceipt> {
  const deadline = Date.now() + timeoutMs
  for (let wait = Math.min(50, pollingMs); ; wait = Math.min(pollingMs, wait * 2)) {
    const receipt = await attemptRpc('receipt', () => provider.getTransactionReceipt(hash))
    if (receipt !== null) return receipt
    if (Date.now() > deadline) {
      throw new SdkError(SDK_ERRORS.TIMEOUT, 'the transaction has no receipt yet', {
        data: { hash, timeoutMs },
        retryable: true,
      })
    }
    await sleep(wait)
  }
}

/** Resolves after `ms`; rejects with the signal's reason when it fires first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

// ethers retries a missing network for ever; asking once by hand turns an unreachable node into an error.
async function readChainId(rpcUrl: string): Promise<number> {
  let answer: { result?: string }
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
      signal: AbortSignal.timeout(RPC_TIMEOUT_MS),
    })
    answer = (await response.json()) as { result?: string }
  } catch (cause) {
    throw new SdkError(SDK_ERRORS.RPC_FAILED, 'no node answers at this address', {
      data: { rpcUrl },
      cause,
      retryable: true,
    })
  }
  const chainId = Number(answer.result)
  if (!Number.isSafeInteger(chainId) || chainId <= 0) {
    throw new SdkError(SDK_ERRORS.RPC_FAILED, 'what answers at this address is no node', { data: { rpcUrl } })
  }
  return chainId
}

async function attemptRpc<T>(method: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof SdkError) throw error
    const reason = revertReason(error)
    if (reason !== undefined) {
      throw new SdkError(SDK_ERRORS.REVERTED, `${method} reverts: ${reason}`, {
        data: { method, reason },
        cause: error,
      })
    }
    throw new SdkError(SDK_ERRORS.RPC_FAILED, `${method} failed: ${rpcMessage(error)}`, {
      data: { method },
      cause: error,
      retryable: true,
    })
  }
}

/** The contract's word for a revert: its string, its custom error with arguments, or ''. Undefined: no revert at all. */
function revertReason(error: unknown): string | undefined {
  if (!isError(error, 'CALL_EXCEPTION')) return undefined
  if (error.reason) return error.reason
  if (error.data) {
    const custom = ERROR_INTERFACE.parseError(error.data)
    if (custom !== null) return `${custom.name}(${custom.args.join(', ')})`
    return error.data
  }
  return ''
}

function rpcMessage(error: unknown): string {
  const inner = (error as { error?: { message?: unknown }; info?: { error?: { message?: unknown } } }) ?? {}
  const message = inner.error?.message ?? inner.info?.error?.message ?? (error as Error)?.message
  return typeof message === 'string' ? message : String(error)
}

/** The first log of `event` that `emitter` wrote in this transaction; SdkError EVENT_MISSING when there is none. */
export function eventOf(sent: Sent, codec: Interface, event: string, emitter: string): Result {
  const found = decodeLogs(sent.receipt.logs, codec, event, emitter)[0]
  if (found === undefined) {
    throw new SdkError(SDK_ERRORS.EVENT_MISSING, `the transaction has no ${event}`, {
      data: { hash: sent.hash, event },
    })
  }
  return found
}

/** Arguments of every log of `event` by `emitter`. */
export function decodeLogs(logs: readonly Log[], codec: Interface, event: string, emitter: string): Result[] {
  const topic = codec.getEvent(event)?.topicHash
  return logs
    .filter(log => log.topics[0] === topic && getAddress(log.address) === getAddress(emitter))
    .map(log => codec.decodeEventLog(event, log.data, log.topics))
}
