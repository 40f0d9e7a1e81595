import { expect, test } from 'vitest'
import { EMPTY } from '#lib/bytes'
import { NEW_ACCOUNT } from '../../chain/evm/state/account.ts'
import { keyOf } from '../../chain/evm/state/byte-keys.ts'
import { OverlaySource } from '../../chain/evm/state/overlay-source.ts'

test('an account that lost its storage shows none of the slots below it, whichever they were', () => {
  const address = new Uint8Array(20).fill(1)
  const key = keyOf(address)
  const slotKey = (n: number) => keyOf(new Uint8Array(32).fill(n))
  const stored = { ...NEW_ACCOUNT, nonce: 1n, storageRoot: new Uint8Array(32).fill(7) }
  const overlay = new OverlaySource({
    account: () => stored,
    slot: () => Uint8Array.of(9),
    code: () => EMPTY,
  })
  expect(overlay.slot(key, slotKey(1))).toEqual(Uint8Array.of(9))
  const written = { key: slotKey(2), before: EMPTY, after: Uint8Array.of(5) }
  const change = { key, address, before: stored, after: NEW_ACCOUNT, slots: [written], wiped: true }
  overlay.apply({ accounts: [change], codes: [] })
  expect([1, 2, 3].map(n => overlay.slot(key, slotKey(n)))).toEqual([EMPTY, Uint8Array.of(5), EMPTY])
  overlay.apply({ accounts: [{ ...change, after: undefined, slots: [] }], codes: [] })
  expect(overlay.account(key, address)).toBeUndefined()
  expect([1, 2, 3].map(n => overlay.slot(key, slotKey(n)))).toEqual([EMPTY, EMPTY, EMPTY])
})
