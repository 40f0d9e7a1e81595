/**
 * What a process spends its processor time on: V8's profiles of its threads (`--cpu-prof`) say which share belongs to
 * which stage, the kernel's counters say how much time there was to share out. Linux only.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Frame {
  readonly functionName: string
  readonly url: string
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const TICK_US = 10_000

/** Processor time so far of each thread of a process, in microseconds, by thread id. */
export function threadTimesUs(pid: number): ReadonlyMap<number, { readonly name: string; readonly us: number }> {
  const times = new Map<number, { name: string; us: number }>()
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    times.set(Number(tid), { name, us: (Number(fields[11]) + Number(fields[12])) * TICK_US })
  }
  return times
}

/** Where a frame belongs; the innermost frame that matches decides, so helpers count for who calls them. */
const STAGES: readonly (readonly [stage: string, pattern: RegExp])[] = [
  ['recovery of senders (native)', /node_modules\/secp256k1\//],
  ['recovery: hashing and decoding in its thread', /evm\/recovery-worker/],
  ['recovery: hand-over, caches', /evm\/(recovery|sender-ahead|decoded-cache)/],
  ['transactions: decode, hash, static check', /types\/transaction|evm\/static-check/],
  ['vertices: encode, decode, payload root', /types\/(vertex|refs|commit)|consensus\/(stream|messages|validity)/],
  ['vertices: signatures', /consensus\/(verify-vertex|keys)|node\/(signing-guard|epoch-guards)/],
  [
    'consensus core and its driver',
    /chain\/consensus\/|node\/(consensus-driver|epoch|validator-link|committee|follower)/,
  ],
  ['consensus log', /node\/consensus-log/],
  ['encryption (Noise)', /@libp2p\/noise|@chainsafe\/libp2p-noise|as-chacha|noble-ciphers|@noble\/ciphers/],
  [
    'streams (Yamux, libp2p, sockets)',
    /@libp2p\/|@chainsafe\/|node_modules\/libp2p|it-|uint8array|multiformats|p-queue|chain\/p2p\//,
  ],
  [
    'RPC: HTTP, JSON, WebSocket',
    /chain\/rpc\/|fastify|node_modules\/ws\/|find-my-way|light-my-request|node:_http|node:internal\/http|node\/rpc-/,
  ],
  ['pool', /evm\/(pool|heap)/],
  [
    'execution',
    /evm\/(transfer|transaction|block-execution|commit-execution|ordering|message|executor|machine|system-calls|interpreter|state\/(journal|flat|account|byte))/,
  ],
  ['state tries', /evm\/(trie|state)\//],
  ['blocks, receipts, chain store', /chain\/(storage|evm|types)\//],
  [
    'views, metrics, timeline, health',
    /node\/(dag-view|timeline|metrics|instruments|node-metrics|health|checkpoints|feed|node)|lib\/metrics/,
  ],
  ['other of ours', /\/(chain|lib|cli|genesis)\//],
]

function stageOf(stack: readonly Frame[]): string {
  const [leaf] = stack
  if (leaf?.functionName === '(garbage collector)') return 'garbage collection'
  if (leaf?.functionName === '(program)') return 'native code without a caller'
  for (const { url } of stack) {
    if (/\/lib\/(?!metrics)|hash-wasm|classic-level|chain\/storage\/|level-/.test(url)) continue
    for (const [stage, pattern] of STAGES) if (pattern.test(url)) return stage
  }
  if (stack.some(({ url }) => /\/chain\/storage\/|classic-level/.test(url))) return 'blocks, receipts, chain store'
  if (stack.some(({ url }) => url.startsWith('node:net') || url.includes('stream')))
    return 'streams (Yamux, libp2p, sockets)'
  return 'event loop, timers, messages between threads'
}

export interface ThreadProfile {
  readonly thread: string
  /** Busy samples in the window, in microseconds by stage. */
  readonly busyUs: ReadonlyMap<string, number>
  /** Function → busy microseconds, itself only. */
  readonly functionsUs: ReadonlyMap<string, number>
}

/** Reads the profiles in `folder` between two instants (microseconds of the monotonic clock). */
export function readProfiles(folder: string, fromUs: number, toUs: number): readonly ThreadProfile[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.cpuprofile'))
    .map(name => readProfile(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile, fromUs, toUs))
}

function readProfile(profile: Profile, fromUs: number, toUs: number): ThreadProfile {
  const parents = new Map<number, number>()
  const frames = new Map<number, Frame>()
  for (const { id, callFrame, children = [] } of profile.nodes) {
    frames.set(id, callFrame)
    for (const child of children) parents.set(child, id)
  }
  const stages = new Map<number, string>()
  const stackOf = (id: number): Frame[] => {
    const stack: Frame[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(frames.get(at) as Frame)
    return stack
  }
  const busyUs = new Map<string, number>()
  const functionsUs = new Map<string, number>()
  const add = (map: Map<string, number>, key: string, us: number) => map.set(key, (map.get(key) ?? 0) + us)
  let atUs = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    const us = profile.timeDeltas[i] as number
    atUs += us
    const frame = frames.get(id) as Frame
    if (atUs < fromUs || atUs > toUs || frame.functionName === '(idle)') continue
    const stage = stages.get(id) ?? stageOf(stackOf(id))
    stages.set(id, stage)
    add(busyUs, stage, us)
    add(functionsUs, `${frame.functionName} ${frame.url.split('/').slice(-3).join('/')}`, us)
  }
  const urls = new Set([...frames.values()].map(({ url }) => url))
  const has = (part: string) => [...urls].some(url => url.includes(part))
  const thread = has('recovery-worker')
    ? 'recovery'
    : has('trie-worker')
      ? 'tries'
      : has('rpc-listener') && !has('node/node.ts')
        ? 'rpc'
        : has('rpc/worker') || has('node/rpc-worker')
          ? 'rpc calls'
          : 'main'
  return { thread, busyUs, functionsUs }
}
