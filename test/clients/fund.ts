import { JsonRpcProvider, parseEther, Wallet } from 'ethers'
import type { Hex } from './world.ts'

/** The devnet's account "free to use": its key is known to everybody. */
const PURSE = '0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6'

/** `count` triples of fresh keys, each account with 1,000 coins. */
export async function fundedKeys(rpcUrl: string, count: number): Promise<readonly [Hex, Hex, Hex][]> {
  const provider = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 50 })
  try {
    const purse = new Wallet(PURSE, provider)
    const fresh = () => Wallet.createRandom().privateKey as Hex
    const triples = Array.from({ length: count }, (): [Hex, Hex, Hex] => [fresh(), fresh(), fresh()])
    let nonce = await purse.getNonce()
    const sent = []
    for (const key of triples.flat()) {
      sent.push(await purse.sendTransaction({ to: new Wallet(key).address, value: parseEther('1000'), nonce }))
      nonce += 1
    }
    await Promise.all(sent.map(transaction => transaction.wait()))
    return triples
  } finally {
    provider.destroy()
  }
}
