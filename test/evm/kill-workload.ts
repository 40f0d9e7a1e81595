import type { Hex } from '#lib/bytes'
import { fromHex } from '#lib/bytes'
import type { GenesisFile, OrderedCommit } from '#types'
import { addressOfUser, commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'

/** Stores the second word of the call data in the slot of the first, and logs it. */
export const STORE: Hex = '0x0000000000000000000000000000000000c0de00'
const STORE_CODE: Hex = '0x6020355f355560405f5f375f3560205fa100'

export const KILL_COMMITS = 120

export function killGenesis(): GenesisFile {
  return genesisFile({ users: 8, alloc: { [STORE]: { code: STORE_CODE, balance: '0x0' } }, blockGasLimit: 400_000n })
}

/** The same commits in every process: transfers and storage writes, enough for two blocks each. */
export function* killCommits(count = KILL_COMMITS): Generator<OrderedCommit> {
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const nonces = new Array<bigint>(8).fill(0n)
  for (let index = 1; index <= count; index++) {
    const payload: Uint8Array[] = []
    for (let i = 0; i < 8; i++) {
      const user = random(8)
      const nonce = nonces[user] ?? 0n
      nonces[user] = nonce + 1n
      const slot = random(20).toString(16).padStart(64, '0')
      const value = random(3).toString(16).padStart(64, '0')
      payload.push(
        random(2) === 0
          ? signed(user, { nonce, to: addressOfUser(random(8)), value: BigInt(random(1_000)) }).raw
          : signed(user, { nonce, to: fromHex(STORE), gasLimit: 90_000n, value: 0n, data: fromHex(slot + value) }).raw,
      )
    }
    yield commitOf(index, [payload], { timestampMs: GENESIS_MS + 150 * index })
  }
}
