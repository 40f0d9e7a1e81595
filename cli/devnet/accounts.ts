import { devAccounts } from '#genesis'

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

export type Role = (typeof ROLES)[number]

/** The accounts that the devnet's genesis funds, each with the part that it plays. */
export function testAccounts(): readonly TestAccount[] {
  return devAccounts(ROLES.length).map((account, i) => ({ role: ROLES[i] as Role, ...account }))
}

export function accountOf(role: Role): TestAccount {
  return testAccounts()[ROLES.indexOf(role)] as TestAccount
}
