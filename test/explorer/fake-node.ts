import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Interface } from 'ethers'
import type {
  DagRound,
  DroppedTransaction,
  NodeBlock,
  NodeReceipt,
  NodeTransaction,
  TransactionTimeline,
} from '../../explorer/src/server/node-types.ts'

/** A transaction as a test states it; everything else of it is filled in. */
export interface TransactionPlan {
  readonly from: string
  readonly to?: string | null
  readonly value?: bigint
  readonly input?: string
  readonly logs?: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[]
  readonly failed?: boolean
  readonly creates?: string
  readonly gasUsed?: number
}

/** A JSON-RPC server over a chain that the test writes block by block: what the explorer reads of a real node. */
export class FakeNode {
  readonly chainId: number
  readonly validators: number
  readonly blocks: NodeBlock[] = []
  readonly receipts: NodeReceipt[][] = []
  readonly timelines = new Map<string, TransactionTimeline>()
  readonly dropped = new Map<string, DroppedTransaction>()
  readonly pending = new Map<string, NodeTransaction>()
  readonly balances = new Map<string, bigint>()
  readonly codes = new Map<string, string>()
  readonly traces = new Map<string, unknown>()
  /** Requests answered, by method. */
  readonly asked = new Map<string, number>()
  /** Called before each HTTP request is answered; may throw to break the connection. */
  onRequest: () => void = () => {}
  readonly #views = new Map<string, (args: readonly unknown[]) => readonly unknown[]>()
  readonly #interfaces = new Map<string, Interface>()
  readonly #nonces = new Map<string, number>()
  readonly #seed: string
  #server: Server | undefined
  #lastMs = 0
  url = ''

  constructor(options: { chainId?: number; seed?: string; validators?: number; genesisTime?: number } = {}) {
    this.chainId = options.chainId ?? 1071
    this.validators = options.validators ?? 7
    this.#seed = options.seed ?? 'fake'
    this.addBlock([], (options.genesisTime ?? 1_790_000_000) * 1000)
  }

