/** A provider's way into the market: pair with its owner, lock stake, register on sources. */
import {
  createClient,
  deposit,
  ENVIRONMENTS,
  type Environment,
  lockStake,
  pairProvider,
  readAccount,
  readSource,
  registerProvider,
} from '@ogpu/sdk'
import { accountKey } from '../account-key.ts'
import { text, UsageError, type Values } from '../command.ts'
import { required } from '../sidecar-options.ts'
import { none, openSigner, optionalAmount, sourcesOf } from './input.ts'
import { coins, show } from './output.ts'

/** Every step is left out where it was done before, so that the command can be repeated. */
export async function join(values: Values, words: readonly string[]): Promise<number> {
  none(words)
  const sources = sourcesOf(values)
  const environment = (text(values, 'environment') ?? 'CPU').toUpperCase()
  if (!Object.hasOwn(ENVIRONMENTS, environment)) throw new UsageError('--environment is CPU, NVIDIA or AMD')
  const lockupWei = optionalAmount(values, 'lockup') ?? 0n
  const provider = await openSigner(values)
  const providerAddress = String(provider.address)
  const rows: (readonly string[])[] = [['provider', providerAddress]]

  const masterFile = text(values, 'master-key-file')
  if (masterFile !== undefined) {
    const password = text(values, 'master-password-file')
    const privateKey = accountKey({
      'key-file': masterFile,
      ...(password === undefined ? {} : { 'password-file': password }),
    })
    const master = await createClient({ rpcUrl: required(values, 'rpc'), privateKey })
    await pairProvider(master, provider, { lockupWei })
  }
  const [owner] = await provider.read('terminal', 'masterOf', [providerAddress])
  if (/^0x0{40}$/.test(owner))
    throw new UsageError('the provider has no owner yet: name the owner with --master-key-file')
  rows.push(['owner', owner])

  const before = await readAccount(provider, { account: providerAddress })
  if (before.lockupWei < lockupWei) {
    const amountWei = lockupWei - before.lockupWei
    if (before.balanceWei < amountWei) await deposit(provider, { amountWei: amountWei - before.balanceWei })
    await lockStake(provider, { amountWei })
  }
  const stake = await readAccount(provider, { account: providerAddress })
  rows.push(['stake', `${coins(stake.lockupWei)}, ${coins(stake.freeLockupWei)} free for bonds`])

  for (const source of sources) {
    await readSource(provider, { source })
    const sent = await registerProvider(provider, { source, environment: environment as Environment })
    rows.push(['source', source, sent === undefined ? 'registered before' : 'registered'])
  }
  const { lockupWei: lockedWei, freeLockupWei } = stake
  return show(values, { provider: providerAddress, owner, lockedWei, freeLockupWei, sources }, rows)
}
