import { bold, cyan, dim, table } from '../terminal.ts'
import type { Devnet } from './devnet.ts'

/** Where everything is, and the keys to try it with. */
export function printUrls(devnet: Devnet): void {
  console.log(`${bold('Running')} ${dim('until Ctrl-C')}\n`)
  const rows: (readonly string[])[] = [
    ['JSON-RPC', cyan(devnet.rpcUrl), dim(`chain id ${devnet.chainId}`)],
    ['WebSocket', cyan(devnet.wsUrl), ''],
    ['explorer', cyan(devnet.explorerUrl), ''],
    ['data node', cyan(devnet.dataUrl), ''],
  ]
  if (devnet.relayUrl !== '')
    rows.push(['relay', cyan(devnet.relayUrl), dim(`OpenAI-compatible, key ${devnet.relayKey}`)])
  for (const [i, validator] of devnet.validators.entries()) {
    rows.push([`validator ${i}`, cyan(validator.rpcUrl), dim(`metrics ${validator.healthUrl}/metrics`)])
  }
  console.log(table(rows))
  console.log(
    `\n${bold('Test accounts')} ${dim('— funded here, known to everybody: never use them where coins have a value')}\n`,
  )
  console.log(table(devnet.accounts.map(({ role, address, privateKey }) => [role, address, dim(privateKey)])))
  console.log(`\n  ${dim('logs')} ${devnet.layout.log('*')}\n`)
}
