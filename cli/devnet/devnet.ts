import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { devnetGenesis } from '#genesis'
import type { Hex } from '#lib/bytes'
import { createSigningGuard, deriveDevValidatorKeys, publicKeysOf, saveDevKeys } from '#node'
import type { GenesisFile } from '#types'
import { type Role, type TestAccount, testAccounts } from './accounts.ts'
import { type Child, type ChildOptions, startChild } from './child.ts'
import { type DevnetLayout, openDevnetDirectory } from './layout.ts'
import { createPortAllocator } from './ports.ts'
import { openRelayAccount, writeRelayFiles } from './relay-job.ts'

export interface DevnetOptions {
  readonly dataDir: string
  readonly fresh: boolean
  readonly chainId: number
  readonly validators: number
  /** First port of JSON-RPC; the others follow their own usual numbers. Taken ones are passed over. */
  readonly rpcPort: number
  /** Every port is taken from here up, instead of each kind from its usual number: for tests that run side by side. */
  readonly portsFrom?: number
  /** Accounts that a new devnet funds besides the test accounts. */
  readonly funded?: readonly { readonly address: Hex; readonly balanceWei: bigint }[]
  /** Additional environment of a validator's process, such as NODE_OPTIONS of a profile. */
  readonly validatorEnv?: (index: number) => Readonly<Record<string, string>>
}

export interface ValidatorProcess {
  readonly child: Child
  readonly rpcUrl: string
  readonly wsUrl: string
  readonly healthUrl: string
  /** Starts the same validator again, after a stop or a kill. `onSpawn` gets the process id before it is ready. */
  restart(onSpawn?: (pid: number) => void): Promise<void>
}

/** A running network on this machine: validators, a data node, executors, a verifier, the explorer. */
export interface Devnet {
  readonly chainId: number
  readonly layout: DevnetLayout
  readonly genesisHash: string
  readonly isNew: boolean
  readonly accounts: readonly TestAccount[]
  readonly validators: readonly ValidatorProcess[]
  readonly rpcUrl: string
  readonly wsUrl: string
  dataUrl: string
  explorerUrl: string
  relayUrl: string
  /** API key of the relay's first customer. */
  relayKey: string
  /** Resolves with the reason when a process ends without having been asked to. */
  readonly crashed: Promise<string>
  startDataNode(): Promise<void>
  /** Which account executor 3 works for from its next start. */
  useProvider3(account: TestAccount): void
  /** Executors of the providers 1 to 3; the honest one, or the liar. */
  startExecutor(number: 1 | 2 | 3, honest: boolean): Promise<void>
  stopExecutor(number: 1 | 2 | 3): Promise<void>
  startVerifier(): Promise<void>
  startExplorer(): Promise<void>
  /** The relay with these models (the text of a models file), and a customer with credits. */
  startRelay(models: string): Promise<void>
  /** Everything, in the reverse order of its start. */
  stop(): Promise<void>
}

const KEY_SEED = 'devnet'
const DEVNET_EPOCH_MS = 100 * 365 * 24 * 60 * 60 * 1_000

