import { buildModule } from '@nomicfoundation/hardhat-ignition/modules'

export default buildModule('LedgerModule', module => {
  const ledger = module.contract('Ledger', [9_000n])
  const noted = module.call(ledger, 'note', [1n, 'ignition'])
  module.call(ledger, 'transfer', ['0x00000000000000000000000000000000000000e7', 90n], { after: [noted] })
  return { ledger }
})