  /** 32 bytes from a name; the same name and seed give the same bytes. */
  digest(name: string): string {
    return `0x${createHash('sha256').update(`${this.#seed}/${name}`).digest('hex')}`
  }

  address(name: string): string {
    return `0x${this.digest(`address ${name}`).slice(26)}`
  }

  get head(): number {
    return this.blocks.length - 1
  }

  /** `timestampMs` is one second after the last block's when absent. */
  addBlock(plans: readonly TransactionPlan[], timestampMs?: number): NodeBlock {
    const number = this.blocks.length
    const parent = this.blocks.at(-1)
    const timeMs = timestampMs ?? this.#lastMs + 1_000
    this.#lastMs = timeMs
    const time = Math.floor(timeMs / 1000)
    let logIndex = 0
    const receipts: NodeReceipt[] = []
    const transactions = plans.map((plan, index): NodeTransaction => {
      const nonce = this.#nonces.get(plan.from) ?? 0
      this.#nonces.set(plan.from, nonce + 1)
      const hash = this.digest(`transaction ${plan.from} ${nonce}`)
      const gasUsed =
        plan.gasUsed ?? 21_000 + 40 * ((plan.input?.length ?? 2) / 2 - 1) + 1_800 * (plan.logs?.length ?? 0)
      receipts.push({
        transactionHash: hash,
        status: plan.failed === true ? '0x0' : '0x1',
        gasUsed: hex(gasUsed),
        effectiveGasPrice: hex(1_100_000_000),
        contractAddress: plan.creates ?? null,
        logs: (plan.logs ?? []).map(log => ({ ...log, logIndex: hex(logIndex++) })),
      })
      return {
        hash,
        from: plan.from,
        to: plan.to ?? null,
        value: hex(plan.value ?? 0n),
        nonce: hex(nonce),
        gas: hex(gasUsed + 9_000),
        gasPrice: hex(1_100_000_000),
        maxFeePerGas: hex(2_000_000_000),
        maxPriorityFeePerGas: hex(100_000_000),
        type: '0x2',
        input: plan.input ?? '0x',
        transactionIndex: hex(index),
        blockNumber: hex(number),
      }
    })
    const block: NodeBlock = {
      number: hex(number),
      hash: this.digest(`block ${number}`),
      parentHash: parent?.hash ?? `0x${'0'.repeat(64)}`,
      timestamp: hex(time),
      miner: '0x4f47505500000000000000000000000000000031',
      gasLimit: hex(300_000_000),
      gasUsed: hex(receipts.reduce((sum, receipt) => sum + Number(receipt.gasUsed), 0)),
      baseFeePerGas: hex(1_000_000_000),
      size: hex(620 + 180 * transactions.length),
      stateRoot: this.digest(`state ${number}`),
      transactionsRoot: this.digest(`transactions ${number}`),
      receiptsRoot: this.digest(`receipts ${number}`),
      extraData: number === 0 ? '0x' : originBytes(this.commitOf(number), timeMs % 1000, plans.length === 0),
      mixHash: this.digest(`random ${number}`),
      parentBeaconBlockRoot: this.digest(`commit ${this.commitOf(number)}`),
      transactions,
    }
    this.blocks.push(block)
    this.receipts.push(receipts)
    transactions.forEach(({ hash }, index) => {
      const receivedMs = timeMs + 37 * index
      const jitter = Number.parseInt(hash.slice(2, 4), 16)
      this.timelines.set(hash, {
        receivedMs,
        proposedMs: receivedMs + 18 + (jitter % 30),
        acceptedMs: receivedMs + 70 + (jitter % 40),
        committedMs: receivedMs + 190 + jitter,
        executedMs: receivedMs + 204 + jitter,
        certifiedMs: receivedMs + 1_200 + jitter,
      })
    })
    return block
  }

  /** Answers `eth_call` of one function at `to`; calling again replaces the answer. */
  setView(to: string, fragment: string, answer: (...args: readonly unknown[]) => readonly unknown[]): void {
    const abi = new Interface([`function ${fragment}`])
    const selector = abi.getFunction(fragment.slice(0, fragment.indexOf('(')))?.selector ?? ''
    this.#interfaces.set(to + selector, abi)
    this.#views.set(to + selector, args => answer(...args))
  }

  /** A block is made from every second commit. */
  commitOf(block: number): number {
    return 2 * block + 1
  }

  get round(): number {
    return 2 * this.head + 6
  }

  dagRound(round: number): DagRound {
    const vertices = (at: number) =>
      Array.from({ length: this.validators }, (_, author) => author).filter(
        author => Number.parseInt(this.digest(`slot ${at} ${author}`).slice(2, 4), 16) > 12,
      )
    const refOf = (at: number, author: number) => ({ author, round: at, digest: this.digest(`vertex ${at} ${author}`) })
    const timeMs = (at: number) => Number(this.blocks[0]?.timestamp) * 1000 + at * 500
    const leader = (round * 3) % this.validators
    const present = vertices(round)
    const status = round > this.round - 3 ? 'undecided' : present.includes(leader) ? 'committed' : 'skipped'
    return {
      round,
      vertices: present.map(author => ({
        ...refOf(round, author),
        timestampMs: timeMs(round) + 17 * author,
        receivedMs: timeMs(round) + 17 * author + 31,
        parents: vertices(round - 1)
          .filter(
            parent =>
              parent === author ||
              Number.parseInt(this.digest(`edge ${round} ${author} ${parent}`).slice(2, 4), 16) > 50,
          )
          .map(parent => refOf(round - 1, parent)),
        transactionCount: Number.parseInt(this.digest(`count ${round} ${author}`).slice(2, 4), 16) % 40,
        payloadBytes: Number.parseInt(this.digest(`bytes ${round} ${author}`).slice(2, 5), 16),
      })),
      leader: { author: leader, status, ...(status === 'committed' ? { commitIndex: round - 2 } : {}) },
    }
  }

  #answer(method: string, params: readonly unknown[]): unknown {
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1)
    const [first, second] = params
    switch (method) {
      case 'eth_chainId':
        return hex(this.chainId)
      case 'eth_blockNumber':
        return hex(this.head)
      case 'eth_getBlockByNumber':
        return this.blocks[Number(first)] ?? null
      case 'eth_getBlockReceipts':
        return this.receipts[Number(first)] ?? null
      case 'eth_getBalance':
        return hex(this.balances.get(String(first)) ?? 0n)
      case 'eth_getTransactionCount':
        return hex(this.#nonces.get(String(first)) ?? 0)
      case 'eth_getCode':
        return this.codes.get(String(first)) ?? '0x'
      case 'eth_getTransactionByHash':
        return this.pending.get(String(first)) ?? null
      case 'eth_call':
        return this.#call(first as { to: string; data: string })
      case 'eth_getLogs':
        return []
      case 'debug_traceTransaction':
        return this.traces.get(String(first)) ?? { type: 'CALL', from: this.address('x'), calls: [] }
      case 'ogpu_transactionTimeline':
        return this.timelines.get(String(first)) ?? null
      case 'ogpu_droppedTransaction':
        return this.dropped.get(String(first)) ?? null
      case 'dag_status':
        return {
          epoch: 0,
          round: this.round,
          gcRound: Math.max(0, this.round - 60),
          commitIndex: this.commitOf(this.head),
          commitDigest: this.digest(`commit ${this.commitOf(this.head)}`),
          headNumber: this.head,
          finalizedNumber: Math.max(0, this.head - 1),
          committeeSize: this.validators,
          quorum: Math.floor((2 * this.validators) / 3) + 1,
        }
      case 'dag_validators':
        return Array.from({ length: this.validators }, (_, index) => ({
          index,
          name: `validator-${index}`,
          operator: this.address(`operator ${index}`),
          stake: 1_000 + 10 * index,
          peerId: `12D3KooW${this.digest(`peer ${index}`).slice(2, 46)}`,
          up: index !== this.validators - 1,
          lastRound: this.round - (index === this.validators - 1 ? 41 : index % 2),
          leadersCommitted: 40 + index,
          leadersSkipped: index === this.validators - 1 ? 9 : index % 3,
          score: 180 - 7 * index,
        }))
      case 'dag_getRounds': {
        const from = Math.max(1, Number(first), this.round - 60)
        const to = Math.min(this.round, Number(second))
        return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => this.dagRound(from + index))
      }
      case 'dag_getCommit': {
        const index = Number(first)
        if (index > this.commitOf(this.head)) return null
        const round = this.dagRound(index + 2)
        return {
          index,
          epoch: 0,
          digest: this.digest(`commit ${index}`),
          timestampMs: round.vertices[0]?.timestampMs,
          leader: {
            round: round.round,
            author: round.leader.author,
            digest: this.digest(`vertex ${round.round} ${round.leader.author}`),
          },
          vertices: round.vertices.map(({ author, digest }) => ({ round: round.round, author, digest })),
          blocks: index % 2 === 1 ? [(index - 1) / 2] : [],
        }
      }
      case 'dag_getCertificate': {
        const block = this.blocks[Number(first)]
        if (block === undefined) return null
        const signers = Array.from({ length: this.validators - 1 }, (_, index) => index)
        return { height: Number(first), blockHash: block.hash, epoch: 0, signers, stake: 1_000 * signers.length }
      }
      default:
        throw new RangeError(`the method ${method} does not exist/is not available`)
    }
  }

  #call({ to, data }: { to: string; data: string }): string {
    const key = to.toLowerCase() + data.slice(0, 10)
    const view = this.#views.get(key)
    const abi = this.#interfaces.get(key)
    if (view === undefined || abi === undefined) throw new RangeError('execution reverted')
    return abi.encodeFunctionResult(data.slice(0, 10), view([...abi.decodeFunctionData(data.slice(0, 10), data)]))
  }

  async listen(): Promise<this> {
    const one = (request: { id?: unknown; method?: unknown; params?: unknown }) => {
      const base = { jsonrpc: '2.0', id: request.id ?? null }
      try {
        return { ...base, result: this.#answer(String(request.method), (request.params ?? []) as readonly unknown[]) }
      } catch (error) {
        return { ...base, error: { code: -32_000, message: error instanceof Error ? error.message : String(error) } }
      }
    }
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        try {
          this.onRequest()
        } catch {
          response.destroy()
          return
        }
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(Array.isArray(body) ? body.map(one) : one(body)))
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return this
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise(resolve => this.#server?.close(resolve))
  }
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

function originBytes(commit: number, milliseconds: number, heartbeat: boolean): string {
  const bytes = Buffer.alloc(18)
  bytes[0] = 1
  bytes.writeBigUInt64BE(BigInt(commit), 5)
  bytes.writeUInt16BE(milliseconds, 15)
  bytes[17] = heartbeat ? 2 : 0
  return `0x${bytes.toString('hex')}`
}
