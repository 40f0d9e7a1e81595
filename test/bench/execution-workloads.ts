import { contractsOf } from '@ogpu/sdk'
import { Interface } from 'ethers'
import { artifactOf } from '#contracts'
import type { ExecutedBlock } from '#evm'
import { devnetGenesis } from '#genesis'
import { concat, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256, sha256 } from '#lib/hash'
import type { GenesisFile } from '#types'
import { creationAddress } from '../../chain/evm/message.ts'
import { addressOfUser, CHAIN_ID, GENESIS_MS, genesisFile, signed } from '../evm/fixtures.ts'

export type Kind = 'transfer' | 'erc20' | 'task'

/** A stream of transactions of one kind, which all succeed. */
export interface Workload {
  readonly kind: Kind
  readonly genesis: GenesisFile
  /** Transactions to execute first, one list after another; `blocks` are those of the list before. */
  setUp(step: number, blocks: readonly ExecutedBlock[]): Uint8Array[] | undefined
  batch(count: number): Uint8Array[]
}

export interface WorkloadSize {
  /** Accounts that transfers go to. */
  readonly accounts: number
  /** Accounts that sign. */
  readonly senders: number
}

const encode = (text: string) => new TextEncoder().encode(text)
const selector = (signature: string) => keccak256(encode(signature)).subarray(0, 4)
export const recipient = (i: number) => sha256(encode(`recipient ${i}`)).subarray(0, 20)
const TOKEN = creationAddress(addressOfUser(0), 0n)

/** A network with `accounts` recipients that hold one wei each, and funded senders. */
export function benchGenesis({ accounts, senders }: WorkloadSize): GenesisFile {
  const alloc: Record<Hex, { balance: Hex }> = {}
  for (let i = 0; i < accounts; i++) alloc[toHex(recipient(i))] = { balance: '0x1' }
  return genesisFile({ users: senders, alloc, blockGasLimit: 3_000_000_000n })
}

/** The next nonce of each sender; workloads on one chain share it. */
export class Nonces {
  readonly #nonces: bigint[]
  constructor(senders: number) {
    this.#nonces = new Array<bigint>(senders).fill(0n)
  }
  next(user: number): bigint {
    const nonce = this.#nonces[user] ?? 0n
    this.#nonces[user] = nonce + 1n
    return nonce
  }
}

/** Plain transfers to one recipient after another. */
export function transferWorkload(
  genesis: GenesisFile,
  { accounts, senders }: WorkloadSize,
  nonces: Nonces = new Nonces(senders),
): Workload {
  let count = 0
  return {
    kind: 'transfer',
    genesis,
    setUp: () => undefined,
    batch: size =>
      Array.from({ length: size }, () => {
        const i = count++
        const user = i % senders
        return signed(user, { nonce: nonces.next(user), to: recipient((i * 7_919) % accounts), value: 5n }).raw
      }),
  }
}

/** Transfers of WrappedOgpu (ERC-20 with votes). */
export function tokenWorkload(
  genesis: GenesisFile,
  { accounts, senders }: WorkloadSize,
  nonces: Nonces = new Nonces(senders),
): Workload {
  let count = 0
  return {
    kind: 'erc20',
    genesis,
    setUp(step) {
      if (step > 0) return undefined
      const data = fromHex(artifactOf('WrappedOgpu').bytecode)
      const deploy = signed(0, { nonce: nonces.next(0), to: undefined, value: 0n, gasLimit: 5_000_000n, data } as never)
      const deposits = Array.from({ length: senders }, (_, user) =>
        signed(user, {
          nonce: nonces.next(user),
          to: TOKEN,
          value: 10n ** 18n,
          gasLimit: 400_000n,
          data: selector('deposit()'),
        }),
      )
      return [deploy, ...deposits].map(({ raw }) => raw)
    },
    batch: size =>
      Array.from({ length: size }, () => {
        const i = count++
        const user = i % senders
        const to = recipient((i * 7_919) % accounts)
        const data = concat(
          selector('transfer(address,uint256)'),
          new Uint8Array(12),
          to,
          new Uint8Array(31),
          Uint8Array.of(5),
        )
        return signed(user, { nonce: nonces.next(user), to: TOKEN, value: 0n, gasLimit: 400_000n, data }).raw
      }),
  }
}

const OGPU = 10n ** 18n
const CONFIG = 'https://cipfs.ogpuscan.io/ipfs/QmT5NvUtoM5nWFfrQdVrFtvGfKFmG7AHE8P34isapyhCxX'

/** Tasks published on the market of a devnet genesis: a clone is made, its payment frozen in the Vault, events logged. */
export async function taskWorkload(senders: number): Promise<Workload> {
  const accounts = Array.from({ length: senders }, (_, user) => ({
    address: toHex(addressOfUser(user)),
    balanceWei: 1_000_000n * OGPU,
  }))
  const genesis = await devnetGenesis({ chainId: CHAIN_ID, timestampSec: GENESIS_MS / 1_000, accounts })
  const addresses = contractsOf(CHAIN_ID)
  const nexus = new Interface(artifactOf('Nexus').abi)
  const vault = new Interface(artifactOf('Vault').abi)
  const controller = new Interface(artifactOf('Controller').abi)
  const nonces = new Nonces(senders)
  const send = (user: number, to: string, data: string, value = 0n) =>
    signed(user, { nonce: nonces.next(user), to: fromHex(to), value, gasLimit: 2_000_000n, data: fromHex(data) }).raw
  let source: string | undefined
  let count = 0
  return {
    kind: 'task',
    genesis,
    setUp(step, blocks) {
      if (step > 0) {
        source = sourceOf(nexus, blocks)
        return undefined
      }
      const terms = [toHex(addressOfUser(0)), CONFIG, 7, 0n, 0n, 1_000_000n, false, '', 1, 0]
      const publish = send(0, addresses.nexus, nexus.encodeFunctionData('publishSource', [terms]))
      const deposits = Array.from({ length: senders }, (_, user) => {
        const data = vault.encodeFunctionData('deposit', [toHex(addressOfUser(user))])
        return send(user, addresses.vault, data, 10_000n * OGPU)
      })
      return [publish, ...deposits]
    },
    batch: size =>
      Array.from({ length: size }, () => {
        const expiry = BigInt(GENESIS_MS / 1_000 + 100_000)
        const task = [source, CONFIG, expiry, OGPU / 100n]
        return send(count++ % senders, addresses.controller, controller.encodeFunctionData('publishTask', [task]))
      }),
  }
}

function sourceOf(nexus: Interface, blocks: readonly ExecutedBlock[]): string {
  for (const { receipts } of blocks) {
    for (const { logs } of receipts) {
      for (const { topics, data } of logs) {
        const parsed = nexus.parseLog({ topics: topics.map(toHex), data: toHex(data) })
        if (parsed?.name === 'SourcePublished') return parsed.args.source as string
      }
    }
  }
  throw new Error('no source was published')
}
