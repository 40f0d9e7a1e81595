import { HDNodeWallet, Mnemonic } from 'ethers'

/** The mnemonic that every development tool knows. Its keys are public: never use them where coins have a value. */
export const TEST_MNEMONIC = 'test test test test test test test test test test test junk'

export interface TestAccount {
  readonly role: string
  readonly address: string
  readonly privateKey: string
}

const ROLES = [
  'client',
  'master 1',
  'master 2',
  'master 3',
  'provider 1',
  'provider 2',
  'provider 3',
  'verifier',
  'relay',
  'free to use',
] as const

/** Ten accounts that the devnet's genesis funds, each with the part that it plays. */
export function testAccounts(): readonly TestAccount[] {
  const mnemonic = Mnemonic.fromPhrase(TEST_MNEMONIC)
  return ROLES.map((role, i) => {
    const { address, privateKey } = HDNodeWallet.fromMnemonic(mnemonic, `m/44'/60'/0'/0/${i}`)
    return { role, address, privateKey }
  })
}

export function accountOf(role: (typeof ROLES)[number]): TestAccount {
  return testAccounts()[ROLES.indexOf(role)] as TestAccount
}
