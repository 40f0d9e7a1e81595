import { HDNodeWallet } from 'ethers'
import type { Hex } from '#lib/bytes'

/** The phrase that every Ethereum development tool knows. Never fund its accounts where coins have value. */
export const DEV_MNEMONIC = 'test test test test test test test test test test test junk'

export interface DevAccount {
  readonly address: Hex
  readonly privateKey: Hex
}

/** The first `count` accounts of {@link DEV_MNEMONIC} on the path m/44'/60'/0'/0/i; addresses in lower case. */
export function devAccounts(count: number): DevAccount[] {
  const parent = HDNodeWallet.fromPhrase(DEV_MNEMONIC, '', "m/44'/60'/0'/0")
  return Array.from({ length: count }, (_, index) => {
    const { address, privateKey } = parent.deriveChild(index)
    return { address: address.toLowerCase() as Hex, privateKey: privateKey as Hex }
  })
}
