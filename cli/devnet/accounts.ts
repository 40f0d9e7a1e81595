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

/** Accounts for the provider that lies, in the order in which they are used up. */
export function spareProvider(index: number): TestAccount {
  if (index === 0) return accountOf('provider 3')
  const position = ROLES.length + index
  return {
    role: `provider 3, spare ${index}`,
    ...(devAccounts(position + 1)[position] as { address: string; privateKey: string }),
  }
}
