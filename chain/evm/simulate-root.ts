import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import { type Digest, EMPTY_TRIE_ROOT } from '#types'
import { encodeAccount } from './state/account.ts'
import { type ByteKey, bytesOfKey } from './state/byte-keys.ts'
import type { ProofTries } from './state/history.ts'
import type { AccountChange, StateChanges } from './state/journal-state.ts'
import { Trie } from './trie/trie.ts'

/** State roots of made-up blocks: tries in memory on top of the stored ones. */
export class SimulatedTries {
  readonly #tries: ProofTries
  readonly #storage = new Map<ByteKey, { readonly trie: Trie; root: Digest }>()

  constructor(tries: ProofTries) {
    this.#tries = tries
  }

  /** Applies the changes of one block and returns the new root. */
  update(changes: StateChanges): Digest {
    for (const change of changes.accounts) {
      const hash = keccak256(change.address)
      const storageRoot = this.#storageRoot(change)
      if (change.after === undefined) this.#tries.accounts.delete(hash)
      else this.#tries.accounts.put(hash, encodeAccount({ ...change.after, storageRoot }))
    }
    return this.#tries.accounts.commit()
  }

  #storageRoot({ key, address, before, slots, wiped }: AccountChange): Digest {
    const known = this.#storage.get(key)
    if (slots.length === 0 && !wiped) return known?.root ?? before?.storageRoot ?? EMPTY_TRIE_ROOT
    const stored = before?.storageRoot ?? EMPTY_TRIE_ROOT
    const trie = wiped ? new Trie() : (known?.trie ?? this.#tries.storage(address, stored))
    for (const slot of slots) {
      const hash = keccak256(bytesOfKey(slot.key))
      if (slot.after.length === 0) trie.delete(hash)
      else trie.put(hash, encodeRlp(slot.after))
    }
    const root = trie.commit()
    this.#storage.set(key, { trie, root })
    return root
  }
}
