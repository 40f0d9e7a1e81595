import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { genesisBlock } from '#evm'
import { devnetGenesis } from '#genesis'
import { defined } from '#lib/assert'
import { type Hex, toHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import { createSigningGuard, deriveDevValidatorKeys, publicKeysOf, saveDevKeys, type ValidatorKeys } from '#node'
import { type Child, startChild } from '../../cli/devnet/child.ts'
import { createPortAllocator } from '../../cli/devnet/ports.ts'
import { mountSmallDisk, type SmallDisk } from './disk.ts'
import { Links } from './links.ts'

export const CHAIN_ID = 1071
const KEY_SEED = 'chaos'
const WEI = 10n ** 18n
/** A committee that is fixed: its one epoch lasts. */
const FOREVER_MS = 100 * 365 * 24 * 60 * 60 * 1_000
/** Starts are measured, not judged: a machine may be busy otherwise. */
const START_MS = 120_000
const APIS = 'eth,net,web3,txpool,dag,ogpu'

export interface ClusterOptions {
  readonly validators: number
  /** Nodes with keys of a validator that nobody has elected yet. They own coins. */
  readonly spares?: number
  /** Absent: the committee of the genesis goes on for ever. */
  readonly epochDurationMs?: number
  readonly funded: readonly { readonly address: Hex; readonly balanceWei: bigint }[]
  readonly seed: number
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The command line of another release; this one's when absent. */
  readonly entry?: URL
  readonly onSpawn?: (pid: number) => void
}

/** A node as a process of its own, which is started again and again with the same folder and ports. */
export class NodeProcess {
  readonly index: number
  readonly keys: ValidatorKeys
  readonly rpcUrl: string
  readonly healthUrl: string
  readonly folder: string
  readonly logFile: string
  readonly p2pPort: number
  /** Absent: the folder lies on an ordinary disk. */
  readonly disk: SmallDisk | undefined
  readonly #args: readonly string[]
  #child: Child | undefined
  #starting: Promise<Child> | undefined
  #startingPid: number | undefined

  constructor(options: {
    readonly index: number
    readonly keys: ValidatorKeys
    readonly rpcPort: number
    readonly healthPort: number
    readonly p2pPort: number
    readonly folder: string
    readonly logFile: string
    readonly disk: SmallDisk | undefined
    readonly args: readonly string[]
  }) {
    this.index = options.index
    this.keys = options.keys
    this.rpcUrl = `http://127.0.0.1:${options.rpcPort}`
    this.healthUrl = `http://127.0.0.1:${options.healthPort}`
    this.folder = options.folder
    this.logFile = options.logFile
    this.p2pPort = options.p2pPort
    this.disk = options.disk
    this.#args = options.args
  }

  get pid(): number {
    return defined(this.#child, 'the process runs').pid
  }

  /** Resolves with the reason when the running process ends without having been asked to. */
  get ended(): Promise<string> {
    return defined(this.#child, 'the process runs').crashed
  }

  /** Starts it and waits until it serves. CodedError `child failed` when it ends first. */
  async start({ env, entry, onSpawn }: StartOptions = {}): Promise<void> {
    this.#child = undefined
    this.#starting = startChild({
      name: `validator ${this.index}`,
      args: this.#args,
      logFile: this.logFile,
      timeoutMs: START_MS,
      ...(env === undefined ? {} : { env }),
      ...(entry === undefined ? {} : { entry }),
      onSpawn: pid => {
        this.#startingPid = pid
        onSpawn?.(pid)
      },
    }).finally(() => {
      this.#startingPid = undefined
    })
    this.#child = await this.#starting
  }

  /** SIGKILL, also to a process that does not serve yet; returns how it ended, which may be earlier and otherwise. */
  async kill(): Promise<string> {
    if (this.#startingPid !== undefined) killIfThere(this.#startingPid)
    const failure = await this.#starting?.then(() => undefined, messageOf)
    if (this.#child === undefined) return failure ?? 'never started'
    await this.#child.kill()
    return this.#child.ended
  }

  /** SIGTERM, and SIGKILL to one that does not listen; returns how it ended. */
  async stop(): Promise<string> {
    if (this.#child === undefined) return 'does not run'
    await this.#child.stop()
    return this.#child.ended
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, signal)
  }

  /** Whether the kernel has stopped the process; undefined where it does not say. */
  get isStopped(): boolean | undefined {
    if (process.platform !== 'linux') return undefined
    // The state follows the name, which is in brackets and may hold anything.
    return /^T/.test(readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ').at(-1) ?? '')
  }

  /** Everything but the keys goes: store, signing guard, markers. */
  wipe(): void {
    for (const name of readdirSync(this.folder)) {
      if (name !== 'keys') rmSync(join(this.folder, name), { recursive: true, force: true })
    }
  }
}

/** Whole nodes as processes, with wires between them that can be slowed and cut. */
export interface Cluster {
  readonly root: string
  readonly chainId: number
  readonly genesisHash: Uint8Array
  readonly nodes: readonly NodeProcess[]
  readonly links: Links
  readonly stakingContract: Hex | undefined
  /** Ends everything; the folder goes unless it is to be `kept`. */
  close(kept: boolean): Promise<void>
}

/** Prepares keys, genesis, folders and wires; the nodes are not started. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { validators, spares = 0, epochDurationMs, seed } = options
  const root = mkdtempSync(join(tmpdir(), 'ogpu-chaos-'))
  const folderOf = (index: number) => join(root, `node-${index}`)
  const all = [...Array(validators + spares).keys()]
  const keys = all.map(index => deriveDevValidatorKeys(KEY_SEED, index))
  const genesis = await devnetGenesis({
    chainId: CHAIN_ID,
    timestampSec: Math.floor(Date.now() / 1_000),
    consensus: { epochDurationMs: epochDurationMs ?? FOREVER_MS },
    staking: { electsCommittee: epochDurationMs !== undefined },
    accounts: [
      ...options.funded,
      ...keys.map(({ operator }) => ({ address: toHex(operator.address), balanceWei: 1_000_000n * WEI })),
    ],
    validators: keys.slice(0, validators).map((own, index) => {
      const { operator, consensusKey, networkKey, checkpointKey } = publicKeysOf(own)
      return { name: `validator ${index}`, operator, consensusKey, networkKey, checkpointKey, stake: 1, addresses: [] }
    }),
  })
  const genesisFile = join(root, 'genesis.json')
  writeFileSync(genesisFile, JSON.stringify(genesis))

  // The last validator's folder is on a disk that can be full, where this user may mount one.
  const disk = mountSmallDisk(folderOf(validators - 1))
  const ports = createPortAllocator()
  const links = new Links(seed)
  // Below the ports that systems give to outgoing connections: a restarted node must find its own ones free.
  const take = () => ports.take(10_000 + (process.pid % 200) * 100)
  const p2pPorts: number[] = []
  for (const _ of all) p2pPorts.push(await take())
  const nodes: NodeProcess[] = []
  for (const index of all) {
    const own = defined(keys[index], 'keys of every node')
    const folder = folderOf(index)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    saveDevKeys(join(folder, 'keys'), own)
    createSigningGuard({ path: join(folder, 'signing-guard'), chainId: CHAIN_ID, epoch: 0, key: own.consensus })
    const peers: string[] = []
    for (const other of all) {
      if (other === index) continue
      const port = await links.open(index, other, defined(p2pPorts[other], 'a port of every node'))
      peers.push(`/ip4/127.0.0.1/tcp/${port}/p2p/${publicKeysOf(defined(keys[other], 'keys of every node')).peerId}`)
    }
    const p2pPort = defined(p2pPorts[index], 'a port of every node')
    const [rpcPort, healthPort] = [await take(), await take()]
    nodes.push(
      new NodeProcess({
        index,
        keys: own,
        rpcPort,
        healthPort,
        p2pPort,
        folder,
        logFile: join(root, `node-${index}.log`),
        disk: index === validators - 1 ? disk : undefined,
        args: [
          'node',
          ...['--network', genesisFile, '--data-dir', folder, '--validator'],
          ...['--p2p-listen', `/ip4/127.0.0.1/tcp/${p2pPort}`, '--p2p-peers', peers.join(',')],
          ...['--rpc-port', String(rpcPort), '--rpc-apis', APIS, '--health-port', String(healthPort)],
          ...['--store-cache-mib', '64', '--verify-workers', '1'],
        ],
      }),
    )
  }

  const remove = () => {
    disk?.remove()
    rmSync(root, { recursive: true, force: true })
  }
  // Whoever interrupts a run must not be left with a mounted file system.
  process.once('exit', remove)

  return {
    root,
    chainId: CHAIN_ID,
    genesisHash: genesisBlock(genesis).hash,
    nodes,
    links,
    stakingContract: genesis.config.ogpu?.stakingContract,
    async close(kept) {
      await Promise.all(nodes.map(node => node.kill()))
      links.close()
      process.off('exit', remove)
      if (!kept) remove()
    },
  }
}

/** It may have ended by itself a moment ago. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