/** Prepares the data directory and starts the validators; the other parts are started one by one. */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { chainId } = options
  const { layout, isNew } = await openDevnetDirectory({
    ...options,
    dir: options.dataDir,
    build: layout => build(layout, options),
  })
  const ports = createPortAllocator()
  const children = new Map<string, Child>()
  let crash: (reason: string) => void = () => {}
  const crashed = new Promise<string>(resolve => {
    crash = resolve
  })

  async function launch(
    name: string,
    args: readonly string[],
    more: Pick<ChildOptions, 'entry' | 'env' | 'onSpawn'> = {},
  ): Promise<Child> {
    const child = await startChild({ name, args, logFile: layout.log(name.replaceAll(' ', '-')), ...more })
    children.set(name, child)
    void child.crashed.then(crash)
    return child
  }

  async function stop(): Promise<void> {
    const order = [...children.values()].reverse()
    children.clear()
    const sidecars = order.filter(child => !child.name.startsWith('validator'))
    for (const child of sidecars) await child.stop()
    await Promise.all(order.filter(child => child.name.startsWith('validator')).map(child => child.stop()))
  }

  try {
    const numbers = Array.from({ length: options.validators }, (_, i) => i)
    const p2pPorts: number[] = []
    for (const i of numbers) p2pPorts.push(await ports.take(options.portsFrom ?? 30_303 + i))
    const peers = numbers.map(i => {
      const { peerId } = publicKeysOf(deriveDevValidatorKeys(KEY_SEED, i))
      return `/ip4/127.0.0.1/tcp/${p2pPorts[i]}/p2p/${peerId}`
    })
    const launchValidator = async (i: number, rpcPort: number, healthPort: number, onSpawn?: (pid: number) => void) =>
      launch(
        `validator ${i}`,
        [
          'node',
          ...['--network', layout.genesisFile, '--data-dir', layout.node(i), '--validator'],
          ...['--p2p-listen', `/ip4/127.0.0.1/tcp/${p2pPorts[i]}`, '--p2p-peers', peers.join(',')],
          ...['--rpc-port', String(rpcPort), '--rpc-cors', '*', '--health-port', String(healthPort)],
          ...['--rpc-apis', 'eth,net,web3,txpool,debug,trace,ots,dag,ogpu,rpc,erigon'],
          ...['--store-cache-mib', '64', '--verify-workers', '1'],
        ],
        { env: options.validatorEnv?.(i) ?? {}, ...(onSpawn === undefined ? {} : { onSpawn }) },
      )
    const plans: { readonly i: number; readonly rpcPort: number; readonly healthPort: number }[] = []
    for (const i of numbers) {
      const rpcPort = await ports.take(options.portsFrom ?? options.rpcPort + i)
      plans.push({ i, rpcPort, healthPort: await ports.take(options.portsFrom ?? 9_090 + i) })
    }
    const started = await Promise.all(plans.map(plan => launchValidator(plan.i, plan.rpcPort, plan.healthPort)))
    const validators = started.map((child, i): ValidatorProcess => {
      const { rpcPort, healthPort } = plans[i] as (typeof plans)[number]
      const process = {
        child,
        rpcUrl: `http://127.0.0.1:${rpcPort}`,
        wsUrl: `ws://127.0.0.1:${rpcPort}`,
        healthUrl: `http://127.0.0.1:${healthPort}`,
        async restart(onSpawn?: (pid: number) => void) {
          process.child = await launchValidator(i, rpcPort, healthPort, onSpawn)
        },
      }
      return process
    })
    const [first] = validators as [ValidatorProcess]

    /** Sidecars are spread over the validators, as they would be over the world. */
    const rpcOf = (n: number) => (validators[n % validators.length] as ValidatorProcess).rpcUrl

    const metricsPort = async (usual: number) => [
      '--metrics-port',
      String(await ports.take(options.portsFrom ?? usual)),
    ]

    const keyFile = (role: Role) => join(layout.root, `${role.replaceAll(' ', '-')}.key`)

    const devnet: Devnet = {
      chainId,
      layout,
      genesisHash: String(first.child.ready.genesisHash),
      isNew,
      accounts: testAccounts(),
      validators,
      rpcUrl: first.rpcUrl,
      wsUrl: first.wsUrl,
      dataUrl: '',
      explorerUrl: '',
      relayUrl: '',
      relayKey: '',
      crashed,
      useProvider3(account) {
        writeFileSync(keyFile('provider 3'), `${account.privateKey}\n`, { mode: 0o600 })
      },
      async startDataNode() {
        const child = await launch('data node', [
          'data',
          '--data-dir',
          layout.part('blobs'),
          '--port',
          String(await ports.take(5_001)),
        ])
        devnet.dataUrl = String(child.ready.url)
      },
      async startExecutor(number, honest) {
        const args = [
          ...['--rpc', rpcOf(number), '--data', devnet.dataUrl, '--key-file', keyFile(`provider ${number}`)],
          ...['--data-dir', layout.part(`executor-${number}`)],
        ]
        if (honest) await launch(`executor ${number}`, ['executor', ...args, ...(await metricsPort(9_600 + number))])
        else await launch(`executor ${number}`, args, { entry: new URL('./dishonest-executor.ts', import.meta.url) })
      },
      async stopExecutor(number) {
        await children.get(`executor ${number}`)?.stop()
        children.delete(`executor ${number}`)
      },
      async startVerifier() {
        await launch('verifier', [
          'verifier',
          ...['--rpc', rpcOf(0), '--data', devnet.dataUrl, '--key-file', keyFile('verifier')],
          ...['--data-dir', layout.part('verifier')],
          ...(await metricsPort(9_610)),
        ])
      },
      async startExplorer() {
        const child = await launch('explorer', [
          'explorer',
          ...['--rpc', first.rpcUrl, '--ws', first.wsUrl, '--data-dir', layout.part('explorer')],
          ...['--port', String(await ports.take(4_000)), '--name', `OpenGPU devnet ${chainId}`],
        ])
        devnet.explorerUrl = String(child.ready.url)
      },
      async startRelay(models) {
        const { config, adminKey } = writeRelayFiles(layout, models)
        const child = await launch('relay', [
          'relay',
          ...['--config', config, '--admin-key-file', adminKey, '--key-file', keyFile('relay')],
          ...['--rpc', rpcOf(1), '--data', devnet.dataUrl, '--data-dir', layout.part('relay')],
          ...['--port', String(await ports.take(options.portsFrom ?? 4_100))],
          ...(await metricsPort(9_620)),
        ])
        devnet.relayUrl = String(child.ready.url)
        devnet.relayKey = await openRelayAccount(layout, devnet.relayUrl)
      },
      stop,
    }
    return devnet
  } catch (error) {
    await stop()
    throw error
  }
}

/** Keys, genesis and key files of a new devnet. */
async function build(layout: DevnetLayout, { chainId, validators, funded }: DevnetOptions): Promise<GenesisFile> {
  const keys = Array.from({ length: validators }, (_, i) => deriveDevValidatorKeys(KEY_SEED, i))
  for (const account of testAccounts()) {
    writeFileSync(join(layout.root, `${account.role.replaceAll(' ', '-')}.key`), `${account.privateKey}\n`, {
      mode: 0o600,
    })
  }
  for (const [i, key] of keys.entries()) {
    mkdirSync(layout.node(i), { recursive: true, mode: 0o700 })
    saveDevKeys(layout.keys(i), key)
    // A guard that exists and has signed nothing says: these keys are new. Without one the node would ask the others first.
    createSigningGuard({ path: join(layout.node(i), 'signing-guard'), chainId, epoch: 0, key: key.consensus })
  }
  return devnetGenesis({
    chainId,
    timestampSec: Math.floor(Date.now() / 1_000),
    // The committee of a devnet is fixed: its one epoch lasts.
    consensus: { epochDurationMs: DEVNET_EPOCH_MS },
    ...(funded === undefined ? {} : { accounts: funded }),
    validators: keys.map((key, i) => {
      const { operator, consensusKey, networkKey, checkpointKey } = publicKeysOf(key)
      return {
        name: `validator ${i}`,
        operator: operator.toLowerCase() as Hex,
        consensusKey: consensusKey as Hex,
        networkKey: networkKey as Hex,
        checkpointKey: checkpointKey as Hex,
        stake: 1,
        addresses: [],
      }
    }),
  })
}
